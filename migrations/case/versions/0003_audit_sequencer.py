"""Pending entries, writer chains and epochs of the access log.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = "audit_cosignatures"


def upgrade() -> None:
    """Make the tables of the sequencer and the witness, and epoch 1 of the logs that exist."""
    with op.batch_alter_table("audit_heads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("epoch", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("base", sa.BigInteger(), server_default="0", nullable=False))
    _make_epochs()
    _make_pending()
    _make_proofs()
    _refuse_changes()


def _make_epochs() -> None:
    op.create_table(
        "audit_epochs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("approved_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_epochs_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "epoch", name=op.f("pk_audit_epochs")),
    )
    # A log from before epochs began with its first entry.
    op.execute(
        "INSERT INTO audit_epochs (tenant_id, epoch, base, verifier_key, began_at, reason, "
        "asked_by, approved_by) SELECT h.tenant_id, 1, 0, '', "
        "coalesce((SELECT min(e.at) FROM audit_events e WHERE e.tenant_id = h.tenant_id), "
        "h.last_at), 'first', '', '' FROM audit_heads h"
    )


def _make_pending() -> None:
    op.create_table(
        "audit_pending",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=60), nullable=False),
        sa.Column("dec", sa.String(length=5), nullable=False),
        sa.Column("obj", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_pending")),
    )
    op.create_table(
        "audit_writers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("writer", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "writer", name=op.f("pk_audit_writers")),
    )


def _make_proofs() -> None:
    op.create_table(
        "audit_tiles",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_tiles_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "epoch", "level", "n", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "audit_cosignatures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=120), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["municipalities.id"],
            name=op.f("fk_audit_cosignatures_tenant_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "size", "witness", "at", name=op.f("pk_audit_cosignatures")
        ),
    )


def _refuse_changes() -> None:
    """Refuse what an accident could do; the owner of a table can drop its triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {APPEND_ONLY}_no_{verb.lower()} BEFORE {verb} ON {APPEND_ONLY} "
                "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER audit_pending_no_update BEFORE UPDATE ON audit_pending "
            "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {APPEND_ONLY}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {APPEND_ONLY} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )
    # Pending entries are taken out by the sequencer, one by one, and never edited.
    op.execute(
        "CREATE TRIGGER audit_pending_append_only BEFORE UPDATE OR TRUNCATE "
        "ON audit_pending FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def downgrade() -> None:
    """Take them away. Entries that wait for a place would be lost: sequence them first."""
    for table in (
        "audit_cosignatures",
        "audit_tiles",
        "audit_writers",
        "audit_pending",
        "audit_epochs",
    ):
        op.drop_table(table)
    with op.batch_alter_table("audit_heads", schema=None) as batch_op:
        batch_op.drop_column("base")
        batch_op.drop_column("epoch")
