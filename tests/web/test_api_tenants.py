"""A professional system of one municipality finds, touches and guesses nothing of the other's."""

import json
import uuid

import pytest
from sqlalchemy import func, select

from bti.audit.models import AuditEvent
from bti.db.models import Case, Entry
from tests.integration.workflows import cases
from tests.web.api_site import A_REFERENCE, System, a_client, a_concern, agreed, app_of
from tests.web.town import neighbour_of
from tests.world import copy_of

CONCERNS = "/api/v1/concerns"
WORKLIST = "/api/v1/worklist"


class Town:
    """One municipality with a system that its Ingrid lets act, and a case that she has."""

    def __init__(self, app, world) -> None:
        self.world = world
        made = a_client(world)
        self.key, self.agreement = made.key, agreed(world, made, "ingrid")
        self.system = System(app, self.key, self.agreement)
        self.case_id = cases.new_case(world)
        cases.log_open(world, self.case_id)


@pytest.fixture(scope="module")
def towns(world_image, tmp_path_factory):
    """Two municipalities in one database, with people of the same usernames."""
    image, directory = world_image
    world = copy_of(image, directory, tmp_path_factory.mktemp("two") / "world")
    app = app_of(world)
    yield Town(app, world), Town(app, neighbour_of(world))
    world.close()


def rows_of(town, table):
    """How many rows a municipality has in a table."""
    with town.world.looking() as session:
        found = select(func.count()).select_from(table)
        return session.scalar(found.where(table.tenant_id == town.world.tenant_id))


def entered(town):
    """How many entries its log has."""
    return rows_of(town, AuditEvent)


def references(case_id):
    """Where a reference is posted to."""
    return f"/api/v1/cases/{case_id}/references"


def test_a_key_with_an_agreement_from_next_door_is_nobodys(towns):
    home, other = towns
    there = entered(other)
    nobodys = System(home.system.app, home.key, uuid.uuid4()).get(WORKLIST)
    crossed = System(home.system.app, home.key, other.agreement).get(WORKLIST)
    assert nobodys.status_code == crossed.status_code == 401
    assert nobodys.get_data() == crossed.get_data()
    # The refusal is the matter of whoever's key it is.
    assert entered(other) == there


def test_a_case_next_door_is_answered_as_one_that_is_not_there(towns):
    home, other = towns
    before = rows_of(other, Entry), entered(other)
    hidden = home.system.post(references(other.case_id), A_REFERENCE)
    missing = home.system.post(references(uuid.uuid4()), A_REFERENCE)
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data() == missing.get_data()
    assert (rows_of(other, Entry), entered(other)) == before
    assert home.system.post(references(home.case_id), A_REFERENCE).status_code == 201


def test_one_key_of_a_sending_is_two_sendings_in_two_municipalities(towns):
    home, other = towns
    before = rows_of(home, Case), rows_of(other, Case)
    key = uuid.uuid4()
    mine = home.system.post(CONCERNS, a_concern(), key=key)
    # Other words under the same key: it would be told 409 if the neighbour's could be met.
    theirs = other.system.post(CONCERNS, a_concern(seen="Noe helt annet."), key=key)
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json["case_id"] != theirs.json["case_id"]
    assert (rows_of(home, Case), rows_of(other, Case)) == (before[0] + 1, before[1] + 1)


def test_a_worklist_has_ones_own_cases_alone(towns):
    home, other = towns
    for here, there in ((home, other), (other, home)):
        answer = here.system.get(WORKLIST)
        found = [one["case_id"] for one in answer.json["cases"]]
        assert str(here.case_id) in found
        assert str(there.case_id) not in json.dumps(answer.json)


def test_one_key_of_a_sending_is_two_sendings_of_two_systems_of_one_person(towns):
    home, _other = towns
    second = a_client(home.world, name="Helsejournalen")
    system = System(home.system.app, second.key, agreed(home.world, second, "ingrid"))
    key = uuid.uuid4()
    assert home.system.post(references(home.case_id), A_REFERENCE, key=key).status_code == 201
    assert system.post(references(home.case_id), A_REFERENCE, key=key).status_code == 201
