"""What one opening through the broker costs in questions to the database: counted, not timed."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from bti.audit.guard import Guard
from bti.audit.way import WAY, LogWay
from bti.bootstrap import broker_rules
from bti.db.engine import make_engine, make_sessions
from bti.db.models import BrokerCount, BrokerMark
from bti.db.walls import EVERYWHERE, stand_always
from bti.domain.codes import InfoType
from bti.domain.consent import Scope
from bti.identity.tokens import proof_of
from bti.key_provider import key_provider
from bti.keyd.handler import Handler
from bti.keyd.local import LocalBroker
from bti.keyd.peers import Peer, Side
from bti.keyd.wire import Request
from tests.story import Story
from tests.world import build, settings_for

#: Who asks, with the municipality's keys; the case with its keys, and the baits; the limits.
RIGHTS = 3
#: The entry: one statement for the sequencer; inline, the lock of the head comes before it.
ENTRY = {"sequenced": 1, "inline": 2}
A_MINUTE = 6
PEER = Peer(uid=1000, pid=1, side=Side.WEB)


@pytest.fixture(scope="module")
def municipality(postgres_server, tmp_path_factory):
    """The municipality on PostgreSQL, and a case in which another service takes part."""
    with postgres_server.database() as url:
        world = build(settings_for(tmp_path_factory.mktemp("statements"), url))
        story = Story(world)
        story.wonder()
        story.talk_with_leader()
        story.consent_to(Scope.OPEN_LOG)
        story.open_log()
        story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE}))
        world.clock.advance(timedelta(hours=2))
        yield world, story, url
        world.close()


@pytest.fixture(params=sorted(ENTRY))
def asked(request, municipality, tmp_path):
    """A broker's process without its socket: asks, and tells which statements that took."""
    world, _, url = municipality
    engine = make_engine(url)
    stand_always(engine, EVERYWHERE)
    world.clock.advance(timedelta(minutes=2))  # what was counted before is no longer
    rules = broker_rules(world.runtime.settings)
    limits = replace(rules.limits, peer_minute=A_MINUTE)
    rules = replace(rules, limits=limits)
    way = LogWay(request.param == "sequenced", "keyd", Guard(tmp_path))
    broker = LocalBroker(key_provider(world.runtime.settings), world.clock, rules)
    handler = Handler(make_sessions(engine, **{WAY: way}), broker, world.clock, limits)
    told = []
    event.listen(engine, "before_cursor_execute", lambda *given: told.append(given[2]))

    def ask(who, case_id):
        args = {"case": case_id, "action": "read_case", "entry": "case:open:read", "purpose": None}
        request = Request("open", proof_of(world.token(who)), args)
        handler.answer(PEER, request, 0)
        told.clear()
        return handler.answer(PEER, request, 0), list(told)

    yield ask, RIGHTS + ENTRY[request.param]
    engine.dispose()


@pytest.mark.parametrize("who", ["ingrid", "nina"])
def test_an_opening_with_rights_limits_entry_and_keys_is_so_many_statements_and_no_more(
    municipality, asked, who
):
    ask, most = asked
    answer, statements = ask(who, municipality[1].case_id)
    assert answer["ok"]["keys"]["cases"]
    assert len(statements) == most, "\n".join(statements)


def test_a_hidden_case_and_one_that_is_not_there_cost_the_same_statements(municipality, asked):
    ask, _ = asked
    hidden, cost = ask("mona", municipality[1].case_id)
    missing, other = ask("mona", uuid.uuid4())
    assert hidden["no"]["code"] == missing["no"]["code"] == "denied"
    assert cost == other


def test_an_opening_over_the_limit_leaves_no_mark_and_no_count(municipality, asked):
    world, story, _ = municipality

    def counted():
        with world.looking() as session:
            marks = session.scalars(
                select(BrokerMark.last_at).where(BrokerMark.account_id == world.accounts["siv"])
            ).all()
            counts = session.scalars(
                select(BrokerCount.count).where(
                    BrokerCount.scope == f"peer:{PEER.label}",
                    BrokerCount.since > world.clock.now() - timedelta(minutes=1),
                )
            ).all()
            return marks, sum(counts)

    ask, _ = asked
    for _ in range(A_MINUTE // 2):  # each asks twice
        assert "ok" in ask("siv", story.case_id)[0]
    before = counted()
    assert before[1] == A_MINUTE
    world.clock.advance(timedelta(seconds=20))
    assert ask("siv", story.case_id)[0]["no"]["rule"] == "quota.peer-minute"
    assert counted()[1] == A_MINUTE
    assert [at for at in counted()[0] if at in before[0]] == before[0]
    world.clock.advance(timedelta(minutes=2))
    assert "ok" in ask("siv", story.case_id)[0]
