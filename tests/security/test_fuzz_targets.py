"""The parsers that are fuzzed hold for damaged examples, and no parser is left out.

`make fuzz` runs each a million times, guided by coverage; this is the short way, on every run.
"""

import ast
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
#: Parsers by name that read nothing an attacker writes.
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


def parsers():
    """Every function of the format layers whose name says that it reads."""
    for folder in ("crypto/*.py", "audit/*.py", "keyd/wire.py"):
        for path in sorted((ROOT / "bti").glob(folder)):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
            for owner in owners:
                for node in owner.body:
                    if isinstance(node, ast.FunctionDef) and node.name.startswith(PARSERS):
                        prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
                        yield f"{path.relative_to(ROOT)}:{prefix}{node.name}"


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
