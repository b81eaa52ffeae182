"""From TOML files to frozen profiles. A file may extend another and say only what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from bti.domain.codes import StepForm, Who
from bti.domain.legal import LegalBasis
from bti.domain.levels import Level
from bti.domain.local_rules import YouthMode
from bti.profiles.profile import (
    LANGUAGES,
    GuideStep,
    LevelGuide,
    Phone,
    Profile,
    Team,
    Words,
)
from bti.profiles.reader import Document, ProfileError, Table, merge, read

_SHIPPED: Final = Path(__file__).parent
_LEGAL: Final = "legal_bases.toml"
_ACTS: Final = "acts"
#: Short enough to be the name of a file anywhere.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


def available() -> tuple[str, ...]:
    """The names of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml") if path.name != _LEGAL))


@cache
def load(name: str) -> Profile:
    """A shipped profile. Raises ``ProfileError`` naming file, key and expected value."""
    if name not in available():
        raise ProfileError(f"{name}.toml", "(file)", f"one of {', '.join(available())}", name)
    return load_from(_SHIPPED, name)


def load_from(folder: Path, name: str) -> Profile:
    """The profile ``name`` in a folder. Raises ``ProfileError``."""
    return _profile(_document(folder, name))


@cache
def legal_bases() -> tuple[LegalBasis, ...]:
    """Every version of every legal reference, for ``bti.domain.legal.basis_on``."""
    return legal_bases_from(_SHIPPED / _LEGAL)


def legal_bases_from(path: Path) -> tuple[LegalBasis, ...]:
    """The legal references of a file, one table per code. Raises ``ProfileError``.

    The table ``acts`` holds the dates of acts that change many references at once.
    """
    document = read(path)
    top = Table(document, document.values)
    acts = _acts(top.table(_ACTS)) if _ACTS in top.keys() else {}  # noqa: SIM118 - a Table is not a mapping
    bases = tuple(
        basis
        for code in top.keys()  # noqa: SIM118 - a Table is not a mapping
        if code != _ACTS
        for basis in _bases(code, top.table(code), acts)
    )
    top.done()
    return bases


def _acts(table: Table) -> dict[str, date | None]:
    """The day each act is in force from; None where it has none yet (``in_force`` left out)."""
    found = {}
    for act in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(act)
        one.text("source")
        found[act] = one.day_or_none("in_force")
        one.done()
    table.done()
    return found


def _day(one: Table, key: str, act_key: str, acts: Mapping[str, date | None]) -> date | None:
    """The day written here, or that of the act that is named instead."""
    if act_key not in one.keys():  # noqa: SIM118 - a Table is not a mapping
        return one.day(key) if key == "valid_from" else one.day_or_none(key)
    act = one.text(act_key)
    if act not in acts:
        raise one.error(act_key, f"one of {', '.join(acts)}", act)
    return acts[act]


def _bases(code: str, table: Table, acts: Mapping[str, date | None]) -> tuple[LegalBasis, ...]:
    """Each code holds versions keyed by a name, so that a new act is one more table."""
    found = []
    for version in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(version)
        found.append(
            LegalBasis(
                code=code,
                valid_from=_day(one, "valid_from", "from_act", acts),
                valid_to=_day(one, "valid_to", "until_act", acts),
                reference=_reference(one),
                source=one.text("source"),
                label={language: one.text(language) for language in LANGUAGES},
            )
        )
        one.done()
    table.done()
    return tuple(found)


def _reference(one: Table) -> dict[str, str]:
    """The same in every language, unless the law is called something else in nynorsk."""
    reference = one.text("reference")
    nynorsk = one.text("reference_nn") if "reference_nn" in one.keys() else reference  # noqa: SIM118 - a Table is not a mapping
    return {language: nynorsk if language == "nn" else reference for language in LANGUAGES}


def _document(folder: Path, name: str, seen: tuple[str, ...] = ()) -> Document:
    if not _NAME.fullmatch(name):
        raise ProfileError(
            f"{name}.toml", "(file)", "a name of a-z, 0-9 and _, at most 60 signs", name
        )
    document = read(folder / f"{name}.toml")
    extends = document.values.pop("extends", None)
    if extends is None:
        return document
    if not isinstance(extends, str) or extends in (*seen, name):
        raise ProfileError(document.file, "extends", "the name of another profile", extends)
    return merge(_document(folder, extends, (*seen, name)), document)


def _profile(document: Document) -> Profile:
    top = Table(document, document.values)
    deadlines, consent, log = top.table("deadlines"), top.table("consent"), top.table("log")
    profile = Profile(
        name=top.text("name"),
        version=top.text("version"),
        valid_from=top.day("valid_from"),
        default_language=_language(top),
        title=_words(top, "title"),
        levels=_levels(top.table("levels")),
        team=_team(top.table("team")),
        phones=_phones(top.table("phones")),
        log_opens_at_level=log.whole("opens_at_level", 1, 2),
        level_0_decision_days=deadlines.whole("level_0_decision_days", 1, 365),
        guardian_talk_days=deadlines.whole("guardian_talk_days", 1, 365),
        guardian_talk_school_environment_days=deadlines.whole(
            "guardian_talk_school_environment_days", 1, 365
        ),
        level_2_invite_days=deadlines.whole("level_2_invite_days", 1, 365),
        team_wait_days=deadlines.whole("team_wait_days", 1, 365),
        evaluation_interval_days=deadlines.whole("evaluation_interval_days", 1, 365),
        offer_expiry_days=deadlines.whole("offer_expiry_days", 1, 60),
        soon_days=deadlines.whole("soon_days", 0, 60),
        consent_validity_months=consent.whole("validity_months", 1, 36),
        consent_reminder_days=consent.whole("reminder_days", 1, 180),
        youth_age=consent.whole("youth_age", 12, 16),
        youth_mode=consent.choice("youth_mode", YouthMode),
    )
    for table in (deadlines, consent, log, top):
        table.done()
    return profile


def _language(top: Table) -> str:
    language = top.text("default_language")
    if language not in LANGUAGES:
        raise top.error("default_language", f"one of {', '.join(LANGUAGES)}", language)
    return language


def _words(table: Table, key: str) -> Words:
    inner = table.table(key)
    words = Words(nb=inner.text("nb"), nn=inner.text("nn"), en=inner.text("en"))
    inner.done()
    return words


def _levels(table: Table) -> tuple[LevelGuide, ...]:
    guides = []
    for level in Level:
        one = table.table(str(level.value))
        guides.append(
            LevelGuide(
                level=level,
                label=_words(one, "label"),
                arena=_words(one, "arena"),
                steps=_steps(level, one.table("steps")),
            )
        )
        one.done()
    table.done()
    return tuple(guides)


def _steps(level: Level, table: Table) -> tuple[GuideStep, ...]:
    steps = []
    numbers = sorted(table.keys(), key=lambda key: (len(key), key))
    if not numbers:
        raise table.error("1", "at least one step")
    for number in numbers:
        if not number.isdecimal():
            raise table.error(number, "steps keyed by number", number)
        one = table.table(number)
        steps.append(
            GuideStep(
                code=f"{level.value}.{number}",
                text=_words(one, "text"),
                detail=_words(one, "detail"),
                who=one.choice("who", Who),
                deadline_days=one.whole_or_none("deadline_days", 1, 365),
                form=one.choice("form", StepForm),
            )
        )
        one.done()
    table.done()
    return tuple(steps)


def _team(table: Table) -> Team:
    team = Team(name=_words(table, "name"), lead=_words(table, "lead"))
    table.done()
    return team


def _phones(table: Table) -> tuple[Phone, ...]:
    phones = []
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        phones.append(Phone(code, one.text("number"), _words(one, "label")))
        one.done()
    table.done()
    return tuple(phones)
