"""Tasks that come back every year, when they were done, and an append-only history of them.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the triggers."""
    _tasks()
    _done()
    _changes()
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER year_changes_no_{what} BEFORE {what.upper()} ON year_changes "
                "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER year_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON year_changes "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )


def _tasks() -> None:
    op.create_table(
        "year_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("responsible", sa.String(200), nullable=False),
        sa.Column("months", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("which", sa.String(10), nullable=False),
        sa.Column("weekday", sa.String(10), nullable=False),
        sa.Column("only_year", sa.Integer(), nullable=True),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.Column("kept_because", sa.String(500), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_tasks")),
        sa.UniqueConstraint(
            "municipality_number", "code", name=op.f("uq_year_tasks_municipality_number_code")
        ),
        sa.CheckConstraint(
            "day IS NULL OR day BETWEEN 1 AND 31", name=op.f("ck_year_tasks_day_of_a_month")
        ),
        sa.CheckConstraint(
            "(which = '') = (weekday = '')", name=op.f("ck_year_tasks_weekday_with_its_place")
        ),
    )


def _done() -> None:
    op.create_table(
        "year_done",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["year_tasks.id"], name=op.f("fk_year_done_task_id_year_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["slt_accounts.id"], name=op.f("fk_year_done_account_id_slt_accounts")
        ),
        sa.PrimaryKeyConstraint("task_id", "year", "month", name=op.f("pk_year_done")),
    )


def _changes() -> None:
    op.create_table(
        "year_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["year_tasks.id"], name=op.f("fk_year_changes_task_id_year_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_year_changes_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_changes")),
        sa.UniqueConstraint("task_id", "position", name=op.f("uq_year_changes_task_id_position")),
    )
    op.create_index(op.f("ix_year_changes_task_id"), "year_changes", ["task_id"])


def downgrade() -> None:
    """Remove every task and its history."""
    op.drop_table("year_changes")
    op.drop_table("year_done")
    op.drop_table("year_tasks")
