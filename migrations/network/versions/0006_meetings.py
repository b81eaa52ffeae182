"""Meetings of bodies. A finished meeting and its actions are frozen; what comes after is append-only.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
APPEND_ONLY = (
    "meeting_follow_ups",
    "meeting_carried",
    "meeting_additions",
    "meeting_changes",
)
OF_FINISHED = (
    "EXISTS (SELECT 1 FROM slt_meetings m WHERE m.id = {row}.meeting_id AND m.state = 'finished')"
)


def upgrade() -> None:
    """Make the tables and the triggers."""
    _meetings()
    _actions()
    _follow_ups()
    _carried()
    _told("meeting_additions", sa.Column("text", sa.Text(), nullable=False), sa.String(500))
    _told(
        "meeting_changes",
        sa.Column("part", sa.String(40), nullable=False),
        sa.Text(),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _meetings() -> None:
    op.create_table(
        "slt_meetings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("guests", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("kept_because", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("finished_by", sa.Uuid(), nullable=True),
        _key("slt_meetings", "body_id", "slt_bodies"),
        _key("slt_meetings", "author_id", "slt_accounts"),
        _key("slt_meetings", "finished_by", "slt_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_meetings")),
        sa.CheckConstraint(
            "state IN ('private', 'in_progress', 'finished')",
            name=op.f("ck_slt_meetings_known_state"),
        ),
        sa.CheckConstraint(
            "(state = 'finished') = (finished_at IS NOT NULL)",
            name=op.f("ck_slt_meetings_finished_at_a_time"),
        ),
    )
    op.create_index(op.f("ix_slt_meetings_body_id"), "slt_meetings", ["body_id"])


def _actions() -> None:
    op.create_table(
        "meeting_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("responsible", sa.String(200), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("kept_because", sa.String(500), nullable=False),
        _key("meeting_actions", "meeting_id", "slt_meetings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_actions")),
        sa.UniqueConstraint(
            "meeting_id", "position", name=op.f("uq_meeting_actions_meeting_id_position")
        ),
    )
    op.create_index(op.f("ix_meeting_actions_meeting_id"), "meeting_actions", ["meeting_id"])


def _follow_ups() -> None:
    op.create_table(
        "meeting_follow_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        _key("meeting_follow_ups", "action_id", "meeting_actions"),
        _key("meeting_follow_ups", "meeting_id", "slt_meetings"),
        _key("meeting_follow_ups", "account_id", "slt_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_follow_ups")),
        sa.UniqueConstraint(
            "action_id", "position", name=op.f("uq_meeting_follow_ups_action_id_position")
        ),
    )


def _carried() -> None:
    op.create_table(
        "meeting_carried",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _key("meeting_carried", "meeting_id", "slt_meetings"),
        _key("meeting_carried", "action_id", "meeting_actions"),
        sa.PrimaryKeyConstraint("meeting_id", "action_id", name=op.f("pk_meeting_carried")),
    )


def _told(
    table: str, first: sa.Column[str], reason: sa.types.TypeEngine[str], *more: sa.Column[str]
) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        first,
        *more,
        sa.Column("reason", reason, nullable=False),
        _key(table, "meeting_id", "slt_meetings"),
        _key(table, "account_id", "slt_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f(f"uq_{table}_meeting_id_position")),
    )


def _sqlite_triggers() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
    for what in ("UPDATE", "DELETE"):
        for table in APPEND_ONLY:
            name = f"{table}_no_{what.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {what} ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER slt_meetings_no_{what.lower()} BEFORE {what} ON slt_meetings "
            f"WHEN OLD.state = 'finished' {refuse}"
        )
    for what, row in (("UPDATE", "OLD"), ("DELETE", "OLD"), ("INSERT", "NEW")):
        op.execute(
            f"CREATE TRIGGER meeting_actions_no_{what.lower()} BEFORE {what} ON meeting_actions "
            f"WHEN {OF_FINISHED.format(row=row)} {refuse}"
        )


def _postgresql_triggers() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )
    op.execute(
        "CREATE TRIGGER slt_meetings_frozen BEFORE UPDATE OR DELETE ON slt_meetings "
        "FOR EACH ROW WHEN (OLD.state = 'finished') EXECUTE FUNCTION slt_frozen()"
    )
    for table in ("slt_meetings", "meeting_actions"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )
    op.execute(
        "CREATE FUNCTION meeting_action_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' AND {OF_FINISHED.format(row='OLD')} THEN RAISE EXCEPTION 'frozen'; END IF; "
        f"IF TG_OP <> 'DELETE' AND {OF_FINISHED.format(row='NEW')} THEN RAISE EXCEPTION 'frozen'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER meeting_actions_frozen BEFORE INSERT OR UPDATE OR DELETE ON meeting_actions "
        "FOR EACH ROW EXECUTE FUNCTION meeting_action_frozen()"
    )


def downgrade() -> None:
    """Remove every meeting."""
    for table in (*reversed(APPEND_ONLY), "meeting_actions", "slt_meetings"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION meeting_action_frozen()")
