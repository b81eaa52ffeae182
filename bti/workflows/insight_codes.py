"""Which acts of the log belong together in a list, and which no list shows."""

from __future__ import annotations

from typing import Final

from bti.audit.actions import READS, SYSTEM, WRITES, Action
from bti.workflows.insight_question import Group

# Drafts and duty records share these codes (see Action). They are left out of every list here,
# also for the data protection officer: seen beside a name and a time, "wrote something of their
# own" right after a child was looked up could tell that a report was made. They stay in the
# tree, are counted and are proven like all others. For the same reason no entry numbers are
# shown: a gap in them would say that something of that kind lies between.
OWN: Final = frozenset(action for action in Action if action.value.startswith("own:record:"))

#: That the police was told. What is printed of a case reaches its family, and a colleague may be kin.
#: Nor that something was marked: it would tell guardians that the child keeps something from them.
UNTOLD: Final = frozenset(
    {action for action in Action if action.value.startswith("outside:")}
    # Printed, the list reaches the guardians, and one of them is the one who is kept out.
    | {Action.CASE_ENTRY_MARK, Action.GUARDIAN_ACCESS_BLOCK, Action.GUARDIAN_ACCESS_LIFT}
    # It would say who has another log about the child, and where.
    | {Action.CASE_DOUBLE_NOTE}
    | {Action.LOG_JOIN_SEEK, Action.LOG_JOIN_ASK, Action.LOG_JOIN_ANSWER}
    # Nor that there is one: a guardian may be kept out of that one, and not of this.
    | {Action.LOG_JOIN_WRITE, Action.LOG_PART_WRITE}
)
PRINTED: Final = frozenset(
    {
        Action.CASE_PAGE_PRINT,
        Action.CASE_PART_PRINT,
        Action.FAMILY_COPY_PRINT,
        Action.AUDIT_LOG_EXPORT,
    }
)
_SIGN_IN: Final = frozenset(action for action in Action if action.value.startswith("session:"))
GROUPS: Final = {
    Group.READ: READS - OWN - PRINTED,
    Group.WROTE: WRITES - OWN - PRINTED,
    Group.PRINTED: PRINTED,
    Group.EMERGENCY: frozenset(one for one in Action if one.value.startswith("emergency:")),
    Group.SIGN_IN: _SIGN_IN,
    Group.SYSTEM: SYSTEM - _SIGN_IN - {Action.ACCESS_REQUEST_DENY},
}
