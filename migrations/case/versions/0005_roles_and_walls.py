"""Rows walled off on PostgreSQL: taken down here, put up after the last migration.

The policies are written from the models (``bti.db.policies``) each time the database is brought to
a revision, so that a table of a later migration has its walls too. There is nothing to do on the
way up, and on the way down everything that was put up is removed.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from bti.db import policies

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it to `bti.db.migrate`, which puts the walls up when the last table is there."""


def downgrade() -> None:
    """Take the walls down: what is older than this revision does not say where it stands."""
    policies.remove(op.get_bind())
