"""Oversight in the demonstration: bait cases, and one use of emergency access to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.cli.demo_stage import DEMO
from bti.domain.emergency import EmergencyReason
from bti.workflows import bait, emergency, worklist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage


def night(stage: Stage) -> Iterator[datetime]:
    """Last night somebody on call looked up one of Ingrid's children; nobody has reviewed it yet."""
    yield stage.ago(1, 21, 14)
    stage.sign_in_anew("ingrid")
    rows = stage.act("ingrid", worklist.my_day).rows
    stage.sign_in_anew("vera")
    case_id = stage.act(
        "vera",
        emergency.take,
        emergency.TakeAccess(
            number=next(row.number for row in rows if row.holder),
            reason=EmergencyReason.LIFE_AND_HEALTH,
            text="Samtale om akutt fare for et søsken. Måtte vite hvem jeg kunne ringe.",
        ),
    )
    if case_id is not None:
        stage.act("vera", emergency.read_core, case_id=case_id)


def baits(stage: Stage) -> Iterator[datetime]:
    """Three bait cases by three authors, some weeks apart; nobody in the demonstration knows more."""
    for ago, author in ((320, "tone"), (260, "lars"), (190, "tone")):
        yield stage.ago(ago, 14)
        bait.plant(stage.runtime.doorway, stage.actor(author), DEMO, count=1)
