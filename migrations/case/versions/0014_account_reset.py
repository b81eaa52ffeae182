"""What takes the place of a lost phone: until when it is good, and the code for who said yes.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; accounts that are there have neither."""
    op.add_column("accounts", sa.Column("first_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("accounts", sa.Column("first_code_ct", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away again."""
    op.execute("ALTER TABLE accounts DROP COLUMN first_code_ct")
    op.execute("ALTER TABLE accounts DROP COLUMN first_until")
