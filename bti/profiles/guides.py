"""The action guide of a profile: levels and steps, common to all and as each service follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType

from bti.domain.codes import Sector, StepForm, Who
from bti.domain.levels import GATES, Level
from bti.profiles.profile import GuideStep, LevelGuide, Words
from bti.profiles.reader import N_, Document, Table, merge

_LONGEST = 365

#: Makes a text of a table; knows the names that may stand in it.
Reader = Callable[[Table, str], Words]
Deadlines = Mapping[str, int]


def guides_of(top: Table, words: Reader, deadlines: Deadlines) -> tuple[LevelGuide, ...]:
    """The levels as they are common to all services."""
    return _levels(top.table("levels"), words, deadlines)


def services_of(
    document: Document, top: Table, words: Reader, deadlines: Deadlines
) -> Mapping[Sector, tuple[LevelGuide, ...]]:
    """The whole guide of each service whose steps differ."""
    if not top.has("services"):
        return MappingProxyType({})
    table = top.table("services")
    found = {}
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        sector = _sector(table, code)
        one = table.table(code)
        if not one.table("levels").keys() or sector is None:
            one.done()
            continue
        own = _as_levels(document, code)
        levels = Table(own, own.values).table("levels")
        found[sector] = _levels(levels, words, deadlines)
        one.done()
    table.done()
    return MappingProxyType(found)


def _sector(table: Table, code: str) -> Sector | None:
    for sector in Sector:
        if sector.value == code:
            return sector
    allowed = ", ".join(sector.value for sector in Sector)
    table.complain(code, N_("one of %(allowed)s"), code, allowed=allowed)
    return None


def _as_levels(document: Document, code: str) -> Document:
    """What a service says, laid on what is common; complaints still name the service's own key."""
    above = ("services", code)
    services = document.values["services"]
    differs = services[code] if isinstance(services, dict) else {}
    origins = {
        path[len(above) :]: file
        for path, file in document.origins.items()
        if path[: len(above)] == above and len(path) > len(above)
    }
    named = {path: ".".join((*above, *path)) for path in origins}
    over = Document(document.file, {"levels": differs["levels"]}, origins, named)
    base = Document(document.file, {"levels": document.values.get("levels")}, document.origins)
    whole = merge(base, over)
    # One list, so that what a service says wrong is told together with the rest.
    whole.faults = document.faults
    return whole


def _levels(table: Table, words: Reader, deadlines: Deadlines) -> tuple[LevelGuide, ...]:
    guides = []
    for level in Level:
        one = table.table(str(level.value))
        steps = _steps(level, one.table("steps"), words, deadlines)
        guides.append(
            LevelGuide(
                level=level,
                label=words(one, "label"),
                arena=words(one, "arena"),
                family=words(one, "family"),
                steps=steps,
            )
        )
        one.done()
    table.done()
    return tuple(guides)


def _steps(
    level: Level, table: Table, words: Reader, deadlines: Deadlines
) -> tuple[GuideStep, ...]:
    steps = {}
    left_out = set()
    for number in sorted(table.keys(), key=lambda key: (len(key), key)):
        if not number.isdecimal() or not number.isascii():
            table.complain(number, N_("steps keyed by number"), number)
            continue
        one = table.table(number)
        if one.has("left_out") and one.yes("left_out"):
            left_out.add(number)
            continue
        steps[number] = _step(f"{level.value}.{number}", one, words, deadlines)
        one.done()
    if not steps:
        table.complain("1", N_("at least one step"))
    for number, step in steps.items():
        _check_after(table.table(number), step, steps.keys() | left_out)
        # Nothing waits for what this municipality does not do.
        after = tuple(before for before in step.after if before in steps)
        steps[number] = replace(step, after=after)
    return _in_order(table, steps)


def _check_after(one: Table, step: GuideStep, known: AbstractSet[str]) -> None:
    for before in step.after:
        if before not in known:
            allowed = ", ".join(sorted(known))
            one.complain(
                "after", N_("steps of the same level (%(allowed)s)"), before, allowed=allowed
            )


def _in_order(table: Table, steps: Mapping[str, GuideStep]) -> tuple[GuideStep, ...]:
    """Every step after those it comes after; by number where either may come first."""
    placed: dict[str, GuideStep] = {}
    while len(placed) < len(steps):
        ready = [
            number
            for number, step in steps.items()
            if number not in placed and all(before in placed for before in step.after)
        ]
        if not ready:
            _circle(table, {n: s for n, s in steps.items() if n not in placed})
            break
        placed[ready[0]] = steps[ready[0]]
    return tuple(placed.values())


def _circle(table: Table, left: Mapping[str, GuideStep]) -> None:
    way = [next(iter(left))]
    while way[-1] not in way[:-1]:
        way.append(next(before for before in left[way[-1]].after if before in left))
    circle = way[way.index(way[-1]) :]
    table.table(circle[0]).complain(
        "after", N_("steps that do not lead back to this one"), " → ".join(circle)
    )


def _step(code: str, one: Table, words: Reader, deadlines: Deadlines) -> GuideStep:
    return GuideStep(
        code=code,
        key=one.key,
        text=words(one, "text"),
        detail=words(one, "detail"),
        who=one.choice("who", Who),
        title=words(one, "title") if one.has("title") else None,
        tools=_tools(one, words),
        deadline_days=_deadline(one, deadlines),
        form=one.choice("form", StepForm),
        gate=_gate(one),
        after=one.texts("after"),
    )


def _tools(one: Table, words: Reader) -> tuple[Words, ...]:
    """Keyed, so that a municipality adds its own to those of the standard."""
    if not one.has("tools"):
        return ()
    table = one.table("tools")
    tools = tuple(words(table, code) for code in table.keys())  # noqa: SIM118 - a Table is not a mapping
    table.done()
    return tools


def _deadline(one: Table, deadlines: Deadlines) -> int | None:
    """Days of the step's own, or the name of a deadline that the whole profile has."""
    if not one.is_text("deadline"):
        return one.whole_or_none("deadline", 1, _LONGEST)
    name = one.text("deadline")
    if name not in deadlines:
        allowed = ", ".join(sorted(deadlines))
        one.complain("deadline", N_("one of %(allowed)s"), name, allowed=allowed)
    return deadlines.get(name)


def _gate(one: Table) -> tuple[str, ...]:
    gate = one.texts("gate")
    for code in gate:
        if code not in GATES:
            allowed = ", ".join(sorted(GATES))
            one.complain("gate", N_("one of %(allowed)s"), code, allowed=allowed)
    return gate
