"""Counting children for a release: the only thing about cases that may leave the case side.

Opens nothing but the working state under the ops key, so no name and no text can come along; duty
records and what is acute are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import load_only

from bti.db.models import Case, ChildIndex
from bti.disclosure import menu
from bti.domain.ages import age
from bti.domain.codes import STATISTICS_GROUP, ClosingCause, StatisticsGroup
from bti.workflows.case_file import ops_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Hashable
    from datetime import date

    from bti.disclosure.tables import HalfYear
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context

Counted = tuple[tuple[str, tuple[str, ...]], ...]
"""Each child: a name that says nothing, the same in every release, and its codes in the menu's order."""

_OLDEST_COUNTED: Final = 23
_CLOSED: Final = -1
#: Closed as a mistake: the child is counted in another case, or in none.
_NOT_A_CHILD: Final = frozenset({ClosingCause.DUPLICATE.value, ClosingCause.ERROR.value})


def counts(context: Context, *, tenant_id: uuid.UUID, period: HalfYear) -> Counted:
    """Count each child once, by what the menu asks of it in the half-year; sorted by name.

    Age is in whole years on the half-year's last day; those who are then 24 or more are left out.
    A case that was closed all the half-year is nobody in it. Cases in several services are one
    child when they have the same national identity number; a case without one counts by itself.
    With address protection on any of its cases a child is in the total alone. For the system only.
    """
    context.verbs.open_ops(tenant_id)
    tokens = _tokens(context, tenant_id)
    # These columns and no others: the job's own database role may read no more of a case.
    working_state = load_only(Case.tenant_id, Case.version, Case.ops_ct, raiseload=True)
    wanted = select(Case).where(Case.tenant_id == tenant_id).options(working_state)
    cases = context.session.scalars(wanted).all()
    baits = context.verbs.baits_among(tenant_id, [case.id for case in cases])
    children: dict[Hashable, list[tuple[Ops, uuid.UUID]]] = defaultdict(list)
    for case in cases:
        if case.id in baits:
            continue  # made up, to see who opens it
        ops = ops_of(case)
        if ops.closing_cause not in _NOT_A_CHILD:
            children[tokens.get(case.id, case.id)].append((ops, case.id))
    found = (_counted(theirs, period) for theirs in children.values())
    return tuple(sorted(one for one in found if one is not None))


def _counted(
    cases: list[tuple[Ops, uuid.UUID]], period: HalfYear
) -> tuple[str, tuple[str, ...]] | None:
    cases = sorted(cases, key=lambda one: (one[0].opened_at, one[1]))
    first, last = period.first_day, period.last_day
    levels = [highest_level(ops.trail, first, last) for ops, _ in cases]
    there = [ops for (ops, _), level in zip(cases, levels, strict=True) if level is not None]
    oldest, case_id = cases[0]
    years = age(oldest.birth_date, last)
    if not there or not 0 <= years <= _OLDEST_COUNTED:
        return None
    # Named by the oldest case: a later one changes nobody's name. Hashed, since the case may be erased.
    name = sha256(case_id.bytes).hexdigest()[:32]
    if any(ops.protection is not None for ops, _ in cases):
        return name, menu.kept_back()
    before = [level_on(ops.trail, first, within=False) for ops in there]
    after = [level_on(ops.trail, last, within=True) for ops in there]
    began = [level for level in before if level is not None and level != _CLOSED]
    codes = menu.row(
        max(level for level in levels if level is not None),
        years,
        {ops.sector for ops in there},
        {_group(code) for ops in there for code in ops.categories},
        menu.course(max(began, default=None), max(level for level in after if level is not None)),
    )
    return name, codes


def _group(code: str) -> str:
    known = {one.value: group for one, group in STATISTICS_GROUP.items()}
    return known.get(code, StatisticsGroup.OTHER).value


def _tokens(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, Hashable]:
    """Return what tells that cases are about the same child, without telling whom."""
    rows = context.session.execute(
        select(ChildIndex.case_id, ChildIndex.kind, ChildIndex.token).where(
            ChildIndex.tenant_id == tenant_id
        )
    )
    return {case_id: (kind, token) for case_id, kind, token in rows}


def highest_level(
    trail: tuple[tuple[date, int], ...], first_day: date, last_day: date
) -> int | None:
    """Return the highest level a case had on any day from ``first_day`` to ``last_day``, or None.

    ``trail`` holds (day, level or -1 for closed), oldest first, as ``Ops`` keeps it.
    """
    before = [level for day, level in trail if day < first_day][-1:]
    within = [level for day, level in trail if first_day <= day <= last_day]
    return max((level for level in (*before, *within) if level >= 0), default=None)


def level_on(trail: tuple[tuple[date, int], ...], day: date, *, within: bool) -> int | None:
    """Return the level (-1: closed) as a day began or, ``within`` it, ended; None before the first."""
    reached = [level for changed, level in trail if changed < day or (within and changed == day)]
    return reached[-1] if reached else None
