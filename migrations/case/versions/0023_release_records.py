"""What the case side keeps of its releases.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "release_records",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('keys','basis','published')", name=op.f("ck_release_records_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_release_records_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_records")),
    )
    op.create_index("ix_release_records_tenant_id", "release_records", ["tenant_id"])


def downgrade() -> None:
    """Take the table away: nothing can be released with what was published in mind any more."""
    op.drop_index("ix_release_records_tenant_id", table_name="release_records")
    op.drop_table("release_records")
