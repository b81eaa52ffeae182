"""First tables of the network side; the access log is append-only and releases are frozen.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FROZEN = (
    "id",
    "municipality_number",
    "municipality_name",
    "period",
    "version",
    "table_json",
    "sha256",
    "method_codes",
    "published_at",
    "published_by",
    "correction_reason",
)
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the triggers."""
    _accounts()
    _releases()
    _events()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _accounts() -> None:
    op.create_table(
        "slt_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(60), nullable=False),
        sa.Column("display_name", sa.String(120), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("municipality_name", sa.String(120), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_slt_accounts_username")),
    )
    op.create_table(
        "slt_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_slt_sessions_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_slt_sessions_token_digest")),
    )
    op.create_index(op.f("ix_slt_sessions_account_id"), "slt_sessions", ["account_id"])
    op.create_table(
        "slt_throttles",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slt_throttles")),
    )


def _releases() -> None:
    op.create_table(
        "releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("municipality_name", sa.String(120), nullable=False),
        sa.Column("period", sa.String(6), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("table_json", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("method_codes", sa.String(400), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.String(120), nullable=False),
        sa.Column("correction_reason", sa.String(500), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawal_reason", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint(
            "municipality_number",
            "period",
            "version",
            name=op.f("uq_releases_municipality_number_period_version"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_releases_version_from_one")),
        sa.CheckConstraint(
            "(version = 1) = (correction_reason IS NULL)",
            name=op.f("ck_releases_correction_has_a_reason"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)",
            name=op.f("ck_releases_withdrawal_has_a_reason"),
        ),
    )
    op.create_index(
        "uq_releases_one_standing",
        "releases",
        ["municipality_number", "period"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def _events() -> None:
    op.create_table(
        "slt_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("release_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["slt_accounts.id"], name=op.f("fk_slt_events_account_id_slt_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_slt_events_release_id_releases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_events")),
    )
    op.create_index(op.f("ix_slt_events_at"), "slt_events", ["at"])


def _sqlite_triggers() -> None:
    for name, condition in (
        ("slt_events_no_update", "UPDATE ON slt_events"),
        ("slt_events_no_delete", "DELETE ON slt_events"),
        ("releases_no_delete", "DELETE ON releases"),
        ("releases_frozen", f"UPDATE OF {', '.join(FROZEN)} ON releases"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {condition} BEGIN SELECT RAISE(ABORT, 'frozen'); END"
        )


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION slt_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'frozen'; END $$"
    )
    for name, condition in (
        ("slt_events_append_only", "UPDATE OR DELETE OR TRUNCATE ON slt_events"),
        ("releases_no_delete", "DELETE OR TRUNCATE ON releases"),
        ("releases_frozen", f"UPDATE OF {', '.join(FROZEN)} ON releases"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {condition} "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )


def downgrade() -> None:
    """Remove everything, the access log and all releases included."""
    op.drop_table("slt_events")
    op.drop_table("releases")
    op.drop_table("slt_throttles")
    op.drop_table("slt_sessions")
    op.drop_table("slt_accounts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION slt_frozen()")
