"""Emergency access, bait cases and the monthly control.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

REVIEWED = ("emergency_accesses", "suspensions", "control_findings")


def upgrade() -> None:
    """Make the tables of what somebody else must look at afterwards."""
    op.create_table(
        "emergency_accesses",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        *reviewed("emergency_accesses"),
        sa.CheckConstraint("expires_at > opened_at", name=op.f("ck_emergency_accesses_period")),
        sa.CheckConstraint(
            "settled_by IS NULL OR settled_by <> account_id",
            name=op.f("ck_emergency_accesses_impartial"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_emergency_accesses_case_id_cases")
        ),
    )
    with op.batch_alter_table("emergency_accesses") as batch_op:
        batch_op.create_index(
            "ix_emergency_accesses_case_account", ["case_id", "account_id"], unique=False
        )
    op.create_table(
        "suspensions",
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        *reviewed("suspensions"),
        sa.CheckConstraint(
            "settled_by IS NULL OR settled_by <> account_id", name=op.f("ck_suspensions_impartial")
        ),
    )
    op.create_table(
        "bait_marks",
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        *of_a_municipality("bait_marks"),
        sa.CheckConstraint("length(token) = 16", name=op.f("ck_bait_marks_token")),
        sa.UniqueConstraint("token", name=op.f("uq_bait_marks_token")),
    )
    index("bait_marks", "tenant_id")
    op.create_table(
        "controls",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        *authority("controls"),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["accounts.id"], name=op.f("fk_controls_signed_by_accounts")
        ),
        sa.UniqueConstraint("tenant_id", "month", name=op.f("uq_controls_tenant_id_month")),
    )
    index("controls", "tenant_id")
    op.create_table(
        "control_findings",
        sa.Column("control_id", sa.Uuid(), nullable=False),
        *reviewed("control_findings"),
        sa.CheckConstraint(
            "settled_by IS NULL OR settled_by <> account_id",
            name=op.f("ck_control_findings_impartial"),
        ),
        sa.ForeignKeyConstraint(
            ["control_id"], ["controls.id"], name=op.f("fk_control_findings_control_id_controls")
        ),
    )
    index("control_findings", "control_id")
    for table in REVIEWED:
        index(table, "account_id", "tenant_id")


def downgrade() -> None:
    """Drop them again."""
    for table in ("bait_marks", *reversed(REVIEWED), "controls"):
        op.drop_table(table)


def reviewed(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what every reviewed row has."""
    return (
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        *authority(table),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f(f"fk_{table}_unit_id_units")),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["accounts.id"], name=op.f(f"fk_{table}_settled_by_accounts")
        ),
    )


def authority(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what every row that grants authority has."""
    return (
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        *of_a_municipality(table),
    )


def of_a_municipality(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what every row of a municipality has."""
    return (
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
