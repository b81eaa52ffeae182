"""A consent as it is stored and read back: plain values that JSON can hold, and nothing else.

Here and not beside the tables, because two programs read it: the workflows, and the key broker,
which looks for itself before a cell opens.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from bti.domain.codes import HeardMethod, InfoType, Kept, NotHeardReason
from bti.domain.consent_facts import (
    Answer,
    AnswerFacts,
    ConsentFacts,
    Form,
    HeardFacts,
    Mandate,
    Scope,
    WithdrawalFacts,
)
from bti.domain.events import CellRef
from bti.domain.gates import STOPPED
from bti.domain.realms import Realm
from bti.domain.signers import ChildFacts, DeciderFacts, SignerRole, SignersRequired

Stored = Mapping[str, Any]

#: Stored as an answer: the newest of a signer counts, and this one is final.
WITHDRAWN: Final = "withdrawn"
#: Stored as an answer nobody gave: others have come to decide, or the case was closed. Final too.
LAPSED: Final = "lapsed"
#: Stored as an answer nobody gave: an authority has decided that it stays secret. Final too.
BLOCKED: Final = "blocked"
#: The same authority has lifted that. What was blocked stays so; it can be asked about anew.
UNBLOCKED: Final = "unblocked"
NOT_GIVEN: Final = frozenset({WITHDRAWN, LAPSED, BLOCKED, UNBLOCKED})
"""What is stored as an answer and is none."""


_ENDS: Final = frozenset({LAPSED, BLOCKED, STOPPED})


class Way(StrEnum):
    """Which way information goes between the owner's service and the one brought in."""

    BOTH = "both"
    OUT = "out"
    IN = "in"


def cells_between(
    owner: uuid.UUID,
    to_unit: uuid.UUID | None,
    types: Iterable[InfoType],
    direction: Way = Way.BOTH,
) -> frozenset[CellRef]:
    """Return the cells of a question: each type, each way that was asked about."""
    if to_unit is None:
        return frozenset()
    ways = {
        Way.BOTH: ((owner, to_unit), (to_unit, owner)),
        Way.OUT: ((owner, to_unit),),
        Way.IN: ((to_unit, owner),),
    }[direction]
    return frozenset(CellRef(start, end, one) for start, end in ways for one in types)


def cells_of(meta: Stored) -> frozenset[CellRef]:
    """Return the cells a stored question is about."""
    return cells_between(
        uuid.UUID(meta["owner"]),
        uuid.UUID(meta["to_unit"]) if meta["to_unit"] else None,
        [InfoType(one) for one in meta["types"]],
        Way(meta["direction"]),
    )


def of_types(cells: Iterable[CellRef], types: Iterable[str]) -> frozenset[CellRef]:
    """Return the cells about these types of information."""
    wanted = frozenset(types)
    return frozenset(cell for cell in cells if cell.info_type.value in wanted)


def cell_name(cell: CellRef, owner: uuid.UUID) -> str:
    """Return a cell's short name in its question: the type, and whether the owner tells or is told."""
    way = Way.OUT if cell.from_unit == owner else Way.IN
    return f"{cell.info_type.value}:{way.value}"


def stops(said: Stored, cell: CellRef) -> bool:
    """Whether what was said to a question, or about a sharing by law, ends a cell for good.

    Nothing that is said later opens it again: it takes another question. Raises ``KeyError``, ``TypeError`` or
    ``ValueError`` for what has no form.
    """
    if said["answer"] == WITHDRAWN:
        named = said["cells"]
        return not named or cell_name(cell, uuid.UUID(said["owner"])) in named
    return said["answer"] in _ENDS


def of_names(
    cells: Iterable[CellRef], names: Iterable[str], owner: uuid.UUID
) -> frozenset[CellRef]:
    """Return the cells with these short names."""
    wanted = frozenset(names)
    return frozenset(cell for cell in cells if cell_name(cell, owner) in wanted)


def meta_of(
    facts: ConsentFacts, needed: SignersRequired, *, owner: uuid.UUID, **more: object
) -> dict[str, Any]:
    """Return a new question as it is stored, with who must sign and why as it was then."""
    return {
        **more,
        "scope": facts.scope.value,
        "owner": owner,
        "types": sorted(facts.info_types),
        "asked_at": facts.asked_at,
        "valid_to": facts.valid_to,
        "child": facts.child.person_id,
        "required": sorted(str(one) for one in facts.required),
        "realms": sorted(facts.realms),
        "stand_ins": sorted([str(one), str(signer)] for one, signer in facts.stand_ins),
        "about": sorted(str(one) for one in facts.about),
        "roles": {str(one.person_id): one.role.value for one in needed.signers},
        "why": {str(one.person_id): list(one.why) for one in needed.signers},
        "heard_why": sorted({code for one in needed.heard for code in one.why}),
        "deciders": [
            [one.person_id, one.decides, one.checked_on, one.role.value] for one in facts.deciders
        ],
        "heard": _stored_hearing(facts.heard),
    }


def answer_meta(given: AnswerFacts) -> dict[str, Any]:
    """Return an answer as it is stored."""
    stored: dict[str, Any] = {
        "answer": given.answer.value,
        "at": given.at,
        "form": given.form.value,
        "types": sorted({cell.info_type.value for cell in given.cells}),
    }
    if given.mandate is not None:
        mandate = given.mandate
        stored["mandate"] = [mandate.signed_by, mandate.valid_from, mandate.valid_to]
    return stored


def facts_from(
    consent_id: uuid.UUID,
    meta: Stored,
    said: Iterable[tuple[uuid.UUID, Stored]],
    *,
    birth_date: date,
    deciders: tuple[DeciderFacts, ...] | None = None,
) -> ConsentFacts:
    """Return a consent from what is stored of it: the question, and who has said what.

    ``deciders`` is who decides for the child now; without it, who did when the question was put.
    """
    cells = cells_of(meta)
    owner = uuid.UUID(meta["owner"])
    all_said = tuple(said)
    lapsed = [datetime.fromisoformat(one["at"]) for _, one in all_said if one["answer"] == LAPSED]
    return ConsentFacts(
        consent_id=consent_id,
        scope=Scope(meta["scope"]),
        cells=cells,
        asked_at=datetime.fromisoformat(meta["asked_at"]),
        valid_to=datetime.fromisoformat(meta["valid_to"]),
        child=ChildFacts(uuid.UUID(meta["child"]), birth_date),
        deciders=_stored_deciders(meta) if deciders is None else deciders,
        required=frozenset(uuid.UUID(one) for one in meta["required"]),
        realms=frozenset(Realm(one) for one in meta["realms"]),
        stand_ins=frozenset((uuid.UUID(one), uuid.UUID(two)) for one, two in meta["stand_ins"]),
        about=frozenset(uuid.UUID(one) for one in meta["about"]),
        heard=_hearing(meta["heard"]),
        answers=tuple(
            _answer(who, one, cells) for who, one in all_said if one["answer"] not in NOT_GIVEN
        ),
        withdrawals=tuple(
            _withdrawal(who, one, cells, owner)
            for who, one in all_said
            if one["answer"] == WITHDRAWN
        ),
        blocked_by_authority=any(one["answer"] == BLOCKED for _, one in all_said),
        lapsed_at=min(lapsed, default=None),
    )


def _answer(who: uuid.UUID, meta: Stored, cells: frozenset[CellRef]) -> AnswerFacts:
    mandate = meta.get("mandate")
    return AnswerFacts(
        person_id=who,
        answer=Answer(meta["answer"]),
        at=datetime.fromisoformat(meta["at"]),
        form=Form(meta["form"]),
        cells=of_types(cells, meta["types"]),
        mandate=None
        if mandate is None
        else Mandate(
            signed_by=uuid.UUID(mandate[0]),
            valid_from=date.fromisoformat(mandate[1]),
            valid_to=date.fromisoformat(mandate[2]),
        ),
    )


def _withdrawal(
    who: uuid.UUID, meta: Stored, cells: frozenset[CellRef], owner: uuid.UUID
) -> WithdrawalFacts:
    return WithdrawalFacts(
        person_id=who,
        at=datetime.fromisoformat(meta["at"]),
        cells=of_names(cells, meta["cells"], owner),
    )


def _stored_deciders(meta: Stored) -> tuple[DeciderFacts, ...]:
    return tuple(
        DeciderFacts(
            uuid.UUID(person),
            decides,
            date.fromisoformat(checked_on) if checked_on else None,
            SignerRole(role),
        )
        for person, decides, checked_on, role in meta["deciders"]
    )


def _stored_hearing(heard: HeardFacts | None) -> list[Any] | None:
    if heard is None:
        return None
    return [
        heard.on,
        heard.method.value if heard.method else None,
        heard.not_heard.value if heard.not_heard else None,
        heard.weight_noted,
        heard.kept.value if heard.kept else None,
    ]


def _hearing(stored: list[Any] | None) -> HeardFacts | None:
    if stored is None:
        return None
    on, method, not_heard, weight_noted, kept = stored
    return HeardFacts(
        on=date.fromisoformat(on),
        method=HeardMethod(method) if method else None,
        not_heard=NotHeardReason(not_heard) if not_heard else None,
        weight_noted=weight_noted,
        kept=Kept(kept) if kept else None,
    )
