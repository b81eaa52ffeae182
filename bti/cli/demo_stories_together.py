"""Stories of several services together, and of the upbringing team."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bti.cli import demo_meetings
from bti.cli import demo_plots as plots
from bti.cli.demo_course import Course
from bti.cli.demo_plots import child
from bti.cli.demo_stage import at_hour
from bti.cli.demo_stories import log_opened, talked_through
from bti.domain.codes import ClosingCause, Decision, InfoType, MeasureResult
from bti.domain.consent_record import Way
from bti.domain.guardians import BlockReason
from bti.domain.levels import Level
from bti.domain.meetings import MeetingKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_SATURDAY: Final = 5
_SHARED = (InfoType.ATTENDANCE, InfoType.WELLBEING, InfoType.MEASURES)


def several_services(
    course: Course, start: int, unit: str, colleague: str, purpose: str, way: Way = Way.BOTH
) -> Iterator[datetime]:
    """From the first concern to level 2 with one more service in, 62 days later."""
    stage = course.stage
    yield from log_opened(course, start, stage.day(start - 52))
    yield stage.ago(start - 52, 13)
    course.evaluate(MeasureResult.NOT_REACHED, Decision.CONTINUE, next_on=stage.day(start - 102))
    yield stage.ago(start - 56, 12)
    course.bring_in(unit, colleague, purpose, *_SHARED, way=way)
    yield stage.ago(start - 62, 14)
    course.move(
        Level.SEVERAL_SERVICES, "Det vi har prøvd alene, er ikke nok. Familien vil ha flere med."
    )


def brought_to_team(course: Course, start: int) -> Iterator[datetime]:
    """From the first concern to a referral that waits at the team, 112 days later."""
    stage = course.stage
    yield from several_services(
        course, start, "pps", "nina", "For at PP-tjenesten kan gi råd om skoledagen."
    )
    yield stage.ago(start - 102, 13)
    course.evaluate(
        MeasureResult.NOT_REACHED, Decision.CONTINUE, next_on=stage.day(min(start - 150, -14))
    )
    yield stage.ago(start - 107, 12)
    asked = course.ask_for(
        "team", "For at oppvekstteamet kan hjelpe oss med å samordne.", *_SHARED, InfoType.FAMILY
    )
    yield stage.ago(start - 110, 12)
    course.answer(asked)
    yield stage.ago(start - 112, 15)
    course.refer(
        "Tre tjenester er inne, og ingen ser helheten. Familien må fortelle alt på nytt hver gang.",
        "Hvem skal samordne, og hva kan vi tilby som vi ikke har prøvd?",
    )


def with_pps(stage: Stage) -> Iterator[datetime]:
    """Level 2: PPT is in by a consent cell and has written its own measure."""
    ali = child(
        stage.today, "Ali Rahmani", 13.5, "8B", ("Farah Rahmani", "mor"), ("Reza Rahmani", "far")
    )
    course = Course(stage, "ingrid", ali, plots.HOMEWORK)
    yield from several_services(
        course, 95, "pps", "nina", "For at PP-tjenesten kan gi råd om lesing på andrespråket."
    )
    yield stage.ago(28, 10)
    course.add_measure(
        "Råd til lærerne om begreper", "Nina er med i to timer i uka og viser hvordan.",
        "PP-rådgiveren", stage.day(-15), by="nina",
    )  # fmt: skip
    yield stage.ago(26, 14)
    course.note("Ali deltok muntlig tre ganger denne uka.", InfoType.LEARNING)
    yield stage.ago(20, 9)
    held = demo_meetings.plan(
        course,
        MeetingKind.COOPERATION,
        stage.ago(20, 14),
        "Jeg vil at dere snakker norsk litt saktere. Ikke si noe om søsteren min.",
    )
    yield stage.ago(20, 15)
    demo_meetings.hold(course, held)
    yield stage.ago(4, 10)
    demo_meetings.plan(
        course,
        MeetingKind.EVALUATION,
        at_hour(_working_day(stage.day(-3)), 13, 15),
        "Det går bedre når Nina er med.",
    )


def _working_day(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= _SATURDAY else 0)


def _team_day(stage: Stage, hour: int, minute: int) -> datetime:
    return at_hour(_working_day(stage.day(-8)), hour, minute)


def health_invited(stage: Stage) -> Iterator[datetime]:
    """Level 2 in the kindergarten: the health service has been let in and has the baton."""
    vilde = child(
        stage.today,
        "Vilde Strøm",
        5.2,
        "Veslefrikk",
        ("Maren Strøm", "mor"),
        ("Eirik Strøm", "far"),
    )
    course = Course(stage, "mona", vilde, plots.LANGUAGE)
    yield from several_services(
        course, 88, "health", "kari", "For at helsestasjonen kan undersøke hørselen til Vilde."
    )
    yield stage.ago(24, 12)
    offered = course.offer("health", "kari", "Nå er det dere som har mest å gjøre for Vilde.")
    yield stage.ago(22, 9)
    course.accept(offered, "kari")


def began_school(stage: Stage) -> Iterator[datetime]:
    """Level 1: the case went from the kindergarten to the school with the child in August."""
    nora = child(stage.today, "Nora Tveit", 6.3, "1B", ("Lise Tveit", "mor"), ("Jan Tveit", "far"))
    course = Course(stage, "mona", nora, plots.LANGUAGE)
    yield from log_opened(course, 120, stage.day(40))
    yield stage.ago(60, 12)
    asked = course.ask_for(
        "primary", "For at skolen kan ta over der barnehagen slipper.", *_SHARED, way=Way.OUT
    )
    yield stage.ago(57, 12)
    course.answer(asked)
    yield stage.ago(50, 13)
    offered = course.ask_to_move(
        "primary", "tone", "Bilder og faste rutiner hjelper Nora. Hun vil vise deg tegneboka."
    )
    yield stage.ago(48, 9)
    course.take_over(offered, "tone")


def starts_school(stage: Stage) -> Iterator[datetime]:
    """Level 1 in the kindergarten: the school is asked to take the case, and has not answered."""
    iver = child(
        stage.today,
        "Iver Sandnes",
        5.9,
        "Maurtua",
        ("Hilde Sandnes", "mor"),
        ("Ulf Sandnes", "far"),
    )
    course = Course(stage, "mona", iver, plots.LANGUAGE)
    yield from log_opened(course, 70, stage.day(-20))
    yield stage.ago(20, 12)
    asked = course.ask_for(
        "primary", "For at skolen kan være klar når Iver begynner.", *_SHARED, way=Way.OUT
    )
    yield stage.ago(17, 12)
    course.answer(asked)
    yield stage.ago(2, 13)
    course.ask_to_move("primary", "tone", "Iver trenger en fast voksen å møte i garderoben.")


def down_to_one(stage: Stage) -> Iterator[datetime]:
    """Was at level 2 and went down to level 1, because one service is enough again."""
    johan = child(
        stage.today,
        "Johan Kroghus",
        10.2,
        "5B",
        ("Vibeke Kroghus", "mor"),
        ("Espen Kroghus", "far"),
    )
    course = Course(stage, "tone", johan, plots.TWO_HOMES)
    yield from several_services(
        course, 130, "health", "kari", "For at Johan kan snakke med helsesykepleier."
    )
    yield stage.ago(28, 13)
    course.evaluate(MeasureResult.PARTLY, Decision.DOWN, next_on=stage.day(-21))
    course.move(Level.OWN_SERVICE, "Johan trenger ikke samtalene lenger. Skolen følger opp alene.")
    yield stage.ago(14, 13)
    course.keep_out(
        "Espen", BlockReason.CONTACT_BAN, "Vedtak fra politiet av i går, lagt i mappa hos rektor."
    )


def individual_plan(stage: Stage) -> Iterator[datetime]:
    """Level 2 that closed because an individual plan took over."""
    emma = child(
        stage.today, "Emma Sollid", 9.4, "4A", ("Kaja Sollid", "mor"), ("Rune Sollid", "far")
    )
    course = Course(stage, "tone", emma, plots.WORRIED)
    yield from several_services(
        course, 260, "health", "kari", "For at Emma skal få hjelp med magen og skoledagen."
    )
    yield stage.ago(158, 13)
    course.evaluate(MeasureResult.PARTLY, Decision.CLOSE)
    course.close(ClosingCause.INDIVIDUAL_PLAN, "Emma har fått individuell plan, og den samler alt.")


def waiting_at_team(stage: Stage) -> Iterator[datetime]:
    """Referred nine days ago; the team meets next week."""
    amir = child(
        stage.today,
        "Amir Haug",
        14.3,
        "9A",
        ("Sanne Haug", "mor"),
        ("Kamal Haug", "far"),
        numbered=True,
    )
    course = Course(stage, "ingrid", amir, plots.MANY_THINGS)
    yield from brought_to_team(course, 121)
    yield stage.ago(5, 10)
    demo_meetings.plan(
        course, MeetingKind.TEAM, _team_day(stage, 12, 30), "Jeg vil at mamma skal si det først."
    )


def taken_by_team(stage: Stage) -> Iterator[datetime]:
    """Level 3: taken, and the family was told of its rights."""
    selma = child(
        stage.today, "Selma Tveiten", 12.3, "7A", ("Grete Tveiten", "mor"), ("Bård Tveiten", "far")
    )
    course = Course(stage, "tone", selma, plots.WORRIED)
    yield from brought_to_team(course, 150)
    yield stage.ago(30, 12, 30)
    course.take()
    yield stage.ago(27, 13)
    course.tell_of_rights("Foreldrene vil tenke på individuell plan til neste møte.")
    yield stage.ago(4, 10)
    demo_meetings.plan(
        course, MeetingKind.TEAM, _team_day(stage, 13, 15), "Jeg vil vite hvem jeg kan ringe."
    )


def new_holder_offered(stage: Stage) -> Iterator[datetime]:
    """Level 3: the team has asked the child coordinator to take the baton."""
    leon = child(
        stage.today,
        "Leon Kristiansen",
        14.5,
        "9B",
        ("Tuva Kristiansen", "mor"),
        ("Jon Kristiansen", "far"),
    )
    course = Course(stage, "ingrid", leon, plots.MANY_THINGS)
    yield from brought_to_team(course, 142)
    yield stage.ago(22, 12, 30)
    course.take()
    yield stage.ago(20, 13)
    course.tell_of_rights("Familien ønsker barnekoordinator.")
    yield stage.ago(2, 14)
    course.appoint("team", "turid", "Familien kjenner deg fra før, og ønsker at du samordner.")


def given_back(stage: Stage) -> Iterator[datetime]:
    """The team gave the case back, with what it thinks should be tried first."""
    iver = child(stage.today, "Iver Moen", 11.4, "6B", ("Nora Moen", "mor"), ("Ask Moen", "far"))
    course = Course(stage, "tone", iver, plots.MANY_THINGS)
    yield from brought_to_team(course, 135)
    yield stage.ago(15, 12, 30)
    course.give_back(
        "Prøv først kortere dager sammen med PP-tjenesten i fire uker. Vi blir med i møtet."
    )


def furuvik(stage: Stage) -> Iterator[datetime]:
    """One wonder in another municipality, which nobody in this one can see."""
    frida = child(stage.today, "Frida Granli", 8.4, "3A", ("Anne Granli", "mor"))
    yield from talked_through(Course(stage, "berit", frida, plots.READING), 12)


ALL = (
    with_pps,
    health_invited,
    began_school,
    starts_school,
    down_to_one,
    individual_plan,
    waiting_at_team,
    taken_by_team,
    new_holder_offered,
    given_back,
)
