"""Reads many entries fast: what a search, a sequencer and a comparison of rows need of each.

Accepts exactly what `Leaf.parse` accepts. Canonical JSON whose texts need no escapes has one
spelling, so one expression can hold an entry whole; that is several times faster than parsing it.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from bti.audit.leaf import KEYS, MAX_LEAF_BYTES, PATTERNS, Leaf, LeafError

_LISTS: Final = frozenset({"obj", "rows"})
_LARGEST: Final = 2**53


class Glance(NamedTuple):
    """The fields of one entry that are looked at; see `Leaf`. ``n`` is 0 without a writer."""

    tenant: str
    t: str
    act: str
    who: str
    dec: str
    obj: tuple[str, ...]
    rows: tuple[str, ...]
    writer: str
    n: int


def glance(encoded: bytes) -> Glance:
    """Read one entry. Raise LeafError for whatever `Leaf.parse` refuses."""
    for expression in _EXPRESSIONS:
        found = expression.fullmatch(encoded)
        if found is not None and len(encoded) <= MAX_LEAF_BYTES:
            break
    else:
        raise _refusal(encoded)
    named = {name: part.decode() for name, part in found.groupdict().items()}
    obj, rows = _members(named["obj"]), _members(named["rows"])
    n = int(named.get("n", 0))
    chained = n > _LARGEST or (n == 1) != (named.get("p") == "")
    if chained or not _plausible(obj, rows) or not _exists(named["t"]):
        raise _refusal(encoded)
    return Glance(
        named["ten"],
        named["t"],
        named["act"],
        named["who"],
        named["dec"],
        obj,
        rows,
        named.get("w", ""),
        n,
    )


def _refusal(encoded: bytes) -> LeafError:
    """Return why: the slow reading names the field."""
    try:
        Leaf.parse(encoded)
    except LeafError as error:
        return error
    return LeafError("the entry does not have its form")


def _members(listed: str) -> tuple[str, ...]:
    return tuple(listed[1:-1].split('","')) if listed else ()


def _plausible(obj: tuple[str, ...], rows: tuple[str, ...]) -> bool:
    """Whether no member is there twice, rows ascend and no version is out of range."""
    if len(obj) > 1 and len(set(obj)) != len(obj):
        return False
    if any(before >= after for before, after in pairwise(rows)):
        return False
    versions = (row.split("/", 3)[2] for row in rows)
    return all(version == "-" or int(version) <= _LARGEST for version in versions)


def _exists(t: str) -> bool:
    try:
        datetime.fromisoformat(t)
    except ValueError:
        return False
    return True


def _expression(version: int) -> bytes:
    """Return what every entry of a version matches as a whole, with its fields as groups."""
    parts = []
    for name in sorted(KEYS[version] | {"v"}):
        if name == "v":
            parts.append(f'"v":{version}')
        elif name == "n":
            parts.append('"n":(?P<n>[1-9][0-9]{0,15})')
        elif name in _LISTS:
            one = f'"(?:{PATTERNS[name]})"'
            parts.append(rf'"{name}":\[(?P<{name}>(?:{one}(?:,{one})*)?)\]')
        else:
            parts.append(f'"{name}":"(?P<{name}>{PATTERNS[name]})"')
    return (r"\{" + ",".join(parts) + r"\}").encode()


_EXPRESSIONS: Final = tuple(re.compile(_expression(version)) for version in sorted(KEYS))
