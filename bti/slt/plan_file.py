"""A plan as a TOML file, read to its end: every complaint names the file, the key and what was expected.

The form is described in ``docs/plans.md``. Nothing is guessed: what is left out is empty in the plan.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from bti.profiles.reader import N_, Document, Table, parse, read, shipped_in, shipped_path
from bti.profiles.sources import check_day
from bti.slt.plan import (
    Area,
    Indicator,
    Mapped,
    MeasureStatus,
    Numbering,
    Plan,
    PlanMeasure,
    PreventionLevel,
    Reading,
    Strand,
    Unit,
    is_partial_date,
    is_said,
    number_key,
    ordered,
)

PLANS: Final = Path(__file__).parent / "plans"
LANGUAGES: Final = ("nb", "nn", "en")
#: The form that this reader knows.
_FORM: Final = 1
SHORT, LONG = 200, 1000
MOST_LINES: Final = 40
MOST_PARTS: Final = 300
LARGEST: Final = 1_000_000
_OLDEST: Final = 120
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?", re.ASCII)

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


@cache
def shipped() -> tuple[str, ...]:
    """The keys of the plans that are shipped, sorted."""
    return shipped_in(PLANS)


@cache
def load(key: str) -> Plan:
    """A shipped plan by its key, as ``moss-2025``. Raises ``ProfileError``."""
    return load_file(shipped_path(PLANS, key))


def load_file(path: Path) -> Plan:
    """The plan in a file. Raises the first ``ProfileError`` with all of them in ``faults``."""
    return _plan(read(path), path.stem)


def plan_from(content: bytes, file: str) -> Plan:
    """The plan in TOML that is called ``file``. Raises ``ProfileError``."""
    return _plan(parse(content, file), Path(file).stem)


def _plan(document: Document, key: str) -> Plan:
    top = Table(document, document.values)
    form = top.whole("form", 1, 9999)
    if form != _FORM:
        top.complain("form", N_("form %(form)s"), form, form=_FORM)
    first, last = (check_day(top, name, top.day(name)) for name in ("first_day", "last_day"))
    if last < first:
        top.complain("last_day", N_("a day that is not before %(first)s"), last, first=first)
    youngest, oldest = (top.whole_or_none(name, 0, _OLDEST) for name in ("youngest", "oldest"))
    if youngest is not None and oldest is not None and oldest < youngest:
        top.complain(
            "oldest", N_("an age that is not below %(youngest)s"), oldest, youngest=youngest
        )
    plan = Plan(
        key=key,
        municipality=_text(top, "municipality"),
        title=_text(top, "title"),
        language=_language(top),
        first_day=first,
        last_day=last,
        numbering=top.choice("numbering", Numbering) if top.has("numbering") else Numbering.SOURCE,
        drafted=top.day_or_none("drafted"),
        adopted=top.day_or_none("adopted"),
        adopted_by=_text_or_empty(top, "adopted_by", SHORT),
        youngest=youngest,
        oldest=oldest,
        revision=_text_or_empty(top, "revision"),
        challenges=_lines(top, "challenges"),
        goals=_lines(top, "goals"),
        approach=_lines(top, "approach"),
        knowledge=_lines(top, "knowledge"),
        appendices=_lines(top, "appendices"),
        areas=_parts(top, "areas", _CODE, _area),
        measures=_parts(top, "measures", _NUMBER, _measure),
        indicators=_parts(top, "indicators", _CODE, _indicator),
    )
    _check_references(top, plan)
    top.done()
    document.settle()
    return plan


def _parts(
    top: Table, key: str, form: re.Pattern[str], make: Callable[[str, Table], T]
) -> tuple[T, ...]:
    """The tables below a key, each made into a part of the plan, in the order of their numbers."""
    if not top.has(key):
        if key == "measures":
            top.complain(key, N_("a table"))
        return ()
    table = top.table(key)
    names = table.keys()
    if len(names) > MOST_PARTS:
        top.complain(key, N_("at most %(most)s of them"), len(names), most=MOST_PARTS)
        return ()
    made = {}
    for name in names:
        one = table.table(name)
        if not form.fullmatch(name):
            wanted = (
                N_("a number such as 4 or 2.1")
                if form is _NUMBER
                else N_("a short code of small letters, digits and _")
            )
            table.complain(name, wanted, name)
            continue
        made[name] = make(name, one)
        one.done()
    return tuple(made[name] for name in (ordered(made) if form is _NUMBER else made))


def _area(code: str, one: Table) -> Area:
    return Area(
        code=code,
        name=_text(one, "name"),
        challenges=_lines(one, "challenges"),
        goals=_lines(one, "goals"),
        approach=_lines(one, "approach"),
        place=_text(one, "place"),
    )


def _measure(number: str, one: Table) -> PlanMeasure:
    return PlanMeasure(
        number=number,
        title=_text(one, "title"),
        area=_text_or_empty(one, "area", SHORT),
        need=_text_or_empty(one, "need"),
        description=_text_or_empty(one, "description"),
        actions=_lines(one, "actions"),
        responsible=_lines(one, "responsible"),
        target=_text_or_empty(one, "target", SHORT),
        when=_text_or_empty(one, "when", SHORT),
        status=_mapped(one, "status", MeasureStatus),
        level=_mapped(one, "level", PreventionLevel),
        strand=_mapped(one, "strand", Strand),
        same_as=one.texts("same_as"),
        place=_text(one, "place"),
    )


def _mapped(one: Table, key: str, codes: type[E]) -> Mapped[E]:
    """What the municipality calls it and what we make of it; nothing where the key is left out."""
    if not one.has(key):
        return Mapped()
    table = one.table(key)
    if not table.has("value"):
        values: tuple[E, ...] = ()
    elif codes is PreventionLevel:
        values = table.codes("value", codes)
    else:
        values = (table.choice("value", codes),)
    inferred = table.yes("inferred") if table.has("inferred") else False
    mapped = Mapped(values, _text_or_empty(table, "own", SHORT), inferred)
    if not mapped.values and not mapped.own:
        table.complain("value", N_("a value, or the municipality's own word"))
    elif not is_said(mapped):
        wanted = N_("the municipality's own word, or inferred = true")
        table.complain("own" if mapped.values else "inferred", wanted)
    table.done()
    return mapped


def _indicator(code: str, one: Table) -> Indicator:
    return Indicator(
        code=code,
        name=_text(one, "name"),
        unit=one.choice("unit", Unit),
        measure=_text_or_empty(one, "measure", SHORT),
        group=_text_or_empty(one, "group", SHORT),
        source=_text_or_empty(one, "source", SHORT),
        baseline=_value_or_none(one, "baseline"),
        target=_value_or_none(one, "target"),
        readings=_readings(one),
        place=_text(one, "place"),
    )


def _readings(one: Table) -> tuple[Reading, ...]:
    if not one.has("readings"):
        return ()
    readings: list[Reading] = []
    for row in one.rows("readings", MOST_LINES):
        on = _text(row, "on")
        if not is_partial_date(on):
            row.complain("on", N_("a year, a month or a day, such as 2026 or 2026-05"), on)
        elif readings and on <= readings[-1].on:
            row.complain("on", N_("a time after the one before"), on)
        value = row.number("value", LARGEST)
        readings.append(Reading(on, value, _value_or_none(row, "national")))
        row.done()
    return tuple(readings)


def _value_or_none(one: Table, key: str) -> Decimal | None:
    return one.number(key, LARGEST) if one.has(key) else None


def _language(top: Table) -> str:
    language = top.text("language")
    if language not in LANGUAGES:
        allowed = ", ".join(LANGUAGES)
        top.complain("language", N_("one of %(allowed)s"), language, allowed=allowed)
    return language


def _text(one: Table, key: str, most: int = SHORT) -> str:
    """A line of text that is there."""
    text = one.text(key)
    _check_text(one, key, text, most)
    return text


def _text_or_empty(one: Table, key: str, most: int = LONG) -> str:
    return _text(one, key, most) if one.has(key) else ""


def _lines(one: Table, key: str) -> tuple[str, ...]:
    lines = one.texts(key)
    if len(lines) > MOST_LINES:
        one.complain(key, N_("at most %(most)s of them"), len(lines), most=MOST_LINES)
    for line in lines:
        _check_text(one, key, line, LONG)
    return lines


def _check_text(one: Table, key: str, text: str, most: int) -> None:
    if len(text) > most or not text.strip() or not text.isprintable():
        one.complain(key, N_("one line of at most %(most)s signs"), text, most=most)


def _check_references(top: Table, plan: Plan) -> None:
    """Each area and measure that is named must be there."""
    areas = {area.code for area in plan.areas}
    numbers = {measure.number for measure in plan.measures}
    if top.has("measures") and not plan.measures:
        top.complain("measures", N_("at least one measure"))
    for measure in plan.measures:
        one = top.table("measures").table(measure.number)
        if measure.area and measure.area not in areas:
            _unknown(one, "area", measure.area, areas)
        for number in measure.same_as:
            if number not in numbers or number == measure.number:
                _unknown(one, "same_as", number, numbers - {measure.number})
    for indicator in plan.indicators:
        if indicator.measure and indicator.measure not in numbers:
            one = top.table("indicators").table(indicator.code)
            _unknown(one, "measure", indicator.measure, numbers)


def _unknown(one: Table, key: str, found: str, known: set[str]) -> None:
    allowed = ", ".join(sorted(known, key=number_key)) or "-"
    one.complain(key, N_("one of %(allowed)s"), found, allowed=allowed)
