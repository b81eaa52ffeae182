"""Stories of one service at work: wonders, logs at level 1, and cases that have ended.

Days count back from the day the demonstration is loaded, so that it is always as of today.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bti.cli import demo_papers
from bti.cli import demo_plots as plots
from bti.cli.demo_course import Course
from bti.cli.demo_plots import child
from bti.domain.attachments import DocumentKind
from bti.domain.codes import (
    ClosingCause,
    ContactWithGuardians,
    Decision,
    InfoType,
    MeasureResult,
    TalkedWithChild,
)
from bti.domain.consent import Answer
from bti.domain.goals import GoalStatus
from bti.domain.levels import Level
from bti.domain.partiality import Tie
from bti.workflows import own_record, partiality

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from bti.cli.demo_stage import Stage

_ODA_SEEN = (
    "Oda har vært borte fra første time seks ganger på tre uker. "
    "Hun sitter ofte alene i storefri og sier at hun er trøtt."
)


def talked_through(course: Course, start: int) -> Iterator[datetime]:
    """From the first concern, ``start`` days ago, to everybody having been talked with."""
    at = course.stage.ago
    yield at(start, 10, 42)
    course.log()
    yield at(start - 2, 9)
    course.tell_leader()
    yield at(start - 5, 14)
    course.talk_with_family()


def log_opened(course: Course, start: int, evaluate_on: date) -> Iterator[datetime]:
    """From the first concern to an open log, with the one who logged it as baton holder."""
    at = course.stage.ago
    yield from talked_through(course, start)
    yield at(start - 7, 13)
    asked = course.ask_for_log()
    yield at(start - 9, 12)
    course.answer(asked)
    yield at(start - 10, 14, 30)
    course.open_log(evaluate_on)


def fresh(stage: Stage) -> Iterator[datetime]:
    """Level 0, three days old: nothing is late."""
    emil = child(stage.today, "Emil Sand", 13.2, "8B", ("Heidi Sand", "mor"), ("Ola Sand", "far"))
    course = Course(stage, "ingrid", emil, plots.SCREENS)
    yield stage.ago(3, 14, 10)
    course.log()
    yield stage.ago(2, 9)
    course.tell_leader()
    stage.act(
        "ingrid",
        partiality.declare,
        partiality.DeclarePartial(
            case_id=course.case_id,
            version=None,
            account_id=stage.accounts["lars"],
            tie=Tie.RELATIVE,
        ),
    )


def kindergarten(stage: Stage) -> Iterator[datetime]:
    """Level 0 in the kindergarten; the guardians have been talked with."""
    theo = child(
        stage.today, "Theo Lind", 4.3, "Maurtua", ("Anja Lind", "mor"), ("Ivar Lind", "far")
    )
    course = Course(stage, "mona", theo, plots.LANGUAGE)
    yield stage.ago(8, 13)
    course.log(talked=TalkedWithChild.NOT_YET, contact=ContactWithGuardians.BOTH)
    yield stage.ago(6, 9)
    course.tell_leader()


def overdue_wonder(stage: Stage) -> Iterator[datetime]:
    """Level 0 where the decision is overdue and the guardians have not been talked with."""
    ida = child(stage.today, "Ida Bergli", 10.4, "5A", ("Mari Bergli", "mor"))
    course = Course(stage, "tone", ida, plots.ALONE)
    yield stage.ago(24, 11)
    course.log()
    yield stage.ago(20, 9)
    course.tell_leader()


def draft(stage: Stage) -> Iterator[datetime]:
    """A concern that is half written, on the sign of its author alone."""
    oda = child(stage.today, "Oda Vik", 13.6, "8B")
    yield stage.ago(1, 10, 42)
    stage.act(
        "ingrid",
        own_record.save_draft,
        form=own_record.Form.CONCERN,
        fields={
            "danger": ["no"],
            "child_name": [oda.name],
            "birth_date": [oda.birth_date.isoformat()],
            "group": [oda.group],
            "seen": [_ODA_SEEN],
            "categories": ["ABS"],
            "since": [stage.day(27).isoformat()],
            "submission": [str(uuid.uuid4())],
        },
    )


def wonder_ended(stage: Stage) -> Iterator[datetime]:
    """Level 0 that ended because the concern went away."""
    maja = child(stage.today, "Maja Holt", 15.4, "10A", ("Trine Holt", "mor"), ("Knut Holt", "far"))
    course = Course(stage, "ingrid", maja, plots.HOMEWORK)
    yield from talked_through(course, 96)
    yield stage.ago(83, 14)
    course.close(
        ClosingCause.CONCERN_GONE, "Maja har funnet en rytme som virker. Vi følger med i timene."
    )


def running(stage: Stage) -> Iterator[datetime]:
    """Level 1 that goes well: evaluated once, goes on, next evaluation in twelve days."""
    mats = child(
        stage.today,
        "Mats Olsen",
        13.4,
        "8B",
        ("Lise Olsen", "mor"),
        ("Jan Olsen", "far"),
        numbered=True,
    )
    course = Course(stage, "ingrid", mats, plots.HOMEWORK)
    yield from log_opened(course, 80, stage.day(30))
    yield stage.ago(30, 13)
    course.evaluate(MeasureResult.PARTLY, Decision.CONTINUE, next_on=stage.day(-12))
    course.note("Leverte alle tre oppgavene denne uka, og var stolt av det.", InfoType.LEARNING)


def due_soon(stage: Stage) -> Iterator[datetime]:
    """Level 1 with an evaluation in two days."""
    ella = child(
        stage.today, "Ella Nygård", 8.2, "3A", ("Siri Nygård", "mor"), ("Tom Nygård", "far")
    )
    course = Course(stage, "tone", ella, plots.READING)
    yield from log_opened(course, 52, stage.day(-2))


def broken_follow_up(stage: Stage) -> Iterator[datetime]:
    """Level 1 where the only evaluation passed weeks ago: nobody follows up."""
    filip = child(stage.today, "Filip Aune", 14.3, "9B", ("Hilde Aune", "mor"), ("Per Aune", "far"))
    course = Course(stage, "ingrid", filip, plots.SCREENS)
    yield from log_opened(course, 120, stage.day(41))


def overdue_measure(stage: Stage) -> Iterator[datetime]:
    """Level 1 with a measure two days over, one running, one changed, and PPT asked for.

    The health service is in by consent; one of two guardians has answered about PPT.
    """
    jonas = child(
        stage.today, "Jonas Berg Hansen", 13.3, "8B",
        ("Maria Hansen", "mor"), ("Tor Berg", "far"), numbered=True,
    )  # fmt: skip
    course = Course(stage, "ingrid", jonas, plots.MORNINGS)
    yield from log_opened(course, 76, stage.day(2))
    yield stage.ago(58, 12)
    course.bring_in(
        "health", "kari", "For at Jonas skal ha en voksen å snakke med.",
        InfoType.ATTENDANCE, InfoType.MEASURES,
    )  # fmt: skip
    yield stage.ago(54, 10)
    course.add_measure(
        "Samtale annenhver uke", "En halv time på helsesykepleiers kontor.",
        "Helsesykepleieren", stage.day(-9), by="kari",
    )  # fmt: skip
    yield stage.ago(53, 10)
    course.add_measure(
        "Tilpasset lekseplan", "Kortere oppgaver, og hjelp til å komme i gang.",
        "Kontaktlæreren", stage.day(26),
    )  # fmt: skip
    yield stage.ago(26, 11)
    course.evaluate(
        MeasureResult.PARTLY, Decision.CHANGE, nth=2, next_on=stage.day(-19),
        change="Planen gjelder nå tre fag i stedet for fem.",
    )  # fmt: skip
    yield stage.ago(24, 14)
    course.attach(
        "Fraværsoversikt høst.pdf", demo_papers.pdf(plots.ABSENCE), DocumentKind.ASSESSMENT,
        InfoType.ATTENDANCE, "Fraværsoversikt, høsten",
    )  # fmt: skip
    course.attach(
        "tegning.png", demo_papers.drawing(), DocumentKind.CHILDS_OWN, InfoType.WELLBEING,
        "Slik ser morgenen ut",
    )  # fmt: skip
    yield stage.ago(10, 13, 30)
    asked = course.ask_for(
        "pps", "For at PP-tjenesten kan gi skolen råd om hva som kan hjelpe.",
        InfoType.ATTENDANCE, InfoType.MEASURES,
    )  # fmt: skip
    yield stage.ago(8, 15)
    course.answer(asked, only={"Maria"})


def baton_offered(stage: Stage) -> Iterator[datetime]:
    """Level 1: the nurse has the baton and offers it to the teacher, who has not answered."""
    sara = child(
        stage.today, "Sara Midtbø", 14.2, "9A", ("Wenche Midtbø", "mor"), ("Arild Midtbø", "far")
    )
    course = Course(stage, "kari", sara, plots.WORRIED)
    yield from log_opened(course, 61, stage.day(-16))
    yield stage.ago(40, 12)
    course.bring_in(
        "school", "ingrid", "For at skolen kan legge til rette på de vanskelige dagene.",
        InfoType.WELLBEING, InfoType.MEASURES,
    )  # fmt: skip
    yield stage.ago(3, 14)
    course.offer(
        "school", "ingrid", "Sara trenger en voksen på trinnet. Jeg blir med på første møte."
    )


def offer_declined(stage: Stage) -> Iterator[datetime]:
    """Level 1: the baton was offered and declined; the holder has it still."""
    aksel = child(
        stage.today, "Aksel Dahlby", 9.3, "4B", ("Ane Dahlby", "mor"), ("Roy Dahlby", "far")
    )
    course = Course(stage, "tone", aksel, plots.ANGER)
    yield from log_opened(course, 66, stage.day(-8))
    yield stage.ago(30, 12)
    course.bring_in(
        "health", "kari", "For at vi kan finne ut om lydene plager Aksel.",
        InfoType.BEHAVIOUR, InfoType.MEASURES,
    )  # fmt: skip
    yield stage.ago(15, 13)
    offered = course.offer("health", "kari", "Du ser Aksel oftere enn meg nå. Vil du ta over?")
    yield stage.ago(13, 10)
    course.decline(
        offered, "kari", "Jeg er på Bakken bare én dag i uka, og tror pinnen bør bli på skolen."
    )


def one_guardian_missing(stage: Stage) -> Iterator[datetime]:
    """Level 0: consent to a log is asked for, and one of two guardians has not answered."""
    hanna = child(stage.today, "Hanna Lien", 14.4, "9B", ("Rita Lien", "mor"), ("Odd Lien", "far"))
    course = Course(stage, "ingrid", hanna, plots.ALONE)
    yield from talked_through(course, 17)
    yield stage.ago(9, 13)
    asked = course.ask_for_log()
    yield stage.ago(7, 15)
    course.answer(asked, only={"Rita"})


def refused(stage: Stage) -> Iterator[datetime]:
    """Level 1 without a log: the family said no to it and gets the same help."""
    sander = child(
        stage.today, "Sander Vold", 12.3, "7A", ("Kristin Vold", "mor"), ("Nils Vold", "far")
    )
    course = Course(stage, "tone", sander, plots.ANGER)
    yield from talked_through(course, 45)
    yield stage.ago(37, 13)
    asked = course.ask_for_log()
    yield stage.ago(34, 15)
    course.answer(asked, given=Answer.NO, only={"Nils"})
    yield stage.ago(33, 14)
    course.move(
        Level.OWN_SERVICE,
        "Foresatte ønsker ikke logg. Vi prøver pausekort og fast plass, og snakkes hver fredag.",
    )


def withdrawn(stage: Stage) -> Iterator[datetime]:
    """Level 1 with a log that rests, because a guardian took the consent back."""
    lea = child(
        stage.today, "Lea Fossum", 14.6, "9A", ("Berit Fossum", "mor"), ("Geir Fossum", "far")
    )
    course = Course(stage, "ingrid", lea, plots.WORRIED)
    yield from log_opened(course, 90, stage.day(-20))
    yield stage.ago(20, 19, 48)
    if course.log_consent is not None:
        course.withdraw(course.log_consent, "Berit")


def expiring(stage: Stage) -> Iterator[datetime]:
    """Level 1 where the consent to the log ends in twelve days."""
    oliver = child(
        stage.today, "Oliver Tangen", 11.3, "6A", ("Unni Tangen", "mor"), ("Leif Tangen", "far")
    )
    course = Course(stage, "tone", oliver, plots.TWO_HOMES)
    yield from talked_through(course, 100)
    yield stage.ago(93, 13)
    asked = course.ask_for_log(valid_to=stage.day(-12))
    yield stage.ago(91, 12)
    course.answer(asked)
    yield stage.ago(90, 14)
    course.open_log(stage.day(45))
    yield stage.ago(45, 13)
    course.evaluate(MeasureResult.PARTLY, Decision.CONTINUE, next_on=stage.day(-11))
    course.goal_stands(GoalStatus.UNDER_WAY, reach_by=stage.day(-40))


def goal_reached(stage: Stage) -> Iterator[datetime]:
    """Level 1 that closed because the goal was reached."""
    sofie = child(
        stage.today, "Sofie Bakke", 14.2, "9A", ("Ellen Bakke", "mor"), ("Stein Bakke", "far")
    )
    course = Course(stage, "ingrid", sofie, plots.ALONE)
    yield from log_opened(course, 190, stage.day(140))
    yield stage.ago(140, 13)
    course.evaluate(MeasureResult.REACHED, Decision.CLOSE)
    course.goal_stands(GoalStatus.REACHED)
    course.close(
        ClosingCause.GOAL_REACHED, "Sofie har gode venner på trinnet, og vi er enige om å avslutte."
    )


def family_ended(stage: Stage) -> Iterator[datetime]:
    """Level 1 that closed because the family wanted to end it."""
    william = child(
        stage.today, "William Rud", 12.2, "7B", ("Eli Rud", "mor"), ("Svein Rud", "far")
    )
    course = Course(stage, "tone", william, plots.DROPPED_OUT)
    yield from log_opened(course, 230, stage.day(185))
    yield stage.ago(180, 13)
    course.close(ClosingCause.FAMILY_ENDED, "Familien vil klare dette selv nå. Døra er åpen.")


def reopened(stage: Stage) -> Iterator[datetime]:
    """Closed in spring, and opened again this autumn at level 0."""
    henrik = child(
        stage.today, "Henrik Wold", 13.8, "9B", ("Inger Wold", "mor"), ("Kai Wold", "far")
    )
    course = Course(stage, "ingrid", henrik, plots.TEASED)
    yield from talked_through(course, 210)
    yield stage.ago(195, 14)
    course.close(ClosingCause.CONCERN_GONE, "Henrik har det trygt i garderoben igjen.")
    yield stage.ago(11, 9, 20)
    course.move(Level.WONDER, "Henrik sier at det har begynt på nytt etter ferien.")


def soon_of_age(stage: Stage) -> Iterator[datetime]:
    """Seventeen and a half: what is to become of the case at 18 must be talked about."""
    aurora = child(stage.today, "Aurora Nes", 17.6, "Vg2", ("Gro Nes", "mor"), ("Pål Nes", "far"))
    course = Course(stage, "kari", aurora, plots.ALONE)
    yield stage.ago(6, 13)
    course.log()
    yield stage.ago(5, 9)
    course.tell_leader()


ALL = (
    fresh,
    kindergarten,
    overdue_wonder,
    draft,
    wonder_ended,
    running,
    due_soon,
    broken_follow_up,
    overdue_measure,
    baton_offered,
    offer_declined,
    one_guardian_missing,
    refused,
    withdrawn,
    expiring,
    goal_reached,
    family_ended,
    reopened,
    soon_of_age,
)
