"""What somebody is about to change in the local rules, as typed: also what cannot be used yet.

A draft is a set of values on top of a shipped version, and where they were decided. It is made into the text
of a file, and only the reader of files says whether that can be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bti.profiles.own import OWN, said_in
from bti.profiles.reader import parse
from bti.profiles.sources import OF_ITSELF, nearest_row
from bti.profiles.writer import written

Values = Mapping[str, Any]
Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where it is decided and from when, as typed. Days are 2027-02-01."""

    title: str = ""
    adopted: str = ""
    place: str = ""
    valid_from: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Values on top of ``extends``; ``before`` is what the version before said, with its sources."""

    extends: str
    values: Values = field(default_factory=dict, repr=False)
    before: Values = field(default_factory=dict, repr=False)
    decision: Decision = field(default_factory=Decision, repr=False)

    def put(self, path: Path_, value: object) -> Draft:
        """Return the draft with another value at a path; None takes away what stands there."""
        values = deepcopy(dict(self.values))
        if value is None:
            _take(values, path)
        else:
            _put(values, path, value)
        return replace(self, values=values)

    def text(self, number: int, title: str) -> str:
        """Return the text of the file it would be: version ``number`` of the municipality ``title``."""
        decision = f"decision_{number}"
        facts, sources = self._said(decision)
        return written(
            {
                "name": OWN,
                "version": number,
                "valid_from": _day(self.decision.valid_from),
                "extends": self.extends,
                "title": dict.fromkeys(("nb", "nn", "en"), title),
                "sources": sources,
                "facts": facts,
                **self.values,
            }
        )

    def _said(self, decision: str) -> tuple[dict[str, object], dict[str, object]]:
        """Where each value is said: as before where it is as before, else in this decision."""
        old_facts, old_sources = self.before.get("facts", {}), self.before.get("sources", {})
        old = dict(said_in(self.before))
        facts: dict[str, object] = {}
        for path, value in said_in(self.values):
            key = ".".join(path)
            row = nearest_row(old_facts, key) if old.get(path) == value else None
            facts[key] = row or {"source": decision, "place": self.decision.place}
        used = {str(row["source"]) for row in facts.values() if isinstance(row, dict)}
        sources = {code: one for code, one in old_sources.items() if code in used}
        if decision in used:
            adopted = {"adopted": _day(self.decision.adopted)} if self.decision.adopted else {}
            sources[decision] = {"title": self.decision.title, **adopted}
        return facts, sources

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        before = written(self.before) if self.before else ""
        return {
            "extends": self.extends,
            "values": self.values,
            "before": before,
            "decision": {name: getattr(self.decision, name) for name in Decision.__slots__},
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Draft:
        """Return what was stored."""
        return cls(
            stored["extends"],
            stored["values"],
            parse(stored["before"].encode(), OWN).values,
            Decision(**stored["decision"]),
        )

    def after(self, previous: str) -> Draft:
        """Return the draft, going on from another version than the one it was begun after."""
        return replace(self, before=parse(previous.encode(), OWN).values)

    @classmethod
    def begun(cls, extends: str, previous: str) -> Draft:
        """Return a draft that says what the version before says, or (``previous`` empty) nothing yet."""
        before = parse(previous.encode(), OWN).values if previous else {}
        values = {key: value for key, value in before.items() if key not in OF_ITSELF}
        return cls(extends, deepcopy(values), before)


def _put(values: dict[str, Any], path: Path_, value: object) -> None:
    for key in path[:-1]:
        below = values.get(key)
        values[key] = values = below if isinstance(below, dict) else {}
    values[path[-1]] = value


def _take(values: dict[str, Any], path: Path_) -> None:
    """Take away what stands at a path, and every table that is empty then."""
    if len(path) > 1 and isinstance(values.get(path[0]), dict):
        _take(values[path[0]], path[1:])
        if not values[path[0]]:
            del values[path[0]]
    elif len(path) == 1:
        values.pop(path[0], None)


def _day(typed: str) -> date | str:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return typed
