"""Rows of authority that go forward only: triggers taken down here, put up after the last migration.

They are written from the models (``bti.db.forward``) each time the database is brought to a
revision, as the walls are: altering a table on SQLite makes it anew, without its triggers.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

from bti.db import forward

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it to `bti.db.migrate`, which puts the triggers up when the last table is there."""


def downgrade() -> None:
    """Take the triggers down."""
    forward.remove(op.get_bind())
