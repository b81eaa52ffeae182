"""One thing that happened, as the rest of the program names it, and the leaf that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bti.audit.leaf import Leaf, instant, row_deleted, row_written

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable
    from datetime import datetime

    from bti.audit.actions import Action
    from bti.audit.note import Checkpoint
    from bti.db.guards import RowChange


@dataclass(frozen=True, slots=True)
class Reference:
    """An object an entry is about: a kind and a random id, never a name."""

    kind: str
    id: uuid.UUID

    def __str__(self) -> str:
        """Return the form the leaf holds."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class By:
    """Who acted: an account with its session and unit, or a named part of the system.

    ``client`` is the professional system that acted for the account; every entry is about it too.
    """

    who: str
    session: str = ""
    unit: str = ""
    client: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Ids and codes only."""

    action: Action
    by: By
    at: datetime
    about: tuple[Reference, ...] = ()
    ground: str = ""
    purpose: str = "follow-up"
    allowed: bool = True
    rule: str = ""

    @property
    def decision(self) -> str:
        """Return what the leaf and the search call it."""
        return "allow" if self.allowed else "deny"


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's place in its writer's chain; see `Leaf`."""

    writer: str
    number: int
    previous: str


class Signer(Protocol):
    """Signs a checkpoint for a municipality; the key stays with the broker."""

    def __call__(self, tenant: uuid.UUID, checkpoint: Checkpoint) -> str:
        """Return the signed note."""


def origin_of(tenant: uuid.UUID, epoch: int = 1) -> str:
    """Return the log's name in checkpoints: one log per municipality and epoch."""
    return f"stafett/{tenant}/{epoch}"


def leaf_of(
    tenant: uuid.UUID,
    event: Event,
    rows: tuple[str, ...] = (),
    *,
    link: Link | None = None,
    epoch: str = "",
) -> Leaf:
    """Return the leaf for an event. ``link`` chains it to its writer, ``epoch`` begins a new one."""
    return Leaf(
        ten=str(tenant),
        t=instant(event.at),
        act=event.action.value,
        who=event.by.who,
        sid=event.by.session,
        srv=event.by.unit,
        obj=tuple(sorted(str(reference) for reference in event.about)),
        grd=event.ground,
        pur=event.purpose,
        dec=event.decision,
        rule=event.rule,
        dc="",
        rows=rows,
        w=link.writer if link else "",
        n=link.number if link else 0,
        p=link.previous if link else "",
        epo=epoch,
    )


def row_lines(changes: Iterable[RowChange]) -> tuple[str, ...]:
    """Return one line per changed row; the last flush of a row in the transaction counts."""
    latest = {(change.table, change.row_id): change for change in changes}
    return tuple(sorted(_row_line(change) for change in latest.values()))


def _row_line(change: RowChange) -> str:
    if change.digest is None:
        return row_deleted(change.table, change.row_id)
    return row_written(change.table, change.row_id, version=change.version, digest=change.digest)
