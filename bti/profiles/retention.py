"""Retention rules as data: read and checked once, frozen."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bti.domain.retention import Fate, RetentionRule, Rules, Since

FILE: Final = Path(__file__).parent / "retention.toml"
_LANGUAGES: Final = ("nb", "nn", "en")
_KEYS: Final = {"columns", "fate", "since", "source", *_LANGUAGES}


class RetentionError(ValueError):
    """The file of retention rules cannot be used. The text names rule and key."""


@cache
def rules() -> Rules:
    """Return the rules in force, by code."""
    return read(FILE.read_text(encoding="utf-8"))


def read(text: str) -> Rules:
    """Return the rules in a TOML text. Raises ``RetentionError``."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        # A number may be too long to read, brackets may go too deep.
        raise RetentionError(f"no TOML: {fault}") from None
    table = content.get("rules", {})
    if not isinstance(table, dict):
        raise RetentionError("rules: a table")
    found: dict[str, RetentionRule] = {}
    owners: dict[str, str] = {}
    for code, said in table.items():
        rule = _rule(code, said)
        for column in rule.columns:
            if owners.setdefault(column, code) != code:
                raise RetentionError(f"{code}: {column} has a rule already, {owners[column]}")
        found[code] = rule
    return MappingProxyType(found)


def _rule(code: str, said: object) -> RetentionRule:
    if not isinstance(said, dict):
        raise RetentionError(f"{code}: a table")
    if (
        _KEYS - said.keys()
        or said.keys() - _KEYS - {"years", "days"}
        or {"years", "days"} <= said.keys()
    ):
        raise RetentionError(f"{code}: it has other keys than a rule has")
    for key in ("years", "days"):
        number = said.get(key)
        if number is not None and (type(number) is not int or number < 0):
            raise RetentionError(f"{code}.{key}: a whole number from 0")
    try:
        return RetentionRule(
            code=code,
            columns=frozenset(said["columns"]),
            fate=Fate(said["fate"]),
            since=Since(said["since"]),
            years=said.get("years"),
            days=said.get("days"),
            source=str(said["source"]),
            what=MappingProxyType({language: str(said[language]) for language in _LANGUAGES}),
        )
    except (TypeError, ValueError) as fault:
        raise RetentionError(f"{code}: {fault}") from None
