"""The data protection officer's desk in the demonstration: a breach with twenty hours left, and requests."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bti.cli.demo_stage import at_hour
from bti.clock import norwegian_date
from bti.domain.breach import REPORT_WITHIN, BreachStepKind
from bti.domain.correction import Stance
from bti.domain.rights_request import (
    ANSWER_MONTHS,
    ExceptionLetter,
    Requester,
    RequestStepKind,
    Right,
    months_later,
)
from bti.workflows import (
    breach,
    case,
    correction,
    family,
    family_copy,
    rights_request,
    worklist,
)
from bti.workflows.insight_question import Question
from bti.workflows.rights_request import ReceiveRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_HOURS_LEFT: Final = timedelta(hours=20, minutes=30)
_DUE_IN: Final = timedelta(days=6)
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


def requests(stage: Stage) -> Iterator[datetime]:
    """One guardian has had a no with its letter; another waits, and the answer is due in six days."""
    yield stage.ago(50, 9)
    stage.sign_in_anew("anne")
    refused = stage.act("anne", rights_request.receive, _asked(stage.day(54), "Jon Lie", "nb"))
    yield stage.ago(40, 13)
    stage.sign_in_anew("anne")
    stage.act(
        "anne",
        rights_request.add,
        rights_request.AddToRequest(
            request_id=refused,
            submission=uuid.uuid4(),
            version=None,
            kind=RequestStepKind.REFUSED,
            letter=ExceptionLetter.D,
            text="Det du ba om, er opplysninger om en annen person enn barnet ditt og deg.",
        ),
    )
    due = stage.today + _DUE_IN
    on = next(day for day in _days_before(due) if months_later(day, ANSWER_MONTHS) <= due)
    yield at_hour(on, 11)
    stage.sign_in_anew("anne")
    stage.act("anne", rights_request.receive, _asked(on, "Ida Berg", "nn"))


def a_correction(stage: Stage) -> Iterator[datetime]:
    """Something was written about the wrong day; the guardian has asked, and Ingrid has put it right."""
    yield stage.ago(9, 10)
    stage.sign_in_anew("ingrid")
    row = next(one for one in stage.act("ingrid", worklist.my_day).rows if one.relation == "holder")
    stage.sign_in_anew("anne")
    asked = replace(
        _asked(norwegian_date(stage.ago(10)), "Guri Foss", "nb"),
        right=Right.CORRECTION,
        number=row.number,
    )
    stage.act("anne", rights_request.receive, asked)
    yield stage.ago(7, 13)
    stage.sign_in_anew("ingrid")
    page = stage.act("ingrid", case.show_case, case_id=row.case_id)
    talk = next(one for one in page.happenings if one.meta.get("with") == "guardians")
    stage.act(
        "ingrid",
        correction.write,
        correction.WriteBeside(
            case_id=row.case_id,
            entry_id=talk.id,
            submission=uuid.uuid4(),
            stance=Stance.CORRECTION,
            text="Begge foresatte var med. Far ringte inn.",
            why="Jeg skrev det ned samme kveld, og glemte at far var med på telefon.",
        ),
    )


def a_judgement(stage: Stage) -> Iterator[datetime]:
    """What the first guardian may read is decided, and a copy is made for that one."""
    yield stage.ago(6, 10)
    stage.sign_in_anew("ingrid")
    row = next(one for one in stage.act("ingrid", worklist.my_day).rows if one.relation == "holder")
    page = stage.act("ingrid", family.family_page, case_id=row.case_id)
    guardian = next(one for one in page.members if not one.reader.is_child)
    stage.act(
        "ingrid",
        family.judge,
        family.Judge(
            case_id=row.case_id,
            version=None,
            person_id=guardian.person.id,
            submission=uuid.uuid4(),
            access=guardian.proposal.access,
            kinds=guardian.proposal.kinds,
            reason="Vi har spurt barnet, som synes det er fint at de hjemme får lese.",
        ),
    )
    yield stage.ago(5, 14)
    stage.act(
        "ingrid",
        family_copy.make,
        case_id=row.case_id,
        person_id=guardian.person.id,
        submission=None,
    )


def _days_before(day: date) -> Iterator[date]:
    return (day - timedelta(days=ago) for ago in range(27, 33))


def _asked(on: date, name: str, language: str) -> ReceiveRequest:
    return ReceiveRequest(
        submission=uuid.uuid4(),
        received_on=on,
        requester=Requester.GUARDIAN,
        name=name,
        language=language,
    )


ALL = (a_breach, requests, a_correction, a_judgement)
