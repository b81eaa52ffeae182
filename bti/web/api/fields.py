"""Fields of a body, each said once: how it is read and how the OpenAPI document describes it.

Whatever is not declared is refused: a name somebody misspelt must not be lost in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from bti.web.forms.text import refused_signs, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fault(StrEnum):
    """What can be wrong with one field. The words for it belong to ``problems``."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    KIND = "kind"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TWICE = "twice"
    SIGNS = "signs"
    NOT_A_DAY = "not_a_day"
    NOT_A_CODE = "not_a_code"
    DANGER = "danger"
    CONSIDER = "consider"


class BadBody(Exception):  # noqa: N818 - a verdict with its reasons
    """A body that cannot be taken: JSON pointers (RFC 6901) with what is wrong there. Holds no value."""

    def __init__(self, faults: Mapping[str, Fault]) -> None:
        super().__init__("body")
        self.faults = dict(faults)


class Field(Protocol):
    """One value of a body."""

    @property
    def required(self) -> bool:
        """Whether a body without it is refused."""

    def schema(self) -> dict[str, Any]:
        """Describe it, as JSON Schema 2020-12."""

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> Any:  # noqa: ANN401 - JSON
        """Return what it means; what is wrong is put into ``faults``."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most ``most`` characters; if required, not of spaces alone."""

    most: int
    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        pattern = {"pattern": r"\S"} if self.required else {}
        return {"type": "string", "maxLength": self.most, "description": self.about, **pattern}

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> str:  # noqa: ANN401 - JSON
        """Return the text in one form, without space around it."""
        if type(given) is not str:
            faults[at] = Fault.KIND
            return ""
        found = tidy(given)
        if len(given) > self.most or len(found) > self.most:
            faults[at] = Fault.TOO_LONG
        elif refused_signs(found):
            faults[at] = Fault.SIGNS
        elif self.required and not found:
            faults[at] = Fault.EMPTY
        return found


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day, YYYY-MM-DD."""

    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"type": "string", "format": "date", "description": self.about}

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> date | None:  # noqa: ANN401 - JSON
        """Return the day."""
        try:
            if type(given) is str and _DAY.fullmatch(given):
                return date.fromisoformat(given)
        except ValueError:
            pass
        faults[at] = Fault.KIND if type(given) is not str else Fault.NOT_A_DAY
        return None


@dataclass(frozen=True, slots=True)
class Code:
    """One of the codes of an enumeration."""

    codes: type[StrEnum]
    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {
            "type": "string",
            "enum": [one.value for one in self.codes],
            "description": self.about,
        }

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> StrEnum | None:  # noqa: ANN401 - JSON
        """Return the code."""
        if type(given) is not str:
            faults[at] = Fault.KIND
            return None
        try:
            return self.codes(given)
        except ValueError:
            faults[at] = Fault.NOT_A_CODE
            return None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"type": "boolean", "description": self.about}

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> bool:  # noqa: ANN401 - JSON
        """Return whether it is true."""
        if type(given) is not bool:
            faults[at] = Fault.KIND
            return False
        return given


@dataclass(frozen=True, slots=True)
class Many:
    """A list of at most ``most`` of one kind of field; if required, not an empty one.

    A list of codes has none of them twice.
    """

    of: Field
    most: int
    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        found = {
            "type": "array",
            "items": self.of.schema(),
            "maxItems": self.most,
            "description": self.about,
        }
        if self.required:
            found["minItems"] = 1
        if isinstance(self.of, Code):
            found["uniqueItems"] = True
        return found

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
        """Return what the list holds."""
        if type(given) is not list:
            faults[at] = Fault.KIND
            return ()
        if len(given) > self.most:
            faults[at] = Fault.TOO_MANY
            return ()
        if self.required and not given:
            faults[at] = Fault.EMPTY
        found = tuple(self.of.read(one, f"{at}/{place}", faults) for place, one in enumerate(given))
        if isinstance(self.of, Code) and len(set(found) - {None}) < len(found) - found.count(None):
            faults[at] = Fault.TWICE
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """An object with exactly these fields. One that is left out is as one that was never asked for."""

    fields: Mapping[str, Field]
    about: str
    required: bool = True

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {
            "type": "object",
            "properties": {name: one.schema() for name, one in self.fields.items()},
            "required": [name for name, one in self.fields.items() if one.required],
            "additionalProperties": False,
            "description": self.about,
        }

    def read(self, given: Any, at: str, faults: dict[str, Fault]) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return the values by name, those that were given."""
        if type(given) is not dict:
            faults[at] = Fault.KIND
            return {}
        for name in given.keys() - self.fields.keys():
            # The sender's own word is repeated in the pointer; it is not kept.
            faults[f"{at}/{_pointed(name)}"] = Fault.UNKNOWN
        found = {}
        for name, one in self.fields.items():
            if name in given:
                found[name] = one.read(given[name], f"{at}/{name}", faults)
            elif one.required:
                faults[f"{at}/{name}"] = Fault.MISSING
        return found

    def body(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return a whole body's values. Raises ``BadBody``."""
        faults: dict[str, Fault] = {}
        found = self.read(given, "", faults)
        if faults:
            raise BadBody(faults)
        return found


def _pointed(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:60]
