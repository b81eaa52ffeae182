"""The form of one entry, and what a check looks at in it."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bti.audit.verify.findings import BadError

MAX_LEAF_BYTES = 1 << 20
_MAX_INTEGER = 2**53
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = r"[a-z](?:[a-z-]{0,30}[a-z])?"
_CODE = r"[a-z][a-z0-9_.-]{0,63}"
_DIGEST = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
PATTERNS = {
    "ten": _UUID,
    "t": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z",
    "act": rf"{_WORD}:{_WORD}:{_WORD}",
    "who": rf"{_UUID}|system:{_WORD}",
    "sid": r"(?:[0-9a-f]{8})?",
    "srv": rf"(?:{_UUID})?",
    "obj": rf"[a-z][a-z_-]{{0,31}}:{_UUID}",
    "grd": rf"(?:role:{_CODE}|cell:{_UUID}|gate:{_CODE}|holder|author|follower)?",
    "pur": _CODE,
    "dec": r"allow|deny",
    "rule": r"(?:[A-Za-z][A-Za-z0-9_.-]{0,63})?",
    "dc": rf"(?:{_DIGEST})?",
    "rows": rf"[a-z][a-z0-9_]{{0,62}}/{_UUID}/(?:(?:0|[1-9][0-9]{{0,15}})/{_DIGEST}|-/deleted)",
    "w": r"[a-z][a-z0-9]{0,14}-[0-9a-f]{16}",
    "p": rf"(?:{_DIGEST})?",
    "epo": (
        r"[1-9][0-9]{0,5}/(?:restore|signer|key|other)/(?:0|[1-9][0-9]{0,15})/(?:0|[1-9][0-9]{0,15})/"
        rf"{_DIGEST}/(?:[A-Za-z0-9+/]{{4}})*(?:[A-Za-z0-9+/]{{2}}==|[A-Za-z0-9+/]{{3}}=)?"
    ),
}
"""What each text of an entry, or each member of the lists `obj` and `rows`, matches as a whole."""
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
_LISTS = frozenset({"obj", "rows"})
_ALWAYS = PATTERNS.keys() - {"w", "p", "epo"}
_PLAIN, _CHAINED, EPOCH = 1, 2, 3
KEYS = {_PLAIN: _ALWAYS, _CHAINED: _ALWAYS | {"w", "n", "p"}, EPOCH: _ALWAYS | {"epo"}}
"""The keys of an entry of each version, beside `v`: placed at once; chained to its writer; the first
of a new epoch."""


def _expression(version: int) -> bytes:
    """What every entry of a version matches as a whole: canonical JSON without escapes has one spelling."""
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


EXPRESSIONS = {version: re.compile(_expression(version)) for version in KEYS}


class Read(NamedTuple):
    """What a check looks at in one entry."""

    tenant: str
    time: str
    writer: str
    number: int
    previous: bytes
    begins: bool


def read_leaf(entry: bytes) -> Read:
    """Read an entry. Raise BadError, which says what is wrong with it."""
    for expression in EXPRESSIONS.values():
        found = expression.fullmatch(entry)
        if found:
            break
    else:
        raise BadError(_what_is_wrong(entry))
    _check_lists(found)
    time = found["t"].decode()
    try:
        datetime.fromisoformat(time)
    except ValueError as error:
        raise BadError("t is not a time that exists") from error
    if expression is not EXPRESSIONS[_CHAINED]:
        begins = expression is EXPRESSIONS[EPOCH]
        return Read(found["ten"].decode(), time, "", 0, b"", begins)
    number = int(found["n"])
    if number > _MAX_INTEGER or (number == 1) != (not found["p"]):
        raise BadError("n and p do not fit together")
    return Read(
        found["ten"].decode(),
        time,
        found["w"].decode(),
        number,
        base64.b64decode(found["p"]),
        begins=False,
    )


def _check_lists(found: "re.Match[bytes]") -> None:
    rows, objects = _members(found["rows"]), _members(found["obj"])
    if found.end() > MAX_LEAF_BYTES:
        raise BadError("it is too long")
    if len(objects) > 1 and len(set(objects)) != len(objects):
        raise BadError("a list holds a member twice")
    if rows:
        versions = [row.split(b"/", 3)[2] for row in rows]
        if len(rows) > 1 and len(set(rows)) != len(rows):
            raise BadError("a list holds a member twice")
        if rows != sorted(rows) or any(v != b"-" and int(v) > _MAX_INTEGER for v in versions):
            raise BadError("rows are not in order or out of range")


def _members(listed: bytes) -> list[bytes]:
    return listed[1:-1].split(b'","') if listed else []


def _what_is_wrong(entry: bytes) -> str:
    """Name the first thing that keeps an entry from having the form of any version."""
    try:
        fields = json.loads(entry.decode()) if len(entry) <= MAX_LEAF_BYTES else None
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return "it is not JSON"
    if not isinstance(fields, dict) or canonical != entry:
        return "it is not canonical JSON"
    # True and 1.0 equal 1 as well, but are other bytes.
    version = fields.get("v")
    if type(version) is not int or fields.keys() != KEYS.get(version, set()) | {"v"}:
        return "its keys or version are not those of an entry"
    for name, value in fields.items():
        members = value if name in _LISTS and isinstance(value, list) else [value]
        if name in _COMPILED and not all(
            isinstance(m, str) and _COMPILED[name].fullmatch(m) for m in members
        ):
            return f"{name} does not have its form"
    return "it does not have the form of an entry"


def ending_of(stated: str) -> tuple[str, str, str, str, str]:
    """Split what a new epoch says of the old one: number, signed, found, root, note."""
    number, _reason, signed, found, rest = stated.split("/", 4)
    # Base64 has slashes of its own, but a root has a fixed length.
    return number, signed, found, rest[:44], rest[45:]


def stamp(seconds: int) -> str:
    """A cosignature's time as an entry would write it; a time out of all range is as late as can be."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        at = datetime.max.replace(tzinfo=UTC)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moved(time: str, by: timedelta) -> str:
    """An entry's time, earlier or later; itself if there is no such time."""
    try:
        at = datetime.fromisoformat(time) + by
    except OverflowError:
        return time
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
