"""The extract of the access log: each entry about the case with the proof that it stands in the signed log.

One JSON object in each line: first the checkpoints ({"checkpoint": text}), then the entries ({"checkpoint": which,
"entry": the very bytes as text, "index": its place in that tree, "path": hashes in base64}), oldest first.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bti.audit.note import Checkpoint, NoteError, VerifierKey, open_note, text_of
from bti.audit.tree import leaf_hash, verify_inclusion

_ENTRY: Final = {"checkpoint", "entry", "index", "path"}


class ExtractError(ValueError):
    """A line of the extract that does not prove what it says. The text names the line."""


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """One entry (its bytes), its place in the tree of a checkpoint, and the way to the root."""

    checkpoint: int
    entry: bytes
    index: int
    path: tuple[bytes, ...]


def extract_text(checkpoints: Sequence[str], entries: Iterable[ProvenEntry]) -> str:
    """Return the extract; the same entries under the same checkpoints give the same text."""
    lines = [_line({"checkpoint": note}) for note in checkpoints]
    for one in entries:
        told = {
            "checkpoint": one.checkpoint,
            "entry": one.entry.decode(),
            "index": one.index,
            "path": [b64encode(step).decode() for step in one.path],
        }
        lines.append(_line(told))
    return "".join(lines)


def check(lines: Iterable[bytes], keys: Sequence[VerifierKey]) -> int:
    """Return how many entries are proven. Raises ``ExtractError`` for the first line that is not.

    With keys each checkpoint must be signed by its own log with one of them.
    """
    checkpoints: list[Checkpoint] = []
    entries = 0
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            if set(told) == {"checkpoint"} and not entries:
                checkpoints.append(_checkpoint(told["checkpoint"], keys))
            elif set(told) == _ENTRY:
                _prove(checkpoints[told["checkpoint"]], told)
                entries += 1
            else:
                raise ExtractError("it is neither a checkpoint nor an entry")
        except NoteError as fault:
            raise ExtractError(f"line {number}: {fault}") from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
            told_why = str(fault) if isinstance(fault, ExtractError) else "it cannot be read"
            raise ExtractError(f"line {number}: {told_why}") from None
    return entries


def _checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    return open_note(note, keys) if keys else Checkpoint.parse(text_of(note))


def _prove(checkpoint: Checkpoint, told: dict[str, object]) -> None:
    entry, index, path = told["entry"], told["index"], told["path"]
    if not isinstance(entry, str) or not isinstance(index, int) or not isinstance(path, list):
        raise ExtractError("it cannot be read")
    steps = [b64decode(step, validate=True) for step in path]
    leaf = leaf_hash(entry.encode())
    if not verify_inclusion(leaf, index, checkpoint.size, steps, checkpoint.root):
        raise ExtractError("the entry does not stand in the log at that place")


def _line(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
