"""How many decisions the access table makes in a second, on cases with places and consent cells."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from itertools import product
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from benchmarks.side_by_side import ROUNDS, Figure
from bti.domain.access import decide
from bti.domain.codes import InfoType, Role
from bti.domain.consent import CellBasis, CellFacts
from bti.domain.levels import CaseStatus
from bti.domain.policy import PURPOSES, Action
from bti.domain.relations import ObjectFacts, ObjectKind, PlaceFacts, Relation, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW: Final = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
LEAST: Final = 200_000
TIMES: Final = 20


def figures() -> Iterator[Figure]:
    """Decide every act for every role, as owner and as an invited service; nothing is cached."""
    tenant, school, health, account = (uuid.uuid4() for _ in range(4))
    cells = tuple(
        CellFacts(
            uuid.uuid4(), school, health, one, NOW - YEAR, NOW + YEAR, None, CellBasis.CONSENT
        )
        for one in (InfoType.HEALTH, InfoType.WELLBEING, InfoType.MEASURES)
    )
    facts = ObjectFacts(
        kind=ObjectKind.CASE,
        tenant_id=tenant,
        case_id=uuid.uuid4(),
        owner_unit=school,
        status=CaseStatus.OPEN,
        child_birth_date=date(2014, 3, 1),
        places=(PlaceFacts(account, health, Relation.PARTICIPANT, NOW - YEAR),),
        cells=cells,
        protected=False,
    )
    questions = [
        (
            Subject(account, tenant, role, unit, "passkey", NOW, next(iter(PURPOSES[role]), None)),
            action,
        )
        for role, unit, action in product(Role, (school, health), Action)
    ]

    def rate() -> float:
        begun = perf_counter()
        for _ in range(TIMES):
            for subject, action in questions:
                decide(subject, action, facts, NOW)
        return TIMES * len(questions) / (perf_counter() - begun)

    rate()
    ours = median(rate() for _ in range(ROUNDS))
    yield Figure("Decide an act / 200,000 in a second", "per s", ours, LEAST, ours / LEAST, 1.0)
