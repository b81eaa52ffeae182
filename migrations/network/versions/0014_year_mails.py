"""Reminders by e-mail: sealed addresses, and an outbox with one place for each account.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "year_mail_choices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_year_mail_choices_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_year_mail_choices")),
    )
    op.create_table(
        "year_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("open_slot", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(300), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("fault", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["slt_accounts.id"], name=op.f("fk_year_mails_account_id_slt_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_mails")),
        sa.UniqueConstraint("account_id", "day", name=op.f("uq_year_mails_account_id_day")),
        sa.UniqueConstraint(
            "account_id", "open_slot", name=op.f("uq_year_mails_account_id_open_slot")
        ),
    )


def downgrade() -> None:
    """Forget every address and what waits."""
    op.drop_table("year_mails")
    op.drop_table("year_mail_choices")
