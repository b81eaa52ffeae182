"""Breaches and requests for access: matters with a clock, and what was added to each.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables of the data protection officer's desk."""
    op.create_table(
        "desk_matters",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        *of_a_municipality("desk_matters"),
        sa.CheckConstraint("kind IN ('breach','access')", name=op.f("ck_desk_matters_kind")),
        sa.CheckConstraint(
            "kind = 'access' OR case_id IS NULL", name=op.f("ck_desk_matters_about")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_desk_matters_case_id_cases")
        ),
    )
    index("desk_matters", "tenant_id", "case_id")
    op.create_table(
        "desk_steps",
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        *of_a_municipality("desk_steps"),
        sa.CheckConstraint("number > 0", name=op.f("ck_desk_steps_number")),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["desk_matters.id"], name=op.f("fk_desk_steps_matter_id_desk_matters")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_desk_steps_case_id_cases")
        ),
        sa.UniqueConstraint("matter_id", "number", name=op.f("uq_desk_steps_matter_id_number")),
    )
    index("desk_steps", "tenant_id", "matter_id", "case_id")


def downgrade() -> None:
    """Drop them again."""
    for table in ("desk_steps", "desk_matters"):
        op.drop_table(table)


def of_a_municipality(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what both tables have."""
    return (
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f(f"fk_{table}_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def index(table: str, *columns: str) -> None:
    """Index each of these columns by itself."""
    with op.batch_alter_table(table) as batch_op:
        for column in columns:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
