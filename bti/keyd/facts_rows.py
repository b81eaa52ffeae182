"""Everything that tells how somebody stands to some cases, in one question.

Rows of different kinds belong to a case, and a plain join would give each with each. So the
question begins with one row for each kind, and what is joined to it is of that kind alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Uuid, and_, bindparam, literal, select, union_all

from bti.db.models import (
    AccountPerson,
    BaitMark,
    BatonOffer,
    Case,
    CaseKey,
    ConsentAnswer,
    ConsentCell,
    EmergencyAccess,
    Log,
    Participant,
)
from bti.domain.codes import Role
from bti.keyd.keystore import StoredDataKey
from bti.keyd.plain_rows import PlainRow, Side, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import BindParameter, ColumnElement, FromClause, Row
    from sqlalchemy.orm import Session

    from bti.domain.relations import Subject

_case = Case.__table__.c
_log = Log.__table__.c
_offer = BatonOffer.__table__.c
_place = Participant.__table__.c
_cell = ConsentCell.__table__.c
_emergency = EmergencyAccess.__table__.c
_answer = ConsentAnswer.__table__.c
_key = CaseKey.__table__.c
_bait = BaitMark.__table__.c
_person = AccountPerson.__table__.c

_CASES: Final = Side(Case)
_LOGS: Final = Side(Log, _CASES)
_OFFERS: Final = Side(BatonOffer, _LOGS)
_PLACES: Final = Side(Participant, _OFFERS)
_CELLS: Final = Side(ConsentCell, _PLACES)
_EMERGENCIES: Final = Side(EmergencyAccess, _CELLS)
#: What was said to the questions that cells rest on. No more of it than the broker's own role may read.
_SAID: Final = Side(
    ConsentAnswer,
    _EMERGENCIES,
    names={"id", "tenant_id", "case_id", "consent_id", "version", "meta_ct"},
)
#: Who the person behind the account is, where it was registered: of no case, and so beside each of them.
_REGISTERED: Final = Side(AccountPerson, _SAID)
#: Of which there may be several for one case.
_BESIDE: Final = (_PLACES, _CELLS, _EMERGENCIES, _SAID)

_kind = (
    union_all(*(select(literal(one).label("kind")) for one in range(8))).subquery("kinds").c.kind
)


def _of(
    kind: int, tenant: ColumnElement[uuid.UUID], *where: ColumnElement[bool]
) -> ColumnElement[bool]:
    return and_(_kind == kind, tenant == bindparam("tenant", type_=Uuid()), *where)


_mine: BindParameter[uuid.UUID] = bindparam("account", type_=Uuid())
_taken: BindParameter[uuid.UUID] = bindparam("on_call", type_=Uuid())


def _joined(
    one_of: Callable[[ColumnElement[uuid.UUID]], ColumnElement[bool]], *, around: bool
) -> FromClause:
    """Join what belongs to the cases that ``one_of`` chooses, each kind by itself."""
    joined: FromClause = (
        _kind.table.outerjoin(Case.__table__, _of(0, _case.tenant_id, one_of(_case.id)))
        # One log for each case, and one open offer for each log, by constraint.
        .outerjoin(Log.__table__, and_(_log.case_id == _case.id, _log.tenant_id == _case.tenant_id))
        .outerjoin(
            BatonOffer.__table__,
            and_(
                _offer.case_id == _case.id,
                _offer.tenant_id == _case.tenant_id,
                _offer.open_slot == 1,
            ),
        )
        .outerjoin(
            Participant.__table__,
            _of(1, _place.tenant_id, one_of(_place.case_id), _place.account_id == _mine),
        )
        .outerjoin(ConsentCell.__table__, _of(2, _cell.tenant_id, one_of(_cell.case_id)))
        .outerjoin(
            EmergencyAccess.__table__,
            _of(
                3, _emergency.tenant_id, one_of(_emergency.case_id), _emergency.account_id == _taken
            ),
        )
        .outerjoin(ConsentAnswer.__table__, _of(6, _answer.tenant_id, one_of(_answer.case_id)))
        .outerjoin(AccountPerson.__table__, _of(7, _person.tenant_id, _person.account_id == _mine))
    )
    if not around:
        return joined
    beside: FromClause = joined.outerjoin(
        CaseKey.__table__, _of(4, _key.tenant_id, one_of(_key.case_id))
    ).outerjoin(BaitMark.__table__, _of(5, _bait.tenant_id))
    return beside


def _one_of_some(column: ColumnElement[uuid.UUID]) -> ColumnElement[bool]:
    return column.in_(bindparam("cases", type_=Uuid()))


def _the_one(column: ColumnElement[uuid.UUID]) -> ColumnElement[bool]:
    return column == bindparam("case", type_=Uuid())


_COLUMNS: Final = [
    column for side in (_CASES, _LOGS, _OFFERS, *_BESIDE, _REGISTERED) for column in side.columns
]
_ABOUT_SOME: Final = select(*_COLUMNS).select_from(_joined(_one_of_some, around=False))
_AROUND_ONE: Final = select(
    *_COLUMNS, *(_key[name] for name in StoredDataKey._fields), _bait.token
).select_from(_joined(_the_one, around=True))
_KEYS_FROM: Final = len(_COLUMNS)


@dataclass(slots=True)
class CaseRows:
    """The rows about one case."""

    case: PlainRow
    log: PlainRow | None = None
    offer: PlainRow | None = None
    places: list[PlainRow] = field(default_factory=list)
    cells: list[PlainRow] = field(default_factory=list)
    emergencies: list[PlainRow] = field(default_factory=list)
    #: Under no MAC: what was said can only stop what a cell opens.
    said: list[PlainRow] = field(default_factory=list)
    #: Under a MAC each, and passed over where it is wrong: they only keep out.
    registered: list[PlainRow] = field(default_factory=list)

    def __iter__(self) -> Iterator[PlainRow]:
        """Give every row that is under a MAC."""
        yield from (one for one in (self.log, self.offer) if one is not None)
        yield from (*self.places, *self.cells, *self.emergencies, self.case)


@dataclass(frozen=True, slots=True)
class Around:
    """One case as it lies in the tables: its rows, its keys, and the municipality's baits.

    ``rows`` is None for a case that is not there. ``keys`` are wrapped; reading them releases none.
    """

    rows: CaseRows | None
    keys: tuple[StoredDataKey, ...]
    baits: frozenset[bytes]


def around(session: Session, subject: Subject, case_id: uuid.UUID) -> Around:
    """Return everything that opening one case rests on, in one question. Nothing is checked here."""
    answer = ask(session, _AROUND_ONE, _told(subject) | {"case": case_id})
    keys = [
        StoredDataKey._make(row[_KEYS_FROM:-1]) for row in answer if row[_KEYS_FROM] is not None
    ]
    return Around(
        rows=_sorted(answer).get(case_id),
        keys=tuple(sorted(keys, key=lambda key: (key.compartment, key.generation))),
        baits=frozenset(row[-1] for row in answer if row[-1] is not None),
    )


def rows_about(
    session: Session, subject: Subject, cases: Collection[uuid.UUID]
) -> dict[uuid.UUID, CaseRows]:
    """Return the rows of those of the cases that are in the person's municipality, by case.

    The work is the same for a case that is not there. Nothing is checked here.
    """
    return _sorted(ask(session, _ABOUT_SOME, _told(subject) | {"cases": list(cases)}))


def _told(subject: Subject) -> dict[str, object]:
    return {
        "tenant": subject.tenant_id,
        "account": subject.account_id,
        # Emergency access is asked of no other role: nothing equals what is not there.
        "on_call": subject.account_id if subject.role is Role.ON_CALL else None,
    }


def _sorted(answer: Sequence[Row[Any]]) -> dict[uuid.UUID, CaseRows]:
    """Return the rows of an answer with the case that each belongs to."""
    found: dict[uuid.UUID, CaseRows] = {}
    rest: list[tuple[Side, PlainRow]] = []
    for row in answer:
        case = _CASES.of(row)
        if case is not None:
            found[case["id"]] = CaseRows(case, _LOGS.of(row), _OFFERS.of(row))
        else:
            rest += [(side, one) for side in _BESIDE if (one := side.of(row)) is not None]
    registered = [one for row in answer if (one := _REGISTERED.of(row)) is not None]
    for about in found.values():
        about.registered = registered
    for side, row_of in rest:
        if row_of["case_id"] in found:
            about = found[row_of["case_id"]]
            lists = {_PLACES: about.places, _CELLS: about.cells}
            lists |= {_EMERGENCIES: about.emergencies, _SAID: about.said}
            lists[side].append(row_of)
    return found
