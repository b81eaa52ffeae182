"""Whom a breach reaches, worked out from the access log by a stated selection.

The answer is kept with the record as it was then; the log goes on, and this does not.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.db.models import Case, Log
from bti.domain.errors import RuleBroken
from bti.workflows import directory, insight
from bti.workflows.case_file import ops_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bti.audit.leaf import Leaf
    from bti.workflows.context import Context
    from bti.workflows.insight_question import Question


@dataclass(frozen=True, slots=True)
class AffectedCase:
    """A case somebody looked at: its number, the unit that owns it, and whom to ask."""

    number: str
    unit: str
    holder: str


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looked: how often, when first and last, and at which cases."""

    name: str
    unit: str
    looks: int
    first: datetime
    last: datetime
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """What the selection found when it was made. ``refused`` are tries that showed nothing."""

    asked: Mapping[str, str] = field(repr=False)
    made_at: datetime
    events: int
    refused: int
    cases: tuple[AffectedCase, ...]
    people: tuple[Looker, ...]


def make(context: Context, question: Question) -> dict[str, Any]:
    """Return the extent as it is kept. Raises ``RuleBroken("breach.too_many")``."""
    leaves = insight.matching(context, question)
    if len(leaves) > insight.MOST_ROWS:
        raise RuleBroken("breach.too_many", most=insight.MOST_ROWS)
    allowed = [leaf for leaf in leaves if leaf.dec == "allow"]
    cases = _cases(context, {one for leaf in allowed for one in _about(leaf)}, question.number)
    return {
        "asked": {name: str(value) for name, value in asdict(question).items() if value},
        "made_at": context.now,
        "events": len(allowed),
        "refused": len(leaves) - len(allowed),
        "cases": sorted((asdict(one) for one in cases.values()), key=lambda one: one["number"]),
        "people": _people(context, allowed, cases),
    }


def read(kept: Mapping[str, Any]) -> Extent:
    """Return a kept extent."""
    return Extent(
        asked=dict(kept["asked"]),
        made_at=datetime.fromisoformat(kept["made_at"]),
        events=kept["events"],
        refused=kept["refused"],
        cases=tuple(AffectedCase(**one) for one in kept["cases"]),
        people=tuple(
            Looker(
                one["name"],
                one["unit"],
                one["looks"],
                datetime.fromisoformat(one["first"]),
                datetime.fromisoformat(one["last"]),
                tuple(one["numbers"]),
            )
            for one in kept["people"]
        ),
    )


def _about(leaf: Leaf) -> list[uuid.UUID]:
    return [uuid.UUID(line.partition(":")[2]) for line in leaf.obj if line.startswith("case:")]


def _cases(
    context: Context, ids: Collection[uuid.UUID], only: str
) -> dict[uuid.UUID, AffectedCase]:
    units = directory.units(context)
    wanted = select(Case).where(Case.tenant_id == context.person.tenant_id, Case.id.in_(ids))
    if only:
        # An entry about a list names all of its cases; asked was about one.
        wanted = wanted.where(Case.number == only)
    rows = context.session.scalars(wanted).all()
    logs = context.session.scalars(
        select(Log).where(
            Log.tenant_id == context.person.tenant_id, Log.case_id.in_([row.id for row in rows])
        )
    )
    holders = {row.case_id: directory.name_of(context, row.holder_id) for row in logs}
    return {
        # Where a child with a protected address goes to school, and with whom, stays out.
        row.id: AffectedCase(row.number, "", "")
        if ops_of(row).protection is not None
        else AffectedCase(row.number, units[row.unit_id].name, holders.get(row.id, ""))
        for row in rows
    }


def _people(
    context: Context, leaves: Iterable[Leaf], cases: Mapping[uuid.UUID, AffectedCase]
) -> list[dict[str, Any]]:
    units = directory.units(context)
    looks: dict[tuple[str, str], list[tuple[str, set[str]]]] = {}
    for leaf in leaves:
        met = [cases[one] for one in _about(leaf) if one in cases]
        if met and not leaf.who.startswith("system:"):
            unit = leaf.srv if all(one.unit for one in met) else ""
            looks.setdefault((leaf.who, unit), []).append((leaf.t, {one.number for one in met}))
    found = [
        {
            "name": directory.name_of(context, uuid.UUID(who)),
            "unit": units[uuid.UUID(unit)].name if unit else "",
            "looks": len(theirs),
            "first": min(at for at, _ in theirs),
            "last": max(at for at, _ in theirs),
            "numbers": sorted(set().union(*(numbers for _, numbers in theirs))),
        }
        for (who, unit), theirs in looks.items()
    ]
    return sorted(found, key=lambda one: (one["name"], one["unit"]))
