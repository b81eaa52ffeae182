"""Facts come out of the wire as they went in, and nothing else comes out."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import Role
from bti.domain.relations import ObjectFacts, Subject
from bti.keyd.codec import CodecError, decode, encode

facts = st.from_type(ObjectFacts)
subjects = st.from_type(Subject)


@given(subjects)
def test_a_subject_is_the_same_on_the_other_side(subject):
    assert decode(Subject, encode(subject)) == subject


@given(subjects, st.sampled_from(["role", "tenant_id", "strength"]))
def test_a_field_that_is_missing_or_of_another_kind_is_refused(subject, name):
    wired = encode(subject)
    for spoilt in ({**wired, name: 7}, {k: v for k, v in wired.items() if k != name}):
        with pytest.raises(CodecError):
            decode(Subject, spoilt)
    with pytest.raises(CodecError):
        decode(Subject, {**wired, "more": 1})


@given(facts)
def test_facts_are_the_same_on_the_other_side(found):
    assert decode(ObjectFacts, encode(found)) == found
    assert decode(ObjectFacts, encode(replace(found, places=()))).places == ()


@dataclass(frozen=True)
class Part:
    number: int
    word: str


@dataclass(frozen=True)
class Whole:
    id: UUID
    at: datetime
    on: date
    yes: bool
    role: Role
    parts: tuple[Part, ...]
    several: frozenset[str]
    ids: frozenset[UUID]
    maybe: Part | None


WHOLE = Whole(
    UUID(int=7),
    datetime(2026, 11, 30, 12, 1, tzinfo=UTC),
    date(2026, 11, 30),
    yes=True,
    role=Role.STAFF,
    parts=(Part(1, "a"), Part(-2, "")),
    several=frozenset("cab"),
    ids=frozenset(UUID(int=one) for one in (2, 1)),
    maybe=None,
)
WIRED = {
    "id": UUID(int=7).hex,
    "at": "2026-11-30T12:01:00+00:00",
    "on": "2026-11-30",
    "yes": True,
    "role": "staff",
    "parts": [{"number": 1, "word": "a"}, {"number": -2, "word": ""}],
    "several": ["a", "b", "c"],
    "ids": [UUID(int=1).hex, UUID(int=2).hex],
    "maybe": None,
}
#: What is not exactly a value of its field.
NOT_ONE = [
    *({"id": one} for one in ("x", 7, None, [WIRED["id"]])),
    *({"at": one} for one in ("yesterday", 7, None)),
    *({"on": one} for one in ("2026-13-01", 20261130, None)),
    *({"yes": one} for one in (1, "true", None)),
    *({"role": one} for one in ("child", 1, None)),
    *({"parts": one} for one in ({}, "a", None, [None], [[]], [{"number": 1}])),
    *({"parts": [{"number": one, "word": "a"}]} for one in (True, 1.0, "1", None)),
    *({"parts": [{"number": 1, "word": one}]} for one in (1, None, ["a"])),
    *({"several": one} for one in ("cab", {}, None, [1])),
    *({"ids": one} for one in (["x"], [7])),
    *({"maybe": one} for one in ([], "a", {}, {"number": 1, "word": 2})),
]


def test_every_kind_of_field_has_one_form_on_the_wire():
    assert encode(WHOLE) == WIRED
    assert decode(Whole, WIRED) == WHOLE
    some = replace(WHOLE, maybe=Part(3, "b"), parts=(), several=frozenset())
    assert encode(some)["maybe"] == {"number": 3, "word": "b"}
    assert decode(Whole, encode(some)) == some
    assert encode([1, None]) == [1, None]
    assert decode(Whole, WIRED).role is Role.STAFF


@pytest.mark.parametrize("spoilt", NOT_ONE, ids=str)
def test_what_is_not_exactly_one_is_refused(spoilt):
    with pytest.raises(CodecError):
        decode(Whole, WIRED | spoilt)


@pytest.mark.parametrize("given", [None, [], "x", {}, WIRED | {"more": 1}], ids=str)
def test_a_whole_has_its_fields_and_no_other(given):
    with pytest.raises(CodecError):
        decode(Whole, given)


def test_what_has_no_form_is_neither_sent_nor_read():
    for value in (1.5, {"a": 1}, b"x", {1, 2}):
        with pytest.raises(CodecError):
            encode(value)
    for kind in (bytes, float):
        with pytest.raises(CodecError):
            decode(kind, "x")
