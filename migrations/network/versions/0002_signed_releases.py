"""Releases are signed by the case side, and the signature is as frozen as they are.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = ("signer", "signature")


def upgrade() -> None:
    """Add the columns. What was published before has no signature, and is not shown without one."""
    op.add_column("releases", sa.Column("signer", sa.String(64), nullable=False, server_default=""))
    op.add_column(
        "releases", sa.Column("signature", sa.String(128), nullable=False, server_default="")
    )
    condition = f"UPDATE OF {', '.join(COLUMNS)} ON releases"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER releases_signed BEFORE {condition} "
            "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER releases_signed BEFORE {condition} "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )


def downgrade() -> None:
    """Take signatures away."""
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON releases"
    op.execute(f"DROP TRIGGER releases_signed{on}")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE releases DROP COLUMN {column}")
