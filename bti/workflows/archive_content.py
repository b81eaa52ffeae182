"""What a package holds of a case: every row of it, opened, in two parts; and what its files are.

Every table with rows of a case is taken as a whole, so that a new one is in the package from its first day. What is
left out is named here with the reason.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.audit.about import about
from bti.db.base import Base, TenantRow
from bti.db.blobs import BlobStore
from bti.db.models import Account, Attachment, Case, Municipality, Unit
from bti.db.sealed import sealed_attributes
from bti.domain.codes import InfoType
from bti.domain.file_kinds import FileKind
from bti.domain.gates import BY_LAW, GATES, Gate
from bti.workflows.attachment_file import FileContext, OpenedFile
from bti.workflows.case_file import Kind, entries

if TYPE_CHECKING:
    from bti.audit.about import About
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context

#: Tables with a case's id that are in no package.
LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "case_keys": "keys: the package is what they open",
        "child_index": "tokens that only the running program can compare",
    }
)
#: What is about the case and not part of the family's log, whatever compartment it stands in.
OVERSIGHT: Final = frozenset({"desk_matters", "desk_steps", "emergency_accesses"})
CONSENT: Final = frozenset({"consents", "consent_answers", "consent_cells"})
#: What says how a row lies in the database, or would open something.
_NOT_SAID: Final = frozenset(
    {"tenant_id", "mac", "version", "access_epoch", "blob", "blob_sha256", "key", "open_slot"}
)
#: Of the working state: what was packed before must not change what is packed.
_NOT_OF_CASE: Final = "archive"

Part = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file that goes into the package: where, what it is called, and what opens it."""

    path: str
    title: str = field(repr=False)
    made_at: datetime
    made_by: str
    opened: OpenedFile = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a package of a case is made of. ``log`` and ``own`` are rows by table, as JSON can say them."""

    tenant_id: uuid.UUID
    case_id: uuid.UUID
    number: str
    language: str
    municipality: str
    unit: str
    ops: Ops = field(repr=False)
    case: dict[str, Any] = field(repr=False)
    log: Part = field(repr=False)
    consents: Part = field(repr=False)
    own: Part = field(repr=False)
    #: Colleagues and units that are named, by id.
    people: dict[str, dict[str, str]] = field(repr=False)
    units: dict[str, str] = field(repr=False)
    files: tuple[CaseFile, ...] = field(repr=False)
    content: str
    accesses: About = field(repr=False)

    def document(self, part: str) -> dict[str, Any]:
        """Return one of the parts «log», «consents» and «own» as it is written to a file."""
        rows: Part = {"log": self.log, "consents": self.consents, "own": self.own}[part]
        said: dict[str, Any] = {"stafett-archive": 1, "part": part, "number": self.number}
        if part == "log":
            said |= {"case": self.case}
        return said | {"rows": rows, "people": self.people, "units": self.units}


def gather(context: Context, case: Case, ops: Ops) -> Material:
    """Return what a package of an opened case holds. Every key of it must be released.

    Raises ``SealError`` for a value that does not open: a package with holes is none.
    """
    case_words = _row(case)
    case_words["ops"].pop(_NOT_OF_CASE, None)
    parts: dict[str, Part] = {"log": {}, "consents": {}, "own": {}}
    rows = list(_rows(context, case))
    untold = _marked(context, case) | {
        row["id"] for table, row in rows if table == "consents" and _told_outside(row["meta"])
    }
    for table, row in rows:
        blocks = row["body"].pop("blocks", None) if table == "persons" else None
        if blocks:
            # That somebody is kept out, and why, is not for the one it is about.
            parts["own"].setdefault("persons", []).append({"id": row["id"], "blocks": blocks})
        part = _part_of(table, row.get("compartment", ""))
        if {row["id"], row.get("consent_id")} & untold:
            part = "own"
        parts[part].setdefault(table, []).append(row)
    people, units = _named(context, case.tenant_id, [case_words, *parts.values()])
    content = digest_of([case_words, parts, people, units])
    earlier = ops.archive
    # The same content gets the same extract; anything new is a new edition, and is told up to today.
    cut = earlier.cut if earlier is not None and earlier.content == content else None
    place = context.session.get_one(Municipality, case.tenant_id)
    return Material(
        tenant_id=case.tenant_id,
        case_id=case.id,
        number=case.number,
        language=place.language,
        municipality=place.name,
        unit=units[str(case.unit_id)],
        ops=ops,
        case=case_words,
        **parts,
        people=people,
        units=units,
        files=tuple(_files(context, case, people)),
        content=content,
        accesses=about(context.session, case.tenant_id, case.id, cut=cut),
    )


def tables_of_a_case() -> list[type[TenantRow]]:
    """Return the mapped classes whose rows name a case and go into its package, by name."""
    found = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return [
        found[name]
        for name in sorted(found.keys() - LEFT_OUT.keys())
        if "case_id" in found[name].__table__.columns and issubclass(found[name], TenantRow)
    ]


def digest_of(content: object) -> str:
    """Return the SHA-256 (hex) of something as JSON in one spelling."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(context: Context, case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    for mapped in tables_of_a_case():
        own = mapped.__table__.c["case_id"] == case.id
        rows = context.session.scalars(select(mapped).where(own)).all()
        for row in sorted(rows, key=lambda one: str(one.id)):
            yield mapped.__tablename__, _row(row)


def _part_of(table: str, compartment: str) -> str:
    if table in OVERSIGHT or compartment.endswith(f":{InfoType.OWN.value}"):
        return "own"
    return "consents" if table in CONSENT else "log"


def _told_outside(meta: Mapping[str, Any]) -> bool:
    """Tell whether it is a sharing with somebody outside, such as the police, which no family's list shows."""
    return meta["scope"] == BY_LAW and not GATES[Gate(meta["gate"])].takers


def _marked(context: Context, case: Case) -> frozenset[str]:
    """Return the ids of entries that one of the family may not read, and of every mark that says so.

    The log goes to whoever of them asks for it. What stands beside them, or came of them, follows.
    """
    return frozenset(
        str(one.id)
        for one in entries(context, case.id)
        if one.kind is Kind.MARK
        or one.mark.kept
        or (one.mark.about is not None and one.mark.agreed_on is None)
    )


def _row(row: TenantRow) -> dict[str, Any]:
    """Return a row as JSON can say it: plain columns, and what its sealed ones hold."""
    sealed = sealed_attributes(type(row))
    hidden = {one.column for one in sealed.values()}
    plain = {
        column.key: getattr(row, column.key)
        for column in type(row).__table__.columns
        if column.key not in hidden | _NOT_SAID
    }
    opened = {name: getattr(row, name) for name in sealed if name not in _NOT_SAID}
    said: dict[str, Any] = _plain(plain | opened)
    return said


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, uuid.UUID) else value


def _named(
    context: Context, tenant: uuid.UUID, content: object
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the colleagues and units whose ids stand anywhere in the content."""
    said = set(_words(content))
    accounts = context.session.scalars(select(Account).where(Account.tenant_id == tenant))
    people = {
        str(one.id): {"name": one.profile["name"], "title": one.profile["title"]}
        for one in accounts
        if str(one.id) in said
    }
    units = context.session.scalars(select(Unit).where(Unit.tenant_id == tenant))
    return people, {str(one.id): one.name for one in units if str(one.id) in said}


def _words(content: object) -> Iterator[str]:
    if isinstance(content, Mapping):
        for one in content.values():
            yield from _words(one)
    elif isinstance(content, list | tuple):
        for one in content:
            yield from _words(one)
    elif isinstance(content, str):
        yield content


def _files(
    context: Context, case: Case, people: Mapping[str, Mapping[str, str]]
) -> Iterator[CaseFile]:
    """Give every attached file; one that was taken away is named in the rows and its content is not."""
    rows = context.session.scalars(select(Attachment).where(Attachment.case_id == case.id)).all()
    store = BlobStore(context.settings.blobs())
    for row in sorted(rows, key=lambda one: str(one.id)):
        meta = row.meta
        if meta["removed"] is not None:
            continue
        kind = FileKind(meta["file_kind"])
        part = _part_of(Attachment.__tablename__, row.compartment)
        yield CaseFile(
            path=f"{part}/files/{row.id}.{kind.value}",
            title=meta["title"] or meta["name"],
            made_at=datetime.fromisoformat(meta["at"]),
            made_by=people[meta["by"]]["name"],
            opened=OpenedFile(
                where=FileContext(row.tenant_id, row.case_id, row.id),
                name=meta["name"],
                kind=kind,
                size=meta["size"],
                store=store,
                blob=row.blob,
                blob_sha256=row.blob_sha256,
                key=bytes.fromhex(row.key["key"]),
            ),
        )
