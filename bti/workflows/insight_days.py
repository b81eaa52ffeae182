"""The access log by person and day, which is how somebody reads it; single events stay beside it.

One's own looks may be left out: whoever asks who has looked knows that they have themselves. What
leaves Stafett (paper, a file, a record of a breach) is made elsewhere and holds everything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from bti.audit import seen
from bti.audit.actions import Action
from bti.audit.glance import glance
from bti.audit.leaf import Leaf
from bti.audit.record import Reference
from bti.clock import NORWAY
from bti.db.models import Case
from bti.domain.access import Action as Act
from bti.workflows import insight
from bti.workflows.audit_check import ChainCard, chain_card
from bti.workflows.permission import require

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from bti.audit.glance import Glance
    from bti.workflows.context import Context
    from bti.workflows.insight import Access
    from bti.workflows.insight_question import Question

DAYS_PAGE: Final = 25
#: So many events are gone through before anything is asked for: some days of a municipality.
MOST_UNASKED: Final = 2_000
#: So many single events are shown of a day; how many there were is always told.
MOST_OF_A_DAY: Final = 30
_VISITOR: Final = "system:visitor"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Day:
    """What one person, or Stafett itself, did in one Norwegian day.

    ``rows`` are the newest events of it, never none and at most ``MOST_OF_A_DAY`` of ``total``.
    ``acts`` are each act, whether it was refused, and how often, the most usual first.
    """

    on: date
    rows: tuple[Access, ...]
    total: int
    acts: tuple[tuple[str, bool, int], ...]

    @property
    def unit(self) -> str:
        """Where the person worked; empty when an event is about a case that hides it.

        Beside the numbers of a whole day, the unit of another event would tell of that case too.
        """
        if any(row.cases and not row.unit for row in self.rows):
            return ""
        return ", ".join(dict.fromkeys(row.unit for row in self.rows if row.unit))


@dataclass(frozen=True, slots=True)
class CaseDays:
    """Who has done what with one case, newest first."""

    case_id: uuid.UUID
    number: str
    days: tuple[Day, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class SearchDays:
    """A page of the officer's answer. ``cut``: there were more than the newest ``through`` events."""

    days: tuple[Day, ...]
    total: int
    page: int
    pages: int
    chain: ChainCard
    cut: bool
    through: int


def case_days(
    context: Context, case_id: uuid.UUID, *, page: int = 1, mine: bool = False
) -> CaseDays:
    """Return who has done what with a case, by person and day. Raises ``AccessDenied``.

    The look itself is entered.
    """
    opened = context.verbs.open(case_id, Act.SEE_CASE_ACCESSES, entry=Action.INSIGHT_CASE_READ)
    tenant = context.person.tenant_id
    case = context.session.get_one(Case, case_id)
    every = insight.about_case(tenant, case_id)
    wanted = every if mine else [*every, insight.others(context)]
    leaves = seen.newest(context.session, tenant, wanted, skip=0, most=insight.MOST_ROWS)
    read = insight.readable(context, [Leaf.parse(leaf) for leaf in leaves])
    # Grouped as they are shown: of a service that may not be known, not even how many people it was.
    rows = insight.as_seen_in(context, opened, case, read)
    groups = _grouped(((_day(row.at), *_as_shown(row)), row) for row in rows)
    pages, shown, begin = insight.place(len(groups), page, DAYS_PAGE)
    days = [
        Day(
            on,
            tuple(day[:MOST_OF_A_DAY]),
            len(day),
            _acts((row.action, row.refused) for row in day),
        )
        for (on, *_), day in groups[begin : begin + DAYS_PAGE]
    ]
    return CaseDays(case_id, case.number, tuple(days), len(rows), shown, pages)


def _as_shown(row: Access) -> tuple[str, str, str, bool, bool]:
    return row.name, row.title, row.system, row.masked, row.outsider


def search_days(
    context: Context, question: Question, *, page: int = 1, mine: bool = False
) -> SearchDays:
    """Answer the data protection officer by person and day. Raises ``AccessDenied`` for others."""
    require(context, Act.SEARCH_AUDIT)
    # Nobody has asked for anything yet: the page must be there at once.
    most = MOST_UNASKED if question.is_empty else insight.MOST_ROWS
    found, cut = insight.gone_through(context, question, mine=mine, most=most)
    groups = _grouped((_whose(seen_), (seen_, leaf)) for leaf in found for seen_ in (glance(leaf),))
    pages, shown, begin = insight.place(len(groups), page, DAYS_PAGE)
    some = groups[begin : begin + DAYS_PAGE]
    # Names and case numbers are looked up for what is shown and no more.
    first = [Leaf.parse(leaf) for _, day in some for _, leaf in day[:MOST_OF_A_DAY]]
    rows = iter(insight.readable(context, first))
    days = [
        Day(
            on,
            tuple(islice(rows, min(len(day), MOST_OF_A_DAY))),
            len(day),
            _acts((one.act, one.dec == "deny") for one, _ in day),
        )
        for (on, _), day in some
    ]
    context.record(Action.INSIGHT_LOG_SEARCH, Reference("tenant", context.person.tenant_id))
    return SearchDays(tuple(days), len(found), shown, pages, chain_card(context), cut, most)


def _whose(entry: Glance) -> tuple[date, str]:
    """Return the Norwegian day of an entry, and who acted; for a sign-in, who was signed in."""
    who = entry.who
    if who == _VISITOR:
        who = next((line for line in entry.obj if line.startswith("account:")), who)
    return _day(datetime.fromisoformat(entry.t)), who.removeprefix("account:")


def _day(at: datetime) -> date:
    return at.astimezone(NORWAY).date()


def _grouped(pairs: Iterable[tuple[K, V]]) -> list[tuple[K, list[V]]]:
    """Return what has the same key together, each key where it came first."""
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return list(found.items())


def _acts(done: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool, int], ...]:
    return tuple((act, refused, times) for (act, refused), times in Counter(done).most_common())
