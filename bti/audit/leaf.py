"""The exact bytes of one audit entry: ids, codes and digests as canonical JSON, and never free text.

Every string has a pattern, so neither a name nor a national id can be written here by mistake.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
from uuid import UUID

PLAIN_VERSION: Final = 1
"""An entry that got its place in the tree in its own transaction."""
CHAINED_VERSION: Final = 2
"""An entry that waited for its place: it also names its writer and the writer's entry before."""
EPOCH_VERSION: Final = 3
"""The first entry of a new epoch: it also holds how the old one ended."""
MAX_LEAF_BYTES: Final = 1 << 20
_MAX_INTEGER: Final = 2**53  # the largest integer every JSON reader keeps exact
_DIGEST_BYTES: Final = hashlib.sha256().digest_size

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = r"[a-z](?:[a-z-]{0,30}[a-z])?"
_CODE = r"[a-z][a-z0-9_.-]{0,63}"
# 43 characters carry 258 bits, so the last one of a 256-bit digest has two zero bits: one spelling only.
_DIGEST = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="

PATTERNS: Final = {
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
"""What each text, or each member of the lists `obj` and `rows`, must match as a whole."""

_LISTS: Final = ("obj", "rows")
_NUMBER: Final = "n"
_ALWAYS: Final = PATTERNS.keys() - {"w", "p", "epo"}
KEYS: Final = {
    PLAIN_VERSION: _ALWAYS,
    CHAINED_VERSION: _ALWAYS | {"w", "p", _NUMBER},
    EPOCH_VERSION: _ALWAYS | {"epo"},
}
"""The keys an entry of each version has, beside `v`."""

_COMPILED: Final = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


class LeafError(ValueError):
    """An entry that may not be written or was not written by this code. It names the field, never its content."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One audit entry. Field names are those of the stored JSON, short because there will be millions.

    ten  tenant, a UUID                        srv   unit acted for, a UUID or ''
    t    UTC instant, see `instant`            obj   what it concerns, each 'kind:uuid', none twice
    act  action code, subject:part:verb        grd   ground: 'role:…', 'cell:…', 'gate:…', 'holder', 'author',
    who  account UUID or 'system:name'               'follower' or ''
    sid  session, 8 hex digits or ''           pur   purpose code
    dec  'allow' or 'deny'                     rule  rule id or ''
    dc   digest of the sealed detail or ''     rows  rows written, see `row_written`; ascending, none twice

    Of version 2 only:                         Of version 3 only:
    w    writer, 'name-16 hex digits'          epo  'epoch/reason/signed size/size found/root found/note':
    n    its number with this writer, from 1        how the epoch before ended; the note is the last
    p    leaf hash of the writer's entry            checkpoint the signer remembers, in base64
         before, '' for number 1
    """

    ten: str
    t: str
    act: str
    who: str
    pur: str
    dec: str
    sid: str = ""
    srv: str = ""
    obj: tuple[str, ...] = ()
    grd: str = ""
    rule: str = ""
    dc: str = ""
    rows: tuple[str, ...] = ()
    w: str = ""
    n: int = 0
    p: str = ""
    epo: str = ""

    @property
    def version(self) -> int:
        """Which of the three forms this entry has."""
        if self.epo:
            return EPOCH_VERSION
        return CHAINED_VERSION if self.w else PLAIN_VERSION

    def __post_init__(self) -> None:
        """Check every field against its pattern. Raise LeafError naming the first that does not fit."""
        for name in ("ten", "t", "act", "who", "sid", "srv", "grd", "pur", "dec", "rule", "dc"):
            _check(name, getattr(self, name))
        self._check_form()
        _check_instant(self.t)
        for name in _LISTS:
            members = getattr(self, name)
            if not isinstance(members, tuple):
                raise LeafError(f"{name} is not a tuple")
            for member in members:
                _check(name, member)
            if len(set(members)) != len(members):
                raise LeafError(f"{name} holds a member twice")
        if list(self.rows) != sorted(self.rows):
            raise LeafError("rows are not in order")
        for row in self.rows:
            RowMark.parse(row)

    def _check_form(self) -> None:
        version = self.version
        if version == EPOCH_VERSION:
            _check("epo", self.epo)
        if version == CHAINED_VERSION:
            _check("w", self.w)
            _check("p", self.p)
            if type(self.n) is not int or not 1 <= self.n <= _MAX_INTEGER:
                raise LeafError("n does not have its form")
            if (self.n == 1) != (not self.p):
                raise LeafError("p is empty for the writer's first entry, and only there")
        elif self.w or self.n or self.p:
            raise LeafError("w, n and p stand together, and not with epo")

    def to_bytes(self) -> bytes:
        """Return the canonical JSON: keys sorted, no spaces. Raise LeafError above MAX_LEAF_BYTES."""
        fields: dict[str, str | int | list[str]] = {"v": self.version}
        for name in KEYS[self.version]:
            value = getattr(self, name)
            # Codes come as members of an enumeration; the JSON holds the plain text.
            fields[name] = (
                list(value) if name in _LISTS else value if name == _NUMBER else str(value)
            )
        encoded = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        if len(encoded) > MAX_LEAF_BYTES:
            raise LeafError("the leaf is too large")
        return encoded

    @classmethod
    def parse(cls, encoded: bytes) -> Self:
        """Read exactly what `to_bytes` writes.

        Raise LeafError for an unknown or missing key, a wrong type, a value outside its pattern and for any
        other spelling of the same content.
        """
        if len(encoded) > MAX_LEAF_BYTES:
            raise LeafError("the leaf is too large")
        try:
            fields = json.loads(encoded.decode())
        except (ValueError, RecursionError) as error:
            raise LeafError("not JSON in UTF-8") from error
        if not isinstance(fields, dict) or "v" not in fields:
            raise LeafError("the keys are not those of a leaf")
        version = fields.pop("v")
        if type(version) is not int or version not in KEYS:
            raise LeafError("v is not a known version")
        if fields.keys() != KEYS[version]:
            raise LeafError("the keys are not those of a leaf")
        for name in _LISTS:
            if not isinstance(fields[name], list):
                raise LeafError(f"{name} is not a list")
            fields[name] = tuple(fields[name])
        leaf = cls(**fields)
        if leaf.to_bytes() != encoded:
            raise LeafError("the bytes are not canonical")
        return leaf


@dataclass(frozen=True, slots=True)
class RowMark:
    """What an entry says of one database row: written with this version and digest, or deleted (both None)."""

    table: str
    row_id: UUID
    version: int | None
    digest: bytes | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one member of `rows`. Raise LeafError if it is not one."""
        _check("rows", text)
        table, row_id, version, digest = text.split("/", 3)
        if version == "-":
            return cls(table=table, row_id=UUID(row_id), version=None, digest=None)
        if int(version) > _MAX_INTEGER:
            raise LeafError("rows has a version out of range")
        return cls(
            table=table, row_id=UUID(row_id), version=int(version), digest=base64.b64decode(digest)
        )


def row_written(table: str, row_id: UUID, *, version: int, digest: bytes) -> str:
    """Return the member of `rows` for a row as it was written; `digest` is 32 bytes. Raise LeafError."""
    text = f"{table}/{row_id}/{version}/{encode_digest(digest)}"
    RowMark.parse(text)
    return text


def row_deleted(table: str, row_id: UUID) -> str:
    """Return the member of `rows` for a deleted row. Raise LeafError for a table name outside the pattern."""
    text = f"{table}/{row_id}/-/deleted"
    _check("rows", text)
    return text


def encode_digest(digest: bytes) -> str:
    """Return a SHA-256 digest as the base64 used in `dc` and `rows`. Raise LeafError unless it is 32 bytes."""
    if len(digest) != _DIGEST_BYTES:
        raise LeafError("a digest is not 32 bytes")
    return base64.b64encode(digest).decode()


def instant(at: datetime) -> str:
    """Return an aware time as the leaf writes it: UTC with six decimals and Z. Raise LeafError if it is naive."""
    if at.utcoffset() is None:
        raise LeafError("t has no time zone")
    # strftime's %Y drops leading zeros on some platforms, isoformat does not.
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _check(name: str, value: object) -> None:
    if not isinstance(value, str) or not _COMPILED[name].fullmatch(value):
        raise LeafError(f"{name} does not have its form")


def _check_instant(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise LeafError("t is not a time that exists") from error
