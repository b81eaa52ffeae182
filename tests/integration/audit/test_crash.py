"""Writers and whole processes die at any step; `python -m benchmarks.crash` does it 200 times."""

from __future__ import annotations

import random
from copy import copy

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from benchmarks.crash import APART, SEQUENCER, TOGETHER, take_toll
from benchmarks.house import VICTIMS, House
from tests.sequenced import build_sequenced
from tests.walled import Deployment, Process, walled


@pytest.fixture
def sequenced(postgres_url, tmp_path):
    """Settings and municipality of a log that a sequencer places."""
    world = build_sequenced(tmp_path / "world", postgres_url, placing=False)
    world.close()
    return world.runtime.settings, world.tenant_id


def test_attack_35_a_writer_that_dies_inline_leaves_no_change_without_its_entry(world):
    world.close()
    toll = take_toll(TOGETHER, world.runtime.settings, world.tenant_id, 8, seed=5)
    assert toll.broken == ()


def test_attack_35_a_writer_that_dies_leaves_no_change_without_its_entry(sequenced):
    assert take_toll(TOGETHER, *sequenced, 8, seed=5).broken == ()


def test_a_sequencer_and_a_signer_that_die_lose_no_entry_and_place_none_twice(sequenced):
    assert take_toll(SEQUENCER, *sequenced, 12, seed=7).broken == ()


def test_change_and_entry_in_two_transactions_do_break(world):
    world.close()
    toll = take_toll(APART, world.runtime.settings, world.tenant_id, 8, seed=5)
    assert any("unlogged" in line for line in toll.broken)


@pytest.fixture(scope="module")
def house(postgres_server, tmp_path_factory):
    """The processes of one installation, each killed while people passed a baton on."""
    drawn = random.Random(3)  # noqa: S311 - decides where processes die, and no secret
    with walled(postgres_server, Deployment.APART) as apart:
        made = House(tmp_path_factory.mktemp("h"), apart)
        try:
            for victim in VICTIMS:
                made.let_die(victim, drawn)
            made.settle()
            yield made
        finally:
            made.close()


def test_attack_35_processes_that_die_lose_nothing_that_was_answered(house):
    assert house.tally.broken == []
    assert house.tally.died == dict.fromkeys(VICTIMS, 1)
    assert sum(house.tally.said.values()) > 0, "nobody got anything done: nothing was proven"


def test_the_processes_that_died_had_no_more_than_their_own_roles(house):
    assert house.tally.roles == {*Process} - {Process.AUDIT}


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("UPDATE logs SET version = version + 1", "changed: logs"),
        ("DELETE FROM baton_offers", "offers and another number"),
        ("UPDATE case_keys SET case_id = gen_random_uuid()", "no row and no note"),
        (
            r"UPDATE case_keys SET wrapped = overlay(wrapped PLACING '\x00000000' FROM 90)",
            "does not open",
        ),
        ("DELETE FROM case_keys", "a data key was lost"),
        ("UPDATE case_keys SET kek_id = key_id", "left under an older key"),
        ("DELETE FROM tenant_keys WHERE purpose = 'kek'", "generations and"),
        ("DELETE FROM controls", "control was lost"),
        ("DELETE FROM audit_checkpoints", "the signer remembers another log"),
    ],
)
def test_the_look_that_is_taken_after_the_deaths_sees_what_is_broken(
    house, postgres_server, damage, word
):
    with postgres_server.database(make_url(house.url).database) as url:
        damaged = copy(house)
        damaged.url, damaged.engine = url, create_engine(url, poolclass=NullPool)
        with damaged.engine.begin() as connection:
            # As somebody who has the whole server: no trigger and no key holds them back.
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text(damage))
        assert any(word in line for line in damaged.faults())
