"""Any k of n restore a secret; fewer, strangers and damaged ones do not, and fewer learn nothing."""

import itertools
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.crypto import shares
from bti.crypto.shares import Share, ShareError, combine, split

SET = "lindvik-2026"
SECRET = bytes(range(32)) + b"stafett/root/1"


def slow_times(a: int, b: int) -> int:
    """Multiply polynomials over GF(2) and take the remainder by x**8+x**4+x**3+x+1, by the book."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(15, 7, -1):
        if product >> bit & 1:
            product ^= 0x11B << (bit - 8)
    return product


def slow_at(coefficients: tuple[int, ...], x: int) -> int:
    """Add up c + c'x + c''x**2 ... with the slow product."""
    value, power = 0, 1
    for coefficient in coefficients:
        value ^= slow_times(coefficient, power)
        power = slow_times(power, x)
    return value


def test_the_field_is_the_one_aes_uses():
    assert shares._times(0x57, 0x83) == 0xC1  # FIPS 197, 4.2
    assert shares._times(0x57, 0x13) == 0xFE  # FIPS 197, 4.2.1
    assert all(
        shares._times(a, b) == slow_times(a, b) for a, b in itertools.product(range(256), repeat=2)
    )


def test_every_number_but_nought_has_its_inverse():
    assert all(slow_times(a, shares._inverse(a)) == 1 for a in range(1, 256))


def test_shares_are_points_of_a_polynomial_whose_nought_is_the_secret(monkeypatch):
    drawn = iter([bytes((a, b)) for a, b in [(0x11, 0xA0), (0xFF, 0x00)] * 9])
    monkeypatch.setattr(shares, "random_bytes", lambda size: next(drawn)[:size])
    made = [Share.parse(text) for text in split(b"\x05\xc8", 3, 6, SET)]
    coefficients = [(0x05, 0x11, 0xA0), (0xC8, 0xFF, 0x00)]
    for share in made:
        assert tuple(share.value[:2]) == tuple(slow_at(one, share.number) for one in coefficients)


@pytest.mark.parametrize(("x", "y"), [(1, 2), (3, 200), (254, 255)])
def test_two_of_three_shares_leave_every_secret_byte_equally_possible(x, y):
    # Adding the secret only shifts both shares alike. If the random part reaches each pair exactly once,
    # then for whatever two shares say there is, for every secret, exactly one polynomial.
    reached = Counter(
        (shares._at((0, a, b), x), shares._at((0, a, b), y))
        for a, b in itertools.product(range(256), repeat=2)
    )
    assert len(reached) == 65536
    assert set(reached.values()) == {1}
    assert shares._at((0x5A, 7, 9), x) == shares._at((0, 7, 9), x) ^ 0x5A


def test_one_of_two_shares_leaves_every_secret_byte_equally_possible():
    for number in (1, 2, 255):
        told = 0x6E
        fitting = Counter(
            secret
            for secret, a in itertools.product(range(256), repeat=2)
            if slow_at((secret, a), number) == told
        )
        assert fitting == Counter(range(256))


@given(st.binary(min_size=1, max_size=70), st.data())
def test_any_k_of_n_restore_the_secret_in_any_order(secret, data):
    k = data.draw(st.integers(2, 6))
    n = data.draw(st.integers(k, 8))
    made = split(secret, k, n, SET)
    chosen = data.draw(st.permutations(made))
    assert combine(chosen[: data.draw(st.integers(k, n))]) == secret


@given(st.binary(min_size=1, max_size=20), st.data())
def test_fewer_than_k_are_refused_whatever_they_claim(secret, data):
    made = split(secret, 4, 6, SET)
    few = data.draw(st.permutations(made))[: data.draw(st.integers(0, 3))]
    with pytest.raises(ShareError, match=r"Too few|No share"):
        combine(few)
    lowered = [Share.parse(text) for text in few if len(few) > 1]
    claimed = [Share(one.set_id, one.number, len(few), one.value).encode() for one in lowered]
    with pytest.raises(ShareError):
        combine(claimed)


@given(st.data())
def test_one_wrong_character_is_told_as_damage_of_that_share(data):
    made = split(SECRET, 3, 5, SET)
    place = data.draw(st.integers(0, len(made[1]) - 1))
    wrong = data.draw(st.characters(codec="ascii", exclude_categories=["Cc"]).map(str.lower))
    spoilt = made[1][:place] + wrong + made[1][place + 1 :]
    if "".join(spoilt.lower().split()) == made[1].lower():
        return
    with pytest.raises(ShareError, match=r"damaged|not a share"):
        combine([made[0], spoilt, made[2]])


def test_shares_of_two_sets_are_refused_also_when_the_sets_have_one_id():
    mine, other, namesake = (
        split(SECRET, 3, 5, SET),
        split(SECRET, 3, 5, "moss-2026"),
        split(SECRET, 3, 5, SET),
    )
    with pytest.raises(ShareError, match="different sets"):
        combine([mine[0], mine[1], other[2]])
    with pytest.raises(ShareError, match="do not belong together"):
        combine([mine[0], mine[1], namesake[2]])


def test_a_forged_share_with_a_right_checksum_is_refused_as_needed_one_and_as_spare():
    made = split(SECRET, 3, 5, SET)
    genuine = Share.parse(made[2])
    forged = Share(SET, 3, 3, bytes([genuine.value[0] ^ 1]) + genuine.value[1:]).encode()
    for given_ in ([made[0], made[1], forged], [*made[:2], made[3], forged]):
        with pytest.raises(ShareError, match="one of them is wrong"):
            combine(given_)


def test_a_share_given_twice_does_not_count_twice():
    made = split(SECRET, 3, 5, SET)
    with pytest.raises(ShareError, match="twice"):
        combine([made[0], made[1], made[1]])


def test_a_share_typed_from_paper_is_read_with_other_case_and_spaces():
    made = split(SECRET, 2, 3, SET)
    typed = made[0].lower()
    spaced = "  " + " ".join(typed[at : at + 4] for at in range(0, len(typed), 4)) + "\n"
    assert combine([spaced, made[2].upper()]) == SECRET


def test_the_form_is_the_documented_one_and_shows_nothing_in_a_log():
    text = split(SECRET, 3, 5, SET)[1]
    name, set_id, number, needed, body, check = text.split("|")
    assert (name, set_id, number, needed) == ("stafett-share-v1", SET, "2", "3")
    assert len(body) == 100  # base32 of 46 bytes and the check of 16, without padding
    assert len(check) == 8
    assert repr(Share.parse(text)) == "Share(set_id='lindvik-2026', number=2, needed=3)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|||||",
        "stafett-share-v2|a|1|2|AAAA|00000000",
        "stafett-share-v1|a|1|2|AAAA",
        "stafett-share-v1|a|1|2|ÆØÅ|00000000",
    ],
    ids=["empty", "bars", "version", "cut", "letters"],
)
def test_what_is_no_share_is_said_to_be_none(text):
    with pytest.raises(ShareError):
        Share.parse(text)


def test_letters_outside_base32_are_damage_also_under_a_right_checksum():
    line = f"stafett-share-v1|{SET}|1|2|ÆÆÆÆÆÆÆÆ"
    with pytest.raises(ShareError, match="damaged"):
        Share.parse(f"{line}|{zlib.crc32(line.encode()):08x}")


@pytest.mark.parametrize(
    ("number", "needed", "size"), [(256, 3, 20), (1, 1, 20), (1, 256, 20), (1, 3, 16), (1, 3, 1041)]
)
def test_a_share_outside_its_limits_is_refused_though_its_checksum_is_right(number, needed, size):
    with pytest.raises(ShareError):
        Share.parse(Share(SET, number, needed, bytes(size)).encode())


@pytest.mark.parametrize(
    ("secret", "k", "n", "set_id"),
    [
        (b"", 2, 3, SET),
        (bytes(1025), 2, 3, SET),
        (b"x", 1, 3, SET),
        (b"x", 4, 3, SET),
        (b"x", 2, 256, SET),
        (b"x", 2, 3, "Lindvik"),
        (b"x", 2, 3, "a|b"),
        (b"x", 2, 3, "-a"),
        (b"x", 2, 3, ""),
    ],
    ids=["empty", "long", "alone", "too-many", "numbers", "capital", "bar", "hyphen", "nameless"],
)
def test_what_cannot_be_split_is_refused_at_once(secret, k, n, set_id):
    with pytest.raises(ValueError, match=r"secret|needed|id of a set"):
        split(secret, k, n, set_id)
