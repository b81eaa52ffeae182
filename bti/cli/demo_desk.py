"""The data protection officer's desk in the demonstration: a breach with twenty hours left."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bti.domain.breach import REPORT_WITHIN, BreachStepKind
from bti.workflows import breach, worklist
from bti.workflows.insight import Question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_HOURS_LEFT: Final = timedelta(hours=20, minutes=30)
_WRITTEN_DOWN_AFTER: Final = timedelta(minutes=40)


def a_breach(stage: Stage) -> Iterator[datetime]:
    """A printed log was left in a staff room; who had looked is kept, and Datatilsynet waits."""
    known_at = stage.now - REPORT_WITHIN + _HOURS_LEFT
    yield known_at + _WRITTEN_DOWN_AFTER
    stage.sign_in_anew("ingrid")
    rows = stage.act("ingrid", worklist.my_day).rows
    stage.sign_in_anew("anne")
    breach_id = stage.act(
        "anne",
        breach.open_breach,
        breach.OpenBreach(
            submission=uuid.uuid4(),
            text=(
                "En utskrift av en logg lå igjen på møterommet og ble funnet av en vikar. "
                "Utskriften er makulert. Vi vet ikke hvor lenge den lå der."
            ),
            known_at=known_at,
            question=Question(number=rows[0].number),
        ),
    )
    stage.act(
        "anne",
        breach.add,
        breach.AddToBreach(
            breach_id=breach_id,
            submission=uuid.uuid4(),
            version=None,
            kind=BreachStepKind.NOTE,
            text="Rektor er varslet. Vikaren har bekreftet at ingenting er tatt bilde av.",
        ),
    )


ALL = (a_breach,)
