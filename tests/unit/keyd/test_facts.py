"""How a person stands to a case, read from rows: all of it, nobody else's, and no forged row."""

import uuid
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bti.clock import FixedClock
from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.errors import SealError
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED
from bti.db.models import BatonOffer
from bti.db.sealed_value import Sealed
from bti.db.walls import EVERYWHERE, stand
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis, CellFacts
from bti.domain.errors import AccessDenied
from bti.domain.levels import CaseStatus
from bti.domain.protection import AddressGrade, ProtectedPerson, Protection
from bti.domain.relations import EmergencyFacts, ObjectFacts, ObjectKind, PlaceFacts, Relation
from bti.keyd.authority import Authority
from bti.keyd.facts_rows import around, rows_about
from tests.unit.domain.samples import (
    CASE,
    CONSENT,
    HEALTH,
    NOON,
    NURSE,
    OTHER_TENANT,
    PPS,
    SCHOOL,
    TEACHER,
    TEAM,
    TENANT,
    TODAY,
    a_subject,
    an_id,
)
from tests.unit.keyd.asked import OPS, Rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Everything about it is there, nothing but the case, and another municipality's.
FULL, BARE, ELSEWHERE = CASE, an_id(44), an_id(45)
LOG, OFFER = an_id(51), an_id(52)
OURS, THEIRS = {"owner": str(SCHOOL)}, {"owner": str(PPS)}
STATE = {"status": "open", "referral": "", "team_unit": None, "protection": None}


@pytest.fixture(scope="module")
def town():
    """A case about which everything stands twice: for the teacher, and for somebody or something else."""
    made = Rows()
    for case, tenant in ((FULL, TENANT), (BARE, TENANT), (ELSEWHERE, OTHER_TENANT)):
        put_case(made, case, tenant)
    made.put("logs", id=LOG, tenant_id=TENANT, case_id=FULL, holder_id=NURSE, holder_unit_id=HEALTH)
    for row, slot in ((OFFER, 1), (an_id(53), None)):
        put_offer(made, row, slot)
    made.put("logs", id=an_id(54), tenant_id=OTHER_TENANT, case_id=ELSEWHERE)
    about = {"tenant_id": TENANT, "case_id": FULL}
    for number, (account, unit, relation, ends) in enumerate(
        (
            (TEACHER, SCHOOL, "follower", {}),
            (TEACHER, PPS, "participant", {"valid_to": NOON + DAY, "revoked_at": NOON + HOUR}),
            (NURSE, HEALTH, "participant", {}),
        )
    ):
        place = {"account_id": account, "unit_id": unit, "relation": relation, "valid_from": NOON}
        made.put("participants", id=an_id(60 + number), **about, **place, **ends)
    cell = {"consent_id": CONSENT, "from_unit_id": SCHOOL, "to_unit_id": PPS, "basis": "consent"}
    cell |= {"info_type": "measures", "valid_from": NOON, "valid_to": NOON + DAY}
    made.put("consent_cells", id=an_id(70), **about, **cell)
    law = {"basis": "law", "info_type": "health", "withdrawn_at": NOON + HOUR}
    made.put("consent_cells", id=an_id(71), **about, **(cell | law))
    for number, account in enumerate((TEACHER, NURSE)):
        taken = {"account_id": account, "unit_id": SCHOOL, "opened_at": NOON}
        taken |= {"expires_at": NOON + HOUR}
        made.put("emergency_accesses", id=an_id(80 + number), **about, **taken)
    # Rows that name the case from another municipality belong to nobody.
    astray = {"tenant_id": OTHER_TENANT, "case_id": FULL}
    made.put("participants", id=an_id(90), **astray, account_id=TEACHER, relation="follower")
    mine = {"account_id": TEACHER, "opened_at": NOON, "expires_at": NOON + DAY}
    made.put("emergency_accesses", id=an_id(91), **astray, **mine)
    made.put("consent_cells", id=an_id(92), **astray, **cell)
    made.commit()
    yield made
    made.end()


@pytest.fixture
def rows(town):
    stand(town, EVERYWHERE)
    yield town
    town.rollback()
    town.info.clear()


def put_case(rows, case, tenant=TENANT, **state):
    place = Place(tenant, TENANT_WIDE, "cases", "ops_ct", case, 1)
    blob = Sealed(seal(OPS, place, json_to_bytes(STATE | state)))
    rows.put("cases", id=case, tenant_id=tenant, unit_id=SCHOOL, number=case.hex[-9:], ops_ct=blob)


def put_offer(rows, row, slot):
    place = Place(TENANT, TENANT_WIDE, "baton_offers", "meta_ct", row, 1)
    meta = Sealed(seal(OPS, place, json_to_bytes({"expires_at": (NOON + DAY).isoformat()})))
    offer = {"log_id": LOG, "case_id": FULL, "from_id": NURSE, "open_slot": slot, "meta_ct": meta}
    offer |= {"to_id": TEACHER, "to_unit_id": SCHOOL}
    rows.put("baton_offers", id=row, tenant_id=TENANT, **offer)


def facts(rows, *cases, role=Role.STAFF, forged=(), asked=None):
    """What the broker reads for the teacher of the school."""

    def ops_key(tenant, key_id):
        if asked is not None:
            asked.append((tenant, key_id))
        return OPS

    def genuine(_tenant, table, row_id, version, columns, mac):
        assert (version, mac) == (1, b"x" * 32)
        assert "mac" not in columns
        return forged not in {(table,), (row_id,)}

    authority = Authority(rows, FixedClock(NOON), 60, genuine, ops_key)
    return authority.facts_of(a_subject(role), cases)


def test_everything_about_a_case_is_read(rows):
    asked = []
    assert facts(rows, FULL, asked=asked) == {
        FULL: ObjectFacts(
            kind=ObjectKind.CASE,
            tenant_id=TENANT,
            case_id=FULL,
            owner_unit=SCHOOL,
            status=CaseStatus.OPEN,
            holder_id=NURSE,
            holder_unit=HEALTH,
            offered_to=TEACHER,
            offered_unit=SCHOOL,
            offer_expires_at=NOON + DAY,
            places=(
                PlaceFacts(TEACHER, SCHOOL, Relation.FOLLOWER, NOON),
                PlaceFacts(TEACHER, PPS, Relation.PARTICIPANT, NOON, NOON + DAY, NOON + HOUR),
            ),
            cells=(
                CellFacts(CONSENT, SCHOOL, PPS, InfoType.MEASURES, NOON, NOON + DAY),
                CellFacts(
                    CONSENT,
                    SCHOOL,
                    PPS,
                    InfoType.HEALTH,
                    NOON,
                    NOON + DAY,
                    NOON + HOUR,
                    CellBasis.LAW,
                ),
            ),
            protected=False,
        )
    }
    assert set(asked) == {(TENANT, OPS.key_id)}


def test_emergency_access_is_ones_own_and_asked_of_those_on_call_alone(rows):
    [found] = facts(rows, FULL, role=Role.ON_CALL).values()
    assert found.emergencies == (EmergencyFacts(TEACHER, SCHOOL, NOON, NOON + HOUR),)


def test_a_case_without_a_log_stands_alone_beside_one_that_has_everything(rows):
    found = facts(rows, BARE, FULL)
    assert set(found) == {BARE, FULL}
    assert found[BARE] == ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=TENANT,
        case_id=BARE,
        owner_unit=SCHOOL,
        status=CaseStatus.OPEN,
        protected=False,
    )
    assert found[FULL] == facts(rows, FULL)[FULL]


def test_a_case_of_another_municipality_and_one_that_is_not_there_are_the_same(rows):
    asked = []

    def look(*given):
        asked.append(given[2])

    event.listen(rows.get_bind(), "before_cursor_execute", look)
    assert facts(rows, ELSEWHERE) == facts(rows, an_id(46)) == {}
    event.remove(rows.get_bind(), "before_cursor_execute", look)
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert facts(rows) == {}


@pytest.mark.parametrize("ends", [None, 7, "soon", "2026-12-01T00:00:00"])
def test_an_offer_without_a_form_is_never_answered_and_hinders_nobody(rows, ends):
    place = Place(TENANT, TENANT_WIDE, "baton_offers", "meta_ct", OFFER, 1)
    for blob in (seal(OPS, place, json_to_bytes({"expires_at": ends})), b"x" * 110):
        offers = BatonOffer.__table__.update().where(BatonOffer.id == OFFER)
        rows.connection().execute(offers.values(meta_ct=Sealed(blob)))
        found = facts(rows, FULL)[FULL]
        assert (found.offered_to, found.offer_expires_at) == (TEACHER, None)


def put_said(rows, said, *, consent=CONSENT, tenant=TENANT, case=FULL, row=None):
    """Something that was said to a question, as the pages store it; bytes are stored as they are."""
    row = row or uuid.uuid4()
    place = Place(TENANT, TENANT_WIDE, "consent_answers", "meta_ct", row, 1)
    blob = said if isinstance(said, bytes) else seal(OPS, place, json_to_bytes(said))
    about = {"tenant_id": tenant, "case_id": case, "consent_id": consent}
    rows.put("consent_answers", id=row, **about, meta_ct=Sealed(blob))


@pytest.mark.parametrize(
    ("said", "over"),
    [
        ({"answer": "yes"}, False),
        ({"answer": "no"}, False),
        ({"answer": "unblocked"}, False),
        ({"answer": "opened"}, False),
        ({"answer": "withdrawn", "cells": []}, True),
        ({"answer": "withdrawn", "cells": ["health:out", "measures:out"], **OURS}, True),
        ({"answer": "withdrawn", "cells": ["measures:in", "health:out"], **OURS}, False),
        # The case has moved since: the names are told from the side that asked.
        ({"answer": "withdrawn", "cells": ["measures:in"], **THEIRS}, True),
        ({"answer": "withdrawn", "cells": ["measures:out"], **THEIRS}, False),
        ({"answer": "withdrawn", "cells": ["measures:in"]}, True),
        ({"answer": "withdrawn", "cells": ["measures:in"], "owner": "nobody"}, True),
        ({"answer": "withdrawn", "cells": ["measures:in"], "owner": 7}, True),
        ({"answer": "withdrawn"}, True),
        ({"answer": "lapsed"}, True),
        ({"answer": "blocked"}, True),
        ({"answer": "stopped"}, True),
        ({"at": "no answer"}, True),
        (["withdrawn"], True),
        (b"x" * 110, True),
    ],
)
def test_a_cell_ends_with_what_was_said_to_its_question_whatever_its_own_row_says(rows, said, over):
    put_said(rows, {"answer": "yes"})
    put_said(rows, said)
    live, ended = facts(rows, FULL)[FULL].cells
    assert live.is_live(NOON) is not over
    assert live.withdrawn_at == (NOON if over else None)
    assert ended.withdrawn_at == NOON + HOUR


def test_what_was_said_to_another_question_or_next_door_ends_nothing(rows):
    back = {"answer": "withdrawn", "cells": []}
    put_said(rows, back, consent=an_id(93))
    put_said(rows, back, tenant=OTHER_TENANT)
    put_said(rows, back, case=BARE)
    assert facts(rows, FULL)[FULL].cells[0].is_live(NOON)


def put_key(rows, case, compartment, generation, tenant=TENANT):
    key_id = uuid.uuid5(case, f"{compartment}{generation}")
    of = {"tenant_id": tenant, "case_id": case, "compartment": compartment, "state": "active"}
    of |= {
        "generation": generation,
        "key_id": key_id.bytes,
        "wrapped": key_id.bytes * 6 + b"x" * 14,
    }
    rows.put("case_keys", id=key_id, **of)
    return key_id.bytes


def test_what_an_opening_rests_on_is_read_with_the_keys_in_order_and_the_baits(rows):
    stored = [put_key(rows, FULL, *one) for one in (("own", 2), ("own", 1), ("core", 3))]
    put_key(rows, BARE, "core", 1)
    put_key(rows, FULL, "sealed", 1, OTHER_TENANT)
    for number, tenant in enumerate((TENANT, TENANT, OTHER_TENANT)):
        rows.put("bait_marks", id=an_id(95 + number), tenant_id=tenant, token=bytes([number]) * 16)
    found = around(rows, a_subject(), FULL)
    assert [one.key_id for one in found.keys] == stored[::-1]
    assert [(one.compartment, one.generation) for one in found.keys] == [
        ("core", 3),
        ("own", 1),
        ("own", 2),
    ]
    assert {(one.tenant_id, one.case_id, one.state) for one in found.keys} == {
        (TENANT, FULL, "active")
    }
    assert found.baits == {b"\0" * 16, b"\1" * 16}
    assert sum(1 for _ in found.rows) == 7
    # Each kind by itself: no row stands once for each of another kind.
    on_call = around(rows, a_subject(Role.ON_CALL), FULL)
    assert (on_call.keys, len(on_call.rows.emergencies)) == (found.keys, 1)
    assert around(rows, a_subject(), an_id(46)) == replace(found, rows=None, keys=())
    with pytest.raises(FrozenInstanceError):
        found.keys = ()


def test_a_list_reads_no_key_and_no_bait(rows):
    asked = []

    def look(*given):
        asked.append(given[2])

    event.listen(rows.get_bind(), "before_cursor_execute", look)
    assert set(rows_about(rows, a_subject(), [FULL, BARE])) == {FULL, BARE}
    event.remove(rows.get_bind(), "before_cursor_execute", look)
    [question] = asked
    assert "FROM" in question
    assert "case_keys" not in question
    assert "bait_marks" not in question


@pytest.mark.parametrize(
    ("referral", "unit", "waits"),
    [
        ("waiting", TEAM.hex, True),
        ("taken", TEAM.hex, True),
        ("returned", TEAM.hex, False),
        ("", TEAM.hex, False),
        ("waiting", None, False),
    ],
)
def test_a_referral_lets_the_team_in_while_it_waits_or_is_taken(rows, referral, unit, waits):
    put_case(rows, an_id(47), referral=referral, team_unit=unit)
    [found] = facts(rows, an_id(47)).values()
    assert found.referred_to == ({TEAM} if waits else frozenset())


PROTECTION = Protection(
    grade=AddressGrade.CONFIDENTIAL,
    of=ProtectedPerson.CHILD,
    until=TODAY,
    checked_on=TODAY,
    readers=frozenset({TEACHER, NURSE}),
).to_json()


@pytest.mark.parametrize(
    ("stored", "protected", "readers"),
    [
        (PROTECTION, True, {TEACHER, NURSE}),
        ({}, None, set()),
        (PROTECTION | {"readers": 7}, None, set()),
        (PROTECTION | {"until": "some day"}, None, set()),
    ],
)
def test_a_protection_names_its_readers_and_one_that_cannot_be_read_names_nobody(
    rows, stored, protected, readers
):
    put_case(rows, an_id(47), protection=stored)
    [found] = facts(rows, an_id(47)).values()
    assert (found.protected, found.named_readers) == (protected, readers)


@pytest.mark.parametrize(
    "forged",
    [
        "cases",
        "logs",
        "baton_offers",
        "participants",
        "consent_cells",
        "emergency_accesses",
        an_id(61),
        an_id(71),
    ],
)
def test_no_row_about_a_case_is_forged(rows, forged):
    with pytest.raises(AccessDenied) as refused:
        facts(rows, FULL, role=Role.ON_CALL, forged=(forged,))
    assert (refused.value.rule, refused.value.case_id) == (FORGED, FULL)


def test_a_state_that_is_not_one_opens_nothing(rows):
    place = Place(TENANT, TENANT_WIDE, "cases", "ops_ct", an_id(47), 1)
    blob = Sealed(seal(OPS, place, b"[]"))
    number = {"number": "x", "unit_id": SCHOOL, "ops_ct": blob}
    rows.put("cases", id=an_id(47), tenant_id=TENANT, **number)
    with pytest.raises(SealError):
        facts(rows, an_id(47))
