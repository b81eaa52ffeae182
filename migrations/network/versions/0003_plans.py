"""Plans of the SLT coordinator; what was evaluated and what was changed is append-only.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
#: Written once: what people decided, and who changed what.
APPEND_ONLY = ("plan_evaluations", "plan_changes")
TABLES = (
    "slt_plans",
    "plan_areas",
    "plan_measures",
    "plan_indicators",
    "plan_readings",
    *APPEND_ONLY,
)


def upgrade() -> None:
    """Make the tables and the triggers."""
    _plans()
    _areas()
    _measures()
    _indicators()
    _readings()
    _evaluations()
    _changes()
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            for what in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
            )


def _plans() -> None:
    op.create_table(
        "slt_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("municipality", sa.String(200), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("numbering", sa.String(10), nullable=False),
        sa.Column("drafted", sa.Date(), nullable=True),
        sa.Column("adopted", sa.Date(), nullable=True),
        sa.Column("adopted_by", sa.String(200), nullable=False),
        sa.Column("youngest", sa.Integer(), nullable=True),
        sa.Column("oldest", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("challenges", sa.Text(), nullable=False),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("approach", sa.Text(), nullable=False),
        sa.Column("knowledge", sa.Text(), nullable=False),
        sa.Column("appendices", sa.Text(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["slt_plans.id"], name=op.f("fk_slt_plans_previous_id_slt_plans")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_plans")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_slt_plans_period_in_order")),
        sa.UniqueConstraint(
            "municipality_number",
            "first_day",
            name=op.f("uq_slt_plans_municipality_number_first_day"),
        ),
    )


def _areas() -> None:
    op.create_table(
        "plan_areas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("challenges", sa.Text(), nullable=False),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("approach", sa.Text(), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["slt_plans.id"], name=op.f("fk_plan_areas_plan_id_slt_plans")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_areas")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_plan_areas_plan_id_code")),
    )


def _measures() -> None:
    op.create_table(
        "plan_measures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(10), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("timing", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_own", sa.String(200), nullable=False),
        sa.Column("status_inferred", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(60), nullable=False),
        sa.Column("level_own", sa.String(200), nullable=False),
        sa.Column("level_inferred", sa.Boolean(), nullable=False),
        sa.Column("strand", sa.String(20), nullable=False),
        sa.Column("strand_own", sa.String(200), nullable=False),
        sa.Column("strand_inferred", sa.Boolean(), nullable=False),
        sa.Column("same_as", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("carried_from_id", sa.Uuid(), nullable=True),
        sa.Column("carried", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["slt_plans.id"], name=op.f("fk_plan_measures_plan_id_slt_plans")
        ),
        sa.ForeignKeyConstraint(
            ["carried_from_id"],
            ["plan_measures.id"],
            name=op.f("fk_plan_measures_carried_from_id_plan_measures"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_measures")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_measures_plan_id_number")),
    )


def _indicators() -> None:
    op.create_table(
        "plan_indicators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("measured_in", sa.String(20), nullable=False),
        sa.Column("of_group", sa.String(200), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("baseline", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["slt_plans.id"], name=op.f("fk_plan_indicators_plan_id_slt_plans")
        ),
        sa.ForeignKeyConstraint(
            ["measure_id"],
            ["plan_measures.id"],
            name=op.f("fk_plan_indicators_measure_id_plan_measures"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_indicators")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_plan_indicators_plan_id_code")),
    )


def _readings() -> None:
    op.create_table(
        "plan_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("indicator_id", sa.Uuid(), nullable=False),
        sa.Column("read_on", sa.String(10), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["indicator_id"],
            ["plan_indicators.id"],
            name=op.f("fk_plan_readings_indicator_id_plan_indicators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_readings")),
        sa.UniqueConstraint(
            "indicator_id", "read_on", name=op.f("uq_plan_readings_indicator_id_read_on")
        ),
    )


def _evaluations() -> None:
    op.create_table(
        "plan_evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("evaluated_on", sa.Date(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measure_id"],
            ["plan_measures.id"],
            name=op.f("fk_plan_evaluations_measure_id_plan_measures"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_plan_evaluations_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_evaluations")),
    )
    op.create_index(op.f("ix_plan_evaluations_measure_id"), "plan_evaluations", ["measure_id"])


def _changes() -> None:
    op.create_table(
        "plan_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["slt_plans.id"], name=op.f("fk_plan_changes_plan_id_slt_plans")
        ),
        sa.ForeignKeyConstraint(
            ["measure_id"],
            ["plan_measures.id"],
            name=op.f("fk_plan_changes_measure_id_plan_measures"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_plan_changes_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_plan_changes_plan_id_position")),
    )
    op.create_index(op.f("ix_plan_changes_plan_id"), "plan_changes", ["plan_id"])


def downgrade() -> None:
    """Remove every plan and its history."""
    for table in reversed(TABLES):
        op.drop_table(table)
