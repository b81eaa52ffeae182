"""Indicators that were brought in. A file and its numbers are frozen; a correction is a new version.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FROZEN = (
    "id",
    "municipality_number",
    "title",
    "version",
    "source",
    "address",
    "terms",
    "compared_with",
    "language",
    "sha256",
    "account_id",
    "brought_in_at",
    "reason",
)


def upgrade() -> None:
    """Make the tables and the triggers."""
    _files()
    _readings()
    frozen = f"UPDATE OF {', '.join(FROZEN)} ON indicator_files"
    if op.get_bind().dialect.name == "sqlite":
        for name, condition in (
            ("indicator_files_frozen", frozen),
            ("indicator_files_no_delete", "DELETE ON indicator_files"),
            ("indicator_readings_no_update", "UPDATE ON indicator_readings"),
            ("indicator_readings_no_delete", "DELETE ON indicator_readings"),
        ):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {condition} BEGIN SELECT RAISE(ABORT, 'frozen'); END"
            )
    else:
        for name, condition in (
            ("indicator_files_frozen", frozen),
            ("indicator_files_no_delete", "DELETE OR TRUNCATE ON indicator_files"),
            (
                "indicator_readings_append_only",
                "UPDATE OR DELETE OR TRUNCATE ON indicator_readings",
            ),
        ):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {condition} "
                "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
            )


def _files() -> None:
    texts = ("source", "address", "terms", "compared_with")
    op.create_table(
        "indicator_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(200), nullable=False) for name in texts),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("brought_in_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_why", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_files")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_indicator_files_account_id_slt_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["slt_accounts.id"], name=op.f("fk_indicator_files_ended_by_slt_accounts")
        ),
        sa.UniqueConstraint(
            "municipality_number",
            "title",
            "version",
            name=op.f("uq_indicator_files_municipality_number_title_version"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_indicator_files_version_from_one")),
        sa.CheckConstraint(
            "version = 1 OR reason <> ''", name=op.f("ck_indicator_files_correction_has_a_reason")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_why IS NULL)",
            name=op.f("ck_indicator_files_end_has_a_reason"),
        ),
    )


def _readings() -> None:
    op.create_table(
        "indicator_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("measured_in", sa.String(20), nullable=False),
        sa.Column("population", sa.String(200), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("value_sign", sa.String(2), nullable=False),
        sa.Column("comparison", sa.BigInteger(), nullable=True),
        sa.Column("comparison_sign", sa.String(2), nullable=False),
        sa.Column("base", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_readings")),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["indicator_files.id"],
            name=op.f("fk_indicator_readings_file_id_indicator_files"),
        ),
        sa.UniqueConstraint(
            "file_id",
            "code",
            "population",
            "period",
            name=op.f("uq_indicator_readings_file_id_code_population_period"),
        ),
        sa.CheckConstraint(
            "value IS NULL OR value_sign = ''", name=op.f("ck_indicator_readings_number_or_sign")
        ),
    )


def downgrade() -> None:
    """Remove every indicator."""
    op.drop_table("indicator_readings")
    op.drop_table("indicator_files")
