"""Who has seen what: the accesses of one case, and the data protection officer's search.

Reads the log's codes and ids only. The words for them belong to the interface.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, not_, or_, select

from bti.audit import seen
from bti.audit.actions import READS, Action
from bti.audit.leaf import Leaf
from bti.audit.record import Reference
from bti.clock import NORWAY
from bti.db.models import Account, Case, RoleGrant, Unit
from bti.domain.access import Action as Act
from bti.workflows import directory
from bti.workflows.audit_check import ChainCard, chain_card
from bti.workflows.consent_page import knows_services
from bti.workflows.insight_codes import GROUPS, OWN, PRINTED, UNTOLD
from bti.workflows.insight_question import Group
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bti.audit.seen import Condition
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context
    from bti.workflows.insight_question import Question

CASE_PAGE: Final = 30
SEARCH_PAGE: Final = 50
MOST_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Access:
    """One entry as a person may read it. ``name`` is empty for the system, ``system`` for people.

    ``numbers`` are at most three case numbers, ``cases`` how many the entry is about.
    """

    at: datetime
    name: str
    title: str
    unit: str
    system: str
    action: str
    ground: str
    refused: bool
    numbers: tuple[str, ...]
    cases: int
    #: Somebody from a service the reader may not know of.
    masked: bool = False
    #: Somebody who was refused, and so has no place in the case.
    outsider: bool = False


@dataclass(frozen=True, slots=True)
class CaseAccesses:
    """Who has seen one case, newest first."""

    case_id: uuid.UUID
    number: str
    rows: tuple[Access, ...]
    total: int
    page: int
    pages: int
    whole: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of the answer, newest first, and where the log stands.

    ``cut``: the search went through the newest ``MOST_ROWS`` events and there were more.
    """

    rows: tuple[Access, ...]
    total: int
    page: int
    pages: int
    chain: ChainCard
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Names:
    accounts: dict[str, tuple[str, str]] = field(repr=False)
    units: dict[str, str]


def case_accesses(
    context: Context,
    case_id: uuid.UUID,
    *,
    page: int = 1,
    whole: bool = False,
    mine: bool = True,
) -> CaseAccesses:
    """Return who has done what with a case, event by event; with ``whole`` all of it, for printing.

    Without ``mine`` one's own looks are left out. Raises ``AccessDenied``. The look itself is
    entered too.
    """
    opened = context.verbs.open(case_id, Act.SEE_CASE_ACCESSES, entry=Action.INSIGHT_CASE_READ)
    tenant = context.person.tenant_id
    case = context.session.get_one(Case, case_id)
    size = MOST_ROWS if whole else CASE_PAGE
    wanted = [*about_case(tenant, case_id), *([] if mine else [others(context)])]
    rows, total, pages, shown = _page(context, wanted, page, size)
    rows = as_seen_in(context, opened, case, rows)
    return CaseAccesses(case_id, case.number, rows, total, shown, pages, whole)


def as_seen_in(
    context: Context, opened: Opened, case: Case, rows: Sequence[Access]
) -> tuple[Access, ...]:
    """Return entries of a case without those who were refused, and services one may not know of."""
    rows = tuple(_without_outsiders(row) for row in rows)
    if knows_services(context, opened):
        return rows
    units = directory.units(context)
    known = {units[one].name for one in (case.unit_id, context.person.unit_id)}
    return tuple(_masked(row, known) for row in rows)


def others(context: Context) -> Condition:
    """Return the condition that an entry is no look, and no list, of the person's own."""
    me = str(context.person.account_id)
    codes = [action.value for action in READS - PRINTED]
    return lambda entry: not_(and_(entry.who == me, entry.act.in_(codes)))


def _masked(row: Access, known: set[str]) -> Access:
    """Return the row without who it was, unless their service is one the reader works with.

    That the child has to do with another service is itself secret (barnevernsloven § 13-1).
    """
    if not row.name or row.unit in known:
        return row
    # A cell as the ground would tell that it is a service that consent has let in.
    return replace(row, name="", title="", unit="", ground="", masked=True)


def _without_outsiders(row: Access) -> Access:
    """Return the row without who was refused: whoever it was has no part in the case.

    Their service could tell what the child has to do with. The officer's search still tells.
    """
    if not row.refused:
        return row
    return replace(row, name="", title="", unit="", ground="", system="", outsider=True)


def search(
    context: Context, question: Question, *, page: int = 1, mine: bool = True
) -> SearchResult:
    """Answer the data protection officer: who, when, what, why. Never content or a child's name.

    Without ``mine`` one's own looks are left out. Raises ``AccessDenied`` for everybody else.
    """
    require(context, Act.SEARCH_AUDIT)
    cut = False
    if question.reads_leaves:
        found, cut = gone_through(context, question, mine=mine)
        total = len(found)
        pages, shown, begin = place(total, page, SEARCH_PAGE)
        some = [Leaf.parse(leaf) for leaf in found[begin : begin + SEARCH_PAGE]]
        rows = readable(context, some)
    else:
        wanted = [*_conditions(context, question), *([] if mine else [others(context)])]
        rows, total, pages, shown = _page(context, wanted, page, SEARCH_PAGE)
    context.record(Action.INSIGHT_LOG_SEARCH, Reference("tenant", context.person.tenant_id))
    return SearchResult(rows, total, shown, pages, chain_card(context), cut)


def about_client(context: Context, client_id: uuid.UUID, *, most: int) -> tuple[Access, ...]:
    """Return the newest entries that a professional system is part of; whoever asks may see them.

    As in the search: who, when, what and which case number, and nothing that is written.
    """
    tenant = context.person.tenant_id
    wanted = [_without(OWN), seen.about(tenant, [client_id], "client")]
    found = seen.newest(context.session, tenant, wanted, skip=0, most=most)
    return readable(context, [Leaf.parse(leaf) for leaf in found])


def matching(context: Context, question: Question) -> tuple[Leaf, ...]:
    """Return the entries themselves, newest first, and one more than ``MOST_ROWS`` when there are.

    For who keeps them in a record of their own, and enters that.
    """
    leaves = tuple(Leaf.parse(leaf) for leaf in _newest(context, question))
    if question.reads_leaves and len(leaves) > MOST_ROWS:
        # There may be more that fit among those that were not gone through.
        return leaves
    return tuple(leaf for leaf in leaves if question.fits(leaf))


def _newest(
    context: Context, question: Question, *, mine: bool = True, most: int = MOST_ROWS
) -> list[bytes]:
    wanted = [_without(OWN), *_conditions(context, question), *([] if mine else [others(context)])]
    tenant = context.person.tenant_id
    return seen.newest(context.session, tenant, wanted, skip=0, most=most + 1)


def fitting(context: Context, question: Question) -> tuple[tuple[Leaf, ...], bool]:
    """Return what fits among the newest ``MOST_ROWS``, and whether there were more to go through."""
    leaves, cut = gone_through(context, question)
    return tuple(Leaf.parse(leaf) for leaf in leaves), cut


def gone_through(
    context: Context, question: Question, *, mine: bool = True, most: int = MOST_ROWS
) -> tuple[list[bytes], bool]:
    """Return the same as it is stored; without ``mine``, one's own looks are left out."""
    leaves = _newest(context, question, mine=mine, most=most)
    some = leaves[:most]
    if question.reads_leaves:
        some = [leaf for leaf in some if question.fits(Leaf.parse(leaf))]
    return some, len(leaves) > most


def about_case(tenant: uuid.UUID, case_id: uuid.UUID) -> list[Condition]:
    """Return what an entry about a case that may be shown to those in it must meet."""
    return [_without(OWN | UNTOLD), seen.about(tenant, [case_id])]


def _without(acts: Collection[Action]) -> Condition:
    codes = [action.value for action in acts]
    return lambda entry: entry.act.not_in(codes)


def _telling(question: Question) -> list[Condition]:
    """Leave the hourly heartbeats out, unless they are what is asked for: they tell of nobody."""
    beat = Action.AUDIT_HEARTBEAT_MAKE.value
    return [] if question.act == beat else [lambda entry: entry.act != beat]


def _conditions(context: Context, question: Question) -> list[Condition]:
    tenant = context.person.tenant_id
    found: list[Condition] = _telling(question)
    if question.number:
        cases = select(Case.id).where(Case.tenant_id == tenant, Case.number == question.number)
        found.append(seen.about(tenant, list(context.session.scalars(cases))))
    if question.who:
        found.append(_by_name_or_unit(context, question.who))
    if question.group is Group.REFUSED:
        found.append(lambda entry: entry.dec == "deny")
    elif question.group is not None:
        codes = [action.value for action in GROUPS[question.group]]
        found.append(lambda entry: entry.act.in_(codes))
    if question.act:
        found.append(lambda entry: entry.act == question.act)
    if question.from_day is not None:
        begin = _midnight(question.from_day)
        found.append(lambda entry: entry.at >= begin)
    if question.to_day is not None:
        end = _midnight(question.to_day + timedelta(days=1))
        found.append(lambda entry: entry.at < end)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, NORWAY)


def _concerning(tenant: uuid.UUID, accounts: Collection[uuid.UUID]) -> Condition:
    """Return what they did and what was done with their accounts: a sign-in is nobody's yet."""
    named = seen.about(tenant, accounts, "account")
    doers = [str(account) for account in accounts]
    return lambda entry: or_(entry.who.in_(doers), named(entry))


def _by_name_or_unit(context: Context, text: str) -> Condition:
    """Return what people of this name did, and people of a unit of this name where it may be told.

    Names are sealed, so they are compared here and not in the database.
    """
    tenant, wanted = context.person.tenant_id, text.casefold()
    accounts = context.session.scalars(select(Account).where(Account.tenant_id == tenant))
    named = {row.id for row in accounts if wanted in str(row.profile["name"]).casefold()}
    units = context.session.scalars(select(Unit).where(Unit.tenant_id == tenant))
    fitting = [row.id for row in units if wanted in row.name.casefold()]
    by_name = _concerning(tenant, named)
    if not fitting:
        return by_name
    grants = select(RoleGrant.account_id).where(
        RoleGrant.tenant_id == tenant, RoleGrant.unit_id.in_(fitting)
    )
    by_unit = _concerning(tenant, set(context.session.scalars(grants)))
    # Trying the schools one by one would tell where a child with a protected address is.
    hidden = seen.about(tenant, _protected(context))
    return lambda entry: or_(by_name(entry), and_(by_unit(entry), not_(hidden(entry))))


def _protected(context: Context) -> list[uuid.UUID]:
    rows = context.session.scalars(select(Case).where(Case.tenant_id == context.person.tenant_id))
    return [row.id for row in rows if row.ops.get("protection") is not None]


def _page(
    context: Context, conditions: Collection[Condition], page: int, size: int
) -> tuple[tuple[Access, ...], int, int, int]:
    wanted = [_without(OWN), *conditions]
    tenant = context.person.tenant_id
    total = seen.count(context.session, tenant, wanted)
    pages, shown, begin = place(total, page, size)
    leaves = seen.newest(context.session, tenant, wanted, skip=begin, most=size)
    return readable(context, [Leaf.parse(leaf) for leaf in leaves]), total, pages, shown


def place(total: int, page: int, size: int) -> tuple[int, int, int]:
    """Return how many pages there are, the one that is shown, and how many rows come before it."""
    pages = max(1, -(-total // size))
    shown = min(max(page, 1), pages)
    return pages, shown, (shown - 1) * size


def readable(context: Context, leaves: Sequence[Leaf]) -> tuple[Access, ...]:
    """Return entries as a person may read them: names, units and case numbers for ids."""
    names = _names(context)
    about = [[_id(line) for line in leaf.obj if line.startswith("case:")] for leaf in leaves]
    numbers, protected = _numbers(context, {case for cases in about for case in cases})
    return tuple(
        _access(leaf, cases, names, numbers, hidden=not protected.isdisjoint(cases))
        for leaf, cases in zip(leaves, about, strict=True)
    )


def _access(
    leaf: Leaf,
    cases: list[uuid.UUID],
    names: _Names,
    numbers: dict[uuid.UUID, str],
    *,
    hidden: bool,
) -> Access:
    name, title = names.accounts.get(_doer(leaf), ("", ""))
    return Access(
        at=datetime.fromisoformat(leaf.t),
        name=name,
        title=title,
        # Which school looked would tell where a child with a protected address is.
        unit="" if hidden else names.units.get(leaf.srv, ""),
        system="" if name else leaf.who.removeprefix("system:"),
        action=leaf.act,
        ground=leaf.grd.partition(":")[0] if leaf.grd.startswith("cell:") else leaf.grd,
        refused=leaf.dec == "deny",
        numbers=tuple(numbers[case] for case in cases[:3] if case in numbers),
        cases=len(cases),
    )


def _doer(leaf: Leaf) -> str:
    """Return the account that acted; for a sign-in, the one that was signed in to."""
    accounts = [line for line in leaf.obj if line.startswith("account:")]
    return str(_id(accounts[0])) if leaf.who == "system:visitor" and accounts else leaf.who


def _id(line: str) -> uuid.UUID:
    return uuid.UUID(line.partition(":")[2])


def _names(context: Context) -> _Names:
    tenant = context.person.tenant_id
    accounts = context.session.scalars(select(Account).where(Account.tenant_id == tenant))
    units = context.session.scalars(select(Unit).where(Unit.tenant_id == tenant))
    return _Names(
        {str(row.id): (row.profile["name"], row.profile["title"]) for row in accounts},
        {str(row.id): row.name for row in units},
    )


def _numbers(
    context: Context, cases: Collection[uuid.UUID]
) -> tuple[dict[uuid.UUID, str], frozenset[uuid.UUID]]:
    """Return the numbers of the cases, and those in which an address is protected."""
    rows = context.session.scalars(
        select(Case).where(Case.tenant_id == context.person.tenant_id, Case.id.in_(cases))
    ).all()
    protected = frozenset(row.id for row in rows if row.ops.get("protection") is not None)
    return {row.id: row.number for row in rows}, protected
