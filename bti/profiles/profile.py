"""A municipality's profile as the product reads it: the rules' numbers, and the words around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bti.domain.codes import StepForm, Who
from bti.domain.levels import Level
from bti.domain.local_rules import ProfileRules

LANGUAGES = ("nb", "nn", "en")


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
    """One step of the action guide. ``deadline_days`` counts from the day the level was entered."""

    code: str
    text: Words
    detail: Words
    who: Who
    deadline_days: int | None
    form: StepForm


@dataclass(frozen=True, slots=True)
class LevelGuide:
    """One level: its name, the arena work happens in, and its steps in order."""

    level: Level
    label: Words
    arena: Words
    steps: tuple[GuideStep, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """The team of level 3 and the function that leads it."""

    name: Words
    lead: Words


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
    version: str
    valid_from: date
    default_language: str
    title: Words
    levels: tuple[LevelGuide, ...]
    team: Team
    phones: tuple[Phone, ...]

    def guide(self, level: int) -> LevelGuide:
        """The guide of a level 0-3."""
        return self.levels[level]

    def label(self, level: int, language: str) -> str:
        """What the municipality calls a level."""
        return self.levels[level].label[language]

    def step(self, code: str) -> GuideStep:
        """A step by its code. Raises ``KeyError`` for a code the profile does not have."""
        for guide in self.levels:
            for step in guide.steps:
                if step.code == code:
                    return step
        raise KeyError(code)
