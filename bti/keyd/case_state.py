"""What changes in the sealed state of a case, and who may change it.

State and referral decide who stands in a relation to the case, and the birth date whose say it is, so the
broker reads them itself.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.domain.join import CONTINUED, Continuation
from bti.domain.levels import CaseStatus
from bti.domain.protection import Protection

if TYPE_CHECKING:
    from bti.db.guards import Writing
    from bti.keyd.grant_facts import Columns
    from bti.keyd.local import LocalVerbs

Acts = tuple[Action, ...]

JOINING: Final = (Action.JOIN_LOGS,)
"""What it needs that a log is continued in another, or no more."""

_COLUMN: Final = "ops_ct"
_REFERRAL: Final[dict[str, Acts]] = {
    "waiting": (Action.REFER,),
    "taken": (Action.TAKE_REFERRAL,),
    # Given back by the team, or because consent or the case has ended.
    "returned": (Action.RETURN_REFERRAL, Action.WITHDRAW_CONSENT, Action.CLOSE_CASE),
    "": (Action.CLOSE_CASE,),
}


def check_case(verbs: LocalVerbs, row: Writing) -> frozenset[Acts]:
    """Return the acts (one of each group) that the change of state needs; empty for none.

    Raises ``AccessDenied`` for a state that no act leads to, or that cannot be read here: the broker reads it whenever
    the case is opened, or stands in a list among others.
    """
    after = _state(verbs, row, row.columns, row.version)
    if not _has_form(after):
        raise AccessDenied("grant.cases", case_id=row.row_id)
    if row.stood is None:
        marks = ("status", "referral", "team_unit", "protection", "archive", CONTINUED)
        if tuple(after.get(name) for name in marks) != ("open", "", None, None, None, None):
            raise AccessDenied("grant.cases", case_id=row.row_id)
        return frozenset()
    before = _state(verbs, row, row.stood.columns, row.stood.version)
    return frozenset(_of_the_work(before, after) | _of_what_guards(before, after))


def _of_the_work(before: dict[str, Any], after: dict[str, Any]) -> set[Acts]:
    needed: set[Acts] = set()
    if before.get("status") != after.get("status"):
        closed = after.get("status") == "closed"
        needed.add((Action.CLOSE_CASE,) if closed else (Action.REOPEN_CASE,))
    elif before.get("closed_at") != after.get("closed_at"):
        needed.add(())  # years are counted from it; it changes with the status alone
    if before.get("referral") != after.get("referral"):
        needed.add(_REFERRAL.get(str(after.get("referral")), ()))
    elif before.get("team_unit") != after.get("team_unit"):
        needed.add((Action.REFER,))
    return needed


def _of_what_guards(before: dict[str, Any], after: dict[str, Any]) -> set[Acts]:
    needed: set[Acts] = set()
    if before.get("birth_date") != after.get("birth_date"):
        needed.add(())  # no act changes it: cells of a consent end by a birthday
    if before.get("protection") != after.get("protection"):
        unset = before.get("protection") is None
        needed.add((Action.PROTECT_CASE,) if unset else (Action.MANAGE_PROTECTION,))
    if before.get("archive") != after.get("archive"):
        # What was packed is marked where the keys are. Over a socket it only falls away, when the case opens again.
        again = after.get("archive") is None and after.get("status") == "open"
        needed.add((Action.REOPEN_CASE,) if again else ())
    if before.get(CONTINUED) != after.get(CONTINUED):
        needed.add(JOINING)  # and two people's yes: grant_join
    return needed


def continuations(
    verbs: LocalVerbs, row: Writing
) -> tuple[Continuation | None, Continuation | None]:
    """Return whether a case that stands was continued in another, and whether it will be."""
    stood = row.stood
    before = {} if stood is None else _state(verbs, row, stood.columns, stood.version)
    found = (before, _state(verbs, row, row.columns, row.version))
    was, is_ = (one.get(CONTINUED) for one in found)
    return (
        None if was is None else Continuation.from_json(was),
        None if is_ is None else Continuation.from_json(is_),
    )


def _has_form(state: dict[str, Any]) -> bool:
    """Tell whether what the broker goes by in a state of a case is such as pages write."""
    team, protection = state.get("team_unit"), state.get("protection")
    continued = state.get(CONTINUED)
    try:
        CaseStatus(state["status"])
        if team is not None:
            uuid.UUID(team)
        if protection is not None:
            Protection.from_json(protection)
        if continued is not None:
            Continuation.from_json(continued)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


def _state(verbs: LocalVerbs, row: Writing, columns: Columns, version: int) -> dict[str, Any]:
    blob = columns.get(_COLUMN)
    if blob is None:
        raise AccessDenied("grant.columns", case_id=row.row_id)
    key = verbs.tenant_key(row.tenant, TenantPurpose.OPS, key_id_of(blob))
    place = Place(row.tenant, TENANT_WIDE, row.table, _COLUMN, row.row_id, version)
    found = json_from_bytes(open_sealed(key, place, blob))
    if not isinstance(found, dict):
        raise AccessDenied("grant.columns", case_id=row.row_id)
    return found
