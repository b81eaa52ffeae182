"""Who is away and who stands in.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "absence_periods",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_absence_periods_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_absence_periods_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_periods")),
    )
    op.create_index("ix_absence_periods_account_id", "absence_periods", ["account_id"])
    op.create_index("ix_absence_periods_tenant_id", "absence_periods", ["tenant_id"])


def downgrade() -> None:
    """Drop it again: everybody gets their own reminders."""
    op.drop_index("ix_absence_periods_tenant_id", table_name="absence_periods")
    op.drop_index("ix_absence_periods_account_id", table_name="absence_periods")
    op.drop_table("absence_periods")
