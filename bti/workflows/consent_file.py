"""Consents as the rules see them, rebuilt from rows. Writes nothing and decides nothing.

Everything a status depends on is sealed under the ops key, so that worklists and level rules can
ask without opening the case; what was said and shown is sealed with the case.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.crypto.errors import Locked
from bti.db.models import Consent, ConsentAnswer
from bti.domain.codes import HeardMethod, InfoType, NotHeardReason
from bti.domain.consent import (
    Answer,
    AnswerFacts,
    ConsentFacts,
    ConsentStatus,
    Form,
    HeardFacts,
    Scope,
    WithdrawalFacts,
    status,
)
from bti.domain.events import CellRef
from bti.domain.signers import ChildFacts, DeciderFacts, SignerRole
from bti.workflows.case_file import case_row, ops_of, persons, to_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bti.workflows.case_file import PersonRecord
    from bti.workflows.context import Context

#: Stored as an answer: the newest of a signer counts, and this one is final.
WITHDRAWN: Final = "withdrawn"
#: Stored as an answer nobody gave: others have come to decide, or the case was closed. Final too.
LAPSED: Final = "lapsed"


class Direction(StrEnum):
    """Which way information goes between the owner's service and the one brought in."""

    BOTH = "both"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was put, with everything said to it so far, and where it stands now."""

    facts: ConsentFacts
    to_unit: uuid.UUID | None
    direction: Direction
    language: str
    withdrawn_at: datetime | None
    status: ConsentStatus

    @property
    def id(self) -> uuid.UUID:
        """The consent's id."""
        return self.facts.consent_id

    @property
    def types(self) -> tuple[InfoType, ...]:
        """The types of information asked about, in the order of the vocabulary."""
        return tuple(one for one in InfoType if one in self.facts.info_types)

    def newest(self, person_id: uuid.UUID) -> AnswerFacts | None:
        """What this signer said last, or None."""
        mine = [one for one in self.facts.answers if one.person_id == person_id]
        return max(mine, key=lambda one: one.at, default=None)


def asked_in(
    context: Context, case_id: uuid.UUID, people: tuple[PersonRecord, ...] | None = None
) -> tuple[Asked, ...]:
    """Return every consent of a case, oldest first.

    ``people`` is who decides for the child now. Without it they are read if the case is open,
    else those who decided when the question was put.
    """
    if people is None:
        people = _people_if_open(context, case_id)
    answers: dict[uuid.UUID, list[ConsentAnswer]] = {}
    for row in context.session.scalars(
        select(ConsentAnswer).where(ConsentAnswer.case_id == case_id)
    ):
        answers.setdefault(row.consent_id, []).append(row)
    rows = context.session.scalars(select(Consent).where(Consent.case_id == case_id))
    found = [_asked(context, row, answers.get(row.id, []), people) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.facts.asked_at, str(one.id))))


def decider_of(person: PersonRecord) -> DeciderFacts:
    """Return a guardian as the rules see them. Parental responsibility is what decides."""
    return DeciderFacts(
        person.id, person.parental_responsibility, person.checked_on, role_of(person.relation)
    )


def role_of(relation: str) -> SignerRole:
    """Return in what capacity somebody with this relation to the child signs."""
    known = {
        SignerRole.APPOINTED_GUARDIAN,
        SignerRole.CHILD_WELFARE,
        SignerRole.FOSTER_HOME,
    }
    return next(
        (role for role in known if role.value == relation),
        SignerRole.PARENTAL_RESPONSIBILITY_HOLDER,
    )


def deciders_in(people: Iterable[PersonRecord]) -> tuple[DeciderFacts, ...]:
    """Return those who may decide for the child."""
    return tuple(decider_of(one) for one in people if one.kind == "guardian")


def cells_between(
    owner: uuid.UUID,
    to_unit: uuid.UUID | None,
    types: Iterable[InfoType],
    direction: Direction = Direction.BOTH,
) -> frozenset[CellRef]:
    """Return the cells of a question: each type, each way that was asked about."""
    if to_unit is None:
        return frozenset()
    ways = {
        Direction.BOTH: ((owner, to_unit), (to_unit, owner)),
        Direction.OUT: ((owner, to_unit),),
        Direction.IN: ((to_unit, owner),),
    }[direction]
    return frozenset(CellRef(start, end, one) for start, end in ways for one in types)


def meta_of(facts: ConsentFacts, *, owner: uuid.UUID, **more: object) -> dict[str, Any]:
    """Return the ops-sealed form of a new question."""
    heard = facts.heard
    return {
        **more,
        "scope": facts.scope.value,
        "owner": owner,
        "types": sorted(facts.info_types),
        "asked_at": facts.asked_at,
        "valid_to": facts.valid_to,
        "child": facts.child.person_id,
        "required": sorted(str(one) for one in facts.required),
        "deciders": [
            [one.person_id, one.decides, one.checked_on, one.role.value] for one in facts.deciders
        ],
        "heard": None
        if heard is None
        else [
            heard.on,
            heard.method.value if heard.method else None,
            heard.not_heard.value if heard.not_heard else None,
            heard.weight_noted,
        ],
    }


def _people_if_open(context: Context, case_id: uuid.UUID) -> tuple[PersonRecord, ...] | None:
    try:
        return persons(context, case_id)
    except Locked:
        return None


def _asked(
    context: Context,
    row: Consent,
    answers: list[ConsentAnswer],
    people: tuple[PersonRecord, ...] | None,
) -> Asked:
    meta = row.meta
    to_unit = uuid.UUID(meta["to_unit"]) if meta["to_unit"] else None
    direction = Direction(meta["direction"])
    cells = cells_between(
        uuid.UUID(meta["owner"]), to_unit, [InfoType(one) for one in meta["types"]], direction
    )
    birth_date = ops_of(case_row(context, row.case_id)).birth_date
    said = [(answer.person_id, answer.meta) for answer in answers]
    withdrawals = tuple(_withdrawal(who, one, cells) for who, one in said if _is_back(one))
    lapsed = [datetime.fromisoformat(one["at"]) for _, one in said if one["answer"] == LAPSED]
    facts = ConsentFacts(
        consent_id=row.id,
        scope=Scope(meta["scope"]),
        cells=cells,
        asked_at=datetime.fromisoformat(meta["asked_at"]),
        valid_to=datetime.fromisoformat(meta["valid_to"]),
        child=ChildFacts(uuid.UUID(meta["child"]), birth_date),
        deciders=_stored_deciders(meta) if people is None else deciders_in(people),
        required=frozenset(uuid.UUID(one) for one in meta["required"]),
        heard=_heard(meta["heard"]),
        answers=tuple(_answer(who, one, cells) for who, one in said if _is_given(one)),
        withdrawals=withdrawals,
        lapsed_at=min(lapsed, default=None),
    )
    return Asked(
        facts=facts,
        to_unit=to_unit,
        direction=direction,
        language=meta["language"],
        withdrawn_at=min((one.at for one in withdrawals), default=None),
        status=status(facts, context.now, context.profile),
    )


def _is_back(meta: Mapping[str, Any]) -> bool:
    return bool(meta["answer"] == WITHDRAWN)


def _is_given(meta: Mapping[str, Any]) -> bool:
    return meta["answer"] not in {WITHDRAWN, LAPSED}


def _answer(who: uuid.UUID, meta: Mapping[str, Any], cells: frozenset[CellRef]) -> AnswerFacts:
    return AnswerFacts(
        person_id=who,
        answer=Answer(meta["answer"]),
        at=datetime.fromisoformat(meta["at"]),
        form=Form(meta["form"]),
        cells=of_types(cells, meta["types"]),
    )


def _withdrawal(
    who: uuid.UUID, meta: Mapping[str, Any], cells: frozenset[CellRef]
) -> WithdrawalFacts:
    return WithdrawalFacts(
        person_id=who,
        at=datetime.fromisoformat(meta["at"]),
        cells=of_types(cells, meta["types"]),
    )


def of_types(cells: Iterable[CellRef], types: Iterable[str]) -> frozenset[CellRef]:
    """Return the cells about these types of information."""
    wanted = frozenset(types)
    return frozenset(cell for cell in cells if cell.info_type.value in wanted)


def _stored_deciders(meta: Mapping[str, Any]) -> tuple[DeciderFacts, ...]:
    return tuple(
        DeciderFacts(uuid.UUID(person), decides, to_date(checked_on), SignerRole(role))
        for person, decides, checked_on, role in meta["deciders"]
    )


def _heard(stored: list[Any] | None) -> HeardFacts | None:
    if stored is None:
        return None
    on, method, not_heard, weight_noted = stored
    return HeardFacts(
        on=date.fromisoformat(on),
        method=HeardMethod(method) if method else None,
        not_heard=NotHeardReason(not_heard) if not_heard else None,
        weight_noted=weight_noted,
    )
