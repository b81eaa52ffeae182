"""What the key broker remembers of emergency access that it granted, so that no row is missed by the count.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. What was granted before is counted from its rows."""
    op.create_table(
        "broker_uses",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_broker_uses_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_broker_uses")),
    )
    op.create_index("ix_broker_uses_tenant_id", "broker_uses", ["tenant_id"])
    op.create_index("ix_broker_uses_account_id", "broker_uses", ["account_id"])


def downgrade() -> None:
    """Remove it: uses are counted from their rows alone."""
    op.drop_index("ix_broker_uses_account_id", table_name="broker_uses")
    op.drop_index("ix_broker_uses_tenant_id", table_name="broker_uses")
    op.drop_table("broker_uses")
