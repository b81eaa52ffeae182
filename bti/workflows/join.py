"""Putting two logs about one child together: asked from the log that is set aside, agreed to from the other.

Each acts in their own log alone. Whoever asks writes the other's number, which whoever has it has told them: nothing
here says where the other log is, and a number that does not fit is answered like one that does not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Approval, Case
from bti.domain import join as rules
from bti.domain.access import Action
from bti.domain.ages import day_in_norway
from bti.domain.approval import OF_A_CASE, ApprovalAct, ApprovalState
from bti.domain.errors import RuleBroken
from bti.domain.join import Hanging
from bti.domain.step_up import is_fresh
from bti.workflows import approval, directory
from bti.workflows.baton_page import open_offer
from bti.workflows.case_file import Kind, case_row, child_of, ops_of, to_date, write_entry
from bti.workflows.double import facts_of
from bti.workflows.errors import NotFound
from bti.workflows.join_here import ContinuedHere, continued_here, due_in, others_about
from bti.workflows.level import own_compartment
from bti.workflows.once import hold, unchanged

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.domain.approval import Params
    from bti.domain.deadlines import Due
    from bti.domain.join import Continuation
    from bti.keyd.broker import Opened
    from bti.workflows.context import Context

_ASKED_OF_THE_TEAM = frozenset({"waiting", "taken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskJoin:
    """The number of the other log, as its keeper has told it, and the day the family was talked with."""

    case_id: uuid.UUID
    version: int | None
    number: str
    talked_on: date | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question between the two logs. ``number``: of the other one. ``mine``: the reader asked it."""

    approval_id: uuid.UUID
    act: ApprovalAct
    given: bool
    number: str
    by: str
    talked_on: date | None
    expires_at: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One that is open: asked by whom, for which log, of whoever keeps which other one."""

    approval_id: uuid.UUID
    act: ApprovalAct
    state: ApprovalState
    by: uuid.UUID
    expires_at: datetime
    params: Params

    def case(self, end: str) -> uuid.UUID:
        """Return one of the two cases: ``log`` or ``into``."""
        return uuid.UUID(str(self.params[end]))

    def seen_from(self, context: Context, other: str) -> Asked:
        """Return it as one of the two keepers reads it; ``other`` is the end that is not theirs."""
        return Asked(
            approval_id=self.approval_id,
            act=self.act,
            given=self.state is ApprovalState.GIVEN,
            number=case_row(context, self.case(other)).number,
            by=directory.name_of(context, self.by),
            talked_on=to_date(self.params.get("talked_on")),
            expires_at=self.expires_at,
            mine=self.by == context.person.account_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPage:
    """What the page of one log shows to whoever has the baton or leads the service.

    ``continued_in``: the number, empty where it was erased, and the day, where the log is set aside. ``over``: nobody
    works with that one. ``due``: the days whoever goes on is shown, in a log that can be set aside.
    """

    case_id: uuid.UUID
    version: int
    child: str = field(repr=False)
    number: str
    has_log: bool
    continued_in: tuple[str, date] | None
    over: bool
    due: tuple[Due, ...]
    continued_here: tuple[ContinuedHere, ...]
    asked: Asked | None
    to_answer: tuple[Asked, ...]
    #: Whether the reader has just proven who they are, as each of these acts asks for.
    fresh: bool


def join_page(context: Context, *, case_id: uuid.UUID) -> JoinPage:
    """Return how the log stands to others about the same child; logged as a reading."""
    context.verbs.open(case_id, Action.JOIN_LOGS, entry=Act.CASE_OPEN_READ)
    case = case_row(context, case_id)
    standing = ops_of(case).continued
    lasting = standing if standing is not None and standing.lasts else None
    # By its id: the two go on being joined also when one of the numbers of the child was put right.
    into = _log(context, lasting.into) if lasting is not None else None
    into_number = into.number if into is not None else ""
    return JoinPage(
        case_id=case_id,
        version=case.version,
        child=child_of(context, case_id).first_name,
        number=case.number,
        has_log=facts_of(case).is_there,
        continued_in=(into_number, day_in_norway(lasting.since)) if lasting is not None else None,
        over=lasting is not None and (into is None or not facts_of(into).is_there),
        due=due_in(case),
        continued_here=continued_here(context, case),
        asked=next(
            (one.seen_from(context, "into") for one in questions(context, log={case_id})), None
        ),
        to_answer=tuple(
            one.seen_from(context, "log")
            for one in questions(context, into={case_id})
            if one.state is ApprovalState.WAITING and one.by != context.person.account_id
        ),
        fresh=is_fresh(context.verbs.subject().proven_at, context.now),
    )


def ask(context: Context, *, command: AskJoin) -> uuid.UUID | None:
    """Ask whoever keeps the other log to go on with this one; returns the approval's id.

    None where no log with that number fits: no such case, another child, closed, set aside itself, or a protected
    address. Which, is not told; the try is in the access log. Raises ``RuleBroken`` as ``bti.domain.join`` and with
    approval.waiting; ``StepUpNeeded``; ``Conflict``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.JOIN_LOGS, entry=None)
    case = case_row(context, command.case_id)
    unchanged(case, command.version)
    approval.require_fresh(context)
    _check_own(context, case)
    talked_on = rules.check_talked(command.talked_on, today=context.today)
    other = _fitting(context, case, command.number)
    if other is None:
        _record(context, Act.LOG_JOIN_SEEK, opened)
        return None
    params = rules.join_params(case.id, other.id, talked_on)
    return _ask(context, opened, ApprovalAct.LOG_JOIN, params)


def ask_back(context: Context, *, case_id: uuid.UUID, version: int | None) -> uuid.UUID:
    """Ask whoever keeps the other log to let this one be worked with again; returns the approval's id.

    Raises ``RuleBroken`` with join.not_set_aside and approval.waiting; ``StepUpNeeded``; ``Conflict``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.JOIN_LOGS, entry=None)
    case = case_row(context, case_id)
    unchanged(case, version)
    approval.require_fresh(context)
    standing = ops_of(case).continued
    rules.ended(standing, at=context.now)
    if standing is None:
        raise NotFound
    params = rules.part_params(case_id, standing)
    return _ask(context, opened, ApprovalAct.LOG_PART, params)


def agree(context: Context, *, case_id: uuid.UUID, approval_id: uuid.UUID) -> None:
    """Say yes for one's own log. Raises ``NotFound`` and as ``bti.workflows.approval.give``."""
    _answer(context, case_id, approval_id, agreed=True)


def refuse(context: Context, *, case_id: uuid.UUID, approval_id: uuid.UUID) -> None:
    """Say no for one's own log. Raises as ``agree``."""
    _answer(context, case_id, approval_id, agreed=False)


def _answer(context: Context, case_id: uuid.UUID, approval_id: uuid.UUID, *, agreed: bool) -> None:
    opened = context.verbs.open(case_id, Action.JOIN_LOGS, entry=None)
    if _question(context, approval_id, into=case_id) is None:
        raise NotFound
    (approval.give if agreed else approval.refuse)(context, approval_id=approval_id)
    _record(context, Act.LOG_JOIN_ANSWER, opened, Reference("approval", approval_id))


def withdraw(context: Context, *, case_id: uuid.UUID, approval_id: uuid.UUID) -> None:
    """Take back what one asked for. Raises ``NotFound``, ``ApprovalRefused``."""
    opened = context.verbs.open(case_id, Action.JOIN_LOGS, entry=None)
    if _question(context, approval_id, log=case_id) is None:
        raise NotFound
    approval.withdraw(context, approval_id=approval_id)
    _record(context, Act.LOG_JOIN_ASK, opened, Reference("approval", approval_id))


def carry_out(context: Context, *, case_id: uuid.UUID, approval_id: uuid.UUID) -> None:
    """Set the log aside, or take it back, as both agreed to.

    Nothing else in either log changes: no cell, no place, no date, no text. Raises ``RuleBroken`` as
    ``bti.domain.join``, with join.over where the other log is not worked with any more; ``StepUpNeeded``,
    ``ApprovalRefused``, ``NotFound``.
    """
    found = _question(context, approval_id, log=case_id)
    # Both, and always in one order: two who each continue theirs in the other's would leave none.
    for one in sorted({case_id, found.case("into") if found is not None else case_id}, key=str):
        hold(context, one)
    opened = context.verbs.open(case_id, Action.JOIN_LOGS, entry=None)
    if found is None:
        raise NotFound
    act, params, into = found.act, found.params, found.case("into")
    approval.require_fresh(context)
    case = case_row(context, case_id)
    ops = ops_of(case)
    joins = act is ApprovalAct.LOG_JOIN
    if joins:
        _check_own(context, case)
        other = others_about(context, case).get(into)
        rules.check_fits(facts_of(case), facts_of(other) if other is not None else None)
    approval.use(context, approval_id, act, params)
    used_at = _used_at(context, approval_id)
    if joins:
        talked_on = date.fromisoformat(str(params["talked_on"]))
        after = rules.begun(ops.continued, into, talked_on, at=used_at)
    else:
        after = rules.ended(ops.continued, at=used_at)
    _write(context, opened, after)
    # Last: the row of a case is written once.
    case.ops = replace(ops, continued=after).to_json()
    done = Act.LOG_JOIN_WRITE if joins else Act.LOG_PART_WRITE
    # Which other log, the approval says: named here, it would stand in that one's list of who has seen it.
    _record(context, done, opened, Reference("approval", approval_id))


def questions(
    context: Context,
    *,
    log: Collection[uuid.UUID] | None = None,
    into: Collection[uuid.UUID] | None = None,
) -> tuple[Question, ...]:
    """Return the open questions, oldest first, for one of the logs in ``log`` or of one in ``into``."""
    rows = context.session.scalars(
        select(Approval)
        .where(
            Approval.tenant_id == context.person.tenant_id,
            Approval.act.in_([one.value for one in OF_A_CASE]),
            Approval.state.in_(approval.OPEN),
            Approval.expires_at > context.now,
        )
        .order_by(Approval.requested_at, Approval.id)
    ).all()
    found = [
        Question(
            approval_id=row.id,
            act=ApprovalAct(row.act),
            state=ApprovalState(row.state),
            by=row.requested_by_id,
            expires_at=row.expires_at,
            params=row.params["params"],
        )
        for row in approval.genuine(context, rows)
    ]
    return tuple(
        one
        for one in found
        if (log is None or one.case("log") in log) and (into is None or one.case("into") in into)
    )


def _ask(context: Context, opened: Opened, act: ApprovalAct, params: Params) -> uuid.UUID:
    if questions(context, log={opened.case_id}):
        raise RuleBroken("approval.waiting")
    approval_id = approval.ask(context, act, params)
    _record(context, Act.LOG_JOIN_ASK, opened, Reference("approval", approval_id))
    return approval_id


def _question(
    context: Context,
    approval_id: uuid.UUID,
    *,
    log: uuid.UUID | None = None,
    into: uuid.UUID | None = None,
) -> Question | None:
    """Return an open question; None for one that is over, or between other logs."""
    context.verbs.subject()
    mine = questions(
        context,
        log={log} if log is not None else None,
        into={into} if into is not None else None,
    )
    return next((one for one in mine if one.approval_id == approval_id), None)


def _check_own(context: Context, case: Case) -> None:
    ops, offer = ops_of(case), open_offer(context, case.id)
    offered = offer is not None and datetime.fromisoformat(offer.meta["expires_at"]) > context.now
    waiting = Hanging(
        offer=offered,
        referral=ops.referral in _ASKED_OF_THE_TEAM,
        meeting=ops.meeting is not None,
        continued_here=bool(continued_here(context, case)),
    )
    rules.check_own(facts_of(case), waiting)


def _fitting(context: Context, case: Case, number: str) -> Case | None:
    """Return the other log with this number, where there is one that this can be continued in."""
    mine = facts_of(case)
    found = [one for one in others_about(context, case).values() if rules.fits(mine, facts_of(one))]
    return next((one for one in found if one.number == number.strip()), None)


def _log(context: Context, case_id: uuid.UUID) -> Case | None:
    """Return a case of the municipality; None for one that was erased."""
    wanted = select(Case).where(Case.tenant_id == context.person.tenant_id, Case.id == case_id)
    return context.session.scalars(wanted).one_or_none()


def _used_at(context: Context, approval_id: uuid.UUID) -> datetime:
    """Return when the key broker used the approval up, by its own clock."""
    found = context.session.get_one(Approval, approval_id, populate_existing=True)
    context.verbs.check(found)
    if found.used_at is None:
        raise NotFound
    return found.used_at


def _write(context: Context, opened: Opened, after: Continuation) -> None:
    """Write it for one's own service. Not in the part everybody reads: it would tell of the other log."""
    write_entry(
        context,
        opened.case_id,
        kind=Kind.JOIN,
        compartment=own_compartment(context, opened),
        meta={"lasts": after.lasts, "on": context.today},
        body={"text": "", **after.to_json()},
    )


def _record(context: Context, act: Act, opened: Opened, *more: Reference) -> None:
    context.record(act, Reference("case", opened.case_id), more=more, ground=opened.ground)
