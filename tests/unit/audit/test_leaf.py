import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.audit.leaf import (
    MAX_LEAF_BYTES,
    Leaf,
    LeafError,
    RowMark,
    encode_digest,
    instant,
    row_deleted,
    row_written,
)
from tests.unit.audit.logs import TENANT, a_leaf

ID = UUID("0f3b0a52-8a8e-4d53-9a0e-3f6f3b1c7a10")
DIGEST = bytes(range(32))
OBJECT = f"case:{ID}"


def test_a_leaf_is_these_bytes():
    leaf = a_leaf(3, dc=encode_digest(DIGEST), obj=(OBJECT,), rows=(row_deleted("entries", ID),))
    assert leaf.to_bytes() == (
        b'{"act":"case:open:read","dc":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",'
        b'"dec":"allow","grd":"role:unit_lead",'
        b'"obj":["case:0f3b0a52-8a8e-4d53-9a0e-3f6f3b1c7a10"],"pur":"followup",'
        b'"rows":["entries/0f3b0a52-8a8e-4d53-9a0e-3f6f3b1c7a10/-/deleted"],"rule":"P07",'
        b'"sid":"0a1b2c3d","srv":"00000000-0000-0000-0000-000000000007",'
        b'"t":"2026-11-22T08:00:03.000000Z","ten":"6c1f6a52-8a8e-4d53-9a0e-3f6f3b1c7a10",'
        b'"v":1,"who":"00000000-0000-0000-0000-000000000003"}'
    )


@given(
    ids=st.lists(st.uuids(), max_size=4, unique=True),
    at=st.datetimes(timezones=st.just(UTC)),
    ground=st.sampled_from(["", "holder", "author", "follower", "role:dpo", "gate:bvl.6-4"]),
    who=st.one_of(st.uuids().map(str), st.just("system:worker")),
)
def test_what_is_written_is_read_back(ids: list[UUID], at: datetime, ground: str, who: str):
    leaf = a_leaf(
        t=instant(at),
        obj=tuple(f"case:{one}" for one in ids),
        rows=tuple(sorted(row_written("cases", one, version=2, digest=DIGEST) for one in ids)),
        grd=ground,
        who=who,
    )
    assert Leaf.parse(leaf.to_bytes()) == leaf


@given(st.data())
def test_no_changed_byte_reads_as_the_same_leaf(data: st.DataObject):
    leaf = a_leaf()
    raw = bytearray(leaf.to_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = Leaf.parse(bytes(raw))
    except LeafError:
        return
    assert read != leaf


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ten", ""),
        ("ten", TENANT.upper()),
        ("ten", TENANT + "\n"),
        ("t", "2026-11-22T08:00:00Z"),
        ("t", "2026-11-22T08:00:00.000000+00:00"),
        ("t", "2026-02-30T08:00:00.000000Z"),
        ("t", "2026-11-22T24:00:00.000000Z"),
        ("act", "case:read"),
        ("act", "case:Åpne:read"),
        ("act", 7),
        ("who", ""),
        ("who", "Kari Nordmann"),
        ("who", "system:"),
        ("sid", "0a1b2c3"),
        ("srv", "school"),
        ("obj", (OBJECT, OBJECT)),
        ("obj", ("case:Ola",)),
        ("obj", [OBJECT]),
        ("obj", (7,)),
        ("grd", "because"),
        ("grd", "cell:none"),
        ("grd", "role:"),
        ("pur", ""),
        ("pur", "to see how Ola is"),
        ("dec", "perhaps"),
        ("rule", "P 07"),
        ("dc", "AAAA"),
        ("dc", "A" * 42 + "B="),
        ("rows", (row_deleted("b", ID), row_deleted("a", ID))),
        ("rows", (row_deleted("a", ID),) * 2),
        ("rows", (f"a/{ID}/01/{encode_digest(DIGEST)}",)),
        ("rows", (f"a/{ID}/9007199254740993/{encode_digest(DIGEST)}",)),
        ("rows", (f"a/{ID}/1/deleted",)),
        ("rows", (f"a/{ID}/-/{encode_digest(DIGEST)}",)),
        ("who", "01018012345"),
        ("obj", ("child:01018012345",)),
    ],
)
def test_a_value_outside_its_form_is_refused_by_field_and_not_repeated(field: str, value: object):
    with pytest.raises(LeafError) as refusal:
        a_leaf(**{field: value})
    assert str(refusal.value).startswith(field)
    assert str(value) not in str(refusal.value) or not value


@pytest.mark.parametrize(
    "change",
    [
        {"extra": ""},
        {"v": 2},
        {"v": True},
        {"v": 1.0},
        {"v": "1"},
        {"obj": "case"},
        {"rows": {}},
        {"obj": [[]]},
        {"who": None},
        {"t": 1},
    ],
)
def test_other_keys_types_and_versions_are_refused(change: dict[str, object]):
    fields = json.loads(a_leaf().to_bytes()) | change
    with pytest.raises(LeafError):
        Leaf.parse(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("key", sorted(json.loads(a_leaf().to_bytes())))
def test_a_missing_key_is_refused(key: str):
    fields = json.loads(a_leaf().to_bytes())
    del fields[key]
    with pytest.raises(LeafError):
        Leaf.parse(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "respell",
    [
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b",", b", "),
        lambda raw: raw.replace(b"{", b'{"v":1,'),
        lambda raw: raw.replace(b"case", b"\\u0063ase"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: json.dumps(json.loads(raw), separators=(",", ":")).encode()[::-1],
    ],
)
def test_the_same_content_in_other_bytes_is_refused(respell):
    with pytest.raises(LeafError):
        Leaf.parse(respell(a_leaf().to_bytes()))


@pytest.mark.parametrize("encoded", [b"", b"[]", b"[" * 100_000, b"9" * 5000, b"\xff"])
def test_what_is_no_leaf_at_all_is_refused(encoded: bytes):
    with pytest.raises(LeafError):
        Leaf.parse(encoded)


def test_a_leaf_has_a_largest_size():
    ids = tuple(f"case:{UUID(int=number)}" for number in range(MAX_LEAF_BYTES // 40))
    with pytest.raises(LeafError, match="too large"):
        a_leaf(obj=ids).to_bytes()
    with pytest.raises(LeafError, match="too large"):
        Leaf.parse(b" " * (MAX_LEAF_BYTES + 1))


def test_a_row_mark_tells_what_was_written():
    written = RowMark.parse(row_written("consents", ID, version=4, digest=DIGEST))
    assert written == RowMark(table="consents", row_id=ID, version=4, digest=DIGEST)
    gone = RowMark.parse(row_deleted("consents", ID))
    assert gone == RowMark(table="consents", row_id=ID, version=None, digest=None)


@given(st.binary(min_size=32, max_size=32))
def test_every_digest_fits(digest: bytes):
    assert RowMark.parse(row_written("a", ID, version=0, digest=digest)).digest == digest
    assert base64.b64decode(a_leaf(dc=encode_digest(digest)).dc) == digest


def test_a_row_mark_of_something_else_is_refused():
    with pytest.raises(LeafError):
        row_written("Consents", ID, version=1, digest=DIGEST)
    with pytest.raises(LeafError):
        row_written("consents", ID, version=-1, digest=DIGEST)
    with pytest.raises(LeafError):
        row_written("consents", ID, version=1, digest=b"short")
    with pytest.raises(LeafError):
        row_deleted("a/b", ID)


def test_an_instant_is_written_in_utc_and_sorts_as_text():
    oslo = timezone(timedelta(hours=1))
    assert instant(datetime(2026, 11, 22, 9, 0, tzinfo=oslo)) == "2026-11-22T08:00:00.000000Z"
    assert instant(datetime(933, 1, 1, tzinfo=UTC)) == "0933-01-01T00:00:00.000000Z"
    with pytest.raises(LeafError):
        instant(datetime(2026, 11, 22, 9, 0))  # noqa: DTZ001 - a naive time is what is refused
