"""Where the key broker remembers which one-time codes were shown: each is right once.

Until now the row of the account said so, which the pages write. What stood there is not moved: a
code is good for a minute and a half.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and take the column away."""
    op.create_table(
        "broker_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret_mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_on", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_broker_codes_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("account_id", "secret_mark", name=op.f("pk_broker_codes")),
    )
    op.create_index("ix_broker_codes_tenant_id", "broker_codes", ["tenant_id"])
    op.execute("ALTER TABLE accounts DROP COLUMN totp_last_step")


def downgrade() -> None:
    """Put the column back, as if nobody had shown a code yet."""
    column = sa.Column("totp_last_step", sa.Integer(), nullable=False, server_default="0")
    op.add_column("accounts", column)
    op.drop_index("ix_broker_codes_tenant_id", table_name="broker_codes")
    op.drop_table("broker_codes")
