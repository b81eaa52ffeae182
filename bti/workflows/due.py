"""Which dates there are in open cases, and who should act: for a leader's page, and for reminders.

Read from what the ops key opens and from who has which place; no case key is asked for. These
columns and no others: the reminders' own database role may read no more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import load_only

from bti.db.models import BatonOffer, Case, ConsentCell, Log, Participant
from bti.domain import deadlines
from bti.domain.deadlines import CaseTimes, Due
from bti.domain.levels import CaseStatus, Level, LogStatus
from bti.domain.of_age import guardian_talk_due
from bti.domain.relations import Relation
from bti.workflows import own_rules
from bti.workflows.case_file import ops_of
from bti.workflows.of_age_file import of_age_warned
from bti.workflows.readable import that_open

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bti.profiles import Profile
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context

_WORKING_STATE: Final = load_only(
    Case.tenant_id, Case.unit_id, Case.version, Case.ops_ct, raiseload=True
)
_OFFER: Final = load_only(
    BatonOffer.tenant_id,
    BatonOffer.case_id,
    BatonOffer.to_id,
    BatonOffer.version,
    BatonOffer.meta_ct,
    raiseload=True,
)

Place = tuple[uuid.UUID, uuid.UUID]
"""Account and unit."""


@dataclass(frozen=True, slots=True)
class CaseDates:
    """The dates of one open case, by the local rules of its level.

    ``acts`` is the baton holder, or who follows it up where there is no log, or None. ``asked`` is
    who has been offered the baton. ``readers``: the only accounts that may learn of it; None: no
    address is protected. ``kept_out`` are partial.
    """

    case_id: uuid.UUID
    unit_id: uuid.UUID
    acts: uuid.UUID | None
    asked: uuid.UUID | None
    readers: frozenset[uuid.UUID] | None
    kept_out: frozenset[uuid.UUID]
    rules: Profile
    dates: tuple[Due, ...]

    def may_be_told_to(self, account_id: uuid.UUID) -> bool:
        """Whether somebody may learn that there is such a case."""
        named = self.readers is None or account_id in self.readers
        return named and account_id not in self.kept_out


def dates_in(
    context: Context,
    tenant_id: uuid.UUID,
    profile: Profile,
    *,
    unit_id: uuid.UUID | None = None,
    among: Collection[uuid.UUID] | None = None,
) -> tuple[CaseDates, ...]:
    """Return the open cases of a municipality, of one unit or ``among`` some, with their dates.

    ``profile`` counts for cases that were begun before versions were kept. The ops key must have
    been released. Five questions to the database, however many cases there are.
    """
    wanted = select(Case).where(Case.tenant_id == tenant_id).options(_WORKING_STATE)
    if unit_id is not None:
        wanted = wanted.where(Case.unit_id == unit_id)
    if among is not None:
        wanted = wanted.where(Case.id.in_(among))
    states = dict(that_open(context, context.session.scalars(wanted), ops_of))
    cases = {
        case.id: case
        for case, ops in states.items()
        if ops.status == CaseStatus.OPEN and not ops.set_aside
    }
    holders = _holders(context, tenant_id)
    places = _places(context, tenant_id)
    offers = _offers(context, tenant_id)
    ends = _consents(context, tenant_id)
    found = []
    for case in cases.values():
        ops = states[case]
        rules = _rules(context, tenant_id, ops, profile)
        held = holders.get(case.id)
        taking_part = places.get(case.id, {})
        everybody = {*taking_part, *([held] if held else [])}
        asked, offer_ends = offers.get(case.id, (None, None))
        others = {unit for _, unit in everybody if unit != case.unit_id}
        times = CaseTimes(
            level=Level(ops.level),
            log_active=ops.log == LogStatus.ACTIVE,
            level_since=ops.level_since,
            decision_due=ops.decision_due,
            talk_due=guardian_talk_due(ops.talk_due, ops.birth_date, context.today),
            next_evaluation=ops.next_evaluation,
            others_in=bool(others),
            offer_ends_at=offer_ends,
            consent_ends_at=min(
                (at for unit, at in ends.get(case.id, {}).items() if unit in others), default=None
            ),
            of_age_warned=of_age_warned(ops, context.today, rules),
        )
        found.append(
            CaseDates(
                case_id=case.id,
                unit_id=case.unit_id,
                acts=held[0] if held else _follower(taking_part),
                asked=asked,
                readers=ops.protection.readers if ops.protection is not None else None,
                kept_out=frozenset(one.account_id for one in ops.kept_out),
                rules=rules,
                dates=deadlines.due_in(times, rules),
            )
        )
    return tuple(found)


def _rules(context: Context, tenant_id: uuid.UUID, ops: Ops, profile: Profile) -> Profile:
    if not ops.made_under:
        return profile
    return own_rules.version(context, tenant_id, ops.made_under[-1])


def _holders(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, Place]:
    rows = context.session.execute(
        select(Log.case_id, Log.holder_id, Log.holder_unit_id).where(Log.tenant_id == tenant_id)
    )
    return {case_id: (holder, unit) for case_id, holder, unit in rows}


def _places(
    context: Context, tenant_id: uuid.UUID
) -> dict[uuid.UUID, dict[Place, tuple[str, datetime]]]:
    """Return who takes part in each case today, in which relation and since when."""
    rows = context.session.execute(
        select(
            Participant.case_id,
            Participant.account_id,
            Participant.unit_id,
            Participant.relation,
            Participant.valid_from,
        ).where(
            Participant.tenant_id == tenant_id,
            Participant.revoked_at.is_(None),
            or_(Participant.valid_to.is_(None), Participant.valid_to > context.now),
        )
    )
    found: dict[uuid.UUID, dict[Place, tuple[str, datetime]]] = {}
    for case_id, account, unit, relation, since in rows:
        found.setdefault(case_id, {})[account, unit] = (relation, since)
    return found


def _follower(places: Mapping[Place, tuple[str, datetime]]) -> uuid.UUID | None:
    following = [
        (since, account)
        for (account, _), (relation, since) in places.items()
        if relation == Relation.FOLLOWER.value
    ]
    return min(following)[1] if following else None


def _offers(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, tuple[uuid.UUID, datetime]]:
    rows = context.session.scalars(
        select(BatonOffer)
        .where(BatonOffer.tenant_id == tenant_id, BatonOffer.open_slot == 1)
        .options(_OFFER)
    )
    return {row.case_id: (row.to_id, ends) for row, ends in that_open(context, rows, _ends)}


def _ends(offer: BatonOffer) -> datetime:
    return datetime.fromisoformat(offer.meta["expires_at"])


def _consents(context: Context, tenant_id: uuid.UUID) -> dict[uuid.UUID, dict[uuid.UUID, datetime]]:
    """Return when the consent to each unit runs out, the last one it has in each case."""
    rows = context.session.execute(
        select(ConsentCell.case_id, ConsentCell.to_unit_id, ConsentCell.valid_to).where(
            ConsentCell.tenant_id == tenant_id,
            ConsentCell.basis == "consent",
            ConsentCell.withdrawn_at.is_(None),
        )
    )
    found: dict[uuid.UUID, dict[uuid.UUID, datetime]] = {}
    for case_id, unit, ends in rows:
        units = found.setdefault(case_id, {})
        units[unit] = max(ends, units.get(unit, ends))
    return found
