"""From a whole document to a frozen profile. Everything is checked here, once, before it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bti.domain.codes import Sector, Who
from bti.domain.local_rules import YouthMode
from bti.profiles.guides import Reader, guides_of, services_of
from bti.profiles.profile import LANGUAGES, Body, Phone, Profile, Team, TeamKind, Words
from bti.profiles.reader import N_, Document, ProfileError, Table
from bti.profiles.sources import check_day, facts_of, sources_of
from bti.profiles.toolbox import toolbox_of

MAIN_TEAM: Final = "main"
DEADLINES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "level_0_decision": (1, 365),
        "guardian_talk": (1, 365),
        "guardian_talk_school_environment": (1, 365),
        "level_2_invite": (1, 365),
        "team_wait": (1, 365),
        "evaluation_interval": (1, 365),
        "offer_expiry": (1, 60),
        "soon": (0, 60),
        "escalation": (1, 365),
    }
)
"""The common deadlines: the least and the most days of each."""
_PLACE: Final = re.compile(r"\{([^{}]*)\}|[{}]")
_LAST_VERSION: Final = 9999


def profile_of(document: Document, extends: str | None) -> Profile:
    """Build a profile of a document that nothing is missing in.

    Raises ``ProfileError``: the first fault, with all of them in ``faults``.
    """
    top = Table(document, document.values)
    consent, log = top.table("consent"), top.table("log")
    closing, of_age = top.table("closing"), top.table("of_age")
    days = _deadlines(top.table("deadlines"))
    teams = _teams(top.table("teams"))
    words = _reader(teams[0])
    sources = sources_of(top.table("sources")) if top.has("sources") else {}
    profile = Profile(
        name=top.text("name"),
        version=top.whole("version", 1, _LAST_VERSION),
        valid_from=check_day(top, "valid_from", top.day("valid_from")),
        extends=extends,
        default_language=_language(top),
        title=words(top, "title"),
        levels=guides_of(top, words, days),
        services=services_of(document, top, words, days),
        teams=teams,
        bodies=_bodies(top, words),
        phones=_phones(top.table("phones")),
        toolbox=toolbox_of(top, _plain, LANGUAGES),
        sources=MappingProxyType(sources),
        facts=MappingProxyType(facts_of(top.table("facts"), sources) if top.has("facts") else {}),
        log_opens_at_level=log.whole("opens_at_level", 1, 2),
        may_close=_may_close(closing),
        family_may_end_log=closing.yes("family_may_end_log"),
        plan_ends_log=closing.yes("individual_plan_ends_log"),
        consent_validity_months=consent.whole("validity_months", 1, 36),
        consent_reminder_days=consent.whole("reminder_days", 1, 180),
        youth_age=consent.whole("youth_age", 12, 16),
        youth_mode=consent.choice("youth_mode", YouthMode),
        of_age_first_months=of_age.whole("first_months", 3, 24),
        of_age_last_months=of_age.whole("last_months", 1, 2),
        **{f"{name}_days": number for name, number in days.items()},
    )
    for table in (consent, of_age, log, closing, top):
        table.done()
    document.settle()
    return profile


def check_languages(document: Document) -> None:
    """Complain about a text that this file gives in some of the three languages only.

    Laid on the standard, the other languages would go on saying something else.
    """
    _check_languages(document, document.values, ())


def _check_languages(
    document: Document, values: Mapping[str, object], above: tuple[str, ...]
) -> None:
    given = [language for language in LANGUAGES if language in values]
    for language in LANGUAGES if given else ():
        if language not in values:
            key = ".".join((*above, language))
            document.complain(ProfileError(document.file, key, N_("the text in every language")))
    for key, value in values.items():
        if isinstance(value, dict):
            _check_languages(document, value, (*above, key))


def _deadlines(table: Table) -> dict[str, int]:
    days = {name: table.whole(f"{name}_days", low, high) for name, (low, high) in DEADLINES.items()}
    table.done()
    return days


def _may_close(closing: Table) -> frozenset[Who]:
    found = closing.codes("by", Who)
    if not found:
        closing.complain("by", N_("at least one who may close"))
    return frozenset(found)


def _language(top: Table) -> str:
    language = top.text("default_language")
    if language not in LANGUAGES:
        allowed = ", ".join(LANGUAGES)
        top.complain("default_language", N_("one of %(allowed)s"), language, allowed=allowed)
    return language


def _plain(table: Table, key: str) -> Words:
    inner = table.table(key)
    words = Words(**{language: inner.text(language) for language in LANGUAGES})
    inner.done()
    return words


def _reader(team: Team) -> Reader:
    """Read texts in which {team} and {the_team} stand for the team of level 3."""

    def read(table: Table, key: str) -> Words:
        inner = table.table(key)
        plain = _plain(table, key)
        filled = {}
        for language in LANGUAGES:
            names = {"team": team.name[language], "the_team": team.called[language]}
            text = plain[language]
            other = [name for name in _PLACE.findall(text) if name not in names]
            if other:
                inner.complain(
                    language,
                    N_("no other names in braces than %(allowed)s"),
                    other[0],
                    allowed=", ".join(names),
                )
            said = text if other else text.format_map(names)
            # A name inside a sentence is written small, and large where the sentence begins.
            filled[language] = said[:1].upper() + said[1:] if text.startswith("{") else said
        return Words(**filled)

    return read


def _teams(table: Table) -> tuple[Team, ...]:
    """The team of level 3 first. Raises ``ProfileError``."""
    codes = [MAIN_TEAM, *(code for code in table.keys() if code != MAIN_TEAM)]  # noqa: SIM118 - a Table is not a mapping
    teams = []
    for code in codes:
        one = table.table(code)
        teams.append(
            Team(
                code=code,
                kind=one.choice("kind", TeamKind),
                name=_plain(one, "name"),
                called=_plain(one, "called"),
                lead=_plain(one, "lead") if one.has("lead") or code == MAIN_TEAM else None,
                about=_plain(one, "about"),
                without_names=one.yes("without_names") if one.has("without_names") else False,
            )
        )
        one.done()
    table.done()
    return tuple(teams)


def _bodies(top: Table, words: Reader) -> tuple[Body, ...]:
    if not top.has("bodies"):
        return ()
    table = top.table("bodies")
    bodies: list[Body] = []
    taken: set[Sector] = set()
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        sectors = one.codes("sectors", Sector)
        twice = taken & set(sectors)
        if twice or not sectors:
            found = ", ".join(sorted(twice)) or None
            one.complain("sectors", N_("services that are in no other body"), found)
        taken |= set(sectors)
        bodies.append(Body(code, words(one, "name"), frozenset(sectors)))
        one.done()
    table.done()
    return tuple(bodies)


def _phones(table: Table) -> tuple[Phone, ...]:
    phones = []
    for code in table.keys():  # noqa: SIM118 - a Table is not a mapping
        one = table.table(code)
        phones.append(Phone(code, one.text("number"), _plain(one, "label")))
        one.done()
    table.done()
    return tuple(phones)
