"""The municipality's own versions of the local rules.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TABLES = ("own_rules", "rules_texts", "rules_drafts")


def upgrade() -> None:
    """Make the three tables."""
    _table(
        "own_rules",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_own_rules_tenant_id_number")),
    )
    _table(
        "rules_texts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_rules_texts_tenant_id_sha256")),
    )
    _table("rules_drafts", sa.Column("body_ct", sa.LargeBinary(), nullable=False))


def downgrade() -> None:
    """Take the tables away: cases that follow an own version cannot be read any more."""
    for table in reversed(_TABLES):
        op.drop_index(f"ix_{table}_tenant_id", table_name=table)
        op.drop_table(table)


def _table(name: str, *own: sa.Column[object] | sa.UniqueConstraint) -> None:
    op.create_table(
        name,
        *own,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f(f"fk_{name}_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_tenant_id", name, ["tenant_id"])
