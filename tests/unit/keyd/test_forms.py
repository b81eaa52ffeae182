"""The arguments of every verb, written again by hand: what is just allowed is read, what is just not is refused."""

import base64
import json
import uuid

import pytest

from bti.keyd import wire
from bti.keyd.broker import RanOut
from bti.keyd.wire import VERBS, BadMessage, Request, message_of, parse_answer, parse_request

#: A verb's arguments; a question mark for what may be nothing, a star and a number for so many at most.
BY_HAND = {
    "subject": "",
    "open": "case:id action:code entry:code? purpose:code?",
    "may_see": "case:id action:code",
    "new_case": "case:id compartments:compartment*40",
    "new_compartments": "case:id compartments:compartment*40",
    "open_core": "cases:id*100",
    "new_own": "record:id",
    "open_own": "record:id",
    "list_own": "records:id*100",
    "forget_own": "record:id",
    "new_review": "row:id tenant:id? account:id?",
    "open_review": "table:name row:id action:code",
    "watch": "cases:id*100",
    "baits_among": "tenant:id cases:id*100",
    "kin": "tenant:id pairs:pair*300",
    "bait_tokens": "tenant:id cases:id*100",
    "create_tenant": "id:id name:text120 number:text4 profile:text40 language:text2",
    "open_directory": "tenant:id proof:digest?",
    "open_ops": "tenant:id",
    "open_addresses": "tenant:id",
    "check": "rows:row*12",
    "grant": "rows:writing*12",
    "prove_code": "account:id code:text20",
    "prove_own_code": "code:text20",
    "spend_proof": "account:id",
    "use_approval": "tenant:id approval:id? act:name params:params",
    "username_token": "tenant:id username:text200",
    "national_id_token": "tenant:id kind:text20 digits:text11",
    "sign": "tenant:id origin:text100 size:whole root:digest",
    "verifier_key": "tenant:id epoch:whole",
    "settle": "records:id*100",
    "status": "",
    "unseal": "share:text4000",
    "unsealing": "",
}
ID, DIGEST = uuid.UUID(int=7), b"d" * 32


def b64(value):
    return base64.b64encode(value).decode()


ROW = {"tenant": ID.hex, "table": "logs", "row_id": ID.hex, "version": 3}
ROW_READ = ROW | {"tenant": ID, "row_id": ID, "columns": {"a": b"x", "b0_": None}}
ROW |= {"columns": {"a": b64(b"x"), "b0_": None}}
BAD_COLUMNS = [[], None, {"A": None}, {"a": 7}, {"a": "?"}, {"": None}]
BAD_ROW = [[], {}, ROW, *({"columns": one} for one in BAD_COLUMNS)]
PARAMS = {"a": None, "b": True, "c": 2**53 - 1, "d": "x" * 4000, "e": ["", "x" * 400] * 10}
MANY_PARAMS = {f"p{number}": 1 for number in range(20)}
#: What each kind of argument may just be, with what is read, and what it may just not be.
KINDS = {
    "id": (
        [(ID.hex, ID)],
        [str(ID), ID.hex[1:], f"{ID.hex}0", "g" * 32, "-" * 32, 7, None, [ID.hex]],
    ),
    "code": (
        [(one, one) for one in ("a", "read_case", "a" + "z_:-" * 15 + "zzz")],
        ["", "A", "1", "a1", "a b", "a\n", "a" * 65, 7, None],
    ),
    "name": (
        [(one, one) for one in ("a", "web_sessions", "a" + "z_09" * 15 + "zz")],
        ["", "A", "_a", "0", "a-b", "a\n", "a" * 64, 7, None],
    ),
    "compartment": (
        [(one, one) for one in ("0", "core", "b:az_09-" * 7 + "0000")],
        ["", "A", "a b", "a\n", "a" * 61, 7, None],
    ),
    "digest": (
        [(b64(DIGEST), DIGEST)],
        [b64(DIGEST[1:]), b64(DIGEST + b"d"), b64(DIGEST)[1:], f"{b64(DIGEST)}\n", "é", 7, None],
    ),
    "whole": ([(0, 0), (2**53 - 1, 2**53 - 1)], [-1, 2**53, True, 1.0, "1", None]),
    "pair": (
        [([ID.hex, ID.hex], (ID, ID))],
        [[ID.hex], [ID.hex] * 3, [], [ID.hex, 7], {"a": ID.hex, "b": ID.hex}, None],
    ),
    "row": (
        [(ROW | {"mac": b64(DIGEST)}, ROW_READ | {"mac": DIGEST})],
        [
            *(ROW | {"mac": b64(DIGEST)} | one for one in BAD_ROW[3:]),
            *({k: v for k, v in ROW.items() if k != name} | {"mac": b64(DIGEST)} for name in ROW),
            ROW,
            ROW | {"mac": b64(DIGEST), "beyond": {}},
            ROW | {"mac": b64(b"short")},
            ROW | {"mac": b64(DIGEST), "tenant": "x"},
            ROW | {"mac": b64(DIGEST), "row_id": "x"},
            ROW | {"mac": b64(DIGEST), "table": "X"},
            ROW | {"mac": b64(DIGEST), "version": -1},
            [],
            None,
        ],
    ),
    "writing": (
        [
            (
                ROW | {"beyond": {"c": None, "d": ""}},
                ROW_READ | {"beyond": {"c": None, "d": b""}},
            )
        ],
        [
            *(ROW | {"beyond": one} for one in BAD_COLUMNS),
            *(ROW | {"beyond": {}} | one for one in BAD_ROW[3:]),
            *({k: v for k, v in ROW.items() if k != name} | {"beyond": {}} for name in ROW),
            ROW,
            ROW | {"beyond": {}, "mac": b64(DIGEST)},
            ROW | {"beyond": {}, "version": 1.5},
            [],
            None,
        ],
    ),
    "params": (
        [
            ({}, {}),
            (PARAMS, PARAMS),
            (MANY_PARAMS, MANY_PARAMS),
            ({"a": [""] * 100}, {"a": [""] * 100}),
        ],
        [
            MANY_PARAMS | {"more": 1},
            {"A": 1},
            {"a": -1},
            {"a": 1.5},
            {"a": {}},
            {"a": [1]},
            {"a": ["x" * 4001]},
            {"a": "x" * 4001},
            {"a": [""] * 101},
            [],
            None,
        ],
    ),
}


def kind_of(named):
    """What one kind of argument may be, with what is read, and what not."""
    if named.endswith("?"):
        good, bad = kind_of(named[:-1])
        return [*good, (None, None)], [one for one in bad if one is not None]
    if named.startswith("text"):
        most = int(named[4:])
        texts = ("", "é" * most if most < 1000 else "x" * most)
        return [(one, one) for one in texts], ["x" * (most + 1), "\0", 7, None, [""]]
    kind, _, most = named.partition("*")
    good, bad = KINDS[kind]
    if not most:
        return good, bad
    many = [given for given, _ in good] * int(most)
    read = [found for _, found in good] * int(most)
    whole = [([], ()), (many[: int(most)], tuple(read[: int(most)]))]
    return whole, [[good[0][0]] * (int(most) + 1), *([one] for one in bad), {}, None, "x"]


def arguments(verb):
    return dict(one.split(":", 1) for one in BY_HAND[verb].split())


def asked(verb, args):
    return parse_request(wire.request(verb, None, args))


def test_no_verb_has_a_form_that_is_not_written_here():
    assert VERBS.keys() == BY_HAND.keys()


@pytest.mark.parametrize("verb", BY_HAND)
def test_a_verb_takes_what_is_just_allowed_and_nothing_beyond(verb):
    kinds = {name: kind_of(named) for name, named in arguments(verb).items()}
    given = {name: good[0][0] for name, (good, _) in kinds.items()}
    read = {name: good[0][1] for name, (good, _) in kinds.items()}
    assert asked(verb, given) == Request(verb, None, read)
    for name, (good, bad) in kinds.items():
        for one, found in good:
            assert asked(verb, given | {name: one}).args == read | {name: found}
        for one in bad:
            with pytest.raises(BadMessage):
                asked(verb, given | {name: one})
        with pytest.raises(BadMessage):
            asked(verb, {other: given[other] for other in given if other != name})
    with pytest.raises(BadMessage):
        asked(verb, given | {"more": 1})
    with pytest.raises(BadMessage):
        asked(verb, [])


def test_rows_and_cases_are_asked_for_so_many_at_a_time():
    assert (wire.MOST_CASES, wire.MOST_ROWS, wire.MOST_PAIRS, wire.MOST_SHARE) == (
        100,
        12,
        300,
        4000,
    )
    assert [*wire.batched("abcde", 2)] == [("a", "b"), ("c", "d"), ("e",)]


WHO = {
    "session": ({"kind": "session", "proof": b64(DIGEST)}, DIGEST),
    "ran-out": ({"kind": "ran-out", "proof": b64(DIGEST)}, RanOut(DIGEST)),
    "one letter": ({"kind": "system", "name": "a"}, "a"),
    "a long name": ({"kind": "system", "name": "a" + "-" * 30 + "z"}, "a" + "-" * 30 + "z"),
    "visitor": ({"kind": "visitor"}, None),
}
NOBODY = [
    {},
    [],
    None,
    "visitor",
    {"kind": ["visitor"]},
    {"kind": "nobody"},
    {"kind": "visitor", "name": "a"},
    {"kind": "session"},
    {"kind": "session", "proof": b64(DIGEST[1:])},
    {"kind": "ran-out", "proof": b64(DIGEST[1:])},
    {"kind": "ran-out", "proof": None},
    {"kind": "system"},
    *(
        {"kind": "system", "name": one}
        for one in ("", "a-", "-a", "a_b", "a" * 33, "a1", "A", None)
    ),
]


def who(given, **changes):
    message = {"v": 1, "verb": "status", "who": given, "args": {}} | changes
    return parse_request(json.dumps(message).encode())


@pytest.mark.parametrize(("given", "read"), WHO.values(), ids=WHO)
def test_whoever_asks_is_a_session_a_name_or_nobody(given, read):
    assert who(given) == Request("status", read, {})
    assert parse_request(wire.request("status", read, {})).credential == read


@pytest.mark.parametrize("given", NOBODY, ids=str)
def test_and_nothing_else(given):
    with pytest.raises(BadMessage):
        who(given)


def test_a_request_is_whole_and_of_this_version():
    for changes in (
        {"v": 0},
        {"v": 2},
        {"v": True},
        {"v": 1.0},
        {"v": "1"},
        {"more": 1},
        {"verb": None},
    ):
        with pytest.raises(BadMessage):
            who({"kind": "visitor"}, **changes)
    for name in ("v", "verb", "who", "args"):
        message = {"v": 1, "verb": "status", "who": {"kind": "visitor"}, "args": {}}
        del message[name]
        with pytest.raises(BadMessage):
            parse_request(json.dumps(message).encode())
    request = Request("status", None, {})
    with pytest.raises(AttributeError):
        request.verb = "sign"


def test_a_message_is_as_long_as_it_may_be_and_no_longer():
    longest = 64 * 1024
    around = len(message_of({"ok": ""}))
    whole = message_of({"ok": "x" * (longest - around)})
    assert len(whole) == longest == wire.MOST_BYTES
    assert parse_answer(whole) == {"ok": "x" * (longest - around)}
    with pytest.raises(BadMessage):
        message_of({"ok": "x" * (longest - around + 1)})
    with pytest.raises(BadMessage):
        parse_answer(whole + b" ")


def test_a_message_is_as_deep_as_it_may_be_and_no_deeper():
    deep = {"ok": [[], {"a": [{"b": []}]}]}
    assert parse_answer(message_of(deep)) == deep
    # The last two are counted though they stand beside each other, or in a text.
    for deeper in ([[[[[[]]]]]], [[[[{"a": {}}]]]], [[[["[{"]]]]):
        with pytest.raises(BadMessage):
            parse_answer(message_of({"ok": deeper}))
    wide = {"ok": [[], [], [], [], [], [], []]}
    assert parse_answer(message_of(wide)) == wide


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"7",
        b"[]",
        b"{}",
        b'{"ok":1,"no":2}',
        b'{"yes":1}',
        b'{"ok":1,"ok":1}',
        b'{"ok":NaN}',
        b"\xff",
        b"{",
    ],
    ids=repr,
)
def test_an_answer_is_one_of_two(message):
    with pytest.raises(BadMessage):
        parse_answer(message)


def test_either_answer_is_read():
    for answer in ({"ok": {}}, {"no": {"code": "bad"}}):
        assert parse_answer(message_of(answer)) == answer


def test_bytes_are_packed_and_nothing_stays_nothing():
    assert (wire.pack(b"\0x"), wire.pack(b""), wire.pack(None)) == ("AHg=", "", None)
    assert (wire.unpack("AHg="), wire.unpack("")) == (b"\0x", b"")
    for given in (None, 7, b"AHg=", "AHg", "AH g=", "é"):
        with pytest.raises(BadMessage):
            wire.unpack(given)
