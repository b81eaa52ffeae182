"""Counting children for a release: the only thing about cases that may leave the case side.

Opens nothing but the working state under the ops key, so no name and no text can come along; duty
records are not looked at. What may be shown is decided in ``bti.disclosure``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import load_only

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Case, ChildIndex
from bti.disclosure.menu import LEVELS, age_band, level_by_age
from bti.disclosure.release import Release, seal
from bti.disclosure.release import prepare as protected
from bti.domain.ages import age
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClosingCause
from bti.workflows import approval
from bti.workflows.case_file import ops_of
from bti.workflows.municipality import decided

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Hashable
    from datetime import date

    from bti.disclosure.tables import CountTable, HalfYear
    from bti.domain.approval import Params
    from bti.workflows.context import Context

_OLDEST_COUNTED: Final = 23
#: Closed as a mistake: the child is counted in another case, or in none.
_NOT_A_CHILD: Final = frozenset({ClosingCause.DUPLICATE.value, ClosingCause.ERROR.value})


class NotEndedError(Exception):
    """The half-year is not over. Met by operators only: nobody prepares a release from a page."""

    def __init__(self, until: date) -> None:
        super().__init__(f"not over before {until} has passed")
        self.until = until


@dataclass(frozen=True, slots=True)
class Prepared:
    """The true counts, which stay on the case side, and the release made from them."""

    counts: CountTable
    release: Release


def counts(context: Context, *, tenant_id: uuid.UUID, period: HalfYear) -> CountTable:
    """Count each child once: by the highest level its case reached in the half-year, and by age.

    Age is in whole years on the half-year's last day; those who are then 24 or more are left out.
    A case that was closed all the half-year is nobody in it. Cases in several services are one
    child when they have the same national identity number; a case without one counts by itself.
    For the system only.
    """
    context.verbs.open_ops(tenant_id)
    tokens = _tokens(context, tenant_id)
    children: dict[Hashable, tuple[int, int]] = {}
    # These columns and no others: the job's own database role may read no more of a case.
    working_state = load_only(Case.tenant_id, Case.version, Case.ops_ct, raiseload=True)
    wanted = select(Case).where(Case.tenant_id == tenant_id).options(working_state)
    cases = context.session.scalars(wanted).all()
    baits = context.verbs.baits_among(tenant_id, [case.id for case in cases])
    for case in cases:
        if case.id in baits:
            continue  # made up, to see who opens it
        ops = ops_of(case)
        level = highest_level(ops.trail, period.first_day, period.last_day)
        years = age(ops.birth_date, period.last_day) if level is not None else 0
        if level is None or ops.closing_cause in _NOT_A_CHILD or years > _OLDEST_COUNTED:
            continue
        child = tokens.get(case.id, case.id)
        children[child] = max(children.get(child, (level, years)), (level, years))
    table = Counter((LEVELS.codes[level], age_band(years)) for level, years in children.values())
    return level_by_age(period, table)


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


def prepare(context: Context, *, tenant_id: uuid.UUID, period: HalfYear) -> Prepared:
    """Count, protect, verify and seal. Nothing is published.

    Raises ``NotEndedError`` before the half-year is over, and ``NotSafe`` when no pattern passes
    the check.
    """
    if context.today <= period.last_day:
        raise NotEndedError(period.last_day)
    counted = counts(context, tenant_id=tenant_id, period=period)
    rules = decided(context, tenant_id)
    release = seal(
        protected(counted),
        municipality_number=rules.number,
        municipality_name=rules.name,
    )
    return Prepared(counted, release)


def publish_params(period: str, sha256: str) -> Params:
    """Return what two people agree to: exactly these numbers, by the digest of the release."""
    return {"period": period, "what": sha256}


def publish(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    hand_over: Callable[[], uuid.UUID],
    params: Params,
    approval_id: uuid.UUID | None,
) -> uuid.UUID:
    """Let ``hand_over`` bring a release to the network side, and enter it in the log with its id.

    On two people's word, given for ``params``; only the demonstration goes without. All of it
    happens or nothing: what ``hand_over`` raises undoes the entry and leaves the approval unused.
    It must change nothing the second time, because a lost race runs it again. Raises
    ``ApprovalRefused``.
    """
    if approval_id is not None or context.settings.mode != "demo":
        act = ApprovalAct.RELEASE_PUBLISH
        approval.use(context, approval_id, act, params, tenant_id=tenant_id)
    release_id = hand_over()
    context.record(
        Act.RELEASE_COUNTS_PUBLISH,
        Reference("tenant", tenant_id),
        Reference("release", release_id),
        tenant=tenant_id,
    )
    return release_id
