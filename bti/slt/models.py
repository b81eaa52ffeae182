"""The tables of the network side. Records only; no table has a column for a child or a guardian."""

import uuid
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bti.slt.store import UTCDateTime

NAME_LENGTH = 120
REASON_LENGTH = 500
PLAN_SHORT = 200


class NetworkBase(DeclarativeBase):
    """Base of every table here; its metadata is separate from the case side's."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {uuid.UUID: Uuid(), datetime: UTCDateTime()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class ChangeColumns:
    """What each row of a history has beside its owner: who changed what, when, from what to what, and why it may stand.

    ``account_id`` is empty for what an operator brought in. ``reason`` is why a text was kept that looked as if
    it named somebody. ``position`` counts up within the owner: several changes have one instant.
    """

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]
    position: Mapped[int]
    part: Mapped[str] = mapped_column(String(40))
    old: Mapped[str] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class SltAccount(NetworkBase):
    """Somebody of one municipality who signs in here. ``role`` is a `NetworkRole`."""

    __tablename__ = "slt_accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    municipality_number: Mapped[str] = mapped_column(String(4))
    municipality_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    language: Mapped[str] = mapped_column(String(2))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class SltSession(NetworkBase):
    """One sign-in. The token itself is only in the browser."""

    __tablename__ = "slt_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SltThrottle(NetworkBase):
    """Failed sign-ins in a row, by a digest of the username or the address."""

    __tablename__ = "slt_throttles"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int]
    last_failure_at: Mapped[datetime]


class ReleaseRow(NetworkBase):
    """A published release. Its content is frozen; a correction is a new version."""

    __tablename__ = "releases"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    municipality_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    period: Mapped[str] = mapped_column(String(6))
    version: Mapped[int]
    table_json: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    method_codes: Mapped[str] = mapped_column(String(400))
    #: The case side's public key and its signature of ``table_json``, in hex.
    signer: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(NAME_LENGTH))
    correction_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))

    __table_args__ = (
        UniqueConstraint("municipality_number", "period", "version"),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint(
            "(version = 1) = (correction_reason IS NULL)", name="correction_has_a_reason"
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawal_has_a_reason"
        ),
        Index(
            "uq_releases_one_standing",
            "municipality_number",
            "period",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )


class SltEvent(NetworkBase):
    """Who signed in, read, published or was turned away. Append-only by trigger."""

    __tablename__ = "slt_events"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_accounts.id"))
    release_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("releases.id"))
    code: Mapped[str | None] = mapped_column(String(60))


class PlanRow(NetworkBase):
    """A municipality's plan for a period. Lists are kept a line each."""

    __tablename__ = "slt_plans"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    municipality_number: Mapped[str] = mapped_column(String(4))
    key: Mapped[str] = mapped_column(String(60))
    municipality: Mapped[str] = mapped_column(String(PLAN_SHORT))
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    language: Mapped[str] = mapped_column(String(2))
    first_day: Mapped[date]
    last_day: Mapped[date]
    numbering: Mapped[str] = mapped_column(String(10))
    drafted: Mapped[date | None]
    adopted: Mapped[date | None]
    adopted_by: Mapped[str] = mapped_column(String(PLAN_SHORT))
    youngest: Mapped[int | None]
    oldest: Mapped[int | None]
    revision: Mapped[str] = mapped_column(Text)
    challenges: Mapped[str] = mapped_column(Text)
    goals: Mapped[str] = mapped_column(Text)
    approach: Mapped[str] = mapped_column(Text)
    knowledge: Mapped[str] = mapped_column(Text)
    appendices: Mapped[str] = mapped_column(Text)
    #: The plan of the period before, for one that was rolled over from it.
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("slt_plans.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("municipality_number", "first_day"),
        CheckConstraint("last_day >= first_day", name="period_in_order"),
    )


class PlanAreaRow(NetworkBase):
    """A focus area of a plan."""

    __tablename__ = "plan_areas"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_plans.id"))
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(PLAN_SHORT))
    challenges: Mapped[str] = mapped_column(Text)
    goals: Mapped[str] = mapped_column(Text)
    approach: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(PLAN_SHORT))

    __table_args__ = (UniqueConstraint("plan_id", "code"),)


class PlanMeasureRow(NetworkBase):
    """A numbered measure. Empty is unknown; ``…_own`` is the municipality's own word."""

    __tablename__ = "plan_measures"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_plans.id"))
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    number: Mapped[str] = mapped_column(String(10))
    area: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(PLAN_SHORT))
    need: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    actions: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(String(PLAN_SHORT))
    timing: Mapped[str] = mapped_column(String(PLAN_SHORT))
    status: Mapped[str] = mapped_column(String(20))
    status_own: Mapped[str] = mapped_column(String(PLAN_SHORT))
    status_inferred: Mapped[bool]
    level: Mapped[str] = mapped_column(String(60))
    level_own: Mapped[str] = mapped_column(String(PLAN_SHORT))
    level_inferred: Mapped[bool]
    strand: Mapped[str] = mapped_column(String(20))
    strand_own: Mapped[str] = mapped_column(String(PLAN_SHORT))
    strand_inferred: Mapped[bool]
    same_as: Mapped[str] = mapped_column(String(PLAN_SHORT))
    place: Mapped[str] = mapped_column(String(PLAN_SHORT))
    #: The measure of the period before that this one goes on from, and whether it was changed then.
    carried_from_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_measures.id"))
    carried: Mapped[str] = mapped_column(String(20))

    __table_args__ = (UniqueConstraint("plan_id", "number"),)


class PlanIndicatorRow(NetworkBase):
    """A number that is followed, of one measure or of the whole plan. Numbers are hundredths."""

    __tablename__ = "plan_indicators"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_plans.id"))
    measure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_measures.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(PLAN_SHORT))
    measured_in: Mapped[str] = mapped_column(String(20))
    group: Mapped[str] = mapped_column("of_group", String(PLAN_SHORT))
    source: Mapped[str] = mapped_column(String(PLAN_SHORT))
    baseline: Mapped[int | None] = mapped_column(BigInteger)
    target: Mapped[int | None] = mapped_column(BigInteger)
    place: Mapped[str] = mapped_column(String(PLAN_SHORT))

    __table_args__ = (UniqueConstraint("plan_id", "code"),)


class PlanReadingRow(NetworkBase):
    """What an indicator was at a time: a year, a month or a day, as in ISO 8601."""

    __tablename__ = "plan_readings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    indicator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_indicators.id"))
    read_on: Mapped[str] = mapped_column(String(10))
    value: Mapped[int] = mapped_column(BigInteger)
    country: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("indicator_id", "read_on"),)


class PlanEvaluationRow(NetworkBase):
    """What was found when a measure was evaluated, and what was decided. Append-only by trigger."""

    __tablename__ = "plan_evaluations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    measure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_measures.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_accounts.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    evaluated_on: Mapped[date]
    finding: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text)


class PlanChangeRow(ChangeColumns, NetworkBase):
    """What was changed in a plan, or in one of its measures. Append-only by trigger."""

    __tablename__ = "plan_changes"

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("slt_plans.id"), index=True)
    measure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_measures.id"))

    __table_args__ = (UniqueConstraint("plan_id", "position"),)
