"""The drill: proof that backup files and shares alone bring a case back, on a machine that had nothing.

Nobody signs in and nothing that a case says is shown. What was done, how long it took and how old the data
was are the report; the command line does the steps and writes it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.errors import Locked, SealError
from bti.db.blobs import BlobStore
from bti.db.models import Attachment, Case, CaseKey, Municipality
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid

    from bti.keyd.proof import CaseProof
    from bti.workflows.context import Context

_VERSION: Final = 1
_NO_REPORT: Final = "This is no report of a drill."
_PIECE_BYTES: Final = 1 << 20


class DrillFailedError(Exception):
    """A step of the drill did not do what it should. The text says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was done: what, in how many seconds, with what result."""

    what: str
    seconds: float
    result: str


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill showed. Times are UTC; ids are random; nothing is about a child."""

    passed: bool
    began_at: str
    data_from: str
    tenant_id: str
    case_id: str
    steps: tuple[Step, ...]

    def to_json(self) -> str:
        """Return the report for machines."""
        content = {"stafett-drill": _VERSION, **asdict(self)}
        return json.dumps(content, indent=2, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `to_json` writes. ``ValueError`` for anything else."""
        try:
            content: Any = json.loads(text)
            version = content.pop("stafett-drill")
            steps = tuple(Step(**one) for one in content.pop("steps"))
            report = cls(steps=steps, **content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError(_NO_REPORT) from None
        if version != _VERSION or not report._is_written_so():
            raise ValueError(_NO_REPORT)
        return report

    def _is_written_so(self) -> bool:
        """Whether each value is of the kind that `to_json` writes: JSON brings any."""
        top = [self.passed, self.began_at, self.data_from, self.tenant_id, self.case_id]
        steps = [(type(one.what), type(one.seconds), type(one.result)) for one in self.steps]
        return list(map(type, top)) == [bool, str, str, str, str] and all(
            kinds in {(str, float, str), (str, int, str)} for kinds in steps
        )

    def to_text(self) -> str:
        """Return the report for people."""
        lines = [
            "Recovery drill",
            f"Result: {'PASSED' if self.passed else 'FAILED'}",
            f"Began: {self.began_at}   Data from: {self.data_from}",
            f"Municipality: {self.tenant_id}   Case: {self.case_id}",
            "",
            *(f"{one.seconds:8.1f} s  {one.what}: {one.result}" for one in self.steps),
            f"{sum(one.seconds for one in self.steps):8.1f} s  in all",
            "",
            "No person signed in. What the case says was opened and not shown.",
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class ProvenCase:
    """The case that was opened, and how much of it."""

    tenant_id: uuid.UUID
    case_id: uuid.UUID
    proof: CaseProof
    files: int


def choose_case(context: Context, *, number: str | None) -> tuple[uuid.UUID, uuid.UUID]:
    """Return municipality and id of the case with this number, or of any one that has keys.

    Raises ``NotFound``.
    """
    query = select(Case.tenant_id, Case.id).where(Case.id.in_(select(CaseKey.case_id)))
    if number is not None:
        query = query.where(Case.number == number)
    found = [(tenant, case) for tenant, case in context.session.execute(query)]
    if not found:
        raise NotFound
    return secrets.choice(found)


def prove(context: Context, *, tenant_id: uuid.UUID, case_id: uuid.UUID) -> ProvenCase:
    """Open all that is sealed in a case, show nothing, and enter that it was done.

    Raises ``DrillFailedError`` when something does not open.
    """
    context.verbs.open_directory(tenant_id)
    case = context.session.get(Case, case_id)
    if case is None or case.tenant_id != tenant_id:
        raise NotFound
    try:
        proof = context.verbs.key_life().prove(case)
    except (SealError, Locked):
        raise DrillFailedError("a value of the case does not open") from None
    context.record(
        Action.KEY_DRILL_RUN,
        Reference("tenant", tenant_id),
        Reference("case", case_id),
        tenant=tenant_id,
    )
    return ProvenCase(tenant_id, case_id, proof, _whole_files(context, case_id))


def _whole_files(context: Context, case_id: uuid.UUID) -> int:
    """Return how many attachments lie there as their rows say. Raises ``DrillFailedError``."""
    blobs = BlobStore(context.settings.blobs())
    rows = context.session.scalars(select(Attachment).where(Attachment.case_id == case_id)).all()
    for row in rows:
        try:
            with blobs.open(row.blob) as file:
                found = hashlib.sha256()
                while piece := file.read(_PIECE_BYTES):
                    found.update(piece)
        except FileNotFoundError:
            raise DrillFailedError("an attachment's file is not there") from None
        if found.digest() != row.blob_sha256:
            raise DrillFailedError("an attachment's file is not the one that was attached")
    return len(rows)


def record_report(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Enter in the municipality's own log that a drill was held elsewhere. Raises ``NotFound``."""
    if context.session.get(Municipality, tenant_id) is None:
        raise NotFound
    context.record(Action.KEY_DRILL_RUN, Reference("tenant", tenant_id), tenant=tenant_id)
