"""Who the person behind an account is, as a keyed token, for the monthly control.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "account_persons",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.LargeBinary(16), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(token) = 16", name=op.f("ck_account_persons_token")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_persons_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_account_persons_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_persons")),
    )
    op.create_index(op.f("ix_account_persons_account_id"), "account_persons", ["account_id"])
    op.create_index(op.f("ix_account_persons_tenant_id"), "account_persons", ["tenant_id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("account_persons")
