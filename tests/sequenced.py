"""A world on PostgreSQL whose entries are placed by a sequencer, as `bti logd` does it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bti.audit.sequence import Sequencer
from bti.audit.signer import StatefulSigner
from bti.bootstrap import open_runtime
from bti.clock import FixedClock
from bti.workflows.perform import Doorway
from tests.world import CHEAP, World, build, settings_for

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlacingDoorway(Doorway):
    """A doorway after which no entry waits: what a test reads of the log is there at once."""

    sequencer: Sequencer | None = None

    def perform(self, workflow: Any, actor: Any, *args: Any, **kwargs: Any) -> Any:
        """Perform, and let the sequencer take its turn, also after a refusal."""
        try:
            # No zero-argument super(): a dataclass with slots is another class than this one.
            return Doorway.perform(self, workflow, actor, *args, **kwargs)
        finally:
            if self.sequencer is not None:
                self.sequencer.turn()


def sequencer_of(world: World) -> Sequencer:
    """The sequencer of a world, with a signer over the world's own folder."""
    signer = StatefulSigner(world.runtime.settings.signer_dir)
    return Sequencer(world.runtime.engine, signer, world.clock)


def build_sequenced(directory: Path, url: str, *, placing: bool, migrated: bool = False) -> World:
    """Make the municipality, leaving the entries pending or, with ``placing``, never."""
    world = build(settings_for(directory, url, audit_log="sequenced"), migrated=migrated)
    return with_placing(world) if placing else world


def copy_of_sequenced(
    image: World, image_dir: Path, directory: Path, url: str, *, placing: bool = True
) -> World:
    """A fresh world from a prepared one: the database is copied already, the files are now."""
    shutil.copytree(image_dir, directory, dirs_exist_ok=True)
    clock = FixedClock(image.clock.now())
    settings = settings_for(directory, url, audit_log="sequenced")
    runtime = open_runtime(settings, clock=clock, cost=CHEAP)
    copied = World(
        runtime, clock, image.tenant_id, dict(image.units), dict(image.accounts), dict(image.seeds)
    )
    return with_placing(copied) if placing else copied


def with_placing(world: World) -> World:
    """Let a sequencer take its turn after each act."""
    runtime, sequencer = world.runtime, sequencer_of(world)
    old = runtime.doorway
    doorway = PlacingDoorway(
        old.sessions, old.clock, old.broker, old.settings, old.passwords, sequencer
    )
    world.runtime = type(runtime)(runtime.settings, runtime.clock, runtime.engine, doorway)
    sequencer.turn()
    return world
