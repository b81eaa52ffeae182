"""A request may also be for correction, and what the officer keeps says so.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "desk_matters"
BEFORE = {"kind": "kind IN ('breach','access')", "about": "kind = 'access' OR case_id IS NULL"}
AFTER = {
    "kind": "kind IN ('breach','access','correction')",
    "about": "kind <> 'breach' OR case_id IS NULL",
}


def upgrade() -> None:
    """Allow the third kind."""
    _replace(AFTER)


def downgrade() -> None:
    """Take it away; fails while there is such a request."""
    _replace(BEFORE)


def _replace(rules: dict[str, str]) -> None:
    with op.batch_alter_table(TABLE) as batch_op:
        for name, rule in rules.items():
            batch_op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), rule)
