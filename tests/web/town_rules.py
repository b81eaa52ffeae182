"""The town's own rules: a version that is published, the next agreed to, and a draft that goes further."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from bti.profiles.draft import Decision
from bti.profiles.profile import LANGUAGES
from bti.profiles.sections import Added, Section
from bti.workflows import approval, rules_draft
from tests.approvals import freshly

if TYPE_CHECKING:
    from tests.world import World

_TEAM = ("teams", "own_1")


def own_rules(world: World) -> uuid.UUID:
    """Write them, and return a colleague's yes to the second version, which is not used."""
    _fill(world, Section.COMMON, {("deadlines", "soon_days"): "9"})
    published = _agreed(world, days=400)
    world.run("asta", rules_draft.publish, approval_id=published)
    _fill(world, Section.COMMON, {("deadlines", "soon_days"): "10"})
    given = _agreed(world, days=800)
    world.run(
        "asta", rules_draft.add, version=_version(world), section=Section.TEAMS, what=Added.TEAM
    )
    words = {
        (*_TEAM, part, code): "Råd" for part in ("name", "called", "about") for code in LANGUAGES
    }
    _fill(world, Section.TEAMS, words)
    return given


def _agreed(world: World, days: int) -> uuid.UUID:
    begins = (world.clock.now() + timedelta(days=days)).date()
    decision = Decision("Vedtak", "2026-08-20", "punkt 2", begins.isoformat())
    world.run("asta", rules_draft.decide, version=_version(world), decision=decision)
    freshly(world, "asta")
    asked = world.run("asta", rules_draft.ask, version=_version(world), reason="Vedtatt")
    freshly(world, "anne")
    world.run("anne", approval.give, approval_id=asked)
    return asked


def _fill(world: World, section: Section, typed: dict[tuple[str, ...], object]) -> None:
    world.run("asta", rules_draft.fill, version=_version(world), section=section, typed=typed)


def _version(world: World) -> int:
    return world.run("asta", rules_draft.show).version
