"""Professional systems with a key of their own, and the people who have let them act.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _row(table: str) -> list[sa.Column]:
    """What every row of a municipality has that carries a MAC."""
    return [
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["municipalities.id"], name=op.f(f"fk_{table}_tenant_id_municipalities")
        ),
    ]


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "api_clients",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.String(length=100), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("profile_ct", sa.LargeBinary(), nullable=False),
        *_row("api_clients"),
        _refers("api_clients", "made_by_id", "accounts"),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_clients_key_hash")),
    )
    op.create_index("ix_api_clients_tenant_id", "api_clients", ["tenant_id"])
    op.create_table(
        "api_agreements",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role_grant_id", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        *_row("api_agreements"),
        _refers("api_agreements", "client_id", "api_clients"),
        _refers("api_agreements", "account_id", "accounts"),
        _refers("api_agreements", "role_grant_id", "role_grants"),
    )
    for column in ("tenant_id", "client_id", "account_id"):
        op.create_index(f"ix_api_agreements_{column}", "api_agreements", [column])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("api_agreements")
    op.drop_table("api_clients")
