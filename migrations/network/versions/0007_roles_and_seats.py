"""Accounts have a role, and members of bodies a seat; a reason stands beside what became of an action.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody there was is a coordinator."""
    op.add_column(
        "slt_accounts",
        sa.Column("role", sa.String(20), nullable=False, server_default="slt_coordinator"),
    )
    op.add_column(
        "meeting_carried", sa.Column("reason", sa.String(500), nullable=False, server_default="")
    )
    op.create_table(
        "body_seats",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["slt_accounts.id"], name=op.f("fk_body_seats_account_id_slt_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["body_id"], ["slt_bodies.id"], name=op.f("fk_body_seats_body_id_slt_bodies")
        ),
        sa.PrimaryKeyConstraint("account_id", "body_id", name=op.f("pk_body_seats")),
    )


def downgrade() -> None:
    """Take roles and seats away: whoever was a member would be a coordinator, and is shut out."""
    op.execute("UPDATE slt_accounts SET active = FALSE WHERE role <> 'slt_coordinator'")
    op.drop_table("body_seats")
    op.execute("ALTER TABLE meeting_carried DROP COLUMN reason")
    op.execute("ALTER TABLE slt_accounts DROP COLUMN role")
