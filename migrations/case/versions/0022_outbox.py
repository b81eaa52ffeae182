"""Reminders by e-mail: who wants them and where, and what waits to be sent.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "mail_choices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("pace", sa.String(length=10), nullable=False),
        sa.Column("address_ct", sa.LargeBinary(), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("pace IN ('daily','weekly','never')", name=op.f("ck_mail_choices_pace")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_mail_choices_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_mail_choices_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_choices")),
        sa.UniqueConstraint("account_id", name=op.f("uq_mail_choices_account_id")),
    )
    op.create_index("ix_mail_choices_tenant_id", "mail_choices", ["tenant_id"])
    op.create_table(
        "outbox",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("open_slot", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=60), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("open_slot IS NULL OR open_slot = 1", name=op.f("ck_outbox_open_slot")),
        sa.CheckConstraint("state IN ('waiting','sent','moot')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_outbox_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_outbox_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("account_id", "day", name=op.f("uq_outbox_account_id_day")),
        sa.UniqueConstraint("account_id", "open_slot", name="uq_outbox_one_open"),
    )
    op.create_index("ix_outbox_tenant_id", "outbox", ["tenant_id"])


def downgrade() -> None:
    """Drop them again: nobody is reminded by e-mail."""
    op.drop_index("ix_outbox_tenant_id", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_mail_choices_tenant_id", table_name="mail_choices")
    op.drop_table("mail_choices")
