"""Small synthetic logs, built with the code that writes, to be checked by the code that verifies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bti.audit.actions import Action
from bti.audit.leaf import Leaf, instant, row_written
from bti.audit.note import Checkpoint, VerifierKey, sign_checkpoint
from bti.audit.tree import Frontier, leaf_hash
from bti.audit.verify import checkpoint_line, leaf_line

ORIGIN = "stafett.example.no/6c1f6a52-8a8e-4d53-9a0e-3f6f3b1c7a10/1"
TENANT = "6c1f6a52-8a8e-4d53-9a0e-3f6f3b1c7a10"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER_KEY = VerifierKey.of(ORIGIN, KEY).encode()
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def a_leaf(number: int = 0, **changes: object) -> Leaf:
    fields: dict[str, object] = {
        "ten": TENANT,
        "t": instant(START + timedelta(seconds=number)),
        "act": Action.CASE_OPEN_READ,
        "who": str(UUID(int=number)),
        "sid": "0a1b2c3d",
        "srv": str(UUID(int=7)),
        "obj": (f"case:{UUID(int=number)}",),
        "grd": "role:unit_lead",
        "pur": "followup",
        "dec": "allow",
        "rule": "P07",
        "rows": (row_written("entries", UUID(int=number), version=1, digest=bytes(32)),),
    }
    return Leaf(**(fields | changes))  # type: ignore[arg-type]  # tests pass wrong types on purpose


def entries(count: int) -> list[bytes]:
    return [a_leaf(number).to_bytes() for number in range(count)]


def signed(leaves: Sequence[bytes], sizes: Sequence[int]) -> list[str]:
    """Checkpoints over the first so many leaves, for each of `sizes` in ascending order."""
    notes, frontier = [], Frontier()
    for size in sizes:
        for leaf in leaves[frontier.size : size]:
            frontier.append(leaf_hash(leaf))
        notes.append(sign_checkpoint(Checkpoint(ORIGIN, size, frontier.root()), KEY))
    return notes


@dataclass(frozen=True, slots=True)
class Export:
    """An export directory that a test may damage."""

    directory: Path

    def write(self, leaves: Sequence[bytes], notes: Sequence[str]) -> "Export":
        (self.directory / "leaves.ndjson").write_text("".join(map(leaf_line, leaves)), "utf-8")
        kept = "".join(map(checkpoint_line, notes))
        (self.directory / "checkpoints.ndjson").write_text(kept, "utf-8")
        (self.directory / "checkpoint").write_text(notes[-1], "utf-8")
        (self.directory / "keys").write_text(VERIFIER_KEY + "\n", "utf-8")
        return self
