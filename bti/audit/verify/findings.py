"""What a check can find, and how far it says that a log is proven."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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


class BadError(ValueError):
    """Input that is not what it claims to be; the message says why."""


class FoundError(Exception):
    """What ends a pass: the first thing wrong."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding
