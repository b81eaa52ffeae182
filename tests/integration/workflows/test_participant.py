import uuid
from datetime import timedelta

import pytest

from bti.db.models import Participant
from bti.domain.codes import InfoType
from bti.domain.errors import AccessDenied, RuleBroken
from bti.workflows import participant
from bti.workflows.errors import Conflict, NotFound
from tests.integration.workflows.cases import (
    agreed,
    compartments,
    holds_together,
    new_case,
    rows,
    texts,
    write,
)


def invite(world, case_id, who="nina", unit="pps", **more):
    values = {
        "case_id": case_id,
        "account_id": world.accounts[who],
        "unit_id": world.units[unit],
        "version": None,
    }
    world.run("ingrid", participant.invite, **{**values, **more})


def place(world, who):
    (row,) = rows(world, Participant, Participant.account_id == world.accounts[who])
    return row


def test_one_who_is_let_in_reads_what_the_cell_covers_and_nothing_else(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    write(world, "ingrid", case_id, InfoType.ATTENDANCE, "fravær")
    write(world, "ingrid", case_id, InfoType.MEASURES, "tiltak")
    write(world, "ingrid", case_id, InfoType.OWN, "egne notater")
    invite(world, case_id)
    school = world.units["school"].hex
    assert compartments(world, "nina", case_id) == {"core", f"svc:{school}:attendance"}
    assert texts(world, "nina", case_id) == {"fravær"}
    assert texts(world, "ingrid", case_id) == {"fravær", "tiltak", "egne notater"}
    holds_together(world)


def test_consent_to_the_service_alone_lets_nobody_in(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)


def test_nobody_is_let_in_from_a_service_without_consent(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    with pytest.raises(RuleBroken, match=r"participant\.not_let_in"):
        invite(world, case_id, "kari", "health")


def test_a_person_is_let_in_for_the_service_they_work_in(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    with pytest.raises(RuleBroken, match=r"participant\.not_colleague"):
        invite(world, case_id, "kari", "pps")
    with pytest.raises(RuleBroken, match=r"participant\.not_colleague"):
        invite(world, case_id, account_id=uuid.uuid4())


def test_a_place_ends_with_the_consent(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    row = place(world, "nina")
    assert row.valid_to is not None
    world.clock.set(row.valid_to - timedelta(minutes=10))
    assert compartments(world, "nina", case_id)
    world.clock.set(row.valid_to)
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)


def test_a_colleague_of_the_owner_is_let_in_without_consent_and_without_end(world):
    case_id = new_case(world)
    invite(world, case_id, "per", "school")
    assert place(world, "per").valid_to is None
    assert "core" in compartments(world, "per", case_id)


def test_a_revoked_place_is_closed_at_once(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    row = place(world, "nina")
    for _ in range(2):
        world.run("ingrid", participant.revoke, case_id=case_id, participant_id=row.id)
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    invite(world, case_id)
    assert compartments(world, "nina", case_id)
    holds_together(world)


def test_a_follower_and_a_place_in_another_case_cannot_be_revoked_here(world):
    mine, other = new_case(world), new_case(world)
    invite(world, other, "per", "school")
    for row in (place(world, "per"), rows(world, Participant, Participant.case_id == mine)[0]):
        with pytest.raises(NotFound):
            world.run("ingrid", participant.revoke, case_id=mine, participant_id=row.id)


def test_letting_in_twice_is_one_place(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    invite(world, case_id)
    assert place(world, "nina").revoked_at is None


def test_an_old_page_lets_nobody_in(world):
    case_id = new_case(world)
    with pytest.raises(Conflict):
        invite(world, case_id, "per", "school", version=99)


def test_one_who_was_let_in_lets_nobody_else_in(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    invite(world, case_id)
    with pytest.raises(AccessDenied):
        world.run("nina", participant.people_page, case_id=case_id)


def test_the_page_names_those_inside_and_offers_only_services_with_consent(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    page = world.run("ingrid", participant.people_page, case_id=case_id)
    assert [one.name for one in page.places] == ["Ingrid Solberg"]
    offered = {one.label.split(",")[0] for one in page.candidates}
    assert offered == {"Per Dahl", "Siv Aas", "Nina Holm"}
