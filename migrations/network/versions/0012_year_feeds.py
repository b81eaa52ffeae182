"""Secret addresses of calendars: a digest of each, when it was made and ended, and how often it was read.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table; an account has one address at a time."""
    op.create_table(
        "year_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("last_read_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["slt_accounts.id"], name=op.f("fk_year_feeds_account_id_slt_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_feeds")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_year_feeds_token_digest")),
    )
    op.create_index(
        "uq_year_feeds_one_open",
        "year_feeds",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """End every address."""
    op.drop_table("year_feeds")
