"""Whether the time of an answer tells a hidden case from one that does not exist."""

from __future__ import annotations

import uuid
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from benchmarks.side_by_side import Figure
from bti.domain.access import Action
from bti.domain.errors import AccessDenied
from tests.integration.workflows.cases import new_case
from tests.world import build, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bti.workflows.context import Context

TIMES: Final = 60


def figures(directory: Path) -> Iterator[Figure]:
    """Refuse a colleague a case of the house and a made-up one, in turns; compare the medians."""
    world = build(settings_for(directory / "hidden"))
    hidden = new_case(world)
    actor = world.actor("odd")

    def refuse(case_id: uuid.UUID) -> float:
        begun = perf_counter()
        try:
            world.runtime.doorway.perform(_look, actor, case_id)
        except AccessDenied:
            return perf_counter() - begun
        raise AssertionError

    pairs = [(refuse(hidden), refuse(uuid.uuid4())) for _ in range(TIMES)]
    world.close()
    there = median(one for one, _ in pairs)
    missing = median(other for _, other in pairs)
    yield Figure(
        "Refuse a hidden case / one that does not exist",
        "per s",
        1 / there,
        1 / missing,
        min(there, missing) / max(there, missing),
        0.9,
        binding=False,
    )


def _look(context: Context, case_id: uuid.UUID) -> None:
    context.verbs.open(case_id, Action.READ_CASE, entry=None)
