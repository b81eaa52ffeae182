"""Writers, sequencer and signer die at any step; `python -m benchmarks.crash` does it 200 times."""

from __future__ import annotations

import pytest

from benchmarks.crash import APART, SEQUENCER, TOGETHER, take_toll
from tests.sequenced import build_sequenced


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
