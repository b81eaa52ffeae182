"""Who the person behind an account is, under a MAC.

A row that is there has none, which no key can vouch for: it counts no more, and is registered anew.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a MAC of no bytes is right for no row."""
    with op.batch_alter_table("account_persons") as table:
        table.add_column(
            sa.Column(
                "mac", sa.LargeBinary(length=32), nullable=False, server_default=sa.text("''")
            )
        )
    with op.batch_alter_table("account_persons") as table:
        table.alter_column("mac", server_default=None)


def downgrade() -> None:
    """Take it away again, and the trigger that looks at it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER IF EXISTS account_persons_forward ON account_persons")
    with op.batch_alter_table("account_persons") as table:
        table.drop_column("mac")
