from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bti.crypto.errors import SealError
from bti.crypto.padding import is_padded_length, pad, padded_length, padding_after, padme, unpad
from bti.crypto.pae import le64, pae

byte_lists = st.lists(st.binary(max_size=12), max_size=5)


def decode(encoded: bytes) -> list[bytes]:
    """Read what pae wrote: if every list can be read back, no two lists look alike."""
    count, rest = int.from_bytes(encoded[:8], "little"), encoded[8:]
    parts = []
    for _ in range(count):
        length = int.from_bytes(rest[:8], "little")
        parts.append(rest[8 : 8 + length])
        rest = rest[8 + length :]
    assert rest == b""
    return parts


@given(byte_lists)
@example([])
@example([b""])
@example([b"a", b"b"])
@example([b"ab"])
def test_every_list_of_parts_can_be_read_back_from_its_encoding(parts: list[bytes]):
    assert decode(pae(*parts)) == parts


@given(byte_lists, byte_lists)
def test_two_lists_have_the_same_encoding_only_when_they_are_the_same(
    one: list[bytes], other: list[bytes]
):
    assert (pae(*one) == pae(*other)) == (one == other)


def test_the_encoding_is_the_published_one():
    # Examples of the PASETO specification, "PAE definition".
    assert pae() == bytes(8)
    assert pae(b"") == bytes.fromhex("01" + "00" * 15)
    assert pae(b"test") == bytes.fromhex("01000000000000000400000000000000") + b"test"


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_that_does_not_fit_is_refused(number: int):
    with pytest.raises(ValueError, match="64 bits"):
        le64(number)


@pytest.mark.parametrize("number", [0, 1, 2**63, 2**64 - 1])
def test_a_number_that_fits_is_eight_bytes_least_significant_first(number: int):
    assert le64(number) == bytes(number >> 8 * place & 0xFF for place in range(8))


def test_padme_gives_the_lengths_of_its_paper():
    assert [padme(n) for n in (0, 1, 2, 9, 33, 64, 65, 129, 1000, 1025)] == [
        0, 1, 2, 10, 36, 64, 72, 144, 1024, 1088,
    ]  # fmt: skip


def test_padme_never_shrinks_and_never_goes_backwards():
    lengths = [padme(n) for n in range(5000)]
    assert all(padded >= n for n, padded in enumerate(lengths))
    assert all(one <= next_one for one, next_one in pairwise(lengths))


@given(st.integers(1, 2**40))
def test_padme_costs_at_most_an_eighth_and_is_a_fixed_point(n: int):
    assert padme(n) - n <= n / 8
    assert padme(padme(n)) == padme(n)


def test_a_negative_length_is_refused():
    with pytest.raises(ValueError, match="negative"):
        padme(-1)


@given(st.binary(max_size=600), st.sampled_from([64, 256, 1024]))
@example(b"", 64)
@example(b"\x80", 64)
@example(b"\x00" * 63, 64)
@example(b"\x80\x00\x00", 64)
def test_padding_comes_off_as_it_went_on(value: bytes, minimum: int):
    padded = pad(value, minimum)
    assert unpad(padded) == value
    assert len(padded) == max(minimum, padme(len(value) + 1))
    assert is_padded_length(len(padded))


@given(st.integers(-1, 1 << 24))
@example(63)
@example(64)
@example(65)
@example(1 << 16)
@example(70_000)
def test_a_padded_length_is_one_that_padding_makes_of_some_value(n: int):
    made = n > 0 and padded_length(n - 1, 64) == n
    assert is_padded_length(n) is made


def test_short_values_cannot_be_told_apart_by_length():
    assert {len(pad(b"x" * n)) for n in range(64)} == {64}


@pytest.mark.parametrize("minimum", [0, 63, 65, 255])
def test_a_least_length_that_is_too_small_or_no_padme_length_is_refused(minimum: int):
    with pytest.raises(ValueError, match="Padmé"):
        pad(b"value", minimum)


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        b"\x80",
        bytes(64),
        b"x" * 64,
        b"x\x80".ljust(65, b"\0"),
        b"x\x80".ljust(63, b"\0"),
        b"x\x80X".ljust(64, b"\0"),
    ],
)
def test_bytes_that_padding_never_gives_are_refused(padded: bytes):
    with pytest.raises(SealError):
        unpad(padded)


@given(st.integers(0, 200_000), st.sampled_from([64, 16 * 1024]))
def test_padding_that_comes_after_is_the_padding_there_would_have_been(length: int, minimum: int):
    value = bytes(length)
    assert value + b"".join(padding_after(length, minimum)) == pad(value, minimum)
    assert len(pad(value, minimum)) == padded_length(length, minimum)


def test_padding_that_comes_after_is_never_held_whole():
    assert [len(piece) for piece in padding_after(2**30 + 1, 64)][:3] == [1, 64 * 1024, 64 * 1024]


def test_files_up_to_twenty_mebibytes_have_few_lengths_and_waste_little():
    most, lengths, at = 20 << 20, set(), 1
    while at <= most:
        lengths.add(padded_length(at, 16 * 1024))
        assert padded_length(at, 16 * 1024) <= max(16 * 1024, at * 1.07)
        at += 997
    assert len(lengths) <= 330
