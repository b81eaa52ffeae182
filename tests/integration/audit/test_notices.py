"""What an operator and the data protection officer are told of the log without asking for a check."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from bti.audit.note import COSIGNATURE_TYPE, VerifierKey
from bti.audit.witness import Witness
from bti.audit.witnessing import WitnessPlace, ask_all
from bti.clock import FixedClock
from bti.web.site import open_site
from bti.workflows import account, audit_check, readiness
from bti.workflows.actor import SystemActor
from tests.sequenced import copy_of_sequenced


def witnessed(world, tmp_path):
    """The world's doorway with a witness named in its settings, and how to ask it."""
    witness = Witness.create(tmp_path / "witness", "vitne.example", FixedClock(world.clock.now()))
    for key in world.system(audit_check.verifier_keys, tenant_id=world.tenant_id):
        witness.watch(key)
    place = WitnessPlace(
        "https://vitne.example", VerifierKey.parse(witness.verifier_key, COSIGNATURE_TYPE)
    )
    settings = world.runtime.settings.model_copy(
        update={"witnesses": f"{place.address} {witness.verifier_key}"}
    )

    def post(_address, body):
        answer = witness.add_checkpoint(body)
        return answer.status, answer.body

    def ask():
        return ask_all(world.runtime.engine, (place,), post, world.clock.now())

    return replace(world.runtime.doorway, settings=settings), ask


def test_a_log_that_no_witness_has_signed_for_a_day_is_said_to_be_so(world, tmp_path):
    assert readiness.notices(world.runtime.doorway) == ()
    doorway, ask = witnessed(world, tmp_path)
    assert readiness.notices(doorway) == ("log-unwitnessed",)
    assert doorway.perform(audit_check.chain_card, world.actor("anne")).unwitnessed
    assert all(one.at for one in ask())
    assert readiness.notices(doorway) == ()
    card = doorway.perform(audit_check.chain_card, world.actor("anne"))
    assert (card.unwitnessed, card.witnessed_at is not None) == (False, True)
    outcome = doorway.perform(
        audit_check.verify, SystemActor("operator"), tenant_id=world.tenant_id
    )
    assert outcome.intact, outcome
    world.clock.advance(timedelta(hours=25))
    assert readiness.notices(doorway) == ("log-unwitnessed",)


def test_entries_that_wait_too_long_are_said_to(sequenced_image, postgres_server, tmp_path):
    image, directory, template = sequenced_image
    with postgres_server.database(template) as url:
        world = copy_of_sequenced(image, directory, tmp_path / "world", url, placing=False)
        assert readiness.notices(world.runtime.doorway) == ()
        world.system(account.municipality_by_number, number="9901")
        world.actor("ingrid")
        assert readiness.notices(world.runtime.doorway) == ()
        world.clock.advance(timedelta(seconds=11))
        assert readiness.is_ready(world.runtime.doorway)
        assert readiness.notices(world.runtime.doorway) == ("log-late",)
        world.close()


def test_a_log_that_was_put_back_is_not_ready(world):
    assert readiness.is_ready(world.runtime.doorway)
    with world.as_administrator() as connection:
        connection.execute(text("UPDATE audit_heads SET frontier = :f"), {"f": b"\x01" + bytes(8)})
    assert not readiness.is_ready(world.runtime.doorway)


def test_readyz_says_below_ready_what_to_look_at(world, tmp_path):
    doorway, _ = witnessed(world, tmp_path)
    client = open_site(doorway.settings, clock=world.clock).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\nlog-unwitnessed\n")
