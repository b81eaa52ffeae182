"""The library of a municipality: measures it knows, and templates that put some of them under a goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bti.domain.codes import Arena, MeasureType, Party
from bti.domain.measures import names_somebody
from bti.profiles.reader import N_, Table

if TYPE_CHECKING:
    from bti.profiles.profile import Words

_MOST_WEEKS: Final = 26
NEW_MEASURE: Final[Mapping[str, object]] = MappingProxyType(
    {"kind": "other", "arena": "school", "party": "staff", "weeks": 6}
)
"""What a measure begins with that somebody adds on a page."""
Plain = Callable[[Table, str], "Words"]


@dataclass(frozen=True, slots=True)
class LocalMeasure:
    """A measure as it can be taken up: what, how, where, as what, and after how many weeks it is evaluated."""

    code: str
    title: Words
    how: Words
    kind: MeasureType
    arena: Arena
    party: Party
    function: Words
    weeks: int
    #: No longer taken up. What was begun with it keeps its own text.
    ended: bool = False


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A goal for something that is often met, and the measures that are tried first."""

    code: str
    title: Words
    about: Words
    goal: Words
    measures: tuple[LocalMeasure, ...]
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Toolbox:
    """All of it, in the order of the profile."""

    measures: tuple[LocalMeasure, ...]
    templates: tuple[PlanTemplate, ...]

    def measure(self, code: str) -> LocalMeasure | None:
        """A measure by its code; None for a code the profile does not have."""
        return next((one for one in self.measures if one.code == code), None)

    def template(self, code: str) -> PlanTemplate | None:
        """A template by its code; None for a code the profile does not have."""
        return next((one for one in self.templates if one.code == code), None)


def toolbox_of(top: Table, plain: Plain, languages: tuple[str, ...]) -> Toolbox:
    """Read ``measures`` and ``templates``; either may be left out."""
    measures = _measures(top.table("measures"), plain, languages) if top.has("measures") else ()
    known = {one.code: one for one in measures}
    templates = _templates(top.table("templates"), plain, known) if top.has("templates") else ()
    return Toolbox(
        tuple(one for one in measures if not one.ended),
        # A template of which every measure has ended is none.
        tuple(one for one in templates if not one.ended and one.measures),
    )


def _ended(one: Table) -> bool:
    return one.yes("ended") if one.has("ended") else False


def _measures(table: Table, plain: Plain, languages: tuple[str, ...]) -> tuple[LocalMeasure, ...]:
    found = []
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        function = plain(one, "function")
        named = [function[language] for language in languages if names_somebody(function[language])]
        if named:
            one.complain("function", N_("a function, and not a person"), named[0])
        found.append(
            LocalMeasure(
                code,
                plain(one, "title"),
                plain(one, "how"),
                one.choice("kind", MeasureType),
                one.choice("arena", Arena),
                one.choice("party", Party),
                function,
                one.whole("weeks", 1, _MOST_WEEKS),
                _ended(one),
            )
        )
        one.done()
    table.done()
    return tuple(found)


def _templates(
    table: Table, plain: Plain, known: dict[str, LocalMeasure]
) -> tuple[PlanTemplate, ...]:
    found = []
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        codes = one.texts("measures")
        strange = [each for each in codes if each not in known]
        if strange or not codes:
            one.complain("measures", N_("measures of the library"), strange[0] if strange else None)
        found.append(
            PlanTemplate(
                code,
                plain(one, "title"),
                plain(one, "about"),
                plain(one, "goal"),
                tuple(known[each] for each in codes if each in known and not known[each].ended),
                _ended(one),
            )
        )
        one.done()
    table.done()
    return tuple(found)
