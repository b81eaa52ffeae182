import hmac
from dataclasses import FrozenInstanceError, replace
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given
from hypothesis import strategies as st

from bti.crypto.envelope import TENANT_WIDE, DataKey, Place, key_id_of, open_sealed, seal
from bti.crypto.errors import Locked, SealError

SECRET = b"Ola Nordmann, 4B"
OTHERWISE = {
    "tenant": uuid4(),
    "case": TENANT_WIDE,
    "table": "concern",
    "column": "title",
    "row_id": uuid4(),
    "row_version": 8,
}


def sealed_by_the_written_format(
    key_id: bytes, key: bytes, place: Place, value: bytes, nonce: bytes
):
    """Field format v1 put together by hand, sharing nothing with the product but the hash and the cipher."""
    header = b"\x01\x01" + key_id
    info = b"stafett/field/v1\x00" + place.table.encode() + b"\x00" + place.column.encode()
    sub_key = hmac.digest(key, info + b"\x01", "sha256")
    parts = [header, place.tenant.bytes, place.case.bytes, place.table.encode()]
    parts += [place.column.encode(), place.row_id.bytes, place.row_version.to_bytes(8, "little")]
    associated = len(parts).to_bytes(8, "little")
    associated += b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    encryptor = Cipher(algorithms.AES(sub_key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    body = encryptor.update(value + b"\x80" + bytes(63 - len(value))) + encryptor.finalize()
    return header + nonce + body + encryptor.tag


def test_a_value_sealed_by_the_written_format_opens(key: DataKey, place: Place):
    blob = sealed_by_the_written_format(key.key_id, bytes(range(32)), place, SECRET, b"n" * 12)
    assert open_sealed(key, place, blob) == SECRET


def test_a_value_sealed_by_the_first_release_still_opens(key: DataKey, place: Place):
    blob = bytes.fromhex(
        "0101000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaabc99052d501f8f2"
        "f9884bcc81a32792b478a2e620d6122c0a844c2b1ba22b2db959d794bfae7084740df1170f"
        "20e80392d2c0d059b178aedcf722cf2f60c9e468ddb6cafe522e032c6d6d9b849f1de985"
    )
    assert open_sealed(key, place, blob) == SECRET


@given(value=st.binary(max_size=700), minimum=st.sampled_from([64, 256]))
@example(value=bytes(1100), minimum=64)
def test_a_sealed_value_opens_where_it_belongs(
    key: DataKey, place: Place, value: bytes, minimum: int
):
    blob = seal(key, place, value, minimum)
    assert open_sealed(key, place, blob) == value
    assert key_id_of(blob) == key.key_id
    assert len(blob) >= minimum + 46


@given(
    st.lists(st.tuples(*[st.sampled_from([TENANT_WIDE, UUID(int=1), UUID(int=2)])] * 3), max_size=8)
)
def test_no_place_is_bound_to_what_the_same_key_sealed_before(
    key: DataKey, place: Place, others: list[tuple[UUID, UUID, UUID]]
):
    for tenant, case, row_id in others:
        here = replace(place, tenant=tenant, case=case, row_id=row_id)
        blob = sealed_by_the_written_format(key.key_id, bytes(range(32)), here, SECRET, b"n" * 12)
        assert open_sealed(key, here, blob) == SECRET
        fresh = DataKey(key.key_id, bytes(range(32)))
        assert open_sealed(fresh, here, seal(key, here, SECRET)) == SECRET


def test_a_short_value_takes_110_bytes_and_shows_none_of_its_own(key: DataKey, place: Place):
    blob = seal(key, place, SECRET)
    assert len(blob) == 110
    assert len(seal(key, place, b"")) == 110
    assert SECRET not in blob


def test_every_single_flipped_bit_is_refused(key: DataKey, place: Place):
    blob = seal(key, place, SECRET)
    for position in range(len(blob)):
        for bit in range(8):
            flipped = bytearray(blob)
            flipped[position] ^= 1 << bit
            with pytest.raises(SealError):
                open_sealed(key, place, bytes(flipped))


def test_every_cut_and_every_addition_is_refused(key: DataKey, place: Place):
    blob = seal(key, place, b"x" * 200)
    for length in range(len(blob)):
        with pytest.raises(SealError):
            open_sealed(key, place, blob[:length])
    for addition in (b"\0", b"\0" * 16, blob):
        with pytest.raises(SealError):
            open_sealed(key, place, blob + addition)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_with_the_one_error(key: DataKey, place: Place, blob: bytes):
    for attempt in (blob, key.header + blob):
        with pytest.raises(SealError):
            open_sealed(key, place, attempt)


@pytest.mark.parametrize("part", OTHERWISE)
def test_a_value_moved_to_another_place_is_refused(key: DataKey, place: Place, part: str):
    assert set(OTHERWISE) == set(Place.__slots__), "a new part of a place needs its own case here"
    blob = seal(key, place, SECRET)
    with pytest.raises(SealError):
        open_sealed(key, replace(place, **{part: OTHERWISE[part]}), blob)


def test_a_place_never_becomes_another(place: Place):
    with pytest.raises(FrozenInstanceError):
        place.table = "concern"


def test_parts_that_trade_places_are_refused(key: DataKey, place: Place):
    swapped = replace(place, tenant=place.case, case=place.tenant)
    renamed = replace(place, table="entryb", column="ody")
    blob = seal(key, place, SECRET)
    for elsewhere in (swapped, renamed):
        with pytest.raises(SealError):
            open_sealed(key, elsewhere, blob)


def test_another_key_is_refused_even_when_it_bears_the_same_id(key: DataKey, place: Place):
    blob = seal(key, place, SECRET)
    for other in (DataKey.generate(), DataKey(key.key_id, b"\xff" * 32)):
        with pytest.raises(SealError):
            open_sealed(other, place, blob)


@pytest.mark.parametrize("prefix", ["0001", "0201", "0100", "0102", "0103", "ff01"])
def test_other_versions_and_algorithms_are_refused(key: DataKey, place: Place, prefix: str):
    blob = bytes.fromhex(prefix) + seal(key, place, SECRET)[2:]
    with pytest.raises(SealError):
        open_sealed(key, place, blob)
    with pytest.raises(SealError):
        key_id_of(blob)


@pytest.mark.parametrize("length", [0, 1, 18, 46, 109, 111])
def test_the_key_id_of_something_of_the_wrong_length_is_refused(key: DataKey, length: int):
    with pytest.raises(SealError):
        key_id_of((key.header + bytes(200))[:length])


def test_refusals_do_not_say_why(key: DataKey, place: Place):
    blob = seal(key, place, SECRET)
    texts = set()
    for elsewhere, attempt in (
        (replace(place, row_version=8), blob),
        (place, b""),
        (place, bytes((*blob[:-1], blob[-1] ^ 1))),
    ):
        with pytest.raises(SealError) as refused:
            open_sealed(key, elsewhere, attempt)
        texts.add(str(refused.value))
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert len(texts) == 1


def test_no_nonce_and_no_blob_comes_twice_in_a_hundred_thousand(key: DataKey, place: Place):
    nonces = {seal(key, place, b"same")[18:30] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_a_value_of_the_whole_municipality_does_not_open_in_a_case(key: DataKey, place: Place):
    assert UUID("00000000-0000-0000-0000-000000000000") == TENANT_WIDE
    blob = seal(key, replace(place, case=TENANT_WIDE), SECRET)
    assert open_sealed(key, replace(place, case=TENANT_WIDE), blob) == SECRET
    with pytest.raises(SealError):
        open_sealed(key, place, blob)


@pytest.mark.parametrize("row_version", [-1, 2**64])
def test_a_row_version_the_format_cannot_carry_is_refused(place: Place, row_version: int):
    with pytest.raises(ValueError, match="64 bits"):
        replace(place, row_version=row_version)


def test_a_table_name_that_could_be_read_in_two_ways_is_refused(key: DataKey, place: Place):
    with pytest.raises(ValueError, match="zero character"):
        seal(key, replace(place, table="entry\0body"), SECRET)


def test_locked_names_the_kind_of_content():
    assert str(Locked("core")) == "No key for core has been opened."
    assert Locked("core").what == "core"
