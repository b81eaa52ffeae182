"""The end of a case: its keys and rows are deleted, and a certificate says from when no backup opens it.

Deleting documentation is destroying archive material: it takes a permission (arkivlova § 13), two people, and a
protocol. What was entered in the log stays; it names the case by a random id and nobody by name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.models import AuditEvent, AuditSubject
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.crypto.provider import TenantPurpose
from bti.db.base import Base, TenantRow
from bti.db.blobs import BlobStore
from bti.db.models import Approval, Attachment, Case, CaseKey
from bti.db.sealed import sealed_attributes
from bti.domain.approval import ApprovalAct
from bti.domain.errors import RuleBroken
from bti.domain.levels import CaseStatus
from bti.domain.retention import check_disposal
from bti.keyd.generations import KEEP_RETIRED, erase_params
from bti.keyd.keystore import ACTIVE, DESTROYED
from bti.profiles.retention import rules
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement

    from bti.keyd.generations import Generation
    from bti.settings import Settings
    from bti.workflows.context import Context

__all__ = ["erase_params"]

_OPS_REMAINS: Final = (
    "Level, status, dates and kinds are sealed under the municipality's ops key and not under keys of the "
    "case. In dumps of the data from before the erasure they can be read, without a name and without a "
    "text, as long as those dumps are kept and one of these generations is not destroyed:"
)
#: How a rule is named in the place of a permission: rule/CODE.
_BY_RULE: Final = "rule/"
_PERMISSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{2,79}")


class ErasureRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """The case may not be erased now. ``code`` says why; nothing was done."""

    def __init__(self, code: str) -> None:
        """Name the reason."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class GenerationEnd:
    """A generation that data keys of the time hung under, and when it ended or may end."""

    purpose: str
    generation: int
    state: str
    destroyed_at: str
    destroy_after: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased, and from when older backups open nothing of it. Times are UTC, ids random."""

    tenant_id: str
    case_id: str
    erased_at: str
    issued_at: str
    final_at: str
    not_before: str
    keks: tuple[GenerationEnd, ...]
    ops: tuple[GenerationEnd, ...]

    @property
    def final(self) -> bool:
        """Whether every generation that could open the case's keys is destroyed."""
        return bool(self.final_at)


@dataclass(frozen=True, slots=True)
class Protocol:
    """What was destroyed, on whose word, and how much: for the archive."""

    permission: str
    tenant_id: str
    case_id: str
    number: str
    erased_at: str
    asked_by: str
    approved_by: str
    key_ids: tuple[str, ...]
    files: tuple[str, ...]
    rows: dict[str, int]


def check_request(context: Context, *, tenant_id: uuid.UUID, number: str, permission: str) -> None:
    """Raise ``ErasureRefused`` or ``NotFound`` when asking for approval would be in vain."""
    _erasable(context, tenant_id, number, permission)


def erase(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    number: str,
    permission: str,
    approval_id: uuid.UUID | None,
) -> Protocol:
    """Delete the keys and every row of a closed case. Two people have approved exactly this.

    ``permission`` is the reference of the rule or decision by which the documentation may be
    destroyed. Raises ``ErasureRefused``, ``ApprovalRefused`` and ``NotFound``.
    """
    case = _erasable(context, tenant_id, number, permission)
    keys = context.verbs.key_life().shred(case, permission, approval_id)
    case_id = case.id
    files = context.session.scalars(
        select(Attachment.blob).where(Attachment.case_id == case_id).order_by(Attachment.blob)
    ).all()
    context.record(
        Action.CASE_FILE_ERASE,
        Reference("case", case_id),
        more=[Reference("key", row.id) for row in keys],
        ground=f"gate:{ApprovalAct.ERASURE}",
        tenant=tenant_id,
    )
    rows = Counter[str]({CaseKey.__tablename__: len(keys)})
    for mapped in _tables():
        rest = context.session.scalars(select(mapped).where(_of(mapped, case_id))).all()
        for row in _leaves_first(rest):
            context.session.delete(row)
            # One by one: a correction must go before what it corrects.
            context.session.flush()
        rows[mapped.__tablename__] += len(rest)
    held = context.session.get_one(Approval, approval_id)
    return Protocol(
        permission=permission,
        tenant_id=str(tenant_id),
        case_id=str(case_id),
        number=number,
        erased_at=_text(context.now),
        asked_by=str(held.requested_by_id),
        approved_by=str(held.answered_by_id),
        key_ids=tuple(sorted(row.key_id.hex() for row in keys)),
        files=tuple(files),
        rows={name: count for name, count in sorted(rows.items()) if count},
    )


def delete_files(settings: Settings, done: Protocol) -> None:
    """Delete the files of an erased case's attachments, once its rows are gone for certain.

    What is left after a power cut is deleted by the sweep of files that no row names.
    """
    blobs = BlobStore(settings.blobs())
    for name in done.files:
        blobs.path(name).unlink(missing_ok=True)


def certify(context: Context, *, tenant_id: uuid.UUID, case_id: uuid.UUID) -> Certificate:
    """Return from when no backup opens an erased case, and enter that it was asked.

    Every dump of the key store from before the erasure holds the case's keys, wrapped under a
    kek generation of its time; what those dumps open ends with the last of these generations.
    Raises ``NotFound`` for a case that was not erased, or whose keys are there.
    """
    erased_at = context.session.scalars(
        select(AuditEvent.at)
        .join(
            AuditSubject,
            (AuditSubject.tenant_id == AuditEvent.tenant_id) & (AuditSubject.idx == AuditEvent.idx),
        )
        .where(
            AuditEvent.tenant_id == tenant_id,
            AuditEvent.act == Action.CASE_FILE_ERASE.value,
            AuditEvent.dec == "allow",
            AuditSubject.kind == "case",
            AuditSubject.object_id == case_id,
        )
    ).first()
    keyed = select(CaseKey.id).where(CaseKey.tenant_id == tenant_id, CaseKey.case_id == case_id)
    if erased_at is None or context.session.scalars(keyed).first() is not None:
        raise NotFound
    generations = context.verbs.key_life().generations(tenant_id)
    keks = _of_then(generations, TenantPurpose.KEK, erased_at)
    ended = [one.destroyed_at for one in keks if one.destroyed_at is not None]
    final = len(ended) == len(keks)
    context.record(Action.ERASURE_CERTIFICATE_ISSUE, Reference("case", case_id), tenant=tenant_id)
    return Certificate(
        tenant_id=str(tenant_id),
        case_id=str(case_id),
        erased_at=_text(erased_at),
        issued_at=_text(context.now),
        final_at=_text(max(ended)) if final else "",
        not_before="" if final else _text(_earliest_end(keks, context.now)),
        keks=tuple(map(_end, keks)),
        ops=tuple(map(_end, _of_then(generations, TenantPurpose.OPS, erased_at))),
    )


def as_json(content: Certificate | Protocol) -> str:
    """Return a certificate or protocol for machines."""
    kind = "certificate" if isinstance(content, Certificate) else "protocol"
    written: dict[str, Any] = {f"stafett-erasure-{kind}": 1, **asdict(content)}
    return json.dumps(written, indent=2, sort_keys=True) + "\n"


def certificate_text(found: Certificate) -> str:
    """Return the certificate for people."""
    if found.final:
        state = f"FINAL since {found.final_at}: no copy of the key store opens the case."
    else:
        state = (
            "NOT FINAL YET. A dump of the key store from before the erasure still opens the case, with "
            f"the root key and a dump of the data. Final at the earliest {found.not_before}, when the "
            "generations below are destroyed (bti keys destroy)."
        )
    lines = [
        "Certificate of erasure",
        f"Municipality {found.tenant_id}, case {found.case_id}",
        f"Keys and rows deleted: {found.erased_at}",
        f"Issued: {found.issued_at}",
        "",
        state,
        "",
        *(_line(one) for one in found.keks),
        "",
        _OPS_REMAINS,
        *(_line(one) for one in found.ops),
    ]
    return "\n".join(lines) + "\n"


def protocol_text(done: Protocol) -> str:
    """Return the protocol for people."""
    lines = [
        "Protocol of destruction (arkivlova § 13)",
        f"Permission: {done.permission}",
        f"Municipality {done.tenant_id}, case {done.number}, id {done.case_id}",
        f"Destroyed: {done.erased_at}",
        f"Asked for by account {done.asked_by}, approved by account {done.approved_by}",
        f"Data keys destroyed: {len(done.key_ids)}",
        *(f"  {one}" for one in done.key_ids),
        f"Attached files deleted: {len(done.files)}",
        "Rows deleted:",
        *(f"  {name}: {count}" for name, count in done.rows.items()),
    ]
    return "\n".join(lines) + "\n"


def _erasable(context: Context, tenant_id: uuid.UUID, number: str, permission: str) -> Case:
    if not _PERMISSION.fullmatch(permission):
        raise ErasureRefused("erasure.permission")
    case = context.session.scalars(
        select(Case).where(Case.tenant_id == tenant_id, Case.number == number)
    ).one_or_none()
    if case is None:
        raise NotFound
    context.verbs.open_directory(tenant_id)
    context.verbs.open_ops(tenant_id)
    context.verbs.check(case)
    if case.ops["status"] != CaseStatus.CLOSED.value:
        raise ErasureRefused("erasure.open_case")
    if permission.startswith(_BY_RULE):
        _check_rule(context, case, permission.removeprefix(_BY_RULE))
    return case


def _check_rule(context: Context, case: Case, code: str) -> None:
    """Raise ``ErasureRefused`` unless a retention rule for all that is in a case has run out."""
    closed_at = datetime.fromisoformat(case.ops["closed_at"])
    columns = {
        f"{mapped.__tablename__}.{one.column}"
        for mapped in _tables()
        for one in sealed_attributes(mapped).values()
    }
    try:
        check_disposal(
            rules(), code, columns, event_on=norwegian_date(closed_at), today=context.today
        )
    except RuleBroken as broken:
        raise ErasureRefused(broken.code) from None


def _tables() -> Iterator[type[TenantRow]]:
    """Give every table with rows of a case, those that refer to others first, the case itself last."""
    mapped = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    for table in reversed(Base.metadata.sorted_tables):
        found = mapped.get(table)
        of_a_case = found is Case or "case_id" in table.columns
        if found is not None and issubclass(found, TenantRow) and of_a_case:
            yield found


def _of(mapped: type[TenantRow], case_id: uuid.UUID) -> ColumnElement[bool]:
    column = mapped.__table__.c["id" if mapped is Case else "case_id"]
    return column == case_id


def _leaves_first(rows: Sequence[TenantRow]) -> list[TenantRow]:
    """Put a row before the one it supersedes."""
    rest = {row.id: row for row in rows}
    ordered: list[TenantRow] = []
    while rest:
        referred = {getattr(row, "supersedes", None) for row in rest.values()}
        free = [row for row in rest.values() if row.id not in referred]
        if not free:
            raise ErasureRefused("erasure.circle")
        ordered += free
        for row in free:
            del rest[row.id]
    return ordered


def _of_then(
    generations: tuple[Generation, ...], purpose: TenantPurpose, erased_at: datetime
) -> list[Generation]:
    """Return the generations that were there when the case was erased."""
    return [one for one in generations if one.purpose is purpose and one.made_at <= erased_at]


def _earliest_end(keks: list[Generation], now: datetime) -> datetime:
    """Return when the last of these may be destroyed, if the active one is rotated at once."""
    return max(
        (now if one.state == ACTIVE else one.retired_at or now) + KEEP_RETIRED
        for one in keks
        if one.state != DESTROYED
    )


def _end(one: Generation) -> GenerationEnd:
    return GenerationEnd(
        purpose=one.purpose.value,
        generation=one.generation,
        state=one.state,
        destroyed_at=_text(one.destroyed_at) if one.destroyed_at else "",
        destroy_after=_text(one.destroy_after) if one.destroy_after else "",
    )


def _line(one: GenerationEnd) -> str:
    if one.destroyed_at:
        when = f"destroyed {one.destroyed_at}"
    elif one.destroy_after:
        when = f"may be destroyed from {one.destroy_after}"
    else:
        when = "in use: rotate it, then destroy it 30 days later"
    return f"  {one.purpose} generation {one.generation}: {one.state}, {when}"


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
