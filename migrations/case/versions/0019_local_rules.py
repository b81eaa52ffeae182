"""What a municipality has decided about itself, under a MAC, beside the public row.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. A row needs a key, so one comes with the municipality and not from here."""
    op.create_table(
        "local_rules",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=4), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_local_rules_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_rules")),
    )
    op.create_index("ix_local_rules_tenant_id", "local_rules", ["tenant_id"])


def downgrade() -> None:
    """Take the table away."""
    op.drop_index("ix_local_rules_tenant_id", table_name="local_rules")
    op.drop_table("local_rules")
