"""Check an audit log offline: `python -m bti.audit.verify DIR --key VERIFIERKEY`, or this file alone.

It needs the standard library and `cryptography`, neither the application, its database nor a secret. It is a
second implementation on purpose: a mistake in the code that writes the log must not also hide here.
"""

import argparse
import base64
import hashlib
import heapq
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_LEAF_BYTES = 1 << 20
_MAX_NOTE_BYTES = 1 << 20
_MAX_INTEGER = 2**53
_KEY_ID_BYTES = 4
# How much is tried to tell a reordering or an insertion from an edit. Finding that something is wrong
# never depends on these; they only bound the work of saying what.
_TRIAL_WINDOW = 64
_TRIAL_LATER = 4096
_TRIAL_HASHES = 400_000

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
}
"""What each field of an entry, or each member of the lists `obj` and `rows`, matches as a whole."""
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
_LISTS = frozenset({"obj", "rows"})


class Kind(StrEnum):
    """What is wrong. The first five are tampering; of these, all but the last are the likeliest reading."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SIGNATURE = "signature"
    CHECKPOINT = "checkpoint"
    MALFORMED = "malformed"
    TENANT = "tenant"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing wrong. Entries count from 0; those before `first` are proven, the bad one is by `last`."""

    kind: Kind
    first: int
    last: int
    detail: str

    def __str__(self) -> str:
        place = (
            f"entry {self.first}"
            if self.first == self.last
            else f"entries {self.first}-{self.last}"
        )
        return f"{place}: {self.kind}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Report:
    """How far a log is proven: entries, their root (32 bytes), the last one's time ('' if none), checkpoints."""

    size: int
    root: bytes
    until: str
    checkpoints: int
    finding: Finding | None

    @property
    def intact(self) -> bool:
        """Whether every entry is proven and well-formed."""
        return self.finding is None

    def __str__(self) -> str:
        proven = f"{self.size} entries, root {base64.b64encode(self.root).decode()}, until {self.until or '-'}"
        return (
            f"intact: {proven}"
            if self.finding is None
            else f"NOT intact: {self.finding} (proven: {proven})"
        )


def verify_leaves(
    leaves: Iterable[tuple[int, bytes]],
    checkpoints: Iterable[str],
    verifier_key: str,
    *,
    tenant: str = "",
) -> Report:
    """Check entries, given as position from 0 and exact bytes, against signed checkpoints in order of size.

    Each checkpoint must be signed by `verifier_key` and have the root of the entries so far, the last must
    cover them all, each entry must be well-formed, of one tenant (`tenant` if given) and not earlier than the
    one before. Memory does not grow with the log. Raise ValueError when `verifier_key` is not a verifier key.
    """
    return _Run(leaves, checkpoints, _Key(verifier_key), tenant).report()


def verify_export(
    directory: Path, verifier_key: str, *, tenant: str = "", known: Iterable[str] = ()
) -> Report:
    """Check an export directory: `leaves.ndjson`, `checkpoints.ndjson`, `checkpoint` and, if there, `keys`.

    `known` are checkpoints kept from earlier, in order of size. Only they can show that an export was cut back
    to an older state. Raise ValueError for a bad `verifier_key`, OSError for a file that cannot be read.
    """
    keys = directory / "keys"
    if keys.exists() and verifier_key not in keys.read_text("utf-8", "replace").split("\n"):
        other = Finding(Kind.SIGNATURE, 0, 0, "the export names another key than the one given")
        return Report(0, _Tree().root(), "", 0, other)
    with (
        (directory / "leaves.ndjson").open("rb") as leaves,
        (directory / "checkpoints.ndjson").open("rb") as kept,
        (directory / "checkpoint").open("rb") as latest,
    ):
        latest_note = latest.read(_MAX_NOTE_BYTES + 1).decode("utf-8", "replace")
        notes = chain((_read_note(line) for line in _lines(kept, _MAX_NOTE_BYTES)), [latest_note])
        entries = (_read_entry(line) for line in _lines(leaves, 2 * MAX_LEAF_BYTES))
        merged = heapq.merge(notes, known, key=_claimed_size)
        return verify_leaves(enumerate(entries), merged, verifier_key, tenant=tenant)


def leaf_line(entry: bytes) -> str:
    """The line of `leaves.ndjson` for an entry's exact bytes: their base64 as a JSON string."""
    return f'"{base64.b64encode(entry).decode()}"\n'


def checkpoint_line(note: str) -> str:
    """The line of `checkpoints.ndjson` for a signed checkpoint: the note as a JSON string."""
    return json.dumps(note) + "\n"


class _BadError(ValueError):
    """Input that is not what it claims to be; the message says why."""


class _FoundError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class _Tree:
    """RFC 9162, 2.1.1: one hash per complete subtree, widest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)

    def add(self, entry_hash: bytes) -> None:
        self.peaks.append(entry_hash)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(hashlib.sha256(b"\x01" + left + right).digest())

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for left in self.peaks[-2::-1]:
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root

    def root_with(self, hashes: Iterable[bytes]) -> bytes:
        grown = _Tree(self.size, self.peaks)
        for entry_hash in hashes:
            grown.add(entry_hash)
        return grown.root()


class _Key:
    """A C2SP verifier key: name, key id, Ed25519 public key."""

    def __init__(self, encoded: str) -> None:
        name, _, rest = encoded.partition("+")
        key_id, _, typed = rest.partition("+")
        key = _decode(typed)
        expected = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        if not _is_name(name) or key[:1] != b"\x01" or key_id != expected:
            raise _BadError("not an Ed25519 verifier key")
        self.name, self.id = name, bytes.fromhex(key_id)
        self._public = Ed25519PublicKey.from_public_bytes(key[1:])

    def open(self, note: str) -> tuple[int, bytes]:
        """Return size and root of a checkpoint of the key's own log (C2SP signed-note, tlog-checkpoint)."""
        text, blank, signed = note.rpartition("\n\n")
        lines = f"{text}\n".split("\n")
        shaped = blank and signed.endswith("\n") and len(note) <= _MAX_NOTE_BYTES
        if not shaped or len(lines) != len(("origin", "size", "root", "")):
            raise _BadError("it is not a checkpoint")
        if lines[0] != self.name:
            raise _BadError("it is of another log than the key's")
        signatures = map(_signature, signed[:-1].split("\n"))
        mine = [signature for *by, signature in signatures if by == [self.name, self.id]]
        if not mine:
            raise _BadError("the given key did not sign it")
        for signature in mine:
            try:
                self._public.verify(signature, f"{text}\n".encode())
            except InvalidSignature as error:
                raise _BadError("its signature is false") from error
        root = _decode(lines[2])
        if (
            not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1])
            or len(root) != hashlib.sha256().digest_size
        ):
            raise _BadError("its size or root is not one")
        return int(lines[1]), root


class _Run:
    """One pass over a log. Nothing counts as proven until a checkpoint over it has been matched."""

    def __init__(
        self,
        leaves: Iterable[tuple[int, bytes]],
        checkpoints: Iterable[str],
        key: _Key,
        tenant: str,
    ) -> None:
        self._leaves, self._notes, self._key, self._tenant = (
            iter(leaves),
            iter(checkpoints),
            key,
            tenant,
        )
        self._tree, self._time = _Tree(), ""
        self._proven = (0, self._tree.root(), "")
        self._matched = 0

    def report(self) -> Report:
        """Read everything and tell the outcome."""
        finding = None
        try:
            for note in self._notes:
                self._match(note)
            self._end()
        except _FoundError as found:
            finding = found.finding
        return Report(*self._proven, checkpoints=self._matched, finding=finding)

    def _end(self) -> None:
        end = self._tree.size
        if not self._matched:
            raise _FoundError(Finding(Kind.CHECKPOINT, 0, 0, "there is no checkpoint"))
        if next(self._leaves, None) is not None:
            detail = "it comes after the last checkpoint"
            raise _FoundError(Finding(Kind.INSERTED, end, end, detail))

    def _match(self, note: str) -> None:
        """Read the entries a checkpoint adds and compare the root."""
        start, number = self._tree.size, self._matched + 1
        try:
            size, root = self._key.open(note)
        except _BadError as error:
            detail = f"checkpoint no. {number}: {error}"
            raise _FoundError(Finding(Kind.SIGNATURE, start, start, detail)) from error
        if size < start or (size == start and root != self._tree.root()):
            detail = f"checkpoint no. {number} contradicts an earlier one"
            raise _FoundError(Finding(Kind.CHECKPOINT, start, start, detail))
        before, added, doubt = _Tree(start, self._tree.peaks), list[bytes](), None
        while self._tree.size < size:
            entry = self._next(size)
            doubt = doubt or self._judge(self._tree.size, entry)
            if len(added) <= _TRIAL_WINDOW:
                added.append(_hash(entry))
            self._tree.add(_hash(entry))
        if self._tree.root() != root:
            raise _FoundError(self._diagnose(before, added, size, root))
        if doubt:
            raise _FoundError(doubt)
        self._proven, self._matched = (size, root, self._time), number

    def _next(self, size: int) -> bytes:
        expected, proven = self._tree.size, self._proven[0]
        numbered = next(self._leaves, None)
        if numbered is None:
            detail = f"there are {expected} entries and a checkpoint over {size}"
            raise _FoundError(Finding(Kind.MISSING, proven, size - 1, detail))
        position, entry = numbered
        if position > expected:
            detail = "the numbering has a gap"
            raise _FoundError(Finding(Kind.MISSING, expected, position - 1, detail))
        if position < expected:
            detail = f"an entry numbered {position} stands here"
            raise _FoundError(Finding(Kind.REORDERED, expected, expected, detail))
        return entry

    def _judge(self, position: int, entry: bytes) -> Finding | None:
        """Say what is wrong with an entry in itself; it counts only if the entry is as it was signed."""
        try:
            tenant, time = _read_leaf(entry)
        except _BadError as error:
            return Finding(Kind.MALFORMED, position, position, f"signed like this, but {error}")
        self._tenant = self._tenant or tenant
        if tenant != self._tenant:
            return Finding(Kind.TENANT, position, position, "it belongs to another tenant")
        if time < self._time:
            return Finding(Kind.TIME, position, position, "it is earlier than the entry before it")
        self._time = time
        return None

    def _diagnose(self, before: _Tree, added: list[bytes], size: int, root: bytes) -> Finding:
        """Give the likeliest reading of a wrong root over the entries from `before.size` to `size`."""
        start, last = before.size, size - 1
        later = [_hash(entry) for _, entry in islice(self._leaves, _TRIAL_LATER)]
        total = size + len(later) + sum(1 for _ in self._leaves)
        covered = max(size, *(_claimed_size(note) for note in self._notes), 0)
        if total < covered:
            return Finding(
                Kind.MISSING,
                start,
                last,
                f"there are {total} entries and a checkpoint over {covered}",
            )
        if len(added) <= _TRIAL_WINDOW:
            trials = (
                _without_one([*added, *later[:1]]) if total > covered else _rearranged(added, later)
            )
            kind = Kind.INSERTED if total > covered else Kind.REORDERED
            for place, trial in islice(trials, _TRIAL_HASHES // max(len(added), 1)):
                if before.root_with(trial) == root:
                    return Finding(
                        kind, start + place, start + place, "it does not belong in this place"
                    )
        if total > covered:
            return Finding(
                Kind.INSERTED,
                start,
                last,
                f"there are {total} entries, the checkpoints cover {covered}",
            )
        return Finding(Kind.EDITED, start, last, "the content is not what was signed")


def _without_one(hashes: Sequence[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    for place in range(len(hashes)):
        yield place, [*hashes[:place], *hashes[place + 1 :]]


def _rearranged(
    hashes: Sequence[bytes], later: Sequence[bytes]
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield each swap, and each place refilled from a later entry, with the first place changed."""
    for place, own in enumerate(hashes):
        for other in range(place + 1, len(hashes)):
            swapped = list(hashes)
            swapped[place], swapped[other] = hashes[other], own
            yield place, swapped
        for entry_hash in later:
            yield place, [*hashes[:place], entry_hash, *hashes[place + 1 :]]


def _read_leaf(entry: bytes) -> tuple[str, str]:
    """Return an entry's tenant and time."""
    try:
        fields = json.loads(entry.decode()) if len(entry) <= MAX_LEAF_BYTES else None
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise _BadError("it is not JSON") from error
    if not isinstance(fields, dict) or canonical != entry:
        raise _BadError("it is not canonical JSON")
    # True and 1.0 equal 1 as well, but are other bytes.
    if fields.keys() != PATTERNS.keys() | {"v"} or repr(fields["v"]) != "1":
        raise _BadError("its keys or version are not those of an entry")
    for name, pattern in _COMPILED.items():
        members = fields[name] if name in _LISTS else [fields[name]]
        if not isinstance(members, list) or not all(
            isinstance(m, str) and pattern.fullmatch(m) for m in members
        ):
            raise _BadError(f"{name} does not have its form")
        if len(set(members)) != len(members):
            raise _BadError(f"{name} holds a member twice")
    versions = [row.split("/", 3)[2] for row in fields["rows"]]
    if fields["rows"] != sorted(fields["rows"]) or any(
        v != "-" and int(v) > _MAX_INTEGER for v in versions
    ):
        raise _BadError("rows are not in order or out of range")
    try:
        datetime.fromisoformat(fields["t"])
    except ValueError as error:
        raise _BadError("t is not a time that exists") from error
    return fields["ten"], fields["t"]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, fields = line.partition(" ")
    name, _, encoded = fields.partition(" ")
    signature = _decode(encoded)
    if dash != "\N{EM DASH}" or not _is_name(name) or len(signature) <= _KEY_ID_BYTES:
        raise _BadError("a signature line is malformed")
    return name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def _decode(encoded: str) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise _BadError("its base64 is not any") from error
    if base64.b64encode(decoded).decode() != encoded:
        raise _BadError("its base64 is not canonical")
    return decoded


def _hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _claimed_size(note: str) -> int:
    """The size a checkpoint states, signed or not; -1 if it states none."""
    stated = re.match(r"[^\n]*\n([0-9]{1,16})\n", note)
    return int(stated[1]) if stated else -1


def _read_entry(line: bytes) -> bytes:
    """The entry in a line, or no bytes at all, which no entry has, if the line is not as it was written."""
    try:
        entry = _decode(line[1:-1].decode())
    except ValueError:
        return b""
    return entry if leaf_line(entry).encode() == line + b"\n" else b""


def _read_note(line: bytes) -> str:
    """The checkpoint in a line, or an empty text, which no checkpoint is."""
    try:
        note = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return note if isinstance(note, str) else ""


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """The lines without their ends; of a longer one than `limit` only the beginning, so memory stays small."""
    while line := file.readline(limit):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(limit)):
            pass
        yield line.rstrip(b"\r\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Exit status: 0 intact, 1 not intact or unreadable, 2 called in a wrong way."""
    parser = argparse.ArgumentParser(
        prog="verify", description="Check an exported audit log offline."
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument(
        "--key", required=True, metavar="VERIFIERKEY", help="as received from the log's owner"
    )
    parser.add_argument(
        "--tenant", default="", metavar="UUID", help="every entry must belong to it"
    )
    parser.add_argument(
        "--known",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint kept from earlier",
    )
    options = parser.parse_args(arguments)
    try:
        _Key(options.key)
    except ValueError as error:
        parser.error(f"--key: {error}")
    try:
        known = sorted(
            (path.read_text("utf-8", "replace") for path in options.known), key=_claimed_size
        )
        report = verify_export(options.directory, options.key, tenant=options.tenant, known=known)
    except OSError as error:
        sys.stdout.write(f"NOT intact: missing: {error.filename}: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{report}\n")
    return 0 if report.intact else 1


if __name__ == "__main__":
    sys.exit(main())
