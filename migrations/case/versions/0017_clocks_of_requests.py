"""A clock of its own beside each request on the data protection officer's desk.

Names and words stay where they are, and their key is given to the officer's sessions alone. The clocks
are filled in where the keys are: `bti keys rotate-ops`, which also gives own records their own key.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; what is there has none until the keys are at hand."""
    op.add_column("desk_matters", sa.Column("clock_ct", sa.LargeBinary(), nullable=True))
    op.add_column("desk_steps", sa.Column("clock_ct", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away: all of it stands in the words too."""
    op.execute("ALTER TABLE desk_steps DROP COLUMN clock_ct")
    op.execute("ALTER TABLE desk_matters DROP COLUMN clock_ct")
