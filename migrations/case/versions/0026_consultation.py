"""Questions to a team about nobody who is named, and who sits in the teams.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("consultation_questions", "consultation_seats")


def upgrade() -> None:
    """Make the two tables. Neither points to a case, a person or an account."""
    _table("consultation_questions", sa.Column("dispose_on", sa.Date(), nullable=False))
    _table("consultation_seats")


def downgrade() -> None:
    """Drop them again: every question and answer is gone."""
    for table in reversed(_TABLES):
        op.drop_index(f"ix_{table}_tenant_id", table_name=table)
        op.drop_table(table)


def _table(name: str, *own: sa.Column[object]) -> None:
    op.create_table(
        name,
        *own,
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f(f"fk_{name}_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_tenant_id", name, ["tenant_id"])
