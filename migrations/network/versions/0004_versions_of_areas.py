"""A focus area is changed from the version that was read, as a measure is.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every area there is begins at its first version."""
    op.add_column(
        "plan_areas", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    """Take the versions away."""
    op.execute("ALTER TABLE plan_areas DROP COLUMN version")
