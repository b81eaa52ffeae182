"""The list of uses of cryptography is what the modules import: no more, no less."""

import ast
from pathlib import Path

import pytest

from bti.crypto.usage import USES

ROOT = Path(__file__).parents[2]
WATCHED = {"cryptography", "hashlib", "hmac", "secrets", "argon2", "ssl", "pkcs11"}
#: Names that say what went wrong, and nothing of how it is done.
FAULTS = {"cryptography.exceptions", "argon2.exceptions"}


def uses_of(source: str) -> bool:
    """Whether a module imports cryptography, or draws from the system's random source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {node.module or ""}
        elif isinstance(node, ast.Attribute) and node.attr in {"urandom", "SystemRandom"}:
            return True
        else:
            continue
        if any(name.split(".")[0] in WATCHED and name not in FAULTS for name in names):
            return True
    return False


def found():
    modules = {}
    for path in sorted((ROOT / "bti").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        modules[name] = uses_of(path.read_text(encoding="utf-8"))
    return {name for name, uses in modules.items() if uses}


def test_every_use_of_cryptography_is_listed_with_its_purpose():
    listed = set(USES)
    assert sorted(found() - listed) == [], "write a line in bti/crypto/usage.py"


def test_nothing_is_listed_that_is_not_there():
    assert sorted(set(USES) - found()) == [], "take the line out of bti/crypto/usage.py"


def test_every_line_is_filled_in():
    assert [name for name, line in USES.items() if not all(part.strip() for part in line)] == []


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import hashlib", True),
        ("from cryptography.hazmat.primitives.ciphers.aead import AESGCM", True),
        ("from cryptography.exceptions import InvalidTag", False),
        ("import os\nos.urandom(3)", True),
        ("import os\nos.path.join('a')", False),
        ("def f():\n    from ssl import SSLContext", True),
        ("import random", False),
    ],
)
def test_the_search_finds_what_it_is_for(source, uses):
    assert uses_of(source) is uses
