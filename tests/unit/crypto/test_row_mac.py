import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.crypto.envelope import DataKey
from bti.crypto.pae import pae
from bti.crypto.row_mac import check_row_mac, row_digest, row_mac

ROW = uuid4()
COLUMNS = {"account": b"a" * 16, "role": b"staff", "revoked": None, "note": b""}
column_sets = st.dictionaries(st.text(max_size=4), st.none() | st.binary(max_size=4), max_size=4)


def code(
    key: DataKey,
    table: str = "participant",
    row: UUID = ROW,
    version: int = 1,
    columns: Mapping[str, bytes | None] = COLUMNS,
):
    return row_mac(key, table, row, version, columns)


def test_a_row_as_it_was_written_passes(key: DataKey):
    assert check_row_mac(key, "participant", ROW, 1, COLUMNS, code(key))
    assert len(code(key)) == 32


@pytest.mark.parametrize(
    "otherwise",
    [
        {"table": "consent"},
        {"row": uuid4()},
        {"version": 2},
        {"columns": COLUMNS | {"role": b"dpo"}},
        {"columns": COLUMNS | {"revoked": b""}},
        {"columns": COLUMNS | {"note": None}},
        {"columns": COLUMNS | {"extra": None}},
        {"columns": {name: value for name, value in COLUMNS.items() if value is not None}},
        {"columns": COLUMNS | {"account": b"staff", "role": b"a" * 16}},
    ],
    ids="-".join,  # never the values: they differ from run to run
)
def test_a_row_edited_behind_the_program_s_back_fails(key: DataKey, otherwise: dict[str, Any]):
    mac = code(key, **otherwise)
    assert mac != code(key)
    assert not check_row_mac(key, "participant", ROW, 1, COLUMNS, mac)


def test_another_key_and_a_cut_code_fail(key: DataKey):
    assert not check_row_mac(DataKey.generate(), "participant", ROW, 1, COLUMNS, code(key))
    for cut in (b"", code(key)[:31], code(key) + b"\0"):
        assert not check_row_mac(key, "participant", ROW, 1, COLUMNS, cut)


def test_the_order_of_the_columns_does_not_matter(key: DataKey):
    backwards = dict(reversed(COLUMNS.items()))
    assert code(key, columns=backwards) == code(key)
    assert row_digest("entry", ROW, 1, backwards) == row_digest("entry", ROW, 1, COLUMNS)


@given(column_sets, column_sets)
def test_rows_have_the_same_digest_only_when_they_are_the_same(
    one: dict[str, bytes | None], other: dict[str, bytes | None]
):
    digests = row_digest("entry", ROW, 1, one), row_digest("entry", ROW, 1, other)
    assert (digests[0] == digests[1]) == (one == other)


def test_codes_follow_the_written_format(key: DataKey):
    parts = [
        b"participant",
        ROW.bytes,
        bytes([1] + [0] * 7),
        b"a",
        b"\x00",
        b"b",
        b"\x01",
        b"c",
        b"\x01x",
    ]
    columns = {"c": b"x", "b": b"", "a": None}
    sub_key = hmac.digest(bytes(range(32)), b"stafett/row-mac/v1\x00participant\x01", "sha256")
    assert code(key, columns=columns) == hmac.digest(
        sub_key, pae(b"stafett/row-mac/v1", *parts), "sha256"
    )
    digest = hashlib.sha256(pae(b"stafett/row-digest/v1", *parts)).digest()
    assert row_digest("participant", ROW, 1, columns) == digest
