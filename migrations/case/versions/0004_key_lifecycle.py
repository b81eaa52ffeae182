"""Generations of keys: when each was made, retired and destroyed, and one active at most.

Revision ID: 0004
Revises: 0003
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ACTIVE = sa.text("state = 'active'")
TIMES = ("retired_at", "destroy_after", "destroyed_at")
RULES = {
    "retired": "(state = 'active') = (retired_at IS NULL)",
    "destroyed_at": "(state = 'destroyed') = (destroyed_at IS NOT NULL)",
}


def upgrade() -> None:
    """Add the times. A key from before is as old as this change: its age was not kept."""
    with op.batch_alter_table("tenant_keys") as batch_op:
        batch_op.add_column(
            sa.Column(
                "made_at",
                sa.DateTime(timezone=True),
                nullable=False,
                # A constant: SQLite adds no column with a computed default.
                server_default=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
            )
        )
        for name in TIMES:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("tenant_keys") as batch_op:
        batch_op.alter_column("made_at", server_default=None)
        for name, rule in RULES.items():
            batch_op.create_check_constraint(op.f(f"ck_tenant_keys_{name}"), rule)
    op.create_index(
        "uq_tenant_keys_one_active",
        "tenant_keys",
        ["tenant_id", "purpose"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )


def downgrade() -> None:
    """Take the times away; what is destroyed stays so."""
    op.drop_index("uq_tenant_keys_one_active", table_name="tenant_keys")
    with op.batch_alter_table("tenant_keys") as batch_op:
        for name in RULES:
            batch_op.drop_constraint(op.f(f"ck_tenant_keys_{name}"), type_="check")
        for name in ("made_at", *TIMES):
            batch_op.drop_column(name)
