"""A draft of a report to the demonstration's politiråd, ready to be looked at and made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bti.slt.report import Draft, NeededDecision, Part
from bti.slt.report_change import begin_report
from bti.slt.report_stored import show_choices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator


def story(network: SltRuntime, olav: Coordinator, now: datetime) -> Iterator[datetime]:
    """Write a draft two days ago, with two decisions."""
    yield now - timedelta(days=2)
    choices = show_choices(network, olav)
    bodies = {body.code: body_id for body_id, body in choices.bodies}
    council = bodies["police_council"]
    draft = Draft(
        period=choices.suggested,
        language="nb",
        parts=frozenset(Part),
        foreword="Rådet ba i vår om å få halvårstallene og planen samlet.\nTo saker må avgjøres i møtet.",
        contact="SLT-koordinator i Lindvik kommune",
        decisions=(
            NeededDecision("Bruke penger på trafikkvakter i russetiden", council, 12_000),
            NeededDecision("Ta med de eldste i planen for neste år", council),
        ),
    )
    begin_report(network, olav, draft, "")
