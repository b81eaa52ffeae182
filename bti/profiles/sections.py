"""What of the local rules is edited on a page, part by part, and how what was typed gets into a draft.

A value that is as in the shipped version is not said again: it stays the standard's, or the municipality's own
document's. What a single service does not say is as for all services.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from bti.domain.codes import Arena, MeasureType, Party, Sector, StepForm, Who
from bti.domain.levels import GATES, Level
from bti.domain.local_rules import YouthMode
from bti.profiles.builder import DEADLINES, MAIN_TEAM
from bti.profiles.draft import Draft
from bti.profiles.profile import LANGUAGES, TeamKind
from bti.profiles.toolbox import NEW_MEASURE

Values = Mapping[str, Any]
Path_ = tuple[str, ...]


class Section(StrEnum):
    """A page of the editor."""

    COMMON = "common"
    LEVEL_0 = "level-0"
    LEVEL_1 = "level-1"
    LEVEL_2 = "level-2"
    LEVEL_3 = "level-3"
    TEAMS = "teams"
    PHONES = "phones"
    MEASURES = "measures"
    TEMPLATES = "templates"
    KINDERGARTEN = "service-kindergarten"
    SCHOOL = "service-school"
    HEALTH = "service-health"
    PPS = "service-pps"
    CHILD_WELFARE = "service-child_welfare"
    LEISURE = "service-leisure"

    @property
    def service(self) -> str | None:
        """Return the service whose own way it is about, as the key of its table."""
        return self.value.removeprefix("service-") if self.value.startswith("service-") else None

    @property
    def level(self) -> str | None:
        """Return the level it is about, as the key of its table."""
        return self.value.removeprefix("level-") if self.value.startswith("level-") else None


class Kind(StrEnum):
    """How something is typed."""

    NUMBER = "number"
    LINE = "line"
    AREA = "area"
    CHOICE = "choice"
    MANY = "many"
    YES = "yes"
    #: Days, or the name of one of the common deadlines.
    DEADLINE = "deadline"
    #: Numbers of steps.
    STEPS = "steps"


class Added(StrEnum):
    """What can be added."""

    STEP = "steps"
    TEAM = "teams"
    BODY = "bodies"
    PHONE = "phones"
    MEASURE = "measures"
    TEMPLATE = "templates"


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing to type: where it stands, how, and what stands there now."""

    path: Path_
    kind: Kind
    options: tuple[str, ...] = ()
    #: May be left out, where the shipped version has nothing there.
    optional: bool = False
    value: object = field(default=None, repr=False, compare=False)
    #: What options are called that the municipality has named itself, by language.
    called: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Slots under one heading. ``own`` is of this municipality's draft and can be taken away."""

    path: Path_
    slots: tuple[Slot, ...]
    own: bool = False


_LIBRARY: Final = (Section.MEASURES, Section.TEMPLATES)
_WHO: Final = tuple(one.value for one in Who)
_FORMS: Final = tuple(one.value for one in StepForm)
_GATES: Final = tuple(sorted(GATES))
_SECTORS: Final = tuple(one.value for one in Sector)
_CODE: Final = "own_"
_NEW_STEP: Final = "new"
_EMPTY: Final = dict.fromkeys(LANGUAGES, "")
_NEW: Final[Mapping[Added, Values]] = {
    Added.STEP: {"who": Who.EMPLOYEE.value, "form": "step", "text": _EMPTY, "detail": _EMPTY},
    Added.TEAM: {
        "kind": TeamKind.OTHER.value,
        "name": _EMPTY,
        "called": _EMPTY,
        "about": _EMPTY,
    },
    Added.BODY: {"name": _EMPTY, "sectors": []},
    Added.PHONE: {"number": "", "label": _EMPTY},
    Added.MEASURE: {**NEW_MEASURE, **dict.fromkeys(("title", "how", "function"), _EMPTY)},
    Added.TEMPLATE: {"measures": [], **dict.fromkeys(("title", "about", "goal"), _EMPTY)},
}
_ADDABLE: Final[Mapping[Section, tuple[Added, ...]]] = {
    Section.COMMON: (),
    Section.TEAMS: (Added.TEAM, Added.BODY),
    Section.PHONES: (Added.PHONE,),
    Section.MEASURES: (Added.MEASURE,),
    Section.TEMPLATES: (Added.TEMPLATE,),
}


def groups(section: Section, base: Values, whole: Values) -> tuple[Group, ...]:
    """Return what is edited on a page. ``base`` is the shipped version, ``whole`` it with the draft on top."""
    return tuple(
        replace(one, slots=tuple(replace(slot, value=at(whole, slot.path)) for slot in one.slots))
        for one in _groups(section, base, whole)
    )


def _groups(section: Section, base: Values, whole: Values) -> Iterator[Group]:
    if section.level is not None:
        yield from _level(section.level, base, whole)
    elif section.service is not None:
        yield from _service(section.service, base, whole)
    elif section is Section.COMMON:
        yield from _common()
    elif section is Section.TEAMS:
        yield from _each("teams", base, whole, _team)
        yield from _each("bodies", base, whole, _body)
    elif section is Section.MEASURES:
        yield from _each("measures", base, whole, _measure)
    elif section is Section.TEMPLATES:
        library = {code: one.get("title", {}) for code, one in whole.get("measures", {}).items()}
        yield from _each("templates", base, whole, lambda path: _template(path, library))
    else:
        yield from _each("phones", base, whole, _phone)


def _common() -> Iterator[Group]:
    days = (Slot(("deadlines", f"{name}_days"), Kind.NUMBER) for name in DEADLINES)
    yield Group(("deadlines",), tuple(days))
    modes = tuple(one.value for one in YouthMode)
    yield Group(
        ("consent",),
        (
            Slot(("consent", "validity_months"), Kind.NUMBER),
            Slot(("consent", "reminder_days"), Kind.NUMBER),
            Slot(("consent", "youth_age"), Kind.NUMBER),
            Slot(("consent", "youth_mode"), Kind.CHOICE, modes),
        ),
    )
    yield Group(
        ("of_age",),
        (
            Slot(("of_age", "first_months"), Kind.NUMBER),
            Slot(("of_age", "last_months"), Kind.NUMBER),
        ),
    )
    yield Group(
        ("log",),
        (
            Slot(("log", "opens_at_level"), Kind.CHOICE, ("1", "2")),
            Slot(("closing", "by"), Kind.MANY, _WHO),
            Slot(("closing", "family_may_end_log"), Kind.YES),
            Slot(("closing", "individual_plan_ends_log"), Kind.YES),
            Slot(("default_language",), Kind.CHOICE, LANGUAGES),
        ),
    )


def _level(level: str, base: Values, whole: Values) -> Iterator[Group]:
    path = ("levels", level)
    yield Group(
        path,
        (
            *_words((*path, "label")),
            *_words((*path, "arena")),
            *_words((*path, "family"), Kind.AREA),
        ),
    )
    steps = at(whole, (*path, "steps"))
    for number in sorted(steps or (), key=lambda key: (len(key), key)):
        here = (*path, "steps", number)
        yield Group(here, tuple(_step(here, steps[number])), at(base, here) is None)


def _service(service: str, base: Values, whole: Values) -> Iterator[Group]:
    for level in Level:
        path = ("services", service, "levels", str(level.value), "steps")
        steps = at(whole, path) or {}
        for number in sorted(steps, key=lambda key: (len(key), key)):
            here = (*path, number)
            yield Group(here, tuple(_step(here, steps[number])), at(base, here) is None)


def _step(path: Path_, step: Values) -> Iterator[Slot]:
    # A service says only what it does in another way.
    free = path[0] == "services"
    yield Slot((*path, "left_out"), Kind.YES, optional=True)
    yield from _words((*path, "text"), optional=free)
    yield from _words((*path, "detail"), Kind.AREA, optional=free)
    yield Slot((*path, "who"), Kind.CHOICE, _WHO, optional=free)
    yield Slot((*path, "form"), Kind.CHOICE, _FORMS, optional=free)
    yield Slot((*path, "gate"), Kind.MANY, _GATES, optional=True)
    yield from _words((*path, "title"), optional=True)
    yield Slot((*path, "deadline"), Kind.DEADLINE, tuple(DEADLINES), optional=True)
    yield Slot((*path, "after"), Kind.STEPS, optional=True)
    tools = list(step.get("tools", ()))
    for code in (*tools, _free(tools)):
        yield from _words((*path, "tools", code), optional=True)


def _team(path: Path_) -> Iterator[Slot]:
    yield Slot((*path, "kind"), Kind.CHOICE, tuple(one.value for one in TeamKind))
    yield from _words((*path, "name"))
    yield from _words((*path, "called"))
    yield from _words((*path, "lead"), optional=path[-1] != MAIN_TEAM)
    yield from _words((*path, "about"), Kind.AREA)
    yield Slot((*path, "without_names"), Kind.YES, optional=True)


def _body(path: Path_) -> Iterator[Slot]:
    yield from _words((*path, "name"))
    yield Slot((*path, "sectors"), Kind.MANY, _SECTORS)


def _phone(path: Path_) -> Iterator[Slot]:
    yield Slot((*path, "number"), Kind.LINE)
    yield from _words((*path, "label"))


def _measure(path: Path_) -> Iterator[Slot]:
    yield from _words((*path, "title"))
    yield from _words((*path, "how"), Kind.AREA)
    for key, codes in (("kind", MeasureType), ("arena", Arena), ("party", Party)):
        yield Slot((*path, key), Kind.CHOICE, tuple(codes))
    yield from _words((*path, "function"))
    yield Slot((*path, "weeks"), Kind.NUMBER)
    yield Slot((*path, "ended"), Kind.YES, optional=True)


def _template(path: Path_, library: Mapping[str, Mapping[str, str]]) -> Iterator[Slot]:
    yield from _words((*path, "title"))
    yield from _words((*path, "about"), Kind.AREA)
    yield from _words((*path, "goal"), Kind.AREA)
    yield Slot((*path, "measures"), Kind.MANY, tuple(library), called=library)
    yield Slot((*path, "ended"), Kind.YES, optional=True)


def _each(table: str, base: Values, whole: Values, slots: Any) -> Iterator[Group]:  # noqa: ANN401 - one of the three above
    for code in whole.get(table, ()):
        path = (table, code)
        yield Group(path, tuple(slots(path)), at(base, path) is None)


def _words(path: Path_, kind: Kind = Kind.LINE, *, optional: bool = False) -> Iterator[Slot]:
    for language in LANGUAGES:
        yield Slot((*path, language), kind, optional=optional)


def filled(draft: Draft, base: Values, typed: Mapping[Slot, object]) -> Draft:
    """Return the draft with what was typed in these slots. What cannot be used is kept as it was typed."""
    texts: dict[Path_, dict[str, object]] = {}
    for slot, value in typed.items():
        if slot.path[-1] in LANGUAGES:
            texts.setdefault(slot.path[:-1], {})[slot.path[-1]] = value
        else:
            draft = _settled(draft, base, slot.path, _read(slot, value), slot.optional)
    optional = {slot.path[:-1] for slot in typed if slot.optional}
    for path, words in texts.items():
        draft = _settled(draft, base, path, words, path in optional)
    return draft


def _settled(draft: Draft, base: Values, path: Path_, value: object, optional: bool) -> Draft:  # noqa: FBT001 - of a slot
    there = at(base, path)
    words = value.values() if isinstance(value, dict) else [value]
    nothing = not any(one for one in words)
    if value == there or (optional and nothing and there is None):
        return draft.put(path, None)
    return draft.put(path, value)


def _read(slot: Slot, typed: object) -> object:
    """Return a number for what is one; anything else as it was typed."""
    if slot.kind is Kind.YES:
        return bool(typed)
    if slot.kind is Kind.MANY:
        return list(typed) if isinstance(typed, Iterable) else []
    text = str(typed or "")
    if slot.kind is Kind.STEPS:
        return [one for one in text.replace(",", " ").split() if one]
    numbers = slot.kind in {Kind.NUMBER, Kind.DEADLINE} or slot.path == ("log", "opens_at_level")
    if numbers and text.isascii() and text.isdecimal() and len(text) < _DIGITS:
        return int(text)
    return text


_DIGITS: Final = 9


def addable(section: Section, whole: Values) -> tuple[str, ...]:
    """Return what can be added on a page: codes of `Added`, or of a service's steps ``1.2`` and ``1.new``."""
    if section.service is None:
        return tuple(one.value for one in _ADDABLE.get(section, (Added.STEP,)))
    found = []
    for level in Level:
        number = str(level.value)
        there = at(whole, ("services", section.service, "levels", number, "steps")) or {}
        common = at(whole, ("levels", number, "steps")) or {}
        found += [f"{number}.{one}" for one in common if one not in there]
        found.append(f"{number}.{_NEW_STEP}")
    return tuple(found)


def added(draft: Draft, whole: Values, section: Section, what: str) -> Draft:
    """Return the draft with one more of what is `addable`: still empty, or a step as it is for all services."""
    if section.service is not None:
        return _added_to_service(draft, whole, section.service, *what.split("."))
    kind = Added(what)
    path: Path_ = ("levels", section.level or "0", "steps") if kind is Added.STEP else (kind.value,)
    there = at(whole, path) or {}
    code = _next_step(there) if kind is Added.STEP else _free(there)
    return draft.put((*path, code), dict(_NEW[kind]))


def _added_to_service(draft: Draft, whole: Values, service: str, level: str, step: str) -> Draft:
    common = at(whole, ("levels", level, "steps")) or {}
    path = ("services", service, "levels", level, "steps")
    if step != _NEW_STEP:
        return draft.put((*path, step), {"text": dict(common[step]["text"])})
    number = _next_step((*common, *(at(whole, path) or ())))
    return draft.put((*path, number), dict(_NEW[Added.STEP]))


def _next_step(taken: Iterable[str]) -> str:
    return str(max((int(one) for one in taken if one.isdecimal()), default=0) + 1)


def _free(taken: Iterable[str]) -> str:
    taken = set(taken)
    return next(f"{_CODE}{n}" for n in range(1, len(taken) + 2) if f"{_CODE}{n}" not in taken)


def at(values: Values, path: Path_) -> Any:  # noqa: ANN401 - whatever stands in a file
    """Return what stands at a path, None where nothing does."""
    here: Any = values
    for key in path:
        if not isinstance(here, Mapping) or key not in here:
            return None
        here = here[key]
    return here


def section_of(key: str) -> Section | None:
    """Return the page on which a key is edited; None for where it is decided, and what only files say."""
    first, _, rest = key.partition(".")
    if first == "services":
        service = f"service-{rest.partition('.')[0]}"
        return Section(service) if service in set(Section) else None
    if first == "levels":
        level = rest.partition(".")[0]
        known = {str(one.value) for one in Level}
        return Section(f"level-{level}") if level in known else None
    tables = {one.value: one for one in (Section.TEAMS, Section.PHONES, *_LIBRARY)}
    tables["bodies"] = Section.TEAMS
    common = {"deadlines", "consent", "of_age", "log", "closing", "default_language"}
    return tables.get(first, Section.COMMON if first in common else None)
