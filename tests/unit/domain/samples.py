"""Facts with good defaults. Every person is made up."""

import uuid
from datetime import UTC, date, datetime, timedelta

from bti.domain.baton import AccountFacts, BatonFacts
from bti.domain.codes import (
    Arena,
    ContactWithGuardians,
    HeardMethod,
    InfoType,
    Kept,
    Role,
    Sector,
    TalkedWithChild,
    Who,
)
from bti.domain.consent import (
    Answer,
    AnswerFacts,
    CellFacts,
    ConsentFacts,
    ConsentStatus,
    Form,
    HeardFacts,
    Scope,
)
from bti.domain.events import CellRef
from bti.domain.levels import CaseFacts, CaseStatus, InvitedService, Level, LogStatus
from bti.domain.measures import MeasureFacts, MeasureState, Standing
from bti.domain.policy import PURPOSES
from bti.domain.realms import realms_of
from bti.domain.relations import ObjectFacts, ObjectKind, Subject
from bti.domain.signers import ChildFacts, DeciderFacts, required_signers
from bti.profiles import load

RULES = load("standard")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def an_id(number: int) -> uuid.UUID:
    """The same id for the same number, so that a failing test reads the same twice."""
    return uuid.UUID(int=number, version=4)


TENANT, OTHER_TENANT = an_id(1), an_id(2)
SCHOOL, HEALTH, PPS, TEAM = an_id(10), an_id(11), an_id(12), an_id(13)
SECTORS = {
    SCHOOL: Sector.SCHOOL,
    HEALTH: Sector.HEALTH,
    PPS: Sector.PPS,
    TEAM: Sector.TEAM,
}
CHILD, MOTHER, FATHER = an_id(20), an_id(21), an_id(22)
TEACHER, NURSE, ADVISER, PRINCIPAL = an_id(30), an_id(31), an_id(32), an_id(33)
CASE, CONSENT, GOAL, MEASURE = an_id(40), an_id(41), an_id(42), an_id(43)


def born(years: int, days_before: int = 0) -> date:
    """The birth date of somebody who was ``years`` that many days ago, as of TODAY."""
    return TODAY.replace(year=TODAY.year - years) - timedelta(days=days_before)


def a_child(birth_date=None):
    return ChildFacts(CHILD, birth_date or born(10, 30))


def a_decider(person=MOTHER, **changes):
    return DeciderFacts(**({"person_id": person, "decides": True, "checked_on": TODAY} | changes))


BOTH = (a_decider(MOTHER), a_decider(FATHER))


def a_ref(info_type=InfoType.MEASURES, from_unit=SCHOOL, to_unit=PPS):
    return CellRef(from_unit, to_unit, info_type)


def a_consent(birth_date=None, deciders=BOTH, cells=None, **changes):
    child = a_child(birth_date)
    cells = frozenset({a_ref()}) if cells is None else frozenset(cells)
    realms = realms_of(cells, SECTORS)
    at = changes.get("asked_at", NOON)
    return ConsentFacts(
        **(
            {
                "consent_id": CONSENT,
                "scope": Scope.BRING_IN_SERVICE,
                "cells": cells,
                "asked_at": at,
                "valid_to": at + timedelta(days=365),
                "child": child,
                "deciders": deciders,
                "required": required_signers(child, deciders, realms, RULES, at).person_ids,
                "realms": realms,
                "heard": HeardFacts(
                    on=TODAY,
                    method=HeardMethod.CONVERSATION,
                    weight_noted=True,
                    kept=Kept.NOTHING,
                ),
            }
            | changes
        )
    )


def an_answer(person, answer=Answer.YES, **changes):
    return AnswerFacts(
        **({"person_id": person, "answer": answer, "at": NOON, "form": Form.IN_PERSON} | changes)
    )


def all_yes(consent):
    return tuple(an_answer(person) for person in sorted(consent.required))


def a_cell(info_type=InfoType.MEASURES, from_unit=SCHOOL, to_unit=PPS, **changes):
    return CellFacts(
        **(
            {
                "consent_id": CONSENT,
                "from_unit": from_unit,
                "to_unit": to_unit,
                "info_type": info_type,
                "valid_from": NOON - timedelta(days=1),
                "valid_to": NOON + timedelta(days=30),
            }
            | changes
        )
    )


def a_measure(**changes):
    return MeasureFacts(
        **(
            {
                "measure_id": MEASURE,
                "goal_id": GOAL,
                "title": "En fast voksen om morgenen",
                "arena": Arena.SCHOOL,
                "responsible": "Kontaktlæreren",
                "start_on": TODAY,
                "evaluate_on": TODAY + timedelta(days=42),
            }
            | changes
        )
    )


def a_standing(**changes):
    return Standing(
        **(
            {
                "measure_id": MEASURE,
                "state": MeasureState.RUNNING,
                "evaluate_on": TODAY + timedelta(days=42),
                "last_result": None,
                "evaluations": 1,
            }
            | changes
        )
    )


def a_case(**changes):
    """A case in which everything is in place for every move."""
    return CaseFacts(
        **(
            {
                "level": Level.WONDER,
                "status": CaseStatus.OPEN,
                "level_since": TODAY - timedelta(days=20),
                "concern_written": True,
                "danger_assessed_on": TODAY,
                "guardian_contact": ContactWithGuardians.BOTH,
                "child_contact": TalkedWithChild.YES,
                "leader_informed_on": TODAY,
                "log_status": LogStatus.ACTIVE,
                "opening_consent": ConsentStatus.COMPLETE,
                "holder_id": TEACHER,
                "goal_ids": frozenset({GOAL}),
                "measures": (a_measure(),),
                "standings": (a_standing(),),
                "invited": (InvitedService(PPS, ConsentStatus.COMPLETE),),
                "acting_as": frozenset({Who.EMPLOYEE}),
                "rights_told": True,
                "reason_written": True,
            }
            | changes
        )
    )


def an_account(account=NURSE, unit=HEALTH, **changes):
    return AccountFacts(
        **(
            {
                "account_id": account,
                "unit_id": unit,
                "role": Role.STAFF,
                "active": True,
                "same_tenant": True,
                "unit_let_in": True,
            }
            | changes
        )
    )


def a_baton(**changes):
    return BatonFacts(
        **(
            {"log_status": LogStatus.ACTIVE, "holder_id": TEACHER, "holder_unit_id": SCHOOL}
            | changes
        )
    )


def a_subject(role=Role.STAFF, account=TEACHER, unit=SCHOOL, **changes):
    return Subject(
        **(
            {
                "account_id": account,
                "tenant_id": TENANT,
                "role": role,
                "unit_id": unit,
                "strength": "password+totp",
                "proven_at": NOON,
                "purpose": next(iter(PURPOSES[role]), None),
            }
            | changes
        )
    )


def an_object(**changes):
    return ObjectFacts(
        **(
            {
                "kind": ObjectKind.CASE,
                "tenant_id": TENANT,
                "case_id": CASE,
                "owner_unit": SCHOOL,
                "status": CaseStatus.OPEN,
                "child_birth_date": born(10),
                "protected": False,
            }
            | changes
        )
    )
