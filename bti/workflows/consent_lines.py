"""Lines of one consent's page: who answers and why, what flows, and what each withdrawal stopped."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.db.models import ConsentAnswer
from bti.domain.ages import day_in_norway
from bti.domain.codes import InfoType
from bti.domain.consent import OPENING, agreed_cells
from bti.domain.consent_record import NOT_GIVEN, WITHDRAWN, cell_name
from bti.domain.legal import LegalBasis, basis_on
from bti.profiles import legal_bases
from bti.workflows import directory
from bti.workflows.consent_file import Asked, of_names, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.domain.events import CellRef
    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerLine:
    """One who must answer, why just they, and what they have said.

    ``instead_of`` names whom they may answer for, when they need not answer themselves;
    ``signed_by`` whoever had a power of attorney.
    """

    person_id: uuid.UUID
    name: str = field(repr=False)
    is_child: bool
    role: str
    why: tuple[LegalBasis, ...]
    answer: str
    on: date | None
    form: str
    instead_of: str = field(default="", repr=False)
    signed_by: str = field(default="", repr=False)
    #: Of an answer that was said: who wrote it down, and who was there. Of any: the interpreter.
    minuted_by: str = ""
    present: str = field(default="", repr=False)
    interpreter: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FlowLine:
    """What one service tells another. ``name`` is short, see ``consent_record.cell_name``."""

    name: str
    info_type: InfoType
    giver: str
    taker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one withdrawal stopped, as it was then.

    ``places`` counts the people who lost their place in the case; ``offer`` and ``referral`` say
    whether a baton that was offered, or a case that waited with the team, was taken back.
    """

    person: str = field(repr=False)
    written_by: str
    at: datetime
    stopped: tuple[FlowLine, ...]
    places: int
    offer: bool
    referral: bool
    log_rests: bool


def signer_lines(
    context: Context, asked: Asked, people: tuple[PersonRecord, ...], meta: Mapping[str, Any]
) -> tuple[SignerLine, ...]:
    """Return a line for each who must answer, or may for another. ``meta`` is the stored question."""
    rows = context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.consent_id == asked.id)
    )
    newest: dict[uuid.UUID, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: str(one.meta["at"])):
        # Whoever has taken back a part of it has still answered the rest.
        some = bool(row.meta.get("cells"))
        if row.meta["answer"] not in NOT_GIVEN - {WITHDRAWN} and not some:
            newest[row.person_id] = {**row.meta, **row.body}
    names = {one.id: one.name for one in people}
    instead = dict(sorted(asked.facts.stand_ins))
    day = day_in_norway(asked.facts.asked_at)
    lines = []
    for one in people:
        if one.id not in asked.facts.required and one.id not in instead:
            continue
        said = newest.get(one.id, {})
        signer = instead.get(one.id, one.id)
        lines.append(
            SignerLine(
                person_id=one.id,
                name=one.name,
                is_child=one.kind == "child",
                role=meta["roles"].get(str(one.id), role_of(one.relation).value),
                why=bases(meta["why"][str(signer)], day),
                answer=said.get("answer", ""),
                on=date.fromisoformat(said["on"]) if said else None,
                form=said.get("form", ""),
                instead_of=names.get(signer, "") if signer != one.id else "",
                signed_by=names.get(uuid.UUID(said["mandate_by"]), "")
                if said.get("mandate_by")
                else "",
                minuted_by=directory.name_of(context, uuid.UUID(said["minuted_by"]))
                if said.get("minuted_by")
                else "",
                present=said.get("present", ""),
                interpreter=said.get("interpreter", ""),
            )
        )
    return tuple(lines)


def open_flows(context: Context, asked: Asked) -> tuple[FlowLine, ...]:
    """Return what is shared by this consent now."""
    if asked.status not in OPENING:
        return ()
    return _flows(context, asked, agreed_cells(asked.facts, context.now))


def receipts(
    context: Context, asked: Asked, people: tuple[PersonRecord, ...]
) -> tuple[Receipt, ...]:
    """Return what each withdrawal of this consent stopped, newest first."""
    rows = context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.consent_id == asked.id)
    )
    back = [(row.meta, row) for row in rows if row.meta["answer"] == WITHDRAWN]
    names = {one.id: one.name for one in people}
    found = []
    for meta, row in sorted(back, key=lambda pair: str(pair[0]["at"]), reverse=True):
        effects = row.body["effects"]
        found.append(
            Receipt(
                person=names.get(row.person_id, ""),
                written_by=directory.name_of(context, uuid.UUID(row.body["recorded_by"])),
                at=datetime.fromisoformat(meta["at"]),
                stopped=_flows(
                    context, asked, of_names(asked.facts.cells, effects["cells"], asked.owner)
                ),
                places=effects["places"],
                offer=effects["offer"],
                referral=effects["referral"],
                log_rests=effects["log_rests"],
            )
        )
    return tuple(found)


def _flows(context: Context, asked: Asked, cells: Iterable[CellRef]) -> tuple[FlowLine, ...]:
    units = directory.units(context)
    order = list(InfoType)
    return tuple(
        FlowLine(
            cell_name(cell, asked.owner),
            cell.info_type,
            units[cell.from_unit].name,
            units[cell.to_unit].name,
        )
        for cell in sorted(cells, key=lambda one: (order.index(one.info_type), one))
    )


def bases(codes: Iterable[str], day: date) -> tuple[LegalBasis, ...]:
    """Return the references as they read on a day: a record keeps the act it was made under."""
    return tuple(basis_on(legal_bases(), code, day) for code in dict.fromkeys(codes))
