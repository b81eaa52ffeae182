"""A municipality's profile as the product reads it: the rules' numbers, and the words around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bti.domain.codes import Sector, StepForm, Who
from bti.domain.levels import Level
from bti.domain.local_rules import ProfileRules
from bti.profiles.sources import Fact, Source, nearest
from bti.profiles.toolbox import Toolbox

LANGUAGES = ("nb", "nn", "en")


class TeamKind(StrEnum):
    """What kind of body takes the cases that services cannot solve together."""

    UPBRINGING_TEAM = "upbringing_team"
    COMPETENCE_TEAM = "competence_team"
    SLT_MEETING = "slt_meeting"
    DRUG_ADVICE = "drug_advice"
    COORDINATING_UNIT = "coordinating_unit"
    BTI_TEAM = "bti_team"
    RESOURCE_TEAM = "resource_team"
    CONSULTATION_TEAM = "consultation_team"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in the three languages of the interface."""

    nb: str
    nn: str
    en: str

    def __getitem__(self, language: str) -> str:
        """The text in ``language``; bokmål for a language that is not among the three."""
        return {"nn": self.nn, "en": self.en}.get(language, self.nb)


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of the action guide, in one service.

    ``deadline_days`` counts from the day the level was entered. ``gate`` names what must be in
    place before one goes on (codes of ``bti.domain.levels.gates``), ``after`` the steps of the same
    level that come first. ``title`` is what the municipality calls the one who does it, if it has
    a name for that. ``key`` is where the step stands in the profile.
    """

    code: str
    key: str
    text: Words
    detail: Words
    who: Who
    title: Words | None
    tools: tuple[Words, ...]
    deadline_days: int | None
    form: StepForm
    gate: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelGuide:
    """One level: its name, the arena work happens in, what it is for a family, its steps in order."""

    level: Level
    label: Words
    arena: Words
    family: Words
    steps: tuple[GuideStep, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """A body that helps with single cases. ``called`` is its name inside a sentence.

    ``without_names``: one may ask it about somebody who is not named, outside every case.
    """

    code: str
    kind: TeamKind
    name: Words
    called: Words
    lead: Words | None
    about: Words
    without_names: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """Services that count as one body under the rules on confidentiality."""

    code: str
    name: Words
    sectors: frozenset[Sector]


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to call when it is urgent, as printed."""

    code: str
    number: str
    label: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(ProfileRules):
    """Everything that is local. Pass it wherever a rule asks for ``ProfileRules``."""

    name: str
    version: int
    valid_from: date
    #: The version of another profile that this one stands on, as name/version.
    extends: str | None
    default_language: str
    title: Words
    #: The steps that are common to all services.
    levels: tuple[LevelGuide, ...]
    #: The whole guide of each service whose steps differ.
    services: Mapping[Sector, tuple[LevelGuide, ...]]
    #: The team of level 3 first, then the others there are.
    teams: tuple[Team, ...]
    bodies: tuple[Body, ...]
    #: Whether the family may end the log by itself. Taking back a consent is always its right.
    family_may_end_log: bool
    phones: tuple[Phone, ...]
    toolbox: Toolbox
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]

    @property
    def key(self) -> str:
        """How a case names the version it follows."""
        return f"{self.name}/{self.version}"

    @property
    def team(self) -> Team:
        """The team of level 3."""
        return self.teams[0]

    @property
    def consulted(self) -> tuple[Team, ...]:
        """The teams one may ask without names."""
        return tuple(team for team in self.teams if team.without_names)

    def guide(self, level: int, sector: Sector | None = None) -> LevelGuide:
        """The guide of a level 0-3 as a service follows it."""
        guides = self.services.get(sector, self.levels) if sector is not None else self.levels
        return guides[level]

    def label(self, level: int, language: str) -> str:
        """What the municipality calls a level."""
        return self.levels[level].label[language]

    def step(self, code: str, sector: Sector | None = None) -> GuideStep:
        """A step by its code. Raises ``KeyError`` for a code the profile does not have."""
        for level in Level:
            for step in self.guide(level, sector).steps:
                if step.code == code:
                    return step
        raise KeyError(code)

    def body_of(self, sector: Sector) -> Body | None:
        """The body a service of this kind is part of; None where each unit is its own."""
        return next((body for body in self.bodies if sector in body.sectors), None)

    def said(self, key: str) -> Fact | None:
        """Where the municipality says what stands at ``key``; None where it is the standard's."""
        return nearest(self.facts, key)

    def said_of(self, step: GuideStep) -> tuple[Fact, ...]:
        """Where the municipality says anything about a step; empty where it is the standard's."""
        level, number = step.code.split(".")
        keys = {step.key, f"levels.{level}.steps.{number}"}
        found = [fact for key in keys if (fact := nearest(self.facts, key)) is not None]
        found += [
            fact
            for key, fact in self.facts.items()
            if any(key.startswith(f"{one}.") for one in keys)
        ]
        return tuple(sorted(found, key=lambda fact: fact.key))
