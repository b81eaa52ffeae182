"""Nothing but a message of the protocol gets past the parser, and it says nothing of why."""

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bti.db.models
from bti.db.base import AuthorityRow, Base
from bti.keyd import wire
from bti.keyd.broker import RanOut
from bti.keyd.grants import RULES
from bti.keyd.peers import ALLOWED
from bti.keyd.requests import REQUESTS
from bti.keyd.unsealing import SHARES
from bti.keyd.wire import MOST_BYTES, VERBS, BadMessage, Request, parse_request

MODELS = bti.db.models
CASE = uuid.UUID(int=7)
GOOD = {
    "v": 1,
    "verb": "may_see",
    "who": {"kind": "session", "proof": "A" * 43 + "="},
    "args": {"case": CASE.hex, "action": "read_case"},
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def encoded(**changes) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_message_of_the_protocol_is_read():
    read = parse_request(encoded())
    assert read == Request("may_see", b"\0" * 32, {"case": CASE, "action": "read_case"})


@pytest.mark.parametrize("credential", [b"p" * 32, RanOut(b"q" * 32), "operator", None])
def test_what_is_sent_is_what_is_read(credential):
    sent = wire.request("settle", credential, {"records": [CASE.hex]})
    assert parse_request(sent) == Request("settle", credential, {"records": (CASE,)})


def test_every_verb_has_a_form_a_doer_and_somebody_who_may_ask():
    asked = frozenset().union(*ALLOWED.values())
    assert set(VERBS) == (set(REQUESTS) - {"sweep", "note_shares"}) | SHARES == asked


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        encoded()[:-1],
        encoded() + b"x",
        encoded(v=True),
        encoded(v=2),
        encoded(verb="sweep"),
        encoded(verb="note_shares"),
        encoded(verb=["open"]),
        encoded(who={"kind": "root"}),
        encoded(who={"kind": "session", "proof": "AAAA"}),
        encoded(who={"kind": "session", "proof": "A" * 43 + "=", "uid": 0}),
        encoded(who={"kind": "system", "name": "Operator"}),
        encoded(args={"case": CASE.hex}),
        encoded(args={"case": str(CASE), "action": "read_case"}),
        encoded(args={"case": CASE.hex, "action": "read_case", "force": True}),
        encoded(args={"case": CASE.hex, "action": "read_case; DROP"}),
        encoded(more=1),
        b'{"v":1,"v":1,"verb":"status","who":{"kind":"visitor"},"args":{}}',
        b'{"v":1,"verb":"sign","who":{"kind":"visitor"},"args":NaN}',
        b'{"v":1,"args":' + b"[" * 5000 + b"]" * 5000 + b"}",
        encoded(args={"case": CASE.hex, "action": "a" * MOST_BYTES}),
    ],
    ids=lambda message: f"{len(message)}-{message[:12]!r}",
)
def test_anything_else_is_refused_in_one_way(message):
    with pytest.raises(BadMessage) as refused:
        parse_request(message)
    assert str(refused.value) == ""


@given(st.binary(max_size=300))
def test_bytes_are_a_request_or_refused(message):
    with pytest.raises(BadMessage):
        parse_request(message)


@given(json_values)
def test_json_is_a_request_or_refused(value):
    with pytest.raises(BadMessage):
        parse_request(json.dumps(value).encode())


@given(st.sampled_from(sorted(VERBS)), json_values)
def test_no_verb_takes_what_it_did_not_ask_for(verb, args):
    message = json.dumps({**GOOD, "verb": verb, "args": args}).encode()
    try:
        read = parse_request(message)
    except BadMessage:
        return
    assert read.args == {}  # the few verbs without arguments, sent without any


@given(st.data())
def test_one_changed_byte_is_a_request_or_refused(data):
    message = bytearray(encoded())
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] ^= data.draw(st.integers(1, 255))
    try:
        read = parse_request(bytes(message))
    except BadMessage:
        return
    assert read.verb in VERBS


def test_every_table_that_grants_authority_has_a_rule_and_no_other():
    tables = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, AuthorityRow)
    }
    assert set(RULES) == tables


def test_a_message_that_is_too_large_is_not_sent():
    with pytest.raises(BadMessage):
        wire.request("prove_code", None, {"account": CASE.hex, "code": "1" * MOST_BYTES})
