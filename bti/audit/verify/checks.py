"""The checks: entries as they come, a whole export, the proof of one entry."""

import base64
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from bti.audit.verify.entries import MAX_LEAF_BYTES, read_leaf
from bti.audit.verify.findings import BadError, Finding, Kind, Policy, Report
from bti.audit.verify.notes import MAX_NOTE_BYTES, SIZE, Keys, claimed_place, decode
from bti.audit.verify.run import Run
from bti.audit.verify.tree import Tree, included, leaf_hash

_MOST_PROOF_LINES = 63


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
    return Run(leaves, checkpoints, Keys(_policy(keys)), tenant).report()


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
            return Report(0, Tree().root(), "", 0, other)
    cosigned = directory / "cosignatures.ndjson"
    with (
        (directory / "leaves.ndjson").open("rb") as leaves,
        (directory / "checkpoints.ndjson").open("rb") as kept,
        (directory / "checkpoint").open("rb") as latest,
        (cosigned if cosigned.exists() else directory / "checkpoint").open("rb") as witnessed,
    ):
        latest_note = latest.read(MAX_NOTE_BYTES + 1).decode("utf-8", "replace")
        notes = chain((_read_note(line) for line in _lines(kept, MAX_NOTE_BYTES)), [latest_note])
        more = (_read_note(line) for line in _lines(witnessed, MAX_NOTE_BYTES) if cosigned.exists())
        entries = (_read_entry(line) for line in _lines(leaves, 2 * MAX_LEAF_BYTES))
        merged = heapq.merge(notes, more, known, key=claimed_place)
        report = verify_leaves(enumerate(entries), merged, policy, tenant=tenant)
    newest = Keys(policy).newest
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
    opened = Keys(policy)
    top, blank, note = text.partition("\n\n")
    first, *lines = top.split("\n")
    if not blank or first != "c2sp.org/tlog-proof@v1" or len(lines) < len(("extra", "index")):
        raise BadError("it is not a tlog-proof with an entry")
    extra, index_line, *path_lines = lines
    index = index_line.removeprefix("index ")
    if (
        not extra.startswith("extra ")
        or not index_line.startswith("index ")
        or not SIZE.fullmatch(index)
    ):
        raise BadError("it has no entry or no index")
    if len(path_lines) > _MOST_PROOF_LINES:
        raise BadError("its path is too long")
    entry, path = decode(extra.removeprefix("extra ")), [decode(line) for line in path_lines]
    state = opened.open(note)
    if len(state.times) < opened.quorum:
        raise BadError("its checkpoint does not have the cosignatures asked for")
    if not included(leaf_hash(entry), int(index), state.size, path, state.root):
        raise BadError("the path does not lead from the entry to the root")
    if tenant not in {"", read_leaf(entry).tenant}:
        raise BadError("it belongs to another tenant")
    return Proven(int(index), state.size, state.origin, entry)


def _policy(keys: "str | Policy") -> Policy:
    return Policy((keys,)) if isinstance(keys, str) else keys


def leaf_line(entry: bytes) -> str:
    """The line of `leaves.ndjson` for an entry's exact bytes: their base64 as a JSON string."""
    return f'"{base64.b64encode(entry).decode()}"\n'


def checkpoint_line(note: str) -> str:
    """The line of `checkpoints.ndjson` for a signed checkpoint: the note as a JSON string."""
    return json.dumps(note) + "\n"


def _read_entry(line: bytes) -> bytes:
    """The entry in a line, or no bytes at all, which no entry has, if the line is not as it was written."""
    try:
        entry = decode(line[1:-1].decode())
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
