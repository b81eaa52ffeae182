"""A random source that repeats is noticed before a nonce is used twice."""

from uuid import UUID

import pytest

from bti.crypto import entropy
from bti.crypto.entropy import RepeatingSourceError, random_bytes
from bti.crypto.envelope import DataKey, Place, seal

PLACE = Place(UUID(int=1), UUID(int=2), "entries", "body_ct", UUID(int=3), 1)


@pytest.fixture
def stuck(monkeypatch):
    """A machine whose random source says the same for ever (attack 81)."""
    monkeypatch.setattr(entropy.os, "urandom", lambda length: b"\x07" * length)
    monkeypatch.setattr(entropy, "_latest", {})


def test_bytes_come_in_the_length_asked_for_and_differ():
    drawn = {random_bytes(12) for _ in range(10_000)}

    assert len(drawn) == 10_000
    assert {len(one) for one in drawn} == {12}


@pytest.mark.usefixtures("stuck")
def test_a_repeating_source_seals_one_value_and_no_second():
    key = DataKey(b"i" * 16, b"k" * 32)
    first = seal(key, PLACE, b"what was seen")

    with pytest.raises(RepeatingSourceError):
        seal(key, PLACE, b"what the child said")

    assert first[18:30] == b"\x07" * 12


@pytest.mark.usefixtures("stuck")
def test_a_repeating_source_makes_one_key_and_no_second():
    DataKey.generate()

    with pytest.raises(RepeatingSourceError):
        DataKey.generate()


@pytest.mark.usefixtures("stuck")
def test_draws_of_another_length_are_watched_apart():
    random_bytes(12)
    random_bytes(32)

    with pytest.raises(RepeatingSourceError):
        random_bytes(12)


@pytest.mark.usefixtures("stuck")
def test_so_few_bytes_that_chance_repeats_them_are_given():
    assert random_bytes(1) == random_bytes(1)
