"""The coordinator's plan in the demonstration: taken in, followed for a year and evaluated; and what Ungdata says."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bti.cli.demo_stage import at_hour
from bti.slt.appendix import Attach, attach
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load_file as load_bodies
from bti.slt.indicator_change import BringIn, bring_in
from bti.slt.indicator_file import load as load_indicators
from bti.slt.indicator_file import shipped as shipped_indicators
from bti.slt.plan import Decision, EvaluationKind, Wanted
from bti.slt.plan_change import (
    EvaluateMeasure,
    NoteReading,
    evaluate_measure,
    import_plan,
    note_reading,
)
from bti.slt.plan_file import load_file
from bti.slt.plan_show import show_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator

_FILE: Final = Path(__file__).with_name("demo_plan.toml")
_BODIES: Final = Path(__file__).with_name("demo_bodies.toml")


def story(network: SltRuntime, olav: Coordinator, now: datetime) -> Iterator[datetime]:
    """Take the plan in when its period begins, and follow it up in the last months before ``now``."""
    plan = load_file(_FILE)
    yield at_hour(plan.first_day, 9)
    plan_id = import_plan(network, plan, olav.municipality_number)
    import_bodies(network, load_bodies(_BODIES), olav.municipality_number)
    higher = "https://lindvik.example/planer/barn-og-unge"
    attach(
        network, olav, plan_id, Attach(uuid.uuid4(), "Plan for barn og unge", "", b"", higher, "")
    )
    spring = date(now.year, 5, 20)
    if at_hour(spring, 10) >= now:
        return
    yield at_hour(spring, 10)
    note_reading(network, olav, plan_id, NoteReading("visits", f"{spring:%Y-%m}", Decimal(44)))
    note_reading(network, olav, plan_id, NoteReading("debut", f"{spring:%Y}", Decimal("21.5")))
    stored = show_plan(network, olav, plan_id, Wanted()).stored
    if stored is not None:
        found = EvaluateMeasure(
            measure_id=stored.measure_ids["1"],
            kind=EvaluationKind.PROCESS,
            on=spring,
            finding="Flere kommer på fredager enn vi ventet. De eldste sier at det er lite for dem.",
            decision=Decision.CHANGE,
            why="Vi prøver én kveld i måneden for de eldste.",
            reason="",
        )
        evaluate_measure(network, olav, plan_id, found)


def indicators(network: SltRuntime, olav: Coordinator, now: datetime) -> Iterator[datetime]:
    """Bring in what Ungdata says, some weeks before ``now``."""
    yield now - timedelta(weeks=6)
    about, text = load_indicators(shipped_indicators()[0])
    bring_in(network, olav, BringIn(text, about))
