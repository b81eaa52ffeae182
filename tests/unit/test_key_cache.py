"""Opened keys stay in memory while they are in use, few at a time, and no longer."""

import threading

import pytest

from bti.crypto.envelope import DataKey
from bti.keyd.key_cache import KeyCache


class Tick:
    """A clock in seconds that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tick():
    return Tick()


@pytest.fixture
def cache(tick):
    return KeyCache(idle_seconds=900, most=3, tick=tick)


def test_a_key_is_kept_as_long_as_it_is_asked_for(cache, tick):
    key = DataKey.generate()
    cache.put(key)
    for _ in range(5):
        tick.now += 899
        assert cache.get(key.key_id) is key


def test_a_key_that_was_idle_too_long_is_not_given_out_any_more(cache, tick):
    key = DataKey.generate()
    cache.put(key)
    tick.now += 900
    assert cache.get(key.key_id) is None
    cache.put(key)
    tick.now += 900
    cache.put(DataKey.generate())
    assert repr(cache) == "<KeyCache of 1>"


def test_without_other_words_it_keeps_64_keys_for_a_quarter_of_an_hour(tick):
    cache = KeyCache(tick=tick)
    for _ in range(65):
        cache.put(DataKey.generate())
    assert cache.sweep() == 64
    tick.now += 15 * 60 - 1
    assert cache.sweep() == 64
    tick.now += 1
    assert cache.sweep() == 0


def test_a_key_that_is_kept_again_is_the_last_to_make_room(cache):
    first, second, third, fourth = (DataKey.generate() for _ in range(4))
    for key in (first, second, third, first, fourth):
        cache.put(key)
    assert cache.get(first.key_id) is first
    assert cache.get(second.key_id) is None


def test_a_key_that_nobody_asked_for_is_forgotten(cache, tick):
    used, idle = DataKey.generate(), DataKey.generate()
    cache.put(idle)
    cache.put(used)
    tick.now += 600
    cache.get(used.key_id)
    tick.now += 300
    assert cache.sweep() == 1
    assert cache.get(idle.key_id) is None
    assert cache.get(used.key_id) is used


def test_one_too_many_drives_out_the_one_longest_unused(cache):
    first, second, third, fourth = (DataKey.generate() for _ in range(4))
    for key in (first, second, third):
        cache.put(key)
    cache.get(first.key_id)
    cache.put(fourth)
    kept = [cache.get(key.key_id) is not None for key in (first, second, third, fourth)]
    assert kept == [True, False, True, True]


def test_a_destroyed_key_and_a_closed_cache_give_nothing(cache):
    key, other = DataKey.generate(), DataKey.generate()
    cache.put(key)
    cache.put(other)
    cache.forget(key.key_id)
    assert cache.get(key.key_id) is None
    cache.clear()
    assert cache.sweep() == 0


def test_many_threads_do_not_upset_it():
    cache = KeyCache(most=8)
    ring = [DataKey.generate() for _ in range(32)]
    wrong = []

    def work():
        for key in ring * 20:
            cache.put(key)
            found = cache.get(key.key_id)
            if found is not None and found is not key:
                wrong.append(key)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.sweep() <= 8


def test_it_shows_no_key(cache):
    cache.put(DataKey.generate())
    assert repr(cache) == "<KeyCache of 1>"
