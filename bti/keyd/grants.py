"""Whose authority rows the broker makes a MAC for: every table with its rule, decided by itself.

Asked by another process that may be anybody's. What stands in the database is read here and must
be genuine; what is new is compared with it. Ending something is easier than beginning it: whoever
may write in a case may end a place in it, and nobody's session is kept alive by a rule.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import select

from bti.db.base import AuthorityRow, Base
from bti.db.guards import FORGED, Stood, Writing, mac_columns
from bti.db.models import OwnRecord, RoleGrant
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from bti.keyd import (
    grant_approval,
    grant_client,
    grant_consent,
    grant_first,
    grant_join,
    grant_move,
    grant_people,
    grant_rules,
    on_behalf,
)
from bti.keyd.asking import WRITING, Asking
from bti.keyd.broker import RanOut, is_persons
from bti.keyd.case_state import JOINING, check_case
from bti.keyd.grant_facts import Columns, ended_only, ident, let_in, moment, same
from bti.keyd.row_macs import case_of

Rule = Callable[[Asking, Writing, Columns | None], bool]


def decide_rows(asking: Asking, rows: tuple[Writing, ...]) -> tuple[list[Writing], list[Writing]]:
    """Return every row with what stands, and those of them in which a right changes.

    Raises ``AccessDenied`` with a rule ``grant.…``, or for a row that is not genuine.
    """
    ready, changed = [], []
    for row in rows:
        _at_home(asking, row)
        stood = _stood(asking, row)
        whole = replace(row, stood=stood)
        if stood is not None and _unchanged(whole, stood):
            ready.append(whole)
            continue
        rule = RULES.get(row.table)
        old = stood.columns if stood is not None else None
        if rule is None or not _allowed(rule, asking, whole, old):
            raise AccessDenied(f"grant.{row.table}", case_id=case_of(row))
        ready.append(whole)
        changed.append(whole)
    return ready, changed


def _at_home(asking: Asking, row: Writing) -> None:
    """Raise ``AccessDenied`` for a person's row where their rights have ended.

    That is in another municipality, and in a session that ran out: it keeps its owner's own records alone.
    Those of a system that acts for somebody end much earlier.
    """
    if not is_persons(asking.verbs.credential):
        return
    subject = asking.subject()
    if subject.tenant_id != row.tenant:
        raise AccessDenied("grant.other_tenant")
    if isinstance(asking.verbs.credential, RanOut) and row.table != OwnRecord.__tablename__:
        raise AccessDenied("access.no_session")
    if subject.client_id is not None and row.table not in on_behalf.TABLES:
        raise AccessDenied("grant.client")


def _allowed(rule: Rule, asking: Asking, row: Writing, old: Columns | None) -> bool:
    try:
        return rule(asking, row, old)
    except (KeyError, ValueError):
        # A column that every row has is not there, or is not what one of its kind can be: refused and
        # entered like any other.
        raise AccessDenied("grant.columns") from None


def _stood(asking: Asking, row: Writing) -> Stood | None:
    mapped = _mapped().get(row.table)
    if mapped is None:
        raise AccessDenied("grant.no_rule")
    found = asking.session.get(mapped, row.row_id)
    if found is None:
        _follows(row, 0)
        return None
    columns = mac_columns(found)
    stood = Stood(found.version, columns, found.mac)
    asking.verbs.macs.require_genuine(replace(row, tenant=found.tenant_id), stood)
    if found.tenant_id != row.tenant:
        raise AccessDenied(FORGED, case_id=case_of(row))
    _follows(row, found.version)
    return stood


def _follows(row: Writing, version: int) -> None:
    """Raise ``AccessDenied`` unless the row is the next version after the committed one, or the first.

    A MAC for a version further ahead would outlive the changes that are made until then.
    """
    if row.version != version + 1:
        raise AccessDenied("grant.version", case_id=case_of(row))


def _unchanged(row: Writing, stood: Stood) -> bool:
    kept = {name for name, value in row.beyond.items() if value is None}
    return not (row.beyond.keys() - kept) and all(
        stood.columns.get(name) == value for name, value in row.columns.items()
    )


def _mapped() -> dict[str, type[AuthorityRow]]:
    return {
        mapper.class_.__tablename__: mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, AuthorityRow)
    }


# -- cases and what hangs on them ----------------------------------------------------------------


def _case(asking: Asking, row: Writing, old: Columns | None) -> bool:
    subject = asking.subject()
    if old is None:
        own_unit = row.columns["unit_id"] == subject.unit_id.bytes
        mine = asking.begun(row.row_id) and asking.may(Action.LOG_CONCERN, None)
        return mine and own_unit and check_case(asking.verbs, row) == frozenset()
    if not same(row.columns, old, "number", "tenant_id"):
        return False
    if not same(row.columns, old, "unit_id") and not grant_move.is_taken(asking, row, old):
        return False
    needed = check_case(asking.verbs, row)
    if JOINING in needed and not grant_join.is_agreed(asking, row):
        return False
    allowed = all(asking.may_any(acts, row.row_id) for acts in needed)
    return allowed and (bool(needed) or asking.may_any(WRITING, row.row_id))


def _participant(asking: Asking, row: Writing, old: Columns | None) -> bool:
    case_id = ident(row.columns, "case_id")
    if old is not None:
        if not ended_only(row.columns, old, "valid_to", "revoked_at"):
            return False
        return asking.operator or _may_end(asking, case_id)
    subject = asking.subject()
    account, unit = ident(row.columns, "account_id"), ident(row.columns, "unit_id")
    if row.columns["relation"] == b"follower":
        itself = (account, unit) == (subject.account_id, subject.unit_id)
        return itself and asking.begun(case_id)
    facts = asking.facts(case_id)
    until = let_in(facts, unit, asking.now)
    ends = moment(row.columns, "valid_to")
    if until is False or (until is not None and (ends is None or ends > until)):
        return False
    if asking.may(Action.INVITE_PARTICIPANT, case_id):
        return _works_in(asking, account, unit)
    # When the baton is passed on, whoever had it goes on taking part.
    passing = asking.may_any((Action.ANSWER_OFFER, Action.REASSIGN_BATON), case_id)
    return passing and (account, unit) == (facts.holder_id, facts.holder_unit)


def _may_end(asking: Asking, case_id: uuid.UUID) -> bool:
    if asking.may(Action.MANAGE_ACCOUNTS, None):
        return True
    return asking.may_any((*WRITING, Action.REVOKE_PARTICIPANT), case_id)


def _log(asking: Asking, row: Writing, old: Columns | None) -> bool:
    case_id = ident(row.columns, "case_id")
    holder = (ident(row.columns, "holder_id"), ident(row.columns, "holder_unit_id"))
    subject = asking.subject()
    if old is not None and not same(row.columns, old, "case_id", "tenant_id"):
        return False
    if holder == (subject.account_id, subject.unit_id):
        taking = (Action.OPEN_LOG,) if old is None else (Action.OPEN_LOG, Action.ANSWER_OFFER)
        if asking.may_any(taking, case_id):
            return True
    moved = old is not None and asking.may(Action.REASSIGN_BATON, case_id)
    inside = let_in(asking.facts(case_id), holder[1], asking.now) is not False
    return moved and inside and _works_in(asking, *holder)


def _offer(asking: Asking, row: Writing, old: Columns | None) -> bool:
    case_id = ident(row.columns, "case_id")
    if old is not None:
        fixed = same(row.columns, old, "log_id", "case_id", "from_id", "to_id", "to_unit_id")
        opening = old["open_slot"] is None and row.columns["open_slot"] is not None
        kept = fixed and not opening and grant_move.is_kept(asking, row, old)
        return kept and asking.may_any((*WRITING, *_OFFERING), case_id)
    facts = asking.facts(case_id)
    inside = let_in(facts, ident(row.columns, "to_unit_id"), asking.now) is not False
    from_holder = ident(row.columns, "from_id") == facts.holder_id
    offers = from_holder and inside and asking.may_any(_OFFERING, case_id)
    return offers and grant_move.is_asked(asking, row)


_OFFERING: Final = (
    Action.OFFER_BATON,
    Action.WITHDRAW_OFFER,
    Action.APPOINT_HOLDER,
    Action.REASSIGN_BATON,
)


def _works_in(asking: Asking, account: uuid.UUID, unit: uuid.UUID) -> bool:
    grants = asking.session.scalars(
        select(RoleGrant).where(
            RoleGrant.tenant_id == asking.subject().tenant_id,
            RoleGrant.account_id == account,
            RoleGrant.unit_id == unit,
        )
    )
    live = [one for one in grants if one.valid_to is None or one.valid_to > asking.now]
    return bool(asking.verbs.authority.genuine(live))


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "cases": _case,
        "participants": _participant,
        "consent_cells": grant_consent.cell,
        "logs": _log,
        "baton_offers": _offer,
        "accounts": grant_people.account,
        "account_persons": grant_first.person,
        "local_rules": grant_people.local_rules,
        "own_rules": grant_rules.own_rules,
        "role_grants": grant_people.role,
        "web_sessions": grant_people.web_session,
        "own_records": grant_people.own_record,
        "approvals": grant_approval.approval,
        "api_clients": grant_client.client,
        "api_agreements": grant_client.agreement,
        "suspensions": grant_people.suspension,
        "departures": grant_people.departure,
        "mail_choices": grant_people.mail_choice,
        "controls": grant_people.control,
        "control_findings": grant_people.control_finding,
        "emergency_accesses": grant_people.emergency,
    }
)
"""Table → rule. A table that is not here gets no MAC from another process."""
