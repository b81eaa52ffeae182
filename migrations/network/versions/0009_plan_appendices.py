"""Appendices of plans. A row is written once, and after that only taken away.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
KEPT = ("id", "plan_id", "account_id", "at", "title", "kind", "link", "size", "sha256")


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "plan_appendices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.Column("removed_why", sa.String(20), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_plan_appendices_{column}_{table}")
            )
            for column, table in (
                ("plan_id", "slt_plans"),
                ("account_id", "slt_accounts"),
                ("removed_by", "slt_accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_appendices")),
        sa.CheckConstraint(
            "(kind = '') = (link <> '')", name=op.f("ck_plan_appendices_file_or_link")
        ),
        sa.CheckConstraint(
            "removed_at IS NULL OR content IS NULL",
            name=op.f("ck_plan_appendices_removed_is_empty"),
        ),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL)",
            name=op.f("ck_plan_appendices_removed_by_somebody"),
        ),
    )
    op.create_index(op.f("ix_plan_appendices_plan_id"), "plan_appendices", ["plan_id"])
    same = " AND ".join(f"NEW.{column} = OLD.{column}" for column in KEPT)
    taken_away = f"OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL AND {same}"
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'frozen'); END"
        op.execute(
            f"CREATE TRIGGER plan_appendices_no_update BEFORE UPDATE ON plan_appendices "
            f"WHEN NOT ({taken_away}) {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER plan_appendices_no_delete BEFORE DELETE ON plan_appendices {refuse}"
        )
    else:
        op.execute(
            "CREATE TRIGGER plan_appendices_only_taken_away BEFORE UPDATE ON plan_appendices "
            f"FOR EACH ROW WHEN (NOT ({taken_away})) EXECUTE FUNCTION slt_frozen()"
        )
        op.execute(
            "CREATE TRIGGER plan_appendices_stay BEFORE DELETE OR TRUNCATE ON plan_appendices "
            "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
        )


def downgrade() -> None:
    """Remove every appendix."""
    op.drop_table("plan_appendices")
