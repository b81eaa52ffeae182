"""Acts that need two people. Whoever does such an act asks here, in the acting transaction.

On a page, where the person who asked also acts::

    params = {"case": str(case_id), "recipient": recipient}
    approval_id = approval.ask(context, ApprovalAct.CASE_EXPORT, params, reason=reason)
    ...  # a colleague says yes on the page «Approvals», within a day
    approval.use(context, approval_id, ApprovalAct.CASE_EXPORT, params)
    ...  # the act itself, in the same transaction

A command takes ``--approval ID``, made by `bti approvals ask`, and calls ``use`` as the system with
``tenant_id=``. ``use`` raises ``ApprovalRefused`` (an ``AccessDenied`` with ``code``), which is
entered in the log although the transaction is undone. A new act needs a row in
``bti.domain.approval.TWO_PEOPLE`` and words in ``bti.web.approval_words``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Account, Approval, Case, RoleGrant, WebSession
from bti.domain import approval as rules
from bti.domain.access import Action
from bti.domain.approval import (
    ApprovalAct,
    ApprovalFacts,
    ApprovalRefused,
    ApprovalState,
    PersonFacts,
    StepUpNeeded,
)
from bti.domain.errors import AccessDenied, NotFound, RuleBroken
from bti.domain.step_up import is_fresh
from bti.workflows import directory
from bti.workflows.approval_names import named
from bti.workflows.case_file import ops_of
from bti.workflows.permission import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bti.domain.approval import Params, ParamValue
    from bti.workflows.context import Context

OPEN = frozenset({ApprovalState.WAITING.value, ApprovalState.GIVEN.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One approval, as those see it who asked or may answer."""

    approval_id: uuid.UUID
    act: ApprovalAct
    state: ApprovalState
    params: Mapping[str, ParamValue] = field(repr=False)
    reason: str = field(repr=False)
    #: Parameters that are ids, as what they stand for: a name, a unit or a case number.
    named: Mapping[str, str] = field(repr=False)
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    answered_by: str
    mine: bool
    may_answer: bool


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """What needs the person's yes or no, what they asked for, and whether they are freshly proven."""

    to_answer: tuple[ApprovalLine, ...]
    asked: tuple[ApprovalLine, ...]
    fresh: bool


def ask(context: Context, act: ApprovalAct, params: Params, *, reason: str = "") -> uuid.UUID:
    """Ask a colleague's yes to one act with exactly these parameters; returns the approval's id.

    Raises ``StepUpNeeded`` when the second factor is older than 15 minutes, and
    ``ApprovalRefused("approval.role")``.
    """
    if act in rules.OF_A_CASE:
        _keep(context, rules.facts_from(params)["asking_case"])
    else:
        require(context, Action.ASK_APPROVAL)
    person = _me(context)
    expires_at = rules.check_ask(person, act, at=context.now)
    row = Approval(
        tenant_id=context.person.tenant_id,
        act=act.value,
        state=ApprovalState.WAITING.value,
        params_sha256=rules.digest_of(act, params),
        requested_by_id=person.account_id,
        requested_at=context.now,
        expires_at=expires_at,
    )
    row.params = {"params": dict(params), "reason": reason}
    context.session.add(row)
    context.record(Act.APPROVAL_REQUEST_CREATE, Reference("approval", row.id), ground=f"gate:{act}")
    return row.id


def give(context: Context, *, approval_id: uuid.UUID) -> None:
    """Say yes. Raises ``ApprovalRefused`` as ``bti.domain.approval.check_answer``, ``NotFound``."""
    _answer(context, approval_id, ApprovalState.GIVEN, Act.APPROVAL_ANSWER_GIVE)


def refuse(context: Context, *, approval_id: uuid.UUID) -> None:
    """Say no. Raises as ``give``."""
    _answer(context, approval_id, ApprovalState.REFUSED, Act.APPROVAL_ANSWER_REFUSE)


def withdraw(context: Context, *, approval_id: uuid.UUID) -> None:
    """Take back what one asked for, before it is used. Raises ``NotFound``, ``ApprovalRefused``."""
    context.verbs.subject()
    row = _row(context, approval_id, context.person.tenant_id)
    if row.requested_by_id != context.person.account_id:
        raise NotFound
    if row.act not in rules.OF_A_CASE:
        require(context, Action.ASK_APPROVAL)
    if row.state not in OPEN:
        raise ApprovalRefused("approval.not_waiting", approval_id=approval_id)
    row.state = ApprovalState.WITHDRAWN.value
    context.record(Act.APPROVAL_REQUEST_WITHDRAW, Reference("approval", row.id))


def use(
    context: Context,
    approval_id: uuid.UUID | None,
    act: ApprovalAct,
    params: Params,
    *,
    tenant_id: uuid.UUID | None = None,
) -> None:
    """Have the key broker use up an approval for exactly this act, before it is carried out.

    In one process both happen or neither. A broker in its own process has used it up for good.
    ``tenant_id`` is needed when the system acts; no approval is one that does not exist. Raises ``ApprovalRefused`` with the code of the
    rule: approval.unknown, approval.other_act, approval.changed, approval.used, approval.expired,
    approval.not_given, approval.not_requester or approval.person_gone.
    """
    tenant = tenant_id if tenant_id is not None else context.person.tenant_id
    context.verbs.use_approval(tenant, approval_id, act, params)


def params_of(context: Context, approval_id: uuid.UUID, act: ApprovalAct) -> Params:
    """Return the parameters of one's own approval, for an act that is carried out exactly as asked.

    ``use`` decides whether it may be. Raises ``ApprovalRefused("approval.unknown")``.
    """
    try:
        # Not held: it is the key broker that uses it up, perhaps in a transaction of its own.
        row = _row(context, approval_id, context.person.tenant_id, held=False)
    except NotFound:
        raise ApprovalRefused("approval.unknown", approval_id=approval_id) from None
    if row.act != act.value or row.requested_by_id != context.person.account_id:
        raise ApprovalRefused("approval.unknown", approval_id=approval_id)
    params: Params = row.params["params"]
    return params


def given_for(context: Context, act: ApprovalAct, params: Params) -> uuid.UUID | None:
    """Return an approval that waits to be used by this person for exactly this, or None.

    Raises ``RuleBroken("approval.waiting")`` when it is asked for and not answered yet.
    """
    mine = _open_for(context, act, params)
    for row in mine:
        if row.state == ApprovalState.GIVEN.value:
            return row.id
    if mine:
        raise RuleBroken("approval.waiting")
    return None


def asked_for(context: Context, act: ApprovalAct, params: Params) -> uuid.UUID | None:
    """Return what this person has asked for with exactly these parameters and not used, or None."""
    return next((row.id for row in _open_for(context, act, params)), None)


def _open_for(context: Context, act: ApprovalAct, params: Params) -> list[Approval]:
    digest = rules.digest_of(act, params)
    rows = context.session.scalars(
        select(Approval).where(
            Approval.tenant_id == context.person.tenant_id,
            Approval.requested_by_id == context.person.account_id,
            Approval.state.in_(OPEN),
            Approval.expires_at > context.now,
        )
    ).all()
    return [row for row in genuine(context, rows) if row.params_sha256 == digest]


def require_fresh(context: Context) -> None:
    """Raise ``StepUpNeeded`` unless the second factor was proven in the last 15 minutes."""
    if not is_fresh(context.verbs.subject().proven_at, context.now):
        raise StepUpNeeded


def page(context: Context) -> ApprovalPage:
    """Return what the person may answer and what they asked for; settles what has run out."""
    person = _see(context)
    rows = context.session.scalars(
        select(Approval)
        .where(Approval.tenant_id == context.person.tenant_id)
        .order_by(Approval.requested_at.desc(), Approval.id)
    ).all()
    real = genuine(context, rows)
    _expire(context, real)
    lines = [_line(context, row, person) for row in real if row.act not in rules.OF_A_CASE]
    context.record(Act.APPROVAL_LIST_READ)
    return ApprovalPage(
        tuple(one for one in lines if one.may_answer),
        tuple(one for one in lines if one.mine),
        is_fresh(person.proven_at, context.now),
    )


def show(context: Context, *, approval_id: uuid.UUID) -> tuple[ApprovalLine, bool]:
    """Return one approval for its asker or for somebody who may answer, and whether they are fresh.

    Raises ``NotFound``.
    """
    person = _see(context)
    row = _row(context, approval_id, context.person.tenant_id)
    _expire(context, [row])
    line = _line(context, row, person)
    if line.act in rules.OF_A_CASE:
        # It stands on the pages of the two cases, and says of both that they are about one child.
        raise NotFound
    if not line.mine and not line.may_answer and row.answered_by_id != person.account_id:
        raise NotFound
    context.record(Act.APPROVAL_LIST_READ, Reference("approval", row.id))
    return line, is_fresh(person.proven_at, context.now)


def listed(context: Context, *, tenant_id: uuid.UUID) -> tuple[ApprovalLine, ...]:
    """Return a municipality's approvals, newest first, for the command line."""
    context.verbs.open_directory(tenant_id)
    rows = context.session.scalars(
        select(Approval)
        .where(Approval.tenant_id == tenant_id)
        .order_by(Approval.requested_at.desc(), Approval.id)
    ).all()
    return tuple(_line(context, row, None) for row in genuine(context, rows))


def _answer(context: Context, approval_id: uuid.UUID, state: ApprovalState, act: Act) -> None:
    context.verbs.subject()
    row = _row(context, approval_id, context.person.tenant_id)
    facts = _facts(context, row)
    if facts.act in rules.OF_A_CASE:
        _keep(context, facts.answering_case)
    else:
        require(context, Action.GIVE_APPROVAL)
    person = _me(context)
    rules.check_answer(facts, person, at=context.now)
    if _is_partial(context, row):
        # In the words for a role that does not answer: that they are kept out is told by nothing here.
        raise ApprovalRefused("approval.role", approval_id=row.id)
    row.state = state.value
    row.answered_by_id = person.account_id
    row.answered_at = context.now
    context.record(
        act,
        Reference("approval", row.id),
        Reference("account", row.requested_by_id),
        ground=f"gate:{row.act}",
    )


def _keep(context: Context, case_id: uuid.UUID | None) -> None:
    """Raise ``NotFound`` unless the person speaks for the log of this case."""
    context.verbs.subject()
    if case_id is None or not context.verbs.may_see(case_id, Action.JOIN_LOGS):
        raise NotFound


def _is_partial(context: Context, row: Approval) -> bool:
    """Tell whether it is about a case that the person is kept out of (forvaltningsloven § 6)."""
    number = row.params["params"].get("case")
    case = context.session.scalars(
        select(Case).where(Case.tenant_id == row.tenant_id, Case.number == number)
    ).one_or_none()
    me = context.person.account_id
    return case is not None and any(one.account_id == me for one in ops_of(case).kept_out)


def _see(context: Context) -> PersonFacts:
    """Return who asks. Raises ``AccessDenied`` for roles that neither ask nor answer."""
    try:
        require(context, Action.GIVE_APPROVAL)
    except AccessDenied:
        require(context, Action.ASK_APPROVAL)
    return _me(context)


def _row(
    context: Context, approval_id: uuid.UUID | None, tenant: uuid.UUID, *, held: bool = True
) -> Approval:
    """Return the row, not forged and, unless told else, held against another answer just now."""
    if approval_id is None:
        raise NotFound
    row = context.session.get(
        Approval, approval_id, with_for_update=held or None, populate_existing=True
    )
    if row is None or row.tenant_id != tenant:
        raise NotFound
    context.verbs.check(row)
    return row


def genuine(context: Context, rows: Iterable[Approval]) -> list[Approval]:
    """Leave out what was planted in SQL: it can neither be given nor used."""
    found = []
    for row in rows:
        try:
            context.verbs.check(row)
        except AccessDenied:
            continue
        found.append(row)
    return found


def _facts(context: Context, row: Approval) -> ApprovalFacts:
    return ApprovalFacts(
        approval_id=row.id,
        act=ApprovalAct(row.act),
        digest=row.params_sha256,
        state=ApprovalState(row.state),
        requested_by=row.requested_by_id,
        requester_name=_name(context, row.requested_by_id),
        expires_at=row.expires_at,
        **rules.facts_from(row.params["params"]),
    )


def _me(context: Context) -> PersonFacts:
    subject = context.verbs.subject()
    session = context.session.get_one(WebSession, context.person.session_id)
    grant = context.session.get_one(RoleGrant, session.role_grant_id)
    return PersonFacts(
        account_id=subject.account_id,
        role=subject.role,
        unit_id=subject.unit_id,
        name=directory.name_of(context, subject.account_id),
        proven_at=subject.proven_at,
        role_given_by=grant.granted_by_id,
    )


def _line(context: Context, row: Approval, person: PersonFacts | None) -> ApprovalLine:
    facts = _facts(context, row)
    return ApprovalLine(
        approval_id=row.id,
        act=facts.act,
        state=ApprovalState.EXPIRED
        if row.state in OPEN and context.now >= row.expires_at
        else facts.state,
        params=row.params["params"],
        reason=row.params["reason"],
        named=named(context, row),
        requested_by=facts.requester_name,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        answered_by=_name(context, row.answered_by_id) if row.answered_by_id else "",
        mine=person is not None and row.requested_by_id == person.account_id,
        may_answer=person is not None and _could_answer(facts, person, context.now),
    )


def _could_answer(facts: ApprovalFacts, person: PersonFacts, at: datetime) -> bool:
    """Whether an answer by this person would do, a fresh second factor aside."""
    try:
        rules.check_answer(facts, person, at=at)
    except StepUpNeeded:
        return True
    except ApprovalRefused:
        return False
    return True


def _expire(context: Context, rows: Iterable[Approval]) -> None:
    for row in rows:
        if row.state in OPEN and context.now >= row.expires_at:
            row.state = ApprovalState.EXPIRED.value
            context.record(Act.APPROVAL_REQUEST_EXPIRE, Reference("approval", row.id))


def _name(context: Context, account_id: uuid.UUID) -> str:
    account = context.session.get(Account, account_id)
    return str(account.profile["name"]) if account is not None else ""
