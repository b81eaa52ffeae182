"""The life of keys as operators see it: how they stand, a new generation, moving, a new root key.

The work is many short transactions, each with its entry; cut off anywhere, it is taken up again
by the same command. No key is ever a result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.provider import TenantPurpose
from bti.db.models import CaseKey, Municipality
from bti.domain.approval import ApprovalAct
from bti.keyd.generations import Generation, KeyHeldError, destroy_params
from bti.keyd.keystore import ACTIVE, MOST_SEALS, MOST_WRAPS
from bti.keyd.usage import Usage, usage

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from bti.keyd.reseal import Left, Position, Resealed
    from bti.keyd.rewrap import Moved
    from bti.workflows.actor import SystemActor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

__all__ = ["destroy_params"]

#: Data keys moved in one transaction, under one entry of about 130 kB; others wait a tenth of a second.
BATCH: Final = 1000
#: Rows sealed anew in one transaction: each is opened as a whole.
RESEAL_BATCH: Final = 200
#: Rows named in one entry of those that were gone round.
_NAMED: Final = 100
#: What it is called in the log that rows were made anew, or gone round, where that is no sealing.
_ACTS: Final = {TenantPurpose.INDEX: Action.KEY_INDEX_RENEW}
#: How old the active kek may be before it is due for its successor.
KEK_AGE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How a municipality's keys stand. Never a key."""

    generations: tuple[Generation, ...]
    data_keys: int
    left_behind: int
    used: Usage

    @property
    def worn(self) -> bool:
        """Whether a key has done half of what it may."""
        return (
            self.used.wraps * 2 >= MOST_WRAPS
            or max(self.used.tenant_seals, self.used.case_seals) * 2 >= MOST_SEALS
        )

    def active(self, purpose: TenantPurpose) -> Generation:
        """Return the active generation of a purpose."""
        return next(
            one for one in self.generations if (one.purpose, one.state) == (purpose, ACTIVE)
        )


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: the generation that is active now, whether it is new, and data keys or rows moved.

    ``left`` are rows it went round, because something in them does not open or they were changed in SQL.
    """

    generation: int
    fresh: bool
    moved: int
    left: tuple[Left, ...] = ()


def municipalities(context: Context) -> tuple[tuple[uuid.UUID, str, str], ...]:
    """Return id, number and name of every municipality of this installation."""
    rows = context.session.scalars(select(Municipality).order_by(Municipality.number))
    return tuple((row.id, row.number, row.name) for row in rows)


def status(context: Context, *, tenant_id: uuid.UUID) -> KeyStatus:
    """Return how the keys stand, after opening one: all hang under the same root.

    Raises ``AccessDenied`` when it cannot be opened.
    """
    context.verbs.verifier_key(tenant_id)
    life = context.verbs.key_life()
    generations = life.generations(tenant_id)
    active = {one.purpose: one.key_id for one in generations if one.state == ACTIVE}
    left = life.left_behind(tenant_id)
    used = usage(context.session, tenant_id, active[TenantPurpose.KEK])
    return KeyStatus(generations, used.wraps + left, left, used)


def data_keys(context: Context, *, tenant_id: uuid.UUID) -> tuple[tuple[str, int, str, int], ...]:
    """Return how many data keys there are by kind of compartment, generation and state.

    Which service has how many is not told: kinds are core, own, and the types of information.
    """
    counts: Counter[tuple[str, int, str]] = Counter()
    query = (
        select(CaseKey.compartment, CaseKey.generation, CaseKey.state, func.count())
        .where(CaseKey.tenant_id == tenant_id)
        .group_by(CaseKey.compartment, CaseKey.generation, CaseKey.state)
    )
    for compartment, generation, state, count in context.session.execute(query):
        counts[compartment.rpartition(":")[2], generation, state] += count
    return tuple((*which, count) for which, count in sorted(counts.items()))


def begin_generation(
    context: Context, *, tenant_id: uuid.UUID, purpose: TenantPurpose, seen: int
) -> Generation | None:
    """Let a new generation take over from ``seen``; None when somebody else has done so.

    Raises ``KeyHeldError`` for a purpose that cannot be rotated.
    """
    made = context.verbs.key_life().rotate(tenant_id, purpose, seen)
    if made is not None:
        context.record(
            Action.KEY_TENANT_ROTATE,
            Reference("tenant", tenant_id),
            Reference("key", made.id),
            tenant=tenant_id,
        )
    return made


def rewrap_some(context: Context, *, tenant_id: uuid.UUID, after: uuid.UUID | None) -> Moved:
    """Move one batch of data keys to the active kek. A count of 0: none is left."""
    moved = context.verbs.key_life().rewrap(tenant_id, BATCH, after)
    if moved.count:
        context.record(Action.KEY_DATA_REWRAP, Reference("tenant", tenant_id), tenant=tenant_id)
    return moved


def rewrap(
    doorway: Doorway,
    actor: SystemActor,
    *,
    tenant_id: uuid.UUID,
    progress: Callable[[int], None] = lambda _moved: None,
) -> int:
    """Move every data key that is left to the active kek and return how many were moved."""
    total = 0
    after: uuid.UUID | None = None
    while True:
        moved = doorway.perform(rewrap_some, actor, tenant_id=tenant_id, after=after)
        if moved.count == 0:
            return total
        after = moved.last
        total += moved.count
        progress(total)


def rotate(
    doorway: Doorway,
    actor: SystemActor,
    *,
    tenant_id: uuid.UUID,
    progress: Callable[[int], None] = lambda _moved: None,
) -> Rotated:
    """Give a municipality a new kek and move its data keys to it.

    A rotation that was cut off is finished first, and then no new generation is begun: the same
    command again and again ends in one finished rotation.
    """
    stands = doorway.perform(status, actor, tenant_id=tenant_id)
    fresh = False
    if not stands.left_behind:
        seen = stands.active(TenantPurpose.KEK).generation
        made = doorway.perform(
            begin_generation, actor, tenant_id=tenant_id, purpose=TenantPurpose.KEK, seen=seen
        )
        fresh = made is not None
    moved = rewrap(doorway, actor, tenant_id=tenant_id, progress=progress)
    now = doorway.perform(status, actor, tenant_id=tenant_id)
    return Rotated(now.active(TenantPurpose.KEK).generation, fresh, moved)


def reseal_some(
    context: Context, *, tenant_id: uuid.UUID, purpose: TenantPurpose, at: Position | None
) -> Resealed:
    """Seal one batch of rows anew under the active ops or directory key, going on from ``at``.

    With the index key: make one batch of tokens anew.
    """
    life = context.verbs.key_life()
    if purpose is TenantPurpose.INDEX:
        done = life.retoken(tenant_id, RESEAL_BATCH, at)
    else:
        done = life.reseal(tenant_id, purpose, RESEAL_BATCH, at)
    if done.count:
        act = _ACTS.get(purpose, Action.KEY_VALUE_RESEAL)
        context.record(act, Reference("tenant", tenant_id), tenant=tenant_id)
    return done


def reseal(
    doorway: Doorway, actor: SystemActor, *, tenant_id: uuid.UUID, purpose: TenantPurpose
) -> tuple[int, tuple[Left, ...]]:
    """Seal every row that is behind anew; returns how many were (0: none was), and which were gone round.

    Pass after pass, until one finds nothing: what somebody was writing meanwhile may be behind.
    """
    total = 0
    while True:
        done, at = 0, None
        left: list[Left] = []
        while True:
            some = doorway.perform(reseal_some, actor, tenant_id=tenant_id, purpose=purpose, at=at)
            done, at = done + some.count, some.at
            left += some.left
            if at is None:
                break
        if not done:
            return total, tuple(left)
        total += done


def note_left(
    context: Context, *, tenant_id: uuid.UUID, purpose: TenantPurpose, left: tuple[Left, ...]
) -> None:
    """Enter which rows were gone round, as the refusals that they are."""
    act = _ACTS.get(purpose, Action.KEY_VALUE_RESEAL)
    for begin in range(0, len(left), _NAMED):
        about = [Reference("row", one.row_id) for one in left[begin : begin + _NAMED]]
        context.record(act, *about, tenant=tenant_id, refused="keys.unreadable")


def rotate_sealing(
    doorway: Doorway, actor: SystemActor, *, tenant_id: uuid.UUID, purpose: TenantPurpose
) -> Rotated:
    """Give a municipality a new ops, directory or index key and seal anew what is under the one before.

    With the index key the tokens of national ids and the marks of bait cases are made anew; with the directory key every
    MAC of a row that grants authority, and the index of user names. Cut off anywhere, the same call finishes it, and then
    begins no other. Raises ``Conflict`` when people were changing the same rows again and again.
    """
    # Looked at first: if somebody else begins one meanwhile, this begins none after it.
    seen = doorway.perform(status, actor, tenant_id=tenant_id).active(purpose).generation
    total, left = reseal(doorway, actor, tenant_id=tenant_id, purpose=purpose)
    fresh = False
    if not total:
        made = doorway.perform(
            begin_generation, actor, tenant_id=tenant_id, purpose=purpose, seen=seen
        )
        fresh = made is not None
        total, left = reseal(doorway, actor, tenant_id=tenant_id, purpose=purpose)
    if left:
        doorway.perform(note_left, actor, tenant_id=tenant_id, purpose=purpose, left=left)
    now = doorway.perform(status, actor, tenant_id=tenant_id)
    return Rotated(now.active(purpose).generation, fresh, total, left)


def is_due(context: Context, *, tenant_id: uuid.UUID) -> bool:
    """Tell whether the kek should have a successor: it is old, or it has wrapped much."""
    stands = status(context, tenant_id=tenant_id)
    age = context.now - stands.active(TenantPurpose.KEK).made_at
    return age >= KEK_AGE or stands.worn or stands.left_behind > 0


def destroy(
    context: Context,
    *,
    tenant_id: uuid.UUID,
    purpose: TenantPurpose,
    generation: int,
    approval_id: uuid.UUID | None,
) -> Generation:
    """Destroy a retired generation for ever. Two people have approved exactly this.

    Raises ``KeyHeldError`` when it may not be destroyed now (the approval is then not used up)
    and ``ApprovalRefused``.
    """
    stone = context.verbs.key_life().destroy(tenant_id, purpose, generation, approval_id)
    context.record(
        Action.KEY_TENANT_DESTROY,
        Reference("tenant", tenant_id),
        Reference("key", stone.id),
        ground=f"gate:{ApprovalAct.KEY_DESTROY}",
        tenant=tenant_id,
    )
    return stone


def move_to_root(
    context: Context, *, tenant_id: uuid.UUID, root_ref: str, again: bool = False
) -> int:
    """Wrap a municipality's tenant keys under another root key; returns how many were moved.

    ``again`` also wraps anew what is under it already: a key service has versions of one key.
    """
    moved = context.verbs.key_life().move_to_root(tenant_id, root_ref, again=again)
    if moved:
        context.record(Action.KEY_ROOT_MOVE, Reference("tenant", tenant_id), tenant=tenant_id)
    return moved


def move_all_to_root(
    doorway: Doorway, actor: SystemActor, *, root_ref: str, again: bool = False
) -> int:
    """Move every municipality's tenant keys to ``root_ref`` and return how many were moved.

    Cut off anywhere, the same call goes on: what is moved is not moved twice (unless ``again``).
    Raises ``KeyHeldError`` when something is still under another root key at the end.
    """
    tenants = [tenant for tenant, _, _ in doorway.perform(municipalities, actor)]
    moved = sum(
        doorway.perform(move_to_root, actor, tenant_id=tenant, root_ref=root_ref, again=again)
        for tenant in tenants
    )
    left = sum(
        doorway.perform(_on_other_roots, actor, tenant_id=tenant, root_ref=root_ref)
        for tenant in tenants
    )
    if left:
        raise KeyHeldError("keys.root_in_use", count=left)
    return moved


def newest_root(context: Context) -> str:
    """Return the root key under which everything new is wrapped."""
    return context.verbs.key_life().root_ref


def _on_other_roots(context: Context, *, tenant_id: uuid.UUID, root_ref: str) -> int:
    return context.verbs.key_life().on_other_roots(tenant_id, root_ref)


def note_recovery_export(context: Context, *, tenant_id: uuid.UUID) -> None:
    """Enter that shares of the root key were made: every municipality hangs under it."""
    context.record(Action.KEY_RECOVERY_EXPORT, Reference("tenant", tenant_id), tenant=tenant_id)
