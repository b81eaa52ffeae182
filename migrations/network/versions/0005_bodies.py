"""Bodies of SLT work; what was changed is append-only.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FACTS = ("mandate", "seats", "leader", "limits", "frequency", "individuals")


def upgrade() -> None:
    """Make the tables and the triggers."""
    _bodies()
    _changes()
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER body_changes_no_{what} BEFORE {what.upper()} ON body_changes "
                "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER body_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON body_changes "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )


def _bodies() -> None:
    facts = [
        column
        for fact in FACTS
        for column in (
            sa.Column(fact, sa.Text(), nullable=False),
            sa.Column(f"{fact}_place", sa.String(200), nullable=False),
        )
    ]
    op.create_table(
        "slt_bodies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        *facts,
        sa.Column("decides_to", sa.Integer(), nullable=True),
        sa.Column("decides_above", sa.Integer(), nullable=True),
        sa.Column("meetings_a_year", sa.Integer(), nullable=True),
        sa.Column("individuals_forbidden", sa.Boolean(), nullable=True),
        sa.Column("neighbours", sa.Text(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_bodies")),
        sa.UniqueConstraint(
            "municipality_number", "code", name=op.f("uq_slt_bodies_municipality_number_code")
        ),
        sa.CheckConstraint(
            "(kind = 'working_group') = (ends IS NOT NULL)",
            name=op.f("ck_slt_bodies_working_group_has_an_end"),
        ),
    )


def _changes() -> None:
    op.create_table(
        "body_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["body_id"], ["slt_bodies.id"], name=op.f("fk_body_changes_body_id_slt_bodies")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["slt_accounts.id"],
            name=op.f("fk_body_changes_account_id_slt_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body_changes")),
        sa.UniqueConstraint("body_id", "position", name=op.f("uq_body_changes_body_id_position")),
    )
    op.create_index(op.f("ix_body_changes_body_id"), "body_changes", ["body_id"])


def downgrade() -> None:
    """Remove every body and its history."""
    op.drop_table("body_changes")
    op.drop_table("slt_bodies")
