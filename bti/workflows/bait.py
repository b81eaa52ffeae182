"""Planting bait cases: made-up children whom nobody has a reason to open.

They are made through the same workflows as every case, by a colleague who signs in for it, and
closed again, so that they lie in nobody's list. Then the broker marks them.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.domain import national_id
from bti.domain.codes import (
    ClosingCause,
    ConcernCategory,
    ContactWithGuardians,
    TalkedWithChild,
)
from bti.workflows import case, concern, level

if TYPE_CHECKING:
    from collections.abc import Collection

    from bti.workflows.actor import Actor, SystemActor
    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

FEWEST: Final = 3

_FIRST: Final = (
    *("Emma", "Nora", "Sofie", "Ella", "Olivia", "Maja", "Ingrid", "Frida", "Sara", "Leah"),
    *("Jakob", "Noah", "Lucas", "Oskar", "Emil", "Filip", "Aksel", "Henrik", "Magnus", "Elias"),
)
_MOTHERS: Final = ("Anne", "Camilla", "Hilde", "Kristin", "Line", "Marit", "Silje", "Trine")
_FATHERS: Final = ("Anders", "Espen", "Geir", "Jan", "Lars", "Morten", "Stian", "Tom")
_LAST: Final = (
    *("Andersen", "Bakke", "Berg", "Dahl", "Eriksen", "Hagen", "Halvorsen", "Haugen", "Jensen"),
    *("Kristiansen", "Larsen", "Lund", "Moen", "Nilsen", "Olsen", "Pedersen", "Solberg", "Strand"),
)
_SEEN: Final = (
    (ConcernCategory.ABSENCE, "Har vært borte mange mandager og kommer ofte for sent."),
    (ConcernCategory.SOCIAL, "Er mye alene i pausene og vil helst være inne."),
    (ConcernCategory.LEARNING, "Gjør lite lekser i det siste og mister fort tråden i timene."),
    (ConcernCategory.MENTAL_HEALTH, "Virker trist og sliten, og er mer stille enn før."),
    (ConcernCategory.BEHAVIOUR, "Blir fort sint når noe ikke går som planlagt."),
)
_ENDED: Final = (
    "Det har gått bedre de siste ukene. Vi følger med på vanlig måte.",
    "Snakket med hjemmet. Det var en forbigående sak.",
    "Ser ingen grunn til å gå videre nå.",
)
#: Of those born from 2000 to 2039.
_INDIVIDUALS: Final = range(500, 1000)
_YOUNGEST, _OLDEST = 6 * 365, 15 * 365


@dataclass(frozen=True, slots=True)
class Invented:
    """A child who does not exist, as somebody would have written about one."""

    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    national_id: str = field(repr=False)
    guardians: tuple[str, ...] = field(repr=False)
    category: ConcernCategory
    seen: str = field(repr=False)
    ended: str = field(repr=False)


def plant(
    doorway: Doorway, author: Actor, system: SystemActor, *, count: int = FEWEST
) -> tuple[uuid.UUID, ...]:
    """Make so many bait cases in the author's unit and mark them. Returns them for tests alone.

    Raises what logging a concern raises: the author must be a case worker.
    """
    today = norwegian_date(doorway.clock.now())
    numbered = doorway.settings.mode != "production"
    made = tuple(_write(doorway, author, invent(today, numbered=numbered)) for _ in range(count))
    doorway.perform(arm, system, tenant_id=author.tenant_id, case_ids=made)
    return made


def arm(context: Context, *, tenant_id: uuid.UUID, case_ids: Collection[uuid.UUID]) -> None:
    """Mark cases as baits. The entry tells that it was done, never which cases."""
    context.verbs.mark_baits(tenant_id, case_ids)
    context.record(Action.BAIT_CASES_PLANT, Reference("tenant", tenant_id), tenant=tenant_id)


def invent(today: date, *, numbered: bool) -> Invented:
    """Make up a child; ``numbered``: with a synthetic national id, which is never given to anybody.

    Not in production, where nothing that can be typed is certain to be nobody's (ADR 0025).
    """
    last = secrets.choice(_LAST)
    category, seen = secrets.choice(_SEEN)
    age = timedelta(days=_YOUNGEST + secrets.randbelow(_OLDEST - _YOUNGEST))
    born = today - age
    individuals = secrets.SystemRandom().sample(_INDIVIDUALS, len(_INDIVIDUALS))
    return Invented(
        name=f"{secrets.choice(_FIRST)} {last}",
        birth_date=born,
        national_id=national_id.made_up(born, individuals) if numbered else "",
        guardians=(f"{secrets.choice(_MOTHERS)} {last}", f"{secrets.choice(_FATHERS)} {last}"),
        category=category,
        seen=seen,
        ended=secrets.choice(_ENDED),
    )


def _write(doorway: Doorway, author: Actor, child: Invented) -> uuid.UUID:
    logged = doorway.perform(
        concern.log_concern,
        author,
        command=concern.LogConcern(
            submission=uuid.uuid4(),
            child=concern.NewChild(
                name=child.name, birth_date=child.birth_date, national_id=child.national_id
            ),
            guardians=tuple(
                concern.NewGuardian(
                    name=name, relation="", parental_responsibility=True, checked_on=None
                )
                for name in child.guardians
            ),
            observation=concern.Observation(
                seen=child.seen,
                categories=(child.category,),
                talked_with_child=TalkedWithChild.NOT_YET,
                contact_with_guardians=ContactWithGuardians.NOT_YET,
            ),
        ),
    )
    page = doorway.perform(case.show_case, author, case_id=logged.case_id)
    doorway.perform(
        level.decide,
        author,
        level.Decide(
            case_id=logged.case_id,
            version=page.version,
            to_level=None,
            reason=child.ended,
            cause=ClosingCause.CONCERN_GONE,
            danger_assessed=False,
        ),
    )
    return logged.case_id
