"""The action guide as a page: of the rules that are in force, and of rules that somebody is about to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext, ngettext

from bti.domain.codes import Sector, StepForm
from bti.domain.levels import Level
from bti.profiles import Said
from bti.web import labels
from bti.web.calls import urgent_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bti.profiles import Fact, GuideStep, LevelGuide, Profile
    from bti.web.calls import Call


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the guide in the reader's language."""

    code: str
    text: str
    detail: str
    who: str
    deadline: str
    tools: tuple[str, ...]
    #: Where the municipality has said it, as sentences; empty where it is the standard's.
    said: tuple[str, ...]
    #: Teams one may ask without names at this step, as they stand inside a sentence.
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelCard:
    """One level of the guide in the reader's language."""

    number: int
    anchor: str
    label: str
    arena: str
    said: tuple[str, ...]
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class GuidePage:
    """View model of pages/guide.html.

    ``services``: where to see it as another follows it, and what that is called. ``teams``: name, who leads it,
    what it is for, and where the municipality has said so.
    """

    municipality: str
    service: str
    services: tuple[tuple[str, str], ...]
    levels: tuple[LevelCard, ...]
    teams: tuple[tuple[str, str, str, str], ...]
    calls: tuple[Call, ...]
    version: str
    #: Whether the municipality has said something itself, so that each step tells whose it is.
    local: bool
    #: Where one came from, where these rules are not in force.
    back: str = ""


def guide_page(
    profile: Profile,
    *,
    municipality: str,
    sector: Sector,
    language: str,
    address: Callable[[str], str],
    back: str = "",
) -> GuidePage:
    """Return the guide as a service follows it. ``address`` is where it is for another one."""
    return GuidePage(
        municipality=municipality,
        service=str(labels.label(sector.value, "sector")),
        services=tuple(
            (address(one.value), str(labels.label(one.value, "sector"))) for one in Sector
        ),
        levels=tuple(_level(profile, number, sector, language) for number in Level),
        teams=tuple(
            (
                one.name[language],
                one.lead[language] if one.lead else "",
                one.about[language],
                _at(profile, f"teams.{one.code}"),
            )
            for one in profile.teams
        ),
        calls=urgent_calls(profile.phones, language),
        version=profile.key,
        local=bool(profile.facts),
        back=back,
    )


def sector_of(chosen: str, own: str) -> Sector:
    """Return the service asked for, else the person's own."""
    return next((one for one in Sector if one.value == chosen), Sector(own))


def _level(profile: Profile, number: int, sector: Sector, language: str) -> LevelCard:
    found: LevelGuide = profile.guide(number, sector)
    return LevelCard(
        number=int(found.level),
        anchor=f"level-{int(found.level)}",
        label=found.label[language],
        arena=found.arena[language],
        said=_each_once(
            _at(profile, f"levels.{number}.{part}") for part in ("label", "arena", "family")
        ),
        steps=tuple(_step(profile, one, found.level, language) for one in found.steps),
    )


def _step(profile: Profile, found: GuideStep, level: Level, language: str) -> StepRow:
    asks = level <= Level.OWN_SERVICE and found.form is StepForm.STEP
    days = found.deadline_days
    who = found.title[language] if found.title else str(labels.label(found.who, "who"))
    return StepRow(
        code=found.code,
        text=found.text[language],
        detail=found.detail[language],
        who=who,
        deadline=(
            str(gettext("No fixed deadline"))
            if days is None
            else str(ngettext("Within %(num)s day", "Within %(num)s days", days))
        ),
        tools=tuple(tool[language] for tool in found.tools),
        said=_each_once(_said(profile, fact) for fact in profile.said_of(found)),
        advice=tuple(team.called[language] for team in profile.consulted) if asks else (),
    )


def _at(profile: Profile, key: str) -> str:
    fact = profile.said(key)
    return _said(profile, fact) if fact is not None else ""


def _each_once(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in said if one))


def _said(profile: Profile, fact: Fact) -> str:
    title = profile.sources[fact.source].title
    if fact.said is Said.READ:
        return str(gettext("Read out of %(title)s, %(place)s.", title=title, place=fact.place))
    return str(gettext("It stands in %(title)s, %(place)s.", title=title, place=fact.place))
