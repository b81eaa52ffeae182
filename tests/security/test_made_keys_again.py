"""A web process that was taken over asks for keys as if they were new, to be given what is there unseen."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.bootstrap import broker_rules
from bti.db.guards import UnauditedReadError
from bti.domain.codes import InfoType
from bti.domain.compartments import CORE, service_compartment
from bti.keyd import handler
from bti.keyd.peers import Peer, Side
from bti.keyd.wire import Request
from tests.keyd_world import asked, remote_world
from tests.lying import proof, refused
from tests.story import Story

MOST = 2


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """A broker that lets nobody open more than a few cases in an hour."""
    directory = tmp_path_factory.mktemp("again")
    with (
        postgres_server.database() as url,
        remote_world(directory, url, quota_cases_hour=MOST) as made,
    ):
        yield made


def releases(remote):
    """How many entries tell of a key that left."""
    told = select(func.count()).where(AuditEvent.act == Act.KEY_CASE_RELEASE.value)
    with remote.world.looking() as session:
        return session.scalars(told).one()


def test_keys_that_are_there_already_are_released_as_an_opening_or_not_at_all(remote):
    world, cases = remote.world, []
    for _ in range(MOST + 1):
        story = Story(world)
        story.wonder()
        cases.append(story.case_id.hex)
    world.clock.advance(timedelta(hours=3))
    ingrid, before = proof(remote, "ingrid"), releases(remote)
    own = service_compartment(world.units["school"], InfoType.OWN)
    for names in ([CORE], [CORE, own]):
        answer = asked(remote, "new_compartments", ingrid, case=cases[0], compartments=names)
        assert refused(answer, "access.not_own_unit")
    assert releases(remote) == before
    for count, case in enumerate(cases, start=1):
        answer = asked(remote, "new_compartments", ingrid, case=case, compartments=[own])
        assert refused(answer, "quota.cases-hour") == (count > MOST)
        assert releases(remote) == before + min(count, MOST)


def test_no_verb_gives_a_key_of_a_case_away_in_silence(remote, monkeypatch):
    """Whatever a verb forgets: what it has put in the parcel does not leave without an entry."""
    world, runtime = remote.world, remote.embedded.runtime
    story = Story(world)
    story.wonder()
    world.clock.advance(timedelta(hours=3))
    limits = broker_rules(runtime.settings).limits
    broker = handler.Handler(runtime.doorway.sessions, runtime.doorway.broker, world.clock, limits)

    def silent(work):
        own = service_compartment(world.units["school"], InfoType.OWN)
        work.verbs.release(story.case_id, frozenset({own}))
        return {}

    monkeypatch.setattr(handler, "REQUESTS", {"subject": silent})
    asking = Request("subject", proof(remote, "ingrid"), {})
    with pytest.raises(UnauditedReadError):
        broker.answer(Peer(1000, 1, Side.WEB), asking, 0)
