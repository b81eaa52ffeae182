"""A coordinator of several municipalities reads their published releases; a grant is frozen but for its end.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FROZEN = (
    "id",
    "account_id",
    "municipality_number",
    "municipality_name",
    "granted_at",
    "reason",
)


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "release_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("municipality_name", sa.String(120), nullable=False),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_why", sa.String(500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_grants")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_release_grants_account_id_slt_accounts"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_why IS NULL)",
            name=op.f("ck_release_grants_end_has_a_reason"),
        ),
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_release_grants_one_standing",
        "release_grants",
        ["account_id", "municipality_number"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    frozen = f"UPDATE OF {', '.join(FROZEN)} ON release_grants"
    if op.get_bind().dialect.name == "sqlite":
        for name, condition in (
            ("release_grants_frozen", frozen),
            ("release_grants_no_delete", "DELETE ON release_grants"),
        ):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {condition} BEGIN SELECT RAISE(ABORT, 'frozen'); END"
            )
    else:
        for name, condition in (
            ("release_grants_frozen", frozen),
            ("release_grants_no_delete", "DELETE OR TRUNCATE ON release_grants"),
        ):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {condition} "
                "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
            )


def downgrade() -> None:
    """Take every grant away."""
    op.drop_table("release_grants")
