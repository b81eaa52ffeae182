"""Proving the audit log, writing it out, and naming its public key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit import silence, store
from bti.audit.actions import Action
from bti.audit.ageing import ageing
from bti.audit.record import Reference
from bti.audit.verify import Policy
from bti.audit.witnessing import STALE, newest_cosignature, witness_places
from bti.db.models import Municipality
from bti.domain.access import Action as Act
from bti.domain.approval import ApprovalAct
from bti.domain.errors import AccessDenied
from bti.workflows import approval
from bti.workflows.actor import Actor
from bti.workflows.errors import NotFound
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from bti.audit.ageing import Ageing
    from bti.audit.silence import Silence
    from bti.domain.approval import Params
    from bti.workflows.context import Context

_MOST_SILENCES = 20
_YEAR = timedelta(days=365.2425)
_ROOT_SHOWN = 8  # bytes: enough to compare by eye with the checkpoint that was kept elsewhere


@dataclass(frozen=True, slots=True)
class LogChoice:
    """A log one may check. ``name`` is empty when the municipality's row is gone."""

    tenant_id: uuid.UUID
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check found. ``findings`` has one line each, the first bad position first.

    ``complete`` is false when the log itself is damaged, so that rows could not be compared.
    ``silences`` break nothing, but somebody should know why: the newest ones, oldest first.
    """

    tenant_id: uuid.UUID
    intact: bool
    size: int
    root: str
    until: str
    findings: tuple[str, ...]
    complete: bool
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainCard:
    """Where the log stands, for the page: nothing here is proven before a check."""

    root: str
    checked_at: datetime | None
    held: bool
    #: When a witness last signed; None without one. ``unwitnessed``: one is named, and has not for a day.
    witnessed_at: datetime | None = None
    unwitnessed: bool = False


def logs(context: Context) -> tuple[LogChoice, ...]:
    """Return every log of the installation, also one whose municipality was removed in SQL."""
    known = {row.id: row for row in context.session.scalars(select(Municipality))}
    return tuple(
        LogChoice(tenant, known[tenant].name, known[tenant].number)
        if tenant in known
        else LogChoice(tenant, "", "")
        for tenant in store.logs(context.session)
    )


def verify(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    known: Sequence[str] = (),
    kept_keys: Sequence[str] = (),
) -> CheckOutcome:
    """Check the log in the database, and enter that it was checked.

    ``known`` are checkpoints and ``kept_keys`` public keys of this log that were kept elsewhere: a
    key that the log no longer names was exchanged. Raises ``AccessDenied`` for a person who is not the
    data protection officer, ``NotFound`` for a municipality without keys.
    """
    store.take_snapshot(context.session)
    _may_check(context, tenant_id)
    keys = verifier_keys(context, tenant_id=tenant_id)
    with context.whole_municipality():
        found = store.examine(
            context.session, tenant_id, _policy(context, keys), known=known, now=context.now
        )
        silent = silence.silences(context.session, tenant_id, context.now)
    report = found.report
    if report.intact and found.compared and not _head_is_wrong(found):
        _enter(context, tenant_id, intact=found.intact)
    lines = found.findings if report.intact else (str(report.finding), *found.findings)
    exchanged = tuple(f"exchanged: key {key}" for key in kept_keys if key not in keys)
    return CheckOutcome(
        tenant_id=tenant_id,
        intact=found.intact and not exchanged,
        size=report.size,
        root=short(report.root),
        until=report.until,
        findings=(*exchanged, *lines),
        complete=found.compared,
        silences=silent[-_MOST_SILENCES:],
    )


def export_params(directory: Path) -> Params:
    """Return what two people agree to: the whole log, to this place."""
    return {"what": "whole log", "to": str(directory.resolve())}


def export(
    context: Context, *, tenant_id: uuid.UUID, directory: Path, approval_id: uuid.UUID | None
) -> int:
    """Write the log into a new directory and enter that it was written out, on two people's word.

    Returns the number of entries written; the entry about this export is not among them. Raises
    ``FileExistsError`` when the directory exists, ``ApprovalRefused``, and as ``verify``. Only the
    demonstration, whose people are made up, exports without an approval.
    """
    store.take_snapshot(context.session)
    _may_check(context, tenant_id)
    if approval_id is not None or context.settings.mode != "demo":
        approval.use(
            context,
            approval_id,
            ApprovalAct.AUDIT_EXPORT,
            export_params(directory),
            tenant_id=None if isinstance(context.actor, Actor) else tenant_id,
        )
    keys = verifier_keys(context, tenant_id=tenant_id)
    count = store.export(context.session, tenant_id, keys, directory)
    context.record(Action.AUDIT_LOG_EXPORT, Reference("tenant", tenant_id), tenant=tenant_id)
    return count


def age(context: Context, *, tenant_id: uuid.UUID, years: int) -> Ageing:
    """Count the entries older than so many years, and what still needs them (system only).

    Raises ``AccessDenied`` for a person: the counts take drafts and duty records with them.
    """
    if isinstance(context.actor, Actor):
        raise AccessDenied("access.role")
    return ageing(context.session, tenant_id, context.now - years * _YEAR)


def checkpoint(context: Context, *, tenant_id: uuid.UUID) -> str:
    """Return the newest signed checkpoint (size, root, signature), empty for a log without one.

    It tells of nobody, so it may leave every day without two people. Raises as ``verify``.
    """
    _may_check(context, tenant_id)
    return store.newest_note(context.session, tenant_id)


def verifier_keys(context: Context, *, tenant_id: uuid.UUID) -> tuple[str, ...]:
    """Return the public key of each epoch. Raises ``NotFound`` when the municipality has none."""
    try:
        return store.keys_of(
            context.session, tenant_id, lambda epoch: context.verbs.verifier_key(tenant_id, epoch)
        )
    except AccessDenied:
        raise NotFound from None


def verifier_key(context: Context, *, tenant_id: uuid.UUID) -> str:
    """Return the public key of the newest epoch. Raises ``NotFound`` when there is none."""
    return verifier_keys(context, tenant_id=tenant_id)[-1]


def chain_card(context: Context) -> ChainCard:
    """Return where the log of the person's municipality stands."""
    stands = store.standing(context.session, context.person.tenant_id)
    return ChainCard(
        root=short(stands.root),
        checked_at=stands.checked_at,
        held=stands.check_held,
        witnessed_at=newest_cosignature(context.session, context.person.tenant_id),
        unwitnessed=is_unwitnessed(context, context.person.tenant_id),
    )


def is_unwitnessed(context: Context, tenant_id: uuid.UUID) -> bool:
    """Tell whether witnesses are named and none has signed this log for a day."""
    if not context.settings.witnesses:
        return False
    newest = newest_cosignature(context.session, tenant_id)
    return newest is None or context.now - newest > STALE


def short(root: bytes) -> str:
    """Return the beginning of a root in groups of four hexadecimal digits."""
    digits = root[:_ROOT_SHOWN].hex()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _policy(context: Context, keys: tuple[str, ...]) -> Policy:
    """Return the keys that count. That enough witnesses have signed lately is said apart."""
    places = witness_places(context.settings.witnesses)
    return Policy(keys, tuple(place.key.encode() for place in places), quorum=0)


def _may_check(context: Context, tenant_id: uuid.UUID) -> None:
    if not isinstance(context.actor, Actor):
        return  # the command line: who may run it is the machine's own matter
    require(context, Act.SEARCH_AUDIT)
    if context.actor.tenant_id != tenant_id:
        raise NotFound


def _head_is_wrong(found: store.Examination) -> bool:
    return any("audit_heads" in line or "put back" in line for line in found.findings)


def _enter(context: Context, tenant_id: uuid.UUID, *, intact: bool) -> None:
    # Only onto a tree that holds: a damaged log is evidence, and nothing is added to it here.
    context.recorder.record(
        Action.AUDIT_LOG_VERIFY,
        tenant=tenant_id,
        by=context.by,
        about=[Reference("tenant", tenant_id)],
        purpose="control",
        allowed=intact,
        rule="" if intact else "rows.differ",
    )
