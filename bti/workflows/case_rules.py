"""Which version of the local rules a case follows: the one it was begun under.

A new version, or another profile, counts for a case from the next level it goes to. Its steps, its
deadlines and what its levels were called stay as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.workflows import own_rules

if TYPE_CHECKING:
    from bti.profiles import Profile
    from bti.workflows.case_file import Ops
    from bti.workflows.context import Context


def rules_of(context: Context, ops: Ops) -> Profile:
    """Return the version that the case's stay at its level was begun under."""
    return _version(context, ops.made_under[-1]) if ops.made_under else context.profile


def rules_at(context: Context, ops: Ops, level: int) -> Profile:
    """Return the version of the case's last stay at a level; its present one for a level ahead."""
    for (_day, there), key in zip(reversed(ops.trail), reversed(ops.made_under), strict=False):
        if there == level:
            return _version(context, key)
    return rules_of(context, ops)


def _version(context: Context, key: str) -> Profile:
    return own_rules.version(context, context.person.tenant_id, key)
