"""First tables of the case side, and the triggers that keep the audit log append-only.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_events", "audit_subjects", "audit_checkpoints")


def make_append_only(table: str) -> None:
    """Refuse UPDATE and DELETE by trigger. Stops accidents; a table owner can drop triggers,

    which is why verification does not rely on them.
    """
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "municipalities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=4), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipalities")),
        sa.UniqueConstraint("number", name=op.f("uq_municipalities_number")),
    )
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_table(
        "accounts",
        sa.Column("username_token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("profile_ct", sa.LargeBinary(), nullable=False),
        sa.Column("totp_ct", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_accounts_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username_token", name=op.f("uq_accounts_username_token")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "audit_checkpoints",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_checkpoints_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_events",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=60), nullable=False),
        sa.Column("dec", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_events_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "idx", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index("ix_audit_events_search", ["tenant_id", "at"], unique=False)
        batch_op.create_index("ix_audit_events_who", ["tenant_id", "who", "at"], unique=False)

    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_heads_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "audit_subjects",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_subjects_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "idx", "kind", "object_id", name=op.f("pk_audit_subjects")
        ),
    )
    with op.batch_alter_table("audit_subjects", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_subjects_object", ["tenant_id", "kind", "object_id", "idx"], unique=False
        )

    op.create_table(
        "case_keys",
        sa.Column("key_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kek_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=110), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('active','open-only')", name=op.f("ck_case_keys_state")),
        sa.CheckConstraint("length(wrapped) = 110", name=op.f("ck_case_keys_wrapped")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_case_keys_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_keys")),
        sa.UniqueConstraint(
            "case_id",
            "compartment",
            "generation",
            name=op.f("uq_case_keys_case_id_compartment_generation"),
        ),
        sa.UniqueConstraint("key_id", name=op.f("uq_case_keys_key_id")),
    )
    with op.batch_alter_table("case_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_keys_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_keys_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "tenant_keys",
        sa.Column("key_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("root_ref", sa.String(length=80), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'destroyed') = (wrapped IS NULL)", name=op.f("ck_tenant_keys_destroyed")
        ),
        sa.CheckConstraint(
            "purpose IN ('kek','ops','index','audit','directory')",
            name=op.f("ck_tenant_keys_purpose"),
        ),
        sa.CheckConstraint(
            "state IN ('active','open-only','destroyed')", name=op.f("ck_tenant_keys_state")
        ),
        sa.CheckConstraint("length(key_id) = 16", name=op.f("ck_tenant_keys_key_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_tenant_keys_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_tenant_keys_key_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "purpose",
            "generation",
            name=op.f("uq_tenant_keys_tenant_id_purpose_generation"),
        ),
    )
    with op.batch_alter_table("tenant_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tenant_keys_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "units",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sector", sa.String(length=30), nullable=False),
        sa.Column("organ", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_units_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_units_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("access_epoch", sa.Integer(), nullable=False),
        sa.Column("ops_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_cases_tenant_id_municipalities")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_cases_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_cases_tenant_id_number")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cases_tenant_id"), ["tenant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "own_records",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("meta_ct", sa.LargeBinary(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_own_records_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_own_records_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_records")),
    )
    with op.batch_alter_table("own_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_own_records_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_own_records_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "role_grants",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_role_grants_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_role_grants_tenant_id_municipalities"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_role_grants_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grants_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_role_grants_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "child_index",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(token) = 16", name=op.f("ck_child_index_token")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_child_index_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_child_index_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_index")),
        sa.UniqueConstraint("token", "case_id", name=op.f("uq_child_index_token_case_id")),
    )
    with op.batch_alter_table("child_index", schema=None) as batch_op:
        batch_op.create_index("ix_child_index_lookup", ["tenant_id", "kind", "token"], unique=False)
        batch_op.create_index(batch_op.f("ix_child_index_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "consents",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("meta_ct", sa.LargeBinary(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_consents_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_consents_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "entries",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("meta_ct", sa.LargeBinary(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_entries_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["entries.id"], name=op.f("fk_entries_supersedes_entries")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_entries_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "logs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_unit_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_logs_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["accounts.id"], name=op.f("fk_logs_holder_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["holder_unit_id"], ["units.id"], name=op.f("fk_logs_holder_unit_id_units")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_logs_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        sa.UniqueConstraint("case_id", name=op.f("uq_logs_case_id")),
    )
    with op.batch_alter_table("logs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logs_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_logs_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "participants",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "relation IN ('follower','participant')", name=op.f("ck_participants_relation")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_participants_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_participants_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_participants_tenant_id_municipalities"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_participants_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participants")),
    )
    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.create_index(
            "ix_participants_account_case", ["account_id", "case_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_participants_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_participants_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "persons",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_persons_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_persons_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_persons_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role_grant_id", sa.Uuid(), nullable=False),
        sa.Column("strength", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_web_sessions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["role_grant_id"],
            ["role_grants.id"],
            name=op.f("fk_web_sessions_role_grant_id_role_grants"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_web_sessions_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_sessions_token_hash")),
    )
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_web_sessions_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_web_sessions_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "baton_offers",
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("to_unit_id", sa.Uuid(), nullable=False),
        sa.Column("open_slot", sa.Integer(), nullable=True),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("meta_ct", sa.LargeBinary(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_baton_offers_other")),
        sa.CheckConstraint(
            "open_slot IS NULL OR open_slot = 1", name=op.f("ck_baton_offers_open_slot")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_baton_offers_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["from_id"], ["accounts.id"], name=op.f("fk_baton_offers_from_id_accounts")
        ),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_baton_offers_log_id_logs")),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_baton_offers_tenant_id_municipalities"),
        ),
        sa.ForeignKeyConstraint(
            ["to_id"], ["accounts.id"], name=op.f("fk_baton_offers_to_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["to_unit_id"], ["units.id"], name=op.f("fk_baton_offers_to_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_baton_offers")),
        sa.UniqueConstraint("log_id", "open_slot", name="uq_baton_offers_one_open"),
    )
    with op.batch_alter_table("baton_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_baton_offers_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_baton_offers_log_id"), ["log_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_baton_offers_tenant_id"), ["tenant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_baton_offers_to_id"), ["to_id"], unique=False)

    op.create_table(
        "consent_answers",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.String(length=60), nullable=False),
        sa.Column("meta_ct", sa.LargeBinary(), nullable=False),
        sa.Column("body_ct", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_consent_answers_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_consent_answers_consent_id_consents")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_consent_answers_person_id_persons")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_consent_answers_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_answers")),
    )
    with op.batch_alter_table("consent_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_answers_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_consent_answers_consent_id"), ["consent_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_consent_answers_tenant_id"), ["tenant_id"], unique=False
        )

    op.create_table(
        "consent_cells",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("from_unit_id", sa.Uuid(), nullable=False),
        sa.Column("to_unit_id", sa.Uuid(), nullable=False),
        sa.Column("info_type", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("basis IN ('consent','law')", name=op.f("ck_consent_cells_basis")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_consent_cells_valid_period")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_consent_cells_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consents.id"], name=op.f("fk_consent_cells_consent_id_consents")
        ),
        sa.ForeignKeyConstraint(
            ["from_unit_id"], ["units.id"], name=op.f("fk_consent_cells_from_unit_id_units")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_consent_cells_tenant_id_municipalities"),
        ),
        sa.ForeignKeyConstraint(
            ["to_unit_id"], ["units.id"], name=op.f("fk_consent_cells_to_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_cells")),
    )
    with op.batch_alter_table("consent_cells", schema=None) as batch_op:
        batch_op.create_index("ix_consent_cells_case_to", ["case_id", "to_unit_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_consent_cells_consent_id"), ["consent_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_consent_cells_tenant_id"), ["tenant_id"], unique=False)
    for table in APPEND_ONLY:
        make_append_only(table)


def downgrade() -> None:
    """Take everything away again."""
    with op.batch_alter_table("consent_cells", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_cells_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_consent_cells_consent_id"))
        batch_op.drop_index("ix_consent_cells_case_to")

    op.drop_table("consent_cells")
    with op.batch_alter_table("consent_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_answers_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_consent_answers_consent_id"))
        batch_op.drop_index(batch_op.f("ix_consent_answers_case_id"))

    op.drop_table("consent_answers")
    with op.batch_alter_table("baton_offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_baton_offers_to_id"))
        batch_op.drop_index(batch_op.f("ix_baton_offers_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_baton_offers_log_id"))
        batch_op.drop_index(batch_op.f("ix_baton_offers_case_id"))

    op.drop_table("baton_offers")
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_sessions_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_web_sessions_account_id"))

    op.drop_table("web_sessions")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_persons_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_persons_case_id"))

    op.drop_table("persons")
    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participants_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_participants_case_id"))
        batch_op.drop_index("ix_participants_account_case")

    op.drop_table("participants")
    with op.batch_alter_table("logs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_logs_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_logs_holder_id"))

    op.drop_table("logs")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_entries_case_id"))

    op.drop_table("entries")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_consents_case_id"))

    op.drop_table("consents")
    with op.batch_alter_table("child_index", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_child_index_tenant_id"))
        batch_op.drop_index("ix_child_index_lookup")

    op.drop_table("child_index")
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grants_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_role_grants_account_id"))

    op.drop_table("role_grants")
    with op.batch_alter_table("own_records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_own_records_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_own_records_account_id"))

    op.drop_table("own_records")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cases_unit_id"))
        batch_op.drop_index(batch_op.f("ix_cases_tenant_id"))

    op.drop_table("cases")
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_units_tenant_id"))

    op.drop_table("units")
    with op.batch_alter_table("tenant_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tenant_keys_tenant_id"))

    op.drop_table("tenant_keys")
    with op.batch_alter_table("case_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_keys_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_case_keys_case_id"))

    op.drop_table("case_keys")
    with op.batch_alter_table("audit_subjects", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_subjects_object")

    op.drop_table("audit_subjects")
    op.drop_table("audit_heads")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_who")
        batch_op.drop_index("ix_audit_events_search")

    op.drop_table("audit_events")
    op.drop_table("audit_checkpoints")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_tenant_id"))

    op.drop_table("accounts")
    op.drop_table("throttles")
    op.drop_table("municipalities")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION IF EXISTS append_only()")
