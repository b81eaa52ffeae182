"""Reports to the politiråd. One that is made is frozen.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "slt_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_number", sa.String(4), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(6), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("parts", sa.String(200), nullable=False),
        sa.Column("foreword", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("kept_because", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT, nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("report_text", sa.Text(), nullable=False),
        sa.Column("sheet_text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sheet_digest", sa.String(64), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        _account("author_id"),
        _account("made_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slt_reports")),
        sa.CheckConstraint(
            "(made_at IS NULL) = (digest = '')", name=op.f("ck_slt_reports_made_with_a_digest")
        ),
    )
    op.create_index(
        op.f("ix_slt_reports_municipality_number"), "slt_reports", ["municipality_number"]
    )
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER slt_reports_no_{what.lower()} BEFORE {what} ON slt_reports "
                "WHEN OLD.made_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'frozen'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER slt_reports_frozen BEFORE UPDATE OR DELETE ON slt_reports "
        "FOR EACH ROW WHEN (OLD.made_at IS NOT NULL) EXECUTE FUNCTION slt_frozen()"
    )
    op.execute(
        "CREATE TRIGGER slt_reports_no_truncate BEFORE TRUNCATE ON slt_reports "
        "FOR EACH STATEMENT EXECUTE FUNCTION slt_frozen()"
    )


def _account(column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_slt_reports_{column}_slt_accounts")
    return sa.ForeignKeyConstraint([column], ["slt_accounts.id"], name=name)


def downgrade() -> None:
    """Remove every report."""
    op.drop_table("slt_reports")
