import copy
import dataclasses
import pickle

import pytest

from bti.crypto.envelope import DataKey


def test_new_keys_differ_in_id_and_bytes():
    one, other = DataKey.generate(), DataKey.generate()
    assert one.key_id != other.key_id
    assert one.secret_for_wrapping() != other.secret_for_wrapping()
    assert len(one.key_id) == 16
    assert len(one.secret_for_wrapping()) == 32


def test_a_key_shows_one_byte_of_its_id_and_nothing_else(key: DataKey):
    assert repr(key) == str(key) == f"{key}" == "<DataKey 00..>"
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_key_is_never_pickled(key: DataKey, protocol: int):
    with pytest.raises(TypeError, match="never copied"):
        pickle.dumps({"key": key}, protocol)


def test_a_key_is_never_copied(key: DataKey):
    @dataclasses.dataclass
    class Holder:
        key: DataKey

    for attempt in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never copied"):
            attempt(key)
    with pytest.raises(TypeError, match="never copied"):
        dataclasses.asdict(Holder(key))
    with pytest.raises(TypeError, match="never copied"):
        key.__getstate__()
    with pytest.raises(TypeError, match="never copied"):
        key.__reduce__()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_columns_sub_key_is_neither_shown_nor_pickled_nor_copied(key: DataKey, protocol: int):
    cipher = key.field_cipher("entry", "body")
    assert repr(cipher) == "<FieldCipher>"
    for attempt in (lambda one: pickle.dumps(one, protocol), copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never copied"):
            attempt(cipher)


def test_a_key_is_equal_to_itself_only(key: DataKey):
    twin = DataKey(key.key_id, key.secret_for_wrapping())
    assert key == key  # noqa: PLR0124 - equality with itself is what is tested
    assert key != twin
    assert len({key, twin}) == 2


@pytest.mark.parametrize(
    ("id_bytes", "key_bytes"), [(15, 32), (17, 32), (16, 31), (16, 33), (0, 0)]
)
def test_a_key_of_another_size_is_refused_without_showing_it(id_bytes: int, key_bytes: int):
    with pytest.raises(ValueError, match="32 bytes") as refused:
        DataKey(b"i" * id_bytes, b"k" * key_bytes)
    assert "kkk" not in str(refused.value)


def test_sub_keys_differ_by_label_and_by_every_part(key: DataKey):
    names = [("a", "b"), ("a", "b", "c"), ("a", "bc"), ("ab", "c"), ("a", "c", "b"), ("a", "ø")]
    assert len({key.derive(*name) for name in names}) == len(names)


def test_the_cipher_of_a_column_is_derived_once_and_serves_no_other(key: DataKey):
    assert key.field_cipher("entry", "body") is key.field_cipher("entry", "body")
    places = [("entry", "body"), ("entry", "title"), ("concern", "body")]
    assert len({id(key.field_cipher(*place)) for place in places}) == 3


@pytest.mark.parametrize("name", [("label", "a\0b"), ("label", ""), ("", "a"), ("la\0bel", "a")])
def test_a_sub_key_name_that_could_be_read_in_two_ways_is_refused(
    key: DataKey, name: tuple[str, ...]
):
    with pytest.raises(ValueError, match="zero character"):
        key.derive(*name)
