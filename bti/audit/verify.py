"""Check an audit log offline: `python -m bti.audit.verify DIR --key VERIFIERKEY`, or this file alone.

Or one entry: `--proof FILE` instead of DIR. With `--witness KEY` it asks for cosignatures too. It needs the standard library and `cryptography`, neither the application, its database nor a secret. It is a
second implementation on purpose: a mistake in the code that writes the log must not also hide here.
"""

import argparse
import base64
import hashlib
import heapq
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_LEAF_BYTES = 1 << 20
_MAX_NOTE_BYTES = 1 << 20
_MAX_INTEGER = 2**53
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_HASH_BYTES = 32
_LOG_KEY, _WITNESS_KEY = b"\x01", b"\x04"
_MOST_PROOF_LINES = 63
# How far a time may lie behind the newest one before it: another writer's transaction may have been
# open for a while. And how far ahead of a witness's clock an entry may be that it has seen.
_MOST_BEHIND = timedelta(hours=1)
_MOST_AHEAD = timedelta(minutes=10)
# How much is tried to tell a reordering or an insertion from an edit. Finding that something is wrong
# never depends on these; they only bound the work of saying what.
_TRIAL_WINDOW = 64
_TRIAL_LATER = 4096
_TRIAL_HASHES = 400_000

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
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
_PLAIN, _CHAINED, _EPOCH = 1, 2, 3
KEYS = {_PLAIN: _ALWAYS, _CHAINED: _ALWAYS | {"w", "n", "p"}, _EPOCH: _ALWAYS | {"epo"}}
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


_EXPRESSIONS = {version: re.compile(_expression(version)) for version in KEYS}


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
    WRITER = "writer"
    EPOCH = "epoch"
    WITNESS = "witness"


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
    """How far a log is proven: entries, their root (32 bytes), the last one's time ('' if none), checkpoints.

    `size` counts through all epochs; `root` is of the newest, which begins at entry `base`. `lost` says of each
    later epoch how many signed entries the restored log no longer had, at least. `writers` holds the number and hash of each
    writer's newest entry; `cosigned` the size and time of the newest checkpoint with enough cosignatures.
    """

    size: int
    root: bytes
    until: str
    checkpoints: int
    finding: Finding | None
    epoch: int = 1
    base: int = 0
    lost: tuple[tuple[int, int], ...] = ()
    writers: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    cosigned: tuple[int, str] | None = None

    @property
    def intact(self) -> bool:
        """Whether every entry is proven and well-formed."""
        return self.finding is None

    def __str__(self) -> str:
        proven = f"{self.size} entries, root {base64.b64encode(self.root).decode()}, until {self.until or '-'}"
        if self.epoch > 1:
            lost = ", ".join(
                f"epoch {epoch} began without {count} or more entries"
                if count
                else f"epoch {epoch} began with all entries"
                for epoch, count in self.lost
            )
            proven += f", epoch {self.epoch} from entry {self.base} ({lost})"
        if self.cosigned:
            proven += f", cosigned up to entry {self.cosigned[0]} at {self.cosigned[1]}"
        return (
            f"intact: {proven}"
            if self.finding is None
            else f"NOT intact: {self.finding} (proven: {proven})"
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The public keys that count: the log's, one for each epoch, and witnesses', of whom `quorum` must sign.

    `quorum` None asks for all of the witnesses given.
    """

    keys: tuple[str, ...]
    witnesses: tuple[str, ...] = ()
    quorum: int | None = None


def verify_leaves(
    leaves: Iterable[tuple[int, bytes]],
    checkpoints: Iterable[str],
    keys: "str | Policy",
    *,
    tenant: str = "",
) -> Report:
    """Check entries, given as position from 0 and exact bytes, against signed checkpoints in order of size.

    Each checkpoint must be signed by the key of its epoch and have the root of the entries so far, the last must
    cover them all, each entry must be well-formed, of one tenant (`tenant` if given), follow its writer's entry
    before and not be earlier than that. Memory grows with the number of writers, not of entries. Raise ValueError
    when a key is not a verifier key.
    """
    return _Run(leaves, checkpoints, _Keys(_policy(keys)), tenant).report()


def verify_export(
    directory: Path, keys: "str | Policy", *, tenant: str = "", known: Iterable[str] = ()
) -> Report:
    """Check an export directory: `leaves.ndjson`, `checkpoints.ndjson`, `checkpoint`, and what else is there.

    That is `keys` and `cosignatures.ndjson`. `known` are checkpoints kept from earlier, in order of size. Only they, or a witness, can show that an export
    was cut back to an older state; and the key of a later epoch, that this one is left out. Raise ValueError for a
    bad key, OSError for a file that cannot be read.
    """
    policy = _policy(keys)
    named = directory / "keys"
    if named.exists():
        stated = named.read_text("utf-8", "replace").split("\n")
        if set(policy.keys) - set(stated):
            other = Finding(Kind.SIGNATURE, 0, 0, "the export names another key than the one given")
            return Report(0, _Tree().root(), "", 0, other)
    cosigned = directory / "cosignatures.ndjson"
    with (
        (directory / "leaves.ndjson").open("rb") as leaves,
        (directory / "checkpoints.ndjson").open("rb") as kept,
        (directory / "checkpoint").open("rb") as latest,
        (cosigned if cosigned.exists() else directory / "checkpoint").open("rb") as witnessed,
    ):
        latest_note = latest.read(_MAX_NOTE_BYTES + 1).decode("utf-8", "replace")
        notes = chain((_read_note(line) for line in _lines(kept, _MAX_NOTE_BYTES)), [latest_note])
        more = (
            _read_note(line) for line in _lines(witnessed, _MAX_NOTE_BYTES) if cosigned.exists()
        )
        entries = (_read_entry(line) for line in _lines(leaves, 2 * MAX_LEAF_BYTES))
        merged = heapq.merge(notes, more, known, key=claimed_place)
        report = verify_leaves(enumerate(entries), merged, policy, tenant=tenant)
    newest = _Keys(policy).newest
    if report.finding is None and report.epoch < newest:
        detail = f"the log ends in epoch {report.epoch}, and there is a key of epoch {newest}"
        return replace(report, finding=Finding(Kind.MISSING, report.size, report.size, detail))
    return report


@dataclass(frozen=True, slots=True)
class Proven:
    """One entry that a proof shows to be in the log: its place in the epoch's tree, and its exact bytes."""

    index: int
    size: int
    origin: str
    entry: bytes

    def __str__(self) -> str:
        return f"intact: entry {self.index} of {self.size} in {self.origin}\n{self.entry.decode()}"


def verify_proof(text: str, keys: "str | Policy", *, tenant: str = "") -> Proven:
    """Check a C2SP tlog-proof whose extra data is the entry itself, of `tenant` if given.

    Raise ValueError, which says what is wrong.
    """
    policy = _policy(keys)
    opened = _Keys(policy)
    top, blank, note = text.partition("\n\n")
    first, *lines = top.split("\n")
    if not blank or first != "c2sp.org/tlog-proof@v1" or len(lines) < len(("extra", "index")):
        raise _BadError("it is not a tlog-proof with an entry")
    extra, index_line, *path_lines = lines
    index = index_line.removeprefix("index ")
    if (
        not extra.startswith("extra ")
        or not index_line.startswith("index ")
        or not _SIZE.fullmatch(index)
    ):
        raise _BadError("it has no entry or no index")
    if len(path_lines) > _MOST_PROOF_LINES:
        raise _BadError("its path is too long")
    entry, path = _decode(extra.removeprefix("extra ")), [_decode(line) for line in path_lines]
    state = opened.open(note)
    if len(state.times) < opened.quorum:
        raise _BadError("its checkpoint does not have the cosignatures asked for")
    if not _included(_hash(entry), int(index), state.size, path, state.root):
        raise _BadError("the path does not lead from the entry to the root")
    if tenant not in {"", _read_leaf(entry).tenant}:
        raise _BadError("it belongs to another tenant")
    return Proven(int(index), state.size, state.origin, entry)


def _policy(keys: "str | Policy") -> Policy:
    return Policy((keys,)) if isinstance(keys, str) else keys


def _included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if index >= size or any(len(step) != _HASH_BYTES for step in path):
        return False
    node, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = hashlib.sha256(b"\x01" + step + reached).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = hashlib.sha256(b"\x01" + reached + step).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


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


@dataclass(frozen=True, slots=True)
class _State:
    """What a checkpoint states, and when each witness signed it."""

    origin: str
    epoch: int
    size: int
    root: bytes
    times: Mapping[str, int]


class _Key:
    """A C2SP verifier key: name, key id, type, Ed25519 public key."""

    def __init__(self, encoded: str, kind: bytes) -> None:
        name, _, rest = encoded.partition("+")
        key_id, _, typed = rest.partition("+")
        key = _decode(typed)
        expected = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
        if not _is_name(name) or key[:1] != kind or key_id != expected:
            raise _BadError("not an Ed25519 verifier key")
        self.name, self.id = name, bytes.fromhex(key_id)
        self._public = Ed25519PublicKey.from_public_bytes(key[1:])

    def verify(self, signature: bytes, text: str) -> None:
        try:
            self._public.verify(signature, text.encode())
        except InvalidSignature as error:
            raise _BadError("its signature is false") from error


class _Keys:
    """The keys that count, and what a note says that they signed."""

    def __init__(self, policy: Policy) -> None:
        self._logs = {key.name: key for key in (_Key(one, _LOG_KEY) for one in policy.keys)}
        if not self._logs or len({_origin(name)[0] for name in self._logs}) != 1:
            raise _BadError("not an Ed25519 verifier key of one log")
        self._witnesses = [_Key(one, _WITNESS_KEY) for one in policy.witnesses]
        self.quorum = len(self._witnesses) if policy.quorum is None else policy.quorum
        if not 0 <= self.quorum <= len({key.name for key in self._witnesses}):
            raise _BadError("not a verifier key for each of the witnesses asked for")

    @property
    def newest(self) -> int:
        """The newest epoch that a key was given for."""
        return max(_origin(name)[1] for name in self._logs)

    def open(self, note: str) -> _State:
        """Read a checkpoint of the log (C2SP signed-note, tlog-checkpoint, tlog-cosignature)."""
        text, blank, signed = note.rpartition("\n\n")
        lines = f"{text}\n".split("\n")
        shaped = blank and signed.endswith("\n") and len(note) <= _MAX_NOTE_BYTES
        if not shaped or len(lines) != len(("origin", "size", "root", "")):
            raise _BadError("it is not a checkpoint")
        log = self._logs.get(lines[0])
        if log is None:
            raise _BadError("it is of another log than the key's")
        signatures = list(map(_signature, signed[:-1].split("\n")))
        mine = [signature for *by, signature in signatures if by == [log.name, log.id]]
        if not mine:
            raise _BadError("the given key did not sign it")
        for signature in mine:
            log.verify(signature, f"{text}\n")
        root = _decode(lines[2])
        if not _SIZE.fullmatch(lines[1]) or len(root) != _HASH_BYTES:
            raise _BadError("its size or root is not one")
        return _State(
            log.name, _origin(log.name)[1], int(lines[1]), root, self._times(signatures, text)
        )

    def _times(self, signatures: list[tuple[str, bytes, bytes]], text: str) -> dict[str, int]:
        """Return when each witness signed; a false signature of a known witness counts against the note."""
        times = {}
        for key in self._witnesses:
            for *by, timed in signatures:
                if by == [key.name, key.id]:
                    time = int.from_bytes(timed[:_TIME_BYTES], "big")
                    key.verify(timed[_TIME_BYTES:], f"cosignature/v1\ntime {time}\n{text}\n")
                    times[key.name] = time
        return times


class _Run:
    """One pass over a log. Nothing counts as proven until a checkpoint over it has been matched."""

    def __init__(
        self,
        leaves: Iterable[tuple[int, bytes]],
        checkpoints: Iterable[str],
        keys: _Keys,
        tenant: str,
    ) -> None:
        self._leaves, self._notes, self._keys, self._tenant = (
            iter(leaves),
            iter(checkpoints),
            keys,
            tenant,
        )
        self._tree, self._epoch, self._base = _Tree(), 1, 0
        # Per writer; those that got their place at once are one writer without a name.
        self._times: dict[str, str] = {}
        self._chains: dict[str, tuple[int, bytes]] = {}
        self._newest, self._floor = "", ""
        self._lost: list[tuple[int, int]] = []
        self._cosigned: tuple[int, str] | None = None
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
        return Report(
            *self._proven,
            checkpoints=self._matched,
            finding=finding,
            epoch=self._epoch,
            base=self._base,
            lost=tuple(self._lost),
            writers=self._chains,
            cosigned=self._cosigned,
        )

    @property
    def _here(self) -> int:
        return self._base + self._tree.size

    def _end(self) -> None:
        end = self._here
        if not self._matched:
            raise _FoundError(Finding(Kind.CHECKPOINT, 0, 0, "there is no checkpoint"))
        if next(self._leaves, None) is not None:
            detail = "it comes after the last checkpoint"
            raise _FoundError(Finding(Kind.INSERTED, end, end, detail))
        if self._keys.quorum and self._cosigned is None:
            detail = f"no checkpoint is cosigned by {self._keys.quorum} of the witnesses"
            raise _FoundError(Finding(Kind.WITNESS, 0, end, detail))

    def _match(self, note: str) -> None:
        """Read the entries a checkpoint adds and compare the root."""
        number = self._matched + 1
        try:
            state = self._keys.open(note)
        except _BadError as error:
            detail = f"checkpoint no. {number}: {error}"
            raise _FoundError(Finding(Kind.SIGNATURE, self._here, self._here, detail)) from error
        if state.epoch > self._epoch:
            self._begin(state.epoch)
        start, here, size = self._tree.size, self._here, state.size
        if (
            state.epoch < self._epoch
            or size < start
            or (size == start and state.root != self._tree.root())
        ):
            detail = f"checkpoint no. {number} contradicts an earlier one"
            raise _FoundError(Finding(Kind.CHECKPOINT, here, here, detail))
        before, added, doubt = _Tree(start, self._tree.peaks), list[bytes](), None
        while self._tree.size < size:
            entry = self._next(size)
            entry_hash = _hash(entry)
            doubt = doubt or self._judge(entry, entry_hash)
            if len(added) <= _TRIAL_WINDOW:
                added.append(entry_hash)
            self._tree.add(entry_hash)
        if self._tree.root() != state.root:
            raise _FoundError(self._diagnose(before, added, size, state.root))
        if doubt:
            raise _FoundError(doubt)
        self._proven, self._matched = (self._here, state.root, self._newest), number
        self._witnessed(state)

    def _next(self, size: int) -> bytes:
        expected, proven = self._here, self._proven[0]
        numbered = next(self._leaves, None)
        if numbered is None:
            covered = self._base + size
            detail = f"there are {expected} entries and a checkpoint over {covered}"
            raise _FoundError(Finding(Kind.MISSING, proven, covered - 1, detail))
        position, entry = numbered
        if position > expected:
            detail = "the numbering has a gap"
            raise _FoundError(Finding(Kind.MISSING, expected, position - 1, detail))
        if position < expected:
            detail = f"an entry numbered {position} stands here"
            raise _FoundError(Finding(Kind.REORDERED, expected, expected, detail))
        return entry

    def _begin(self, epoch: int) -> None:
        """Read what the old epoch has after its last checkpoint, and what the new one says of it.

        What no checkpoint of the old epoch covers is covered by the new one: its first entry states the old root.
        """
        doubt, before, added = None, _Tree(self._tree.size, self._tree.peaks), list[bytes]()
        while True:
            numbered = next(self._leaves, None)
            if numbered is None or numbered[0] != self._here:
                detail = f"epoch {epoch} is signed and does not begin"
                raise _FoundError(Finding(Kind.MISSING, self._here, self._here, detail))
            entry = numbered[1]
            ending = _EXPRESSIONS[_EPOCH].fullmatch(entry)
            if ending:
                break
            entry_hash = _hash(entry)
            doubt = doubt or self._judge(entry, entry_hash)
            added.append(entry_hash)
            self._tree.add(entry_hash)
        number, signed, found, root, note = _ending(ending["epo"].decode())
        stated = (int(number), int(found), _decode(root))
        if stated != (epoch, self._tree.size, self._tree.root()):
            detail = f"epoch {epoch} does not begin where epoch {self._epoch} ended"
            raise _FoundError(Finding(Kind.EPOCH, self._here, self._here, detail))
        if doubt:
            raise _FoundError(doubt)
        replaced = self._heard(int(signed), note, before, added)
        self._lost.append((epoch, max(int(signed) - int(found), replaced)))
        self._base, self._tree, self._epoch = self._here, _Tree(), epoch
        self._leaves = chain([numbered], self._leaves)

    def _heard(self, signed: int, encoded: str, before: _Tree, added: Sequence[bytes]) -> int:
        """Compare what a new epoch says was signed in the old one with the signature it quotes.

        Returns 1 if other entries stand where signed ones stood: a log that was put back and written on
        before anybody noticed. How many of them were replaced, a root does not tell. `before` is the
        tree at the last checkpoint that was kept, `added` the hashes of the entries after it.
        """
        if not encoded and not signed:
            return 0
        try:
            note = _decode(encoded).decode("utf-8", "replace")
            if claimed_place(note)[0] > self._epoch:
                return 0  # of an epoch between, lost as a whole: nothing here to compare it with
            state = self._keys.open(note)
        except _BadError as error:
            detail = f"the checkpoint that the new epoch quotes: {error}"
            raise _FoundError(Finding(Kind.EPOCH, self._here, self._here, detail)) from error
        # What is signed grows: the newest signature is over no less than one that was kept.
        if state.epoch != self._epoch or state.size != signed or signed < before.size:
            detail = "the checkpoint that the new epoch quotes says something else"
            raise _FoundError(Finding(Kind.EPOCH, self._here, self._here, detail))
        if signed > self._tree.size:
            return 0
        return int(before.root_with(added[: signed - before.size]) != state.root)

    def _judge(self, entry: bytes, entry_hash: bytes) -> Finding | None:
        """Say what is wrong with an entry in itself; it counts only if the entry is as it was signed."""
        place = self._here
        try:
            read = _read_leaf(entry)
        except _BadError as error:
            return Finding(Kind.MALFORMED, place, place, f"signed like this, but {error}")
        self._tenant = self._tenant or read.tenant
        if read.tenant != self._tenant:
            return Finding(Kind.TENANT, place, place, "it belongs to another tenant")
        if read.begins != (self._epoch > 1 and self._tree.size == 0):
            return Finding(Kind.EPOCH, place, place, "an epoch begins where none does")
        if read.time < self._times.get(read.writer, ""):
            return Finding(Kind.TIME, place, place, "it is earlier than the entry before it")
        behind = read.time < self._newest and read.time < _moved(self._newest, -_MOST_BEHIND)
        if behind or read.time < self._floor:
            detail = "it is much earlier than what was there before it"
            return Finding(Kind.TIME, place, place, detail)
        self._times[read.writer] = read.time
        self._newest = max(self._newest, read.time)
        return self._linked(read, entry_hash) if read.writer else None

    def _linked(self, read: "_Read", entry_hash: bytes) -> Finding | None:
        """Say what is missing between an entry and the one its writer made before."""
        number, previous = self._chains.get(read.writer, (0, b""))
        self._chains[read.writer] = (read.number, entry_hash)
        if read.number == number + 1 and read.previous == previous:
            return None
        place, missing = self._here, f"{number + 1} to {read.number - 1}"
        detail = (
            f"entries {missing} of writer {read.writer} never reached the log"
            if read.number > number + 1
            else f"writer {read.writer} does not go on from its entry before"
        )
        return Finding(Kind.WRITER, place, place, detail)

    def _witnessed(self, state: _State) -> None:
        """Take the times of cosignatures: a clock that whoever runs the log does not set."""
        times = sorted(state.times.values(), reverse=True)
        for time in times:
            if _moved(_stamp(time), _MOST_AHEAD) < self._newest:
                detail = "a witness saw it before the time it states"
                raise _FoundError(Finding(Kind.TIME, self._here - 1, self._here - 1, detail))
            self._floor = max(self._floor, _moved(_stamp(time), -_MOST_BEHIND))
        if times and len(times) >= self._keys.quorum:
            at = times[max(self._keys.quorum, 1) - 1]
            self._cosigned = (self._here, _stamp(at))

    def _diagnose(self, before: _Tree, added: list[bytes], size: int, root: bytes) -> Finding:
        """Give the likeliest reading of a wrong root over the entries from `before.size` to `size`."""
        start, last = self._base + before.size, self._base + size - 1
        later = [_hash(entry) for _, entry in islice(self._leaves, _TRIAL_LATER)]
        total = size + len(later) + sum(1 for _ in self._leaves)
        claims = [claimed_place(note) for note in self._notes]
        # Where another epoch follows, how many entries there should be is not known from here.
        counted = all(epoch == self._epoch for epoch, _ in claims)
        covered = max(size, *(claimed for _, claimed in claims), 0) if counted else total
        if total < covered:
            detail = f"there are {self._base + total} entries and a checkpoint over {self._base + covered}"
            return Finding(Kind.MISSING, start, last, detail)
        if len(added) <= _TRIAL_WINDOW:
            trials = (
                _without_one([*added, *later[:1]]) if total > covered else _rearranged(added, later)
            )
            kind = Kind.INSERTED if total > covered else Kind.REORDERED
            for place, trial in islice(trials, _TRIAL_HASHES // max(len(added), 1)):
                if before.root_with(trial) == root:
                    detail = "it does not belong in this place"
                    return Finding(kind, start + place, start + place, detail)
        if total > covered:
            detail = f"there are {total} entries, the checkpoints cover {covered}"
            return Finding(Kind.INSERTED, start, last, detail)
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


class _Read(NamedTuple):
    """What a check looks at in one entry."""

    tenant: str
    time: str
    writer: str
    number: int
    previous: bytes
    begins: bool


def _read_leaf(entry: bytes) -> _Read:
    """Read an entry. Raise _BadError, which says what is wrong with it."""
    for expression in _EXPRESSIONS.values():
        found = expression.fullmatch(entry)
        if found:
            break
    else:
        raise _BadError(_what_is_wrong(entry))
    _check_lists(found)
    time = found["t"].decode()
    try:
        datetime.fromisoformat(time)
    except ValueError as error:
        raise _BadError("t is not a time that exists") from error
    if expression is not _EXPRESSIONS[_CHAINED]:
        begins = expression is _EXPRESSIONS[_EPOCH]
        return _Read(found["ten"].decode(), time, "", 0, b"", begins)
    number = int(found["n"])
    if number > _MAX_INTEGER or (number == 1) != (not found["p"]):
        raise _BadError("n and p do not fit together")
    return _Read(
        found["ten"].decode(),
        time,
        found["w"].decode(),
        number,
        base64.b64decode(found["p"]),
        begins=False,
    )


def _check_lists(found: "re.Match[bytes]") -> None:
    rows, objects = _members(found["rows"]), _members(found["obj"])
    if len(found[0]) > MAX_LEAF_BYTES:
        raise _BadError("it is too long")
    if len(objects) > 1 and len(set(objects)) != len(objects):
        raise _BadError("a list holds a member twice")
    if rows:
        versions = [row.split(b"/", 3)[2] for row in rows]
        if len(set(rows)) != len(rows):
            raise _BadError("a list holds a member twice")
        if rows != sorted(rows) or any(v != b"-" and int(v) > _MAX_INTEGER for v in versions):
            raise _BadError("rows are not in order or out of range")


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


def _ending(stated: str) -> tuple[str, str, str, str, str]:
    """Split what a new epoch says of the old one: number, signed, found, root, note."""
    number, _reason, signed, found, rest = stated.split("/", 4)
    # Base64 has slashes of its own, but a root has a fixed length.
    return number, signed, found, rest[:44], rest[45:]


def _origin(name: str) -> tuple[str, int]:
    """Split a log's name into that of all its epochs and the number of this one (1 if it says none)."""
    log, _, epoch = name.rpartition("/")
    return (log, int(epoch)) if re.fullmatch(r"[1-9][0-9]{0,5}", epoch) else (name, 1)


def _stamp(seconds: int) -> str:
    """A cosignature's time as an entry would write it; a time out of all range is as late as can be."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        at = datetime.max.replace(tzinfo=UTC)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _moved(time: str, by: timedelta) -> str:
    try:
        at = datetime.fromisoformat(time) + by
    except OverflowError:
        return time
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


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


def claimed_place(note: str) -> tuple[int, int]:
    """The epoch and size a checkpoint states, signed or not; (0, -1) if it states none."""
    stated = re.match(r"([^\n]*)\n([0-9]{1,16})\n", note)
    return (_origin(stated[1])[1], int(stated[2])) if stated else (0, -1)


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
        prog="verify",
        description="Check an exported audit log, or the proof of one entry, offline.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", nargs="?")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="a proof of one entry instead")
    parser.add_argument(
        "--key",
        required=True,
        action="append",
        metavar="VERIFIERKEY",
        help="as received from the log's owner; one for each epoch",
    )
    parser.add_argument(
        "--witness", action="append", default=[], metavar="VERIFIERKEY", help="a witness's key"
    )
    parser.add_argument(
        "--quorum", type=int, metavar="N", help="how many witnesses must have signed; else all"
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
    if (options.directory is None) == (options.proof is None):
        parser.error("one of DIR and --proof")
    policy = Policy(tuple(options.key), tuple(options.witness), options.quorum)
    try:
        _Keys(policy)
    except ValueError as error:
        parser.error(f"--key, --witness or --quorum: {error}")
    intact, line = _outcome(options, policy)
    sys.stdout.write(f"{line}\n")
    return 0 if intact else 1


def _outcome(options: argparse.Namespace, policy: Policy) -> tuple[bool, str]:
    try:
        if options.proof is not None:
            text = options.proof.read_text("utf-8", "replace")
            return True, str(verify_proof(text, policy, tenant=options.tenant))
        known = sorted(
            (path.read_text("utf-8", "replace") for path in options.known), key=claimed_place
        )
        report = verify_export(options.directory, policy, tenant=options.tenant, known=known)
    except OSError as error:
        return False, f"NOT intact: missing: {error.filename}: {error.strerror}"
    except _BadError as error:
        return False, f"NOT intact: {error}"
    return report.intact, str(report)


if __name__ == "__main__":
    sys.exit(main())
