"""How somebody stands to a thing, relation by relation, and what of it needs consent."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from bti.domain.codes import SHAREABLE, GuardianAccess, InfoType, Role
from bti.domain.relations import (
    BY_CONSENT,
    EmergencyFacts,
    GuardianFacts,
    ObjectFacts,
    ObjectKind,
    PlaceFacts,
    Purpose,
    Relation,
    acting_for,
    family_may_read,
    relations_of,
    standing_of,
)
from tests.unit.domain.samples import (
    HEALTH,
    MOTHER,
    NOON,
    NURSE,
    OTHER_TENANT,
    SCHOOL,
    TEACHER,
    TENANT,
    a_cell,
    a_subject,
    an_object,
    born,
)

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
ELSEWHERE = a_subject(unit=HEALTH)
AS_MOTHER = a_subject(Role.GUARDIAN, account=MOTHER)


def a_place(relation=Relation.PARTICIPANT, account=TEACHER, unit=SCHOOL, **ends):
    return PlaceFacts(account, unit, relation, NOON, **ends)


def an_emergency(account=TEACHER, unit=SCHOOL, opened=NOON, until=NOON + HOUR):
    return EmergencyFacts(account, unit, opened, until)


def a_guardian(account=MOTHER, **changes):
    return GuardianFacts(**({"account_id": account, "parental_responsibility": True} | changes))


def held(subject=None, **facts):
    """What is held beside the role that everybody has."""
    return standing_of(subject or a_subject(), an_object(**facts), NOON) - {Relation.ROLE}


@pytest.mark.parametrize(
    ("facts", "relations"),
    [
        ({}, ""),
        ({"holder_id": TEACHER, "holder_unit": SCHOOL}, "holder"),
        ({"holder_id": TEACHER, "holder_unit": HEALTH}, ""),
        ({"holder_id": NURSE, "holder_unit": SCHOOL}, ""),
        ({"places": (a_place(),)}, "participant"),
        ({"places": (a_place(Relation.FOLLOWER),)}, "follower"),
        ({"places": (a_place(), a_place(Relation.FOLLOWER))}, "follower participant"),
        ({"places": (a_place(Relation.LEAD), a_place(Relation.HOLDER))}, ""),
        ({"places": (a_place(account=NURSE), a_place(unit=HEALTH))}, ""),
        ({"places": (a_place(valid_to=NOON),)}, ""),
        ({"places": (a_place(valid_to=NOON + SECOND),)}, "participant"),
        ({"places": (a_place(revoked_at=NOON),)}, ""),
        ({"places": (a_place(revoked_at=NOON + SECOND),)}, "participant"),
        ({"referred_to": frozenset({SCHOOL})}, "team"),
        ({"referred_to": frozenset({HEALTH})}, ""),
        ({"offered_to": TEACHER, "offered_unit": SCHOOL}, ""),
        (
            {
                "offered_to": TEACHER,
                "offered_unit": SCHOOL,
                "offer_expires_at": NOON + SECOND,
            },
            "offered",
        ),
        ({"offered_to": TEACHER, "offered_unit": SCHOOL, "offer_expires_at": NOON}, ""),
        ({"offered_to": NURSE, "offered_unit": SCHOOL, "offer_expires_at": NOON + HOUR}, ""),
        ({"offered_to": TEACHER, "offered_unit": HEALTH, "offer_expires_at": NOON + HOUR}, ""),
        ({"emergencies": (an_emergency(),)}, "emergency"),
        ({"emergencies": (an_emergency(), an_emergency(account=NURSE))}, "emergency"),
        ({"emergencies": (an_emergency(account=NURSE), an_emergency(unit=HEALTH))}, ""),
        ({"emergencies": (an_emergency(opened=NOON + SECOND),)}, ""),
        ({"emergencies": (an_emergency(opened=NOON - HOUR, until=NOON),)}, ""),
        ({"youth_account": TEACHER}, "youth"),
        ({"author_id": TEACHER}, ""),
        ({"kind": ObjectKind.OWN_RECORD, "author_id": TEACHER}, "author"),
        ({"kind": ObjectKind.OWN_RECORD, "author_id": NURSE}, ""),
        # What is in a case is nothing in another thing.
        ({"kind": ObjectKind.OWN_RECORD, "holder_id": TEACHER, "holder_unit": SCHOOL}, ""),
        ({"kind": ObjectKind.REVIEW, "about_account": NURSE, "about_unit": SCHOOL}, "impartial"),
        ({"kind": ObjectKind.REVIEW, "about_account": TEACHER, "about_unit": HEALTH}, ""),
        ({"kind": ObjectKind.REVIEW}, ""),
        ({"about_account": NURSE, "about_unit": SCHOOL}, ""),
    ],
)
def test_the_rows_say_how_somebody_stands_to_a_thing(facts, relations):
    assert held(**facts) == {Relation(one) for one in relations.split()}
    there = an_object(tenant_id=OTHER_TENANT, **facts)
    assert standing_of(a_subject(), there, NOON) == frozenset()


@pytest.mark.parametrize(
    ("role", "unit", "leads"),
    [
        (Role.UNIT_LEAD, SCHOOL, True),
        (Role.UNIT_LEAD, HEALTH, False),
        (Role.STAFF, SCHOOL, False),
    ],
)
def test_who_leads_the_unit_leads_its_cases_and_its_staff(role, unit, leads):
    subject = a_subject(role, unit=unit)
    assert held(subject) == ({Relation.LEAD} if leads else set())
    reviewed = {"kind": ObjectKind.REVIEW, "about_account": NURSE, "about_unit": SCHOOL}
    own = {Relation.OWN_STAFF} if leads else set()
    assert held(subject, **reviewed) == {Relation.IMPARTIAL} | own
    assert held(subject, **reviewed | {"about_account": TEACHER}) == set()


@pytest.mark.parametrize(
    "guardians",
    [
        (),
        (a_guardian(TEACHER),),
        (a_guardian(blocked=True),),
        (a_guardian(parental_responsibility=False),),
        (a_guardian(access=GuardianAccess.NONE),),
        # Two rows that may say different things: a person must look.
        (a_guardian(), a_guardian()),
    ],
)
def test_without_one_clear_yes_nobody_is_a_guardian(guardians):
    facts = an_object(guardians=guardians)
    assert standing_of(AS_MOTHER, facts, NOON) == {Relation.ROLE}
    assert not any(family_may_read(AS_MOTHER, facts, one, NOON) for one in InfoType)


@pytest.mark.parametrize("access", [GuardianAccess.FULL, GuardianAccess.LIMITED])
def test_a_guardian_is_one_until_the_child_is_of_age(access):
    guardians = (a_guardian(TEACHER), a_guardian(access=access))
    facts = an_object(guardians=guardians, child_birth_date=born(17))
    assert held(AS_MOTHER, guardians=guardians) == {Relation.GUARDIAN}
    assert standing_of(AS_MOTHER, facts, NOON) == {Relation.ROLE, Relation.GUARDIAN}
    for birth_date in (born(18), None):
        grown = replace(facts, child_birth_date=birth_date)
        assert standing_of(AS_MOTHER, grown, NOON) == {Relation.ROLE}


def readable(subject, **facts):
    found = an_object(**facts)
    return {one for one in InfoType if family_may_read(subject, found, one, NOON)}


def test_a_youth_reads_what_may_be_shared_and_nobodys_own_notes():
    youth = a_subject(Role.YOUTH)
    assert readable(youth, youth_account=TEACHER, child_birth_date=None) == SHAREABLE
    assert readable(youth, youth_account=MOTHER) == set()


@pytest.mark.parametrize(
    ("years", "changes", "missing"),
    [
        (10, {}, set()),
        (15, {}, set()),
        (16, {}, {InfoType.HEALTH}),
        (17, {"withheld": frozenset({InfoType.MEASURES})}, {InfoType.HEALTH, InfoType.MEASURES}),
        (10, {"withheld": frozenset({InfoType.MEASURES})}, {InfoType.MEASURES}),
        (10, {"access": GuardianAccess.LIMITED}, SHAREABLE),
        (None, {}, SHAREABLE),
    ],
)
def test_a_guardian_reads_what_is_not_withheld_nor_health_from_sixteen(years, changes, missing):
    birth_date = born(years) if years else None
    found = readable(AS_MOTHER, guardians=(a_guardian(**changes),), child_birth_date=birth_date)
    assert found == SHAREABLE - missing


def test_in_another_unit_a_relation_stands_on_consent_and_an_offer_alone_does_not():
    assert {one.value for one in BY_CONSENT} == {
        "holder",
        "follower",
        "participant",
        "lead",
        "team",
    }
    facts = an_object(
        holder_id=TEACHER,
        holder_unit=HEALTH,
        places=(a_place(unit=HEALTH), a_place(Relation.FOLLOWER, unit=HEALTH)),
        referred_to=frozenset({HEALTH}),
        offered_to=TEACHER,
        offered_unit=HEALTH,
        offer_expires_at=NOON + HOUR,
    )
    everything = standing_of(ELSEWHERE, facts, NOON)
    assert everything == BY_CONSENT - {Relation.LEAD} | {Relation.ROLE, Relation.OFFERED}
    assert relations_of(ELSEWHERE, facts, NOON) == {Relation.ROLE, Relation.OFFERED}
    for cells in (
        (a_cell(to_unit=SCHOOL),),
        (a_cell(InfoType.OWN, to_unit=HEALTH),),
        (a_cell(to_unit=HEALTH, valid_to=NOON),),
    ):
        let_in = replace(facts, cells=cells)
        assert relations_of(ELSEWHERE, let_in, NOON) == {Relation.ROLE, Relation.OFFERED}
    let_in = replace(facts, cells=(a_cell(InfoType.OWN), a_cell(to_unit=HEALTH)))
    assert relations_of(ELSEWHERE, let_in, NOON) == everything
    owned = replace(facts, owner_unit=HEALTH)
    assert relations_of(ELSEWHERE, owned, NOON) == everything


def test_one_acts_for_what_one_says_and_else_for_what_the_role_is_for():
    subject = a_subject()
    assert acting_for(subject, None) is subject
    assert acting_for(subject, Purpose.OVERSIGHT) == replace(subject, purpose=Purpose.OVERSIGHT)


def test_facts_are_named_never_change_and_do_not_show_when_a_child_was_born():
    for one, name in (
        (a_subject(), "role"),
        (a_place(), "unit_id"),
        (an_emergency(), "unit_id"),
        (a_guardian(), "blocked"),
        (an_object(), "kind"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, None)
    with pytest.raises(TypeError):
        GuardianFacts(MOTHER, True)  # noqa: FBT003 - what must not be possible
    with pytest.raises(TypeError):
        ObjectFacts(ObjectKind.CASE, TENANT)
    assert "birth" not in repr(an_object())
