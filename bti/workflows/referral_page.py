"""The pages a case is brought to the team on, and answered on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.domain.access import Action
from bti.domain.ages import age, day_in_norway, is_adult
from bti.domain.codes import Sector
from bti.domain.levels import Level, Requirement, Step, requirements_for
from bti.workflows import consent, directory, level_facts
from bti.workflows.case_file import case_row, child_of, entries, ops_of
from bti.workflows.case_rules import rules_of
from bti.workflows.consent_page import knows_services
from bti.workflows.referral_view import OPEN_STATES, ReferralPart, ReferralState, describe, may

if TYPE_CHECKING:
    from bti.domain.consent import ConsentStatus
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context
    from bti.workflows.directory import Colleague, UnitFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferPage:
    """What the page for bringing a case to the team shows. ``teams`` are (unit id, name)."""

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    level: int
    teams: tuple[tuple[uuid.UUID, str], ...]
    consents: dict[uuid.UUID, ConsentStatus]
    missing: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPage:
    """The team's (and for rights also the holder's) page of one case."""

    case_id: uuid.UUID
    number: str
    version: int
    child: str = field(repr=False)
    first_name: str = field(repr=False)
    age: int
    adult: bool
    level: int
    level_since: date
    days: int
    holder: str
    holder_title: str
    part: ReferralPart
    services: tuple[str, ...]
    missing: tuple[Requirement, ...]
    candidates: tuple[Colleague, ...]
    may_take: bool
    may_return: bool
    may_appoint: bool


def refer_page(context: Context, *, case_id: uuid.UUID) -> ReferPage:
    """Open the page for bringing a case to the team. Raises ``AccessDenied``."""
    context.verbs.open(case_id, Action.REFER, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    facts = level_facts.facts_of(context, case)
    teams = tuple((unit.id, unit.name) for unit in teams_in(context))
    missing: tuple[Requirement, ...] = ()
    if facts.level is Level.SEVERAL_SERVICES:
        wanted = requirements_for(
            Step(facts.level, Level.TEAM), facts, rules_of(context, ops_of(case))
        )
        missing = tuple(
            one for one in wanted if not one.met and one.code not in level_facts.GIVEN_IN_FORM
        )
    asked = {one.unit_id: one.consent for one in consent.statuses_for(context, case_id).invited}
    return ReferPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        level=int(facts.level),
        teams=teams,
        consents=asked,
        missing=missing,
    )


def team_page(context: Context, *, case_id: uuid.UUID, action: Action) -> ReferralPage:
    """Open the team's page of one case for an act. Raises ``AccessDenied``, also without a cell."""
    opened = context.verbs.open(case_id, action, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    ops = ops_of(case)
    records = entries(context, case_id, opened=opened)
    part = describe(context, opened, records, ops, may_refer=False)
    facts = level_facts.facts_of(context, case, reason=part.why)
    child = child_of(context, case_id)
    units = directory.units(context)
    holder = _holder(context, opened)
    missing: tuple[Requirement, ...] = ()
    if facts.level is Level.SEVERAL_SERVICES:
        wanted = requirements_for(
            Step(facts.level, Level.TEAM), facts, rules_of(context, ops_of(case))
        )
        missing = tuple(one for one in wanted if not one.met)
    since = part.referred_on or context.today
    return ReferralPage(
        case_id=case_id,
        number=case.number,
        version=case.version,
        child=child.name,
        first_name=child.first_name,
        age=age(ops.birth_date, context.now),
        adult=is_adult(ops.birth_date, context.now),
        level=ops.level,
        level_since=day_in_norway(ops.level_since),
        days=(context.today - since).days,
        holder=holder.name if holder else "",
        holder_title=holder.title if holder else "",
        part=part,
        services=tuple(sorted(units[one].name for one in _units_in(context, opened, units))),
        missing=missing,
        candidates=_candidates(context, opened, units),
        may_take=part.state is ReferralState.WAITING and may(context, opened, Action.TAKE_REFERRAL),
        may_return=part.state in OPEN_STATES and may(context, opened, Action.RETURN_REFERRAL),
        may_appoint=part.state is ReferralState.TAKEN
        and may(context, opened, Action.APPOINT_HOLDER),
    )


def teams_in(context: Context) -> tuple[UnitFact, ...]:
    """Return the municipality's upbringing teams, by name."""
    return tuple(unit for unit in directory.units(context).values() if unit.sector is Sector.TEAM)


def _holder(context: Context, opened: Opened) -> Colleague | None:
    facts = opened.facts
    if facts.holder_id is None or facts.holder_unit is None:
        return None
    return directory.colleague(context, facts.holder_id, facts.holder_unit)


def _units_in(
    context: Context, opened: Opened, units: dict[uuid.UUID, UnitFact]
) -> frozenset[uuid.UUID]:
    live = {cell.to_unit for cell in opened.facts.cells if cell.is_live(context.now)}
    if not knows_services(context, opened):
        live &= {context.person.unit_id}
    owner = {opened.facts.owner_unit} if opened.facts.owner_unit is not None else set()
    return frozenset((live | owner) & units.keys())


def _candidates(
    context: Context, opened: Opened, units: dict[uuid.UUID, UnitFact]
) -> tuple[Colleague, ...]:
    """Return those whose unit is let in, so that they could hold the baton; not the holder."""
    found = [
        one
        for unit_id in _units_in(context, opened, units)
        for one in directory.colleagues(context, unit_id)
        if one.account_id != opened.facts.holder_id
    ]
    return tuple(sorted(found, key=lambda one: (one.unit_name, one.name)))
