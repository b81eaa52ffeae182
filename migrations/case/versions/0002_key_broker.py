"""What the key broker counts and remembers.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the broker's own tables."""
    op.create_table(
        "broker_marks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('case','list','alarm')", name=op.f("ck_broker_marks_kind")),
        sa.PrimaryKeyConstraint("account_id", "kind", "object_id", name=op.f("pk_broker_marks")),
    )
    op.create_index("ix_broker_marks_recent", "broker_marks", ["account_id", "kind", "last_at"])
    op.create_table(
        "broker_counts",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "since", "shard", name=op.f("pk_broker_counts")),
    )
    op.create_table(
        "broker_notes",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('new','forget')", name=op.f("ck_broker_notes_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_broker_notes_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("record_id", "kind", name=op.f("pk_broker_notes")),
    )
    op.create_index("ix_broker_notes_tenant_id", "broker_notes", ["tenant_id"])


def downgrade() -> None:
    """Remove them: counts begin anew, and keys without a row are not swept."""
    op.drop_index("ix_broker_notes_tenant_id", table_name="broker_notes")
    op.drop_table("broker_notes")
    op.drop_table("broker_counts")
    op.drop_index("ix_broker_marks_recent", table_name="broker_marks")
    op.drop_table("broker_marks")
