"""The rule for the rows of approvals: who asks, who answers, and that only the broker uses one up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bti.domain import approval as rules
from bti.domain.access import Action
from bti.domain.approval import LIFETIME
from bti.domain.errors import AccessDenied
from bti.keyd.grant_facts import Columns, moment, same

if TYPE_CHECKING:
    import uuid

    from bti.db.guards import Writing
    from bti.keyd.asking import Asking

_FIXED: Final = ("act", "params_sha256", "requested_by_id", "requested_at", "expires_at", "used_at")
_OPEN: Final = frozenset({b"waiting", b"given"})


def approval(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """One asks, another answers, and what was agreed to never changes; a command may do neither.

    Raises ``ApprovalRefused`` as ``bti.domain.approval.check_ask`` and ``check_answer``: the same
    rules as on the page, from what the broker has read itself.
    """
    state = row.columns["state"]
    if old is None:
        return _asks(asking, row)
    if not same(row.columns, old, *_FIXED):
        return False
    if state == b"expired":
        ends = moment(old, "expires_at")
        over = ends is not None and asking.now >= ends
        return over and old["state"] in _OPEN and same(row.columns, old, "answered_by_id")
    me = asking.subject().account_id.bytes
    if state == b"withdrawn":
        mine = old["requested_by_id"] == me and old["state"] in _OPEN
        return mine and same(row.columns, old, "answered_by_id")
    return state in {b"given", b"refused"} and _answers(asking, row, old)


def _asks(asking: Asking, row: Writing) -> bool:
    subject = asking.subject()
    begun, ends = moment(row.columns, "requested_at"), moment(row.columns, "expires_at")
    mine = row.columns["requested_by_id"] == subject.account_id.bytes
    fresh = row.columns["answered_by_id"] is None and row.columns["used_at"] is None
    short = begun is not None and ends is not None and ends <= min(begun, asking.now) + LIFETIME
    if not (mine and fresh and short and row.columns["state"] == b"waiting"):
        return False
    approvals = asking.verbs.approvals
    facts = approvals.facts(row.tenant, row.row_id, row.version, row.columns)
    rules.check_ask(approvals.person(subject), facts.act, at=asking.now)
    if facts.act in rules.OF_A_CASE:
        return _keeps(asking, facts.asking_case)
    return asking.may(Action.ASK_APPROVAL, None)


def _answers(asking: Asking, row: Writing, old: Columns) -> bool:
    subject, approvals = asking.subject(), asking.verbs.approvals
    if row.stood is None or row.columns["answered_by_id"] != subject.account_id.bytes:
        return False
    if any(row.beyond.values()):
        return False
    if not row.beyond:
        # What the caller has sealed anew must still be what the digest binds.
        approvals.facts(row.tenant, row.row_id, row.version, row.columns)
    facts = approvals.facts(row.tenant, row.row_id, row.stood.version, old)
    rules.check_answer(facts, approvals.person(subject), at=asking.now)
    if facts.act in rules.OF_A_CASE:
        return _keeps(asking, facts.answering_case)
    return asking.may(Action.GIVE_APPROVAL, None)


def _keeps(asking: Asking, case_id: uuid.UUID | None) -> bool:
    """Tell whether the person speaks for this log; a case that is not there is nobody's."""
    try:
        return case_id is not None and asking.may(Action.JOIN_LOGS, case_id)
    except AccessDenied:
        return False
