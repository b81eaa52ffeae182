"""What the keys of the local rules are called on a page, and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bti.domain.codes import Sector, StepForm, Who
from bti.domain.local_rules import YouthMode
from bti.profiles.profile import LANGUAGES, TeamKind
from bti.profiles.sections import Added, Kind, Section
from bti.web import i18n, labels
from bti.web.measure_labels import ARENA, MEASURE_TYPE, PARTY
from bti.web.messages import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bti.profiles import ProfileError
    from bti.profiles.own import Whose

SECTIONS: Final[Mapping[Section, Any]] = {
    Section.COMMON: _l("Days, ages and consent"),
    Section.LEVEL_0: _l("Level 0 and its steps"),
    Section.LEVEL_1: _l("Level 1 and its steps"),
    Section.LEVEL_2: _l("Level 2 and its steps"),
    Section.LEVEL_3: _l("Level 3 and its steps"),
    Section.TEAMS: _l("Teams, and services that are one body"),
    Section.PHONES: _l("Telephone numbers when it is urgent"),
    Section.MEASURES: _l("The library: measures"),
    Section.TEMPLATES: _l("The library: templates"),
    Section.KINDERGARTEN: _l("The kindergartens' own way"),
    Section.SCHOOL: _l("The schools' own way"),
    Section.HEALTH: _l("The health service's own way"),
    Section.PPS: _l("The own way of PPT"),
    Section.CHILD_WELFARE: _l("The child welfare service's own way"),
    Section.LEISURE: _l("The leisure services' own way"),
}

ADDED: Final[Mapping[Added, Any]] = {
    Added.STEP: _l("Add a step"),
    Added.TEAM: _l("Add a team"),
    Added.BODY: _l("Add services that are one body"),
    Added.PHONE: _l("Add a telephone number"),
    Added.MEASURE: _l("Add a measure"),
    Added.TEMPLATE: _l("Add a template"),
}

TEAM_KINDS: Final[Mapping[TeamKind, Any]] = {
    TeamKind.UPBRINGING_TEAM: _l("Upbringing team"),
    TeamKind.COMPETENCE_TEAM: _l("Competence team"),
    TeamKind.SLT_MEETING: _l("SLT meeting about single young people"),
    TeamKind.DRUG_ADVICE: _l("Advice about drugs"),
    TeamKind.COORDINATING_UNIT: _l("Coordinating unit"),
    TeamKind.BTI_TEAM: _l("BTI team"),
    TeamKind.RESOURCE_TEAM: _l("Resource team"),
    TeamKind.CONSULTATION_TEAM: _l("Consultation team, without names"),
    TeamKind.OTHER: _l("Another body"),
}

YOUTH_MODES: Final[Mapping[YouthMode, Any]] = {
    YouthMode.ADDITIONAL: _l("Beside the guardians"),
    YouthMode.ALONE: _l("Instead of the guardians, from 16"),
}

WHO: Final[Mapping[Who, Any]] = {
    Who.EMPLOYEE: _l("The employee who wonders"),
    Who.LEAD: _l("The leader of the unit"),
    Who.HOLDER: _l("The baton holder"),
    Who.RESPONSIBLE: _l("Those responsible"),
    Who.TEAM_LEAD: _l("The leader of the team"),
    Who.ALL: _l("Everybody together"),
}

FORMS: Final[Mapping[StepForm, Any]] = {
    StepForm.CONCERN: _l("The concern"),
    StepForm.CONVERSATION: _l("The talk with guardians or child"),
    StepForm.STEP: _l("No page of its own: it is ticked off"),
    StepForm.CONSENT: _l("The question to the family"),
    StepForm.PLAN: _l("Goals and measures"),
    StepForm.EVALUATION: _l("The evaluation"),
    StepForm.DECISION: _l("The way on"),
    StepForm.REFERRAL: _l("The question to the team"),
    StepForm.RIGHTS: _l("The list of rights"),
    StepForm.INVITE: _l("The invitation of services"),
}

_TONGUES: Final[Mapping[str, Any]] = {
    "nb": _l("bokmål"),
    "nn": _l("nynorsk"),
    "en": _l("English"),
}

DAYS: Final[Mapping[str, Any]] = {
    "level_0_decision": _l("Days to decide at level 0"),
    "guardian_talk": _l("Days to the talk with guardians"),
    "guardian_talk_school_environment": _l("The same, about the school environment"),
    "level_2_invite": _l("Days to the invitation at level 2"),
    "team_wait": _l("Days until the team answers"),
    "evaluation_interval": _l("Days between evaluations"),
    "offer_expiry": _l("Days an offered baton waits"),
    "soon": _l("How many days before a date it is soon"),
    "escalation": _l("Days after a date until the leader is told"),
}

_PARTS: Final[Mapping[str, Any]] = {
    **{f"{name}_days": text for name, text in DAYS.items()},
    "about": _l("What it is for"),
    "after": _l("Comes after these steps"),
    "arena": _l("Where one meets"),
    "by": _l("Who closes a case"),
    "called": _l("Its name inside a sentence"),
    "deadline": _l("By when"),
    "default_language": _l("The municipality's own language"),
    "detail": _l("How it is done"),
    "family": _l("What it is to a family"),
    "family_may_end_log": _l("The family may end the log"),
    "first_months": _l("Months before 18 that one is told first"),
    "individual_plan_ends_log": _l("The log is closed when an individual plan takes over"),
    "form": _l("The page it is done on"),
    "gate": _l("What must be in place first"),
    "kind": _l("Kind of body"),
    "label": _l("What it is called"),
    "last_months": _l("Months before 18 that one is told again"),
    "lead": _l("Who leads it"),
    "left_out": _l("We do not do this step"),
    "name": _l("Name"),
    "number": _l("Number"),
    "opens_at_level": _l("The log opens at level"),
    "reminder_days": _l("Days before a consent ends that one is reminded"),
    "sectors": _l("Services that are one body"),
    "text": _l("What is done"),
    "title": _l("What the one who does it is called here"),
    "validity_months": _l("Months a consent lasts"),
    "who": _l("Who does it"),
    "without_names": _l("Can be asked without names, outside every case"),
    "youth_age": _l("The age from which the young sign"),
    "youth_mode": _l("How the young sign"),
}

_OF_LIBRARY: Final[Mapping[str, Any]] = {
    "arena": _l("Where it is done"),
    "ended": _l("Ended: nobody takes it up any more"),
    "function": _l("Whose function it is"),
    "goal": _l("The goal"),
    "how": _l("How it is done"),
    "kind": _l("Kind of measure"),
    "measures": _l("Measures that are tried first"),
    "party": _l("Who carries it out"),
    "title": _l("What it is called"),
    "weeks": _l("Weeks until it is evaluated"),
}
_LIBRARY: Final = frozenset({"measures", "templates"})
_NAMED: Final = frozenset({"teams", "bodies", "phones", "measures", "templates"})

_HELP: Final[Mapping[str, Any]] = {
    "after": _l("Numbers of steps of the same level, such as 1, 2."),
    "called": _l("As it stands in the middle of a sentence."),
    "deadline": _l("A number of days since the level began, or the name of a common deadline."),
    "youth_age": _l("12 to 16. What the law decides is not changed here."),
}

_GROUPS: Final[Mapping[str, Any]] = {
    "deadlines": _l("Days"),
    "consent": _l("Consent"),
    "of_age": _l("When the child turns 18"),
    "log": _l("The log, closing and language"),
}


def part(path: Sequence[str]) -> str:
    """What one thing is called, without the heading it stands under and without the language."""
    path = path[:-1] if path[-1] in LANGUAGES else path
    if len(path) > 1 and path[-2] == "tools":
        return str(gettext("Aid"))
    if path[0] in _LIBRARY and path[-1] in _OF_LIBRARY:
        return str(_OF_LIBRARY[path[-1]])
    return str(_PARTS.get(path[-1], path[-1]))


def help_for(path: Sequence[str]) -> str:
    """The line under it, empty if none."""
    return str(_HELP.get(path[-1], ""))


def adding(code: str, whole_rules: Mapping[str, Any]) -> str:
    """What a choice of what to add is called."""
    level, _, step = code.partition(".")
    if not step:
        return str(ADDED[Added(code)])
    if step == "new":
        return str(gettext("Level %(level)s: a step of its own", level=level))
    text = whole_rules["levels"][level]["steps"][step]["text"]
    said = text.get(i18n.language(), "")
    return str(
        gettext("Level %(level)s, step %(step)s: %(text)s", level=level, step=step, text=said)
    )


def tongue(code: str) -> str:
    """What a language is called."""
    return str(_TONGUES.get(code, code))


def group(path: Sequence[str], name: str = "") -> str:
    """The heading of a group. ``name`` is what a team or a number is called now."""
    match tuple(path):
        case ("levels", level):
            return str(gettext("Level %(number)s", number=level))
        case ("levels", _level, "steps", step):
            return str(gettext("Step %(number)s", number=step))
        case ("services", _service, "levels", level, "steps", step):
            return str(gettext("Level %(level)s, step %(step)s", level=level, step=step))
        case ("teams", "main"):
            return str(gettext("The team of level 3"))
        case (table, _code) if table in _NAMED:
            return name or str(gettext("New"))
    return str(_GROUPS.get(path[0], path[0]))


def whole(path: Sequence[str]) -> str:
    """What a key is called where it stands alone: heading, part and language."""
    match tuple(path):
        case ("services", code, *rest):
            return f"{labels.label(code, 'sector')}: {whole(rest)}" if rest else code
        case ("levels", level, "steps", step, *_rest):
            above = str(gettext("Level %(level)s, step %(step)s", level=level, step=step))
        case ("levels" | "teams" | "bodies" | "phones" | "measures" | "templates", *_rest):
            above = group(path[:2], path[1])
        case _:
            above = ""
    said = part(path)
    if path[-1] in LANGUAGES:
        said = f"{said} ({tongue(path[-1])})"
    return f"{above}: {said}" if above else said


def value(path: Sequence[str], stands: object) -> str:
    """A value as people read it."""
    if stands is None:
        return "–"
    if isinstance(stands, bool):
        return str(gettext("Yes") if stands else gettext("No"))
    if isinstance(stands, list | tuple):
        return ", ".join(value((*path[:-1], path[-1]), one) for one in stands) or "–"
    return option(path, str(stands)) if path[-1] not in LANGUAGES else str(stands)


def option(path: Sequence[str], code: str) -> str:
    """A code as people read it; what is no code as it is."""
    tables: dict[str, Mapping[Any, Any]] = {
        "who": WHO,
        "form": FORMS,
        "by": WHO,
        "kind": TEAM_KINDS,
        "youth_mode": YOUTH_MODES,
        "deadline": DAYS,
        "default_language": _TONGUES,
    }
    if path[0] == "measures":
        tables = {"kind": MEASURE_TYPE, "arena": ARENA, "party": PARTY}
    if path[-1] == "gate" and code in REQUIREMENTS:
        return str(REQUIREMENTS[code][0])
    if path[-1] == "sectors" and code in set(Sector):
        return str(labels.label(code, "sector"))
    return str(tables.get(path[-1], {}).get(code, code))


def whose(said: Whose) -> str:
    """Whose word it is."""
    if not said.title:
        return str(gettext("The standard"))
    return f"{said.title}, {said.place}" if said.place else said.title


def fault(error: ProfileError) -> str:
    """What is wrong with what stands in a field, without naming file and key."""
    return str(gettext("Expected here: %(what)s.", what=error.wanted(gettext)))


NUMERIC: Final = frozenset({Kind.NUMBER, Kind.DEADLINE})
