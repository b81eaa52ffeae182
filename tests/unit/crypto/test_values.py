import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.crypto.values import (
    JsonInput,
    json_from_bytes,
    json_to_bytes,
    text_from_bytes,
    text_to_bytes,
)

texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t"), max_size=20
)
normal_texts = texts.map(lambda text: unicodedata.normalize("NFC", text))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | normal_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(normal_texts, inner, max_size=3),
    max_leaves=8,
)
FORBIDDEN = [
    chr(number)
    for number in (*range(9), 11, 12, 13, *range(14, 32), *range(127, 160), 0xD800, 0xDFFF)
]


class Level(IntEnum):
    SEVERAL = 2


class Status(StrEnum):
    OPEN = "open"


@given(texts)
def test_text_comes_back_in_composed_form(text: str):
    assert text_from_bytes(text_to_bytes(text)) == unicodedata.normalize("NFC", text)


def test_text_typed_on_different_machines_becomes_the_same_bytes():
    assert text_to_bytes("Bjørn A\u030age") == text_to_bytes("Bjørn Åge")
    assert text_from_bytes(text_to_bytes("Čáhcesuolu 👩‍👧\n\tto")) == "Čáhcesuolu 👩‍👧\n\tto"
    assert text_to_bytes("") == b""


@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
def test_control_characters_are_refused_without_repeating_the_text(character: str):
    for attempt in (text_to_bytes, json_to_bytes, lambda text: json_to_bytes({text: 1})):
        with pytest.raises(ValueError, match="control characters") as refused:
            attempt(f"Kari{character}")
        assert "Kari" not in repr(refused.value)


def test_bytes_that_are_no_text_are_refused_without_repeating_them():
    with pytest.raises(ValueError, match="not text") as refused:
        text_from_bytes(b"Kari\xff")
    assert type(refused.value) is ValueError
    assert refused.value.__suppress_context__


@given(json_values)
def test_json_comes_back_exactly(value: JsonInput):
    encoded = json_to_bytes(value)
    assert json_from_bytes(encoded) == value
    assert json_to_bytes(json_from_bytes(encoded)) == encoded


def test_json_has_sorted_keys_no_spaces_and_plain_letters():
    assert json_to_bytes({"å": [1, True, None], "a": {"c": 1.5, "b": "ŋ"}}) == (
        '{"a":{"b":"ŋ","c":1.5},"å":[1,true,null]}'.encode()
    )


def test_dates_ids_and_codes_become_strings_and_numbers():
    value = {
        "day": date(2026, 11, 22),
        "at": datetime(2026, 11, 22, 1, 45, tzinfo=UTC),
        "here": datetime(2026, 7, 1, 8, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
        "id": UUID("33333333-3333-4333-8333-333333333333"),
        "level": Level.SEVERAL,
        "status": Status.OPEN,
        "pair": (1, 2),
    }
    plain = {
        "day": "2026-11-22",
        "at": "2026-11-22T01:45:00+00:00",
        "here": "2026-07-01T08:00:00.000005+02:00",
        "id": "33333333-3333-4333-8333-333333333333",
        "level": 2,
        "status": "open",
        "pair": [1, 2],
    }
    assert json_from_bytes(json_to_bytes(value)) == plain
    assert json.loads(json_to_bytes(value)) == plain
    assert date.fromisoformat(plain["day"]) == value["day"]
    assert datetime.fromisoformat(plain["here"]) == value["here"]


def nested(levels: int):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        datetime(2026, 11, 22, 1, 45),  # noqa: DTZ001 - a time without offset is what is refused
        {1: "one"},
        {None: "none"},
        {"å": 1, "a\u030a": 2},
        b"bytes",
        {1, 2},
        object(),
        {"deep": [{"deeper": b"bytes"}]},
        nested(33),
        nested(5000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_carry_exactly_is_refused(value: object):
    with pytest.raises(ValueError, match=r"JSON|offset"):
        json_to_bytes(value)


def test_32_levels_are_allowed():
    assert json_from_bytes(json_to_bytes(nested(32))) == nested(32)


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b'{"a":1} x', b"[" * 100_000],
    ids=lambda v: ascii(v[:8]),
)
def test_bytes_that_are_no_json_are_refused_without_repeating_them(value: bytes):
    with pytest.raises(ValueError, match="not JSON") as refused:
        json_from_bytes(value)
    assert type(refused.value) is ValueError
    assert refused.value.__suppress_context__
