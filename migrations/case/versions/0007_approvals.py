"""Acts that need two people, and people who leave.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


# Columns are added and dropped one by one: SQLite would otherwise copy tables that others refer to.
COLUMNS = (
    ("web_sessions", "proven_at", sa.DateTime(timezone=True)),
    ("role_grants", "granted_by_id", sa.Uuid()),
    ("accounts", "must_renew", sa.Boolean()),
    ("accounts", "totp_next_ct", sa.LargeBinary()),
    ("accounts", "suspended_at", sa.DateTime(timezone=True)),
)

NEVER_EMPTY = frozenset({"must_renew"})


def upgrade() -> None:
    """Make the table of approvals, and what sessions and roles tell of them."""
    op.create_table(
        "approvals",
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("params_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("params_ct", sa.LargeBinary(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "answered_by_id IS NULL OR answered_by_id <> requested_by_id",
            name=op.f("ck_approvals_two"),
        ),
        sa.CheckConstraint("length(params_sha256) = 32", name=op.f("ck_approvals_digest")),
        sa.CheckConstraint(
            "state IN ('waiting','given','refused','withdrawn','expired','used')",
            name=op.f("ck_approvals_state"),
        ),
        sa.CheckConstraint(
            "(state = 'used') = (used_at IS NOT NULL)", name=op.f("ck_approvals_used")
        ),
        sa.CheckConstraint(
            "state NOT IN ('given','used') OR answered_by_id IS NOT NULL",
            name=op.f("ck_approvals_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["accounts.id"], name=op.f("fk_approvals_requested_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["accounts.id"], name=op.f("fk_approvals_answered_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f("fk_approvals_tenant_id_municipalities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_tenant_id"), "approvals", ["tenant_id"])
    op.create_index(op.f("ix_approvals_requested_by_id"), "approvals", ["requested_by_id"])
    op.create_table(
        "departures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned','done','withdrawn')", name=op.f("ck_departures_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_departures_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["accounts.id"], name=op.f("fk_departures_asked_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["role_grants.id"], name=op.f("fk_departures_grant_id_role_grants")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_departures_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_tenant_id"), "departures", ["tenant_id"])
    op.create_index(op.f("ix_departures_account_id"), "departures", ["account_id"])
    for table, name, kind in COLUMNS:
        fixed = name in NEVER_EMPTY
        default = sa.false() if fixed else None
        op.add_column(table, sa.Column(name, kind, nullable=not fixed, server_default=default))


def downgrade() -> None:
    """Take them away again."""
    for table, name, _kind in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    op.drop_table("departures")
    op.drop_table("approvals")
