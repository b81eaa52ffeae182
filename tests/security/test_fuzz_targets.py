"""The parsers that are fuzzed hold for damaged examples, and no parser is left out.

`make fuzz` runs each a million times, guided by coverage; this is the short way, on every run.
"""

import ast
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.workflows.drill import DrillReport
from fuzz.own_files import DRILL
from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
PARSERS = (
    "parse",
    "open_",
    "unwrap",
    "read_key",
    "combine",
    "from_bytes",
    "decrypt_",
    "unpad",
    "read_body",
)
#: What makes values of bytes or text that came from somewhere: who calls one is a parser.
READING = frozenset(
    {"json.load", "json.loads", "tomllib.load", "tomllib.loads", "csv.reader", "csv.DictReader"}
)
DECODING = ("b64decode", "b32decode", "struct.unpack", ".unpack_from", "fromstring", "iterparse")
#: Parsers by name, or by what they call, that read nothing an attacker writes.
NOT_FUZZED = {
    "bti/crypto/provider.py:KeyProvider.unwrap": "a protocol",
    **dict.fromkeys(
        (
            "bti/crypto/pkcs11_provider.py:Pkcs11Provider.unwrap",
            "bti/crypto/transit_provider.py:TransitProvider.unwrap",
            "bti/crypto/transit_provider.py:TransitProvider.unwrap_many",
        ),
        "opened outside the process; every byte is flipped in the conformance suite",
    ),
    **dict.fromkeys(
        (
            "bti/crypto/unsealing_provider.py:UnsealingProvider.unwrap",
            "bti/crypto/unsealing_provider.py:UnsealingProvider.unwrap_many",
        ),
        "passes on to the provider behind it",
    ),
    **dict.fromkeys(
        (
            "bti/crypto/transit_http.py:_json_object",
            "bti/crypto/transit_provider.py:_block",
            "bti/crypto/transit_provider.py:_is_blob",
        ),
        "an answer of the key service over TLS; false ones are tried in integration/keys/test_transit.py",
    ),
    **dict.fromkeys(
        (
            "bti/jobs/signer.py:SocketSigner.begin",
            "bti/jobs/signer.py:SocketSigner.remembered",
            "bti/jobs/signer.py:_heard",
        ),
        "the signer's answer, on a socket in a folder of its own",
    ),
    "bti/archive/verify.py:_content": "of files that are the ones that were signed",
    "bti/audit/reconcile.py:_compare": "of an entry that Leaf.parse has taken",
    "bti/audit/guard.py:_slot": "the process's own memory of the log; unit/audit/test_signer.py damages it",
    "bti/crypto/plugin.py:read_options": "written by the operator, who also chooses the code it is for",
    "bti/keyd/peers.py:AllowList.peer": "what the kernel says of the other end of a socket",
    "bti/cli/demo.py:_read_marker": "the demonstration's own file",
    "bti/slt/indicator_file.py:themes": "shipped",
    "bti/slt/report.py:decisions_from_text": "a draft's own row, written by the form alone",
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_sound_example_is_taken(name):
    target = TARGETS[name]
    taken = 0
    for example in target.seeds:
        try:
            target.run(example)
            taken += 1
        except target.refusals:
            continue
    assert taken


@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_is_damaged_is_refused_in_the_one_way(name, data):
    target = TARGETS[name]
    spoilt = bytearray(data.draw(st.sampled_from(target.seeds)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(spoilt) - 1, 0)))
        match data.draw(st.sampled_from(("flip", "cut", "add", "double"))):
            case "flip" if spoilt:
                spoilt[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del spoilt[at:]
            case "add":
                spoilt[at:at] = data.draw(st.binary(max_size=40))
            case _:
                spoilt += spoilt[at : at + 64]
    with suppress(*target.refusals):
        target.run(bytes(spoilt))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_goes_too_deep_or_counts_too_far_is_refused_in_the_one_way(name):
    target = TARGETS[name]
    for deep in (b"[" * 5000, b"x = " + b"[" * 5000, b'{"a":' * 5000):
        with suppress(*target.refusals):
            target.run(deep)
    for far in (b"9" * 5000, b"x = " + b"9" * 5000, b'{"a":' + b"9" * 5000 + b"}"):
        with suppress(*target.refusals):
            target.run(far)


@pytest.mark.parametrize(
    "said", ['"passed":1', '"tenant_id":7', '"case_id":[]', '"steps":[{"what":1}]']
)
def test_a_drill_report_of_other_kinds_of_values_is_none(said):
    name, _, value = said.partition(":")
    content = json.loads(DRILL.to_json()) | json.loads(f"{{{name}:{value}}}")
    with pytest.raises(ValueError, match="no report of a drill"):
        DrillReport.parse(json.dumps(content))


def parsers():
    """Every function of the format layers whose name says that it reads, and all that call a reader."""
    for path in sorted((ROOT / "bti").rglob("*.py")):
        named = path.parent.name in {"crypto", "audit"} or path.match("keyd/wire.py")
        text = path.read_text(encoding="utf-8")
        if not named and not any(word in text for word in (*READING, *DECODING)):
            continue
        tree = ast.parse(text)
        owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
        for owner in owners:
            prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
            for node in owner.body:
                if isinstance(node, ast.FunctionDef) and (
                    (named and node.name.startswith(PARSERS)) or reads(node)
                ):
                    yield f"{path.relative_to(ROOT)}:{prefix}{node.name}"


def reads(function):
    """Whether a function calls something that makes values of outside bytes or text."""
    called = {ast.unparse(one.func) for one in ast.walk(function) if isinstance(one, ast.Call)}
    return any(name in READING or name.endswith(DECODING) for name in called)


def test_no_parser_is_left_out():
    reached = set()

    def note(frame, event, _argument):
        code = frame.f_code
        if event == "call" and "/bti/" in code.co_filename:
            place = code.co_filename.rpartition("/bti/")[2]
            reached.add(f"bti/{place}:{code.co_qualname}")

    sys.setprofile(note)
    try:
        for target in TARGETS.values():
            for example in target.seeds:
                try:
                    target.run(example)
                except target.refusals:
                    continue
    finally:
        sys.setprofile(None)

    assert set(parsers()) - reached == set(NOT_FUZZED)
