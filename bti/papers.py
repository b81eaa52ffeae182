"""What each municipality has signed and published, as the operator writes it in a file.

Public facts about public bodies: where the accessibility statement is registered, whom to tell when
something does not work, and which paper says who is responsible. They open nothing and decide nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings

_STRICT = ConfigDict(frozen=True, extra="forbid")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Address = Annotated[str, StringConstraints(pattern=r"\Ahttps://[^\s\"<>]+\z", max_length=400)]
Mail = Annotated[str, StringConstraints(pattern=r"\A[^\s@<>\"?&]+@[^\s@<>\"?&]+\z", max_length=200)]
Number = Annotated[str, StringConstraints(pattern=r"\A[0-9]{4}\z")]


class PapersError(Exception):
    """The file cannot be used; the message has one line per fault."""


class Agreement(BaseModel):
    """The paper on who is responsible where several bodies share (GDPR art. 26, arkivforskrifta § 8).

    ``kind``: joint controllers, or one of them. ``reference``: where the signed paper is kept.
    """

    model_config = _STRICT

    kind: Literal["joint", "one"]
    responsible: Line
    reference: Line
    signed_on: date


class Papers(BaseModel):
    """What one municipality has given. ``name`` is its name as registered."""

    model_config = _STRICT

    name: Line
    agreement: Agreement | None = None
    #: The municipality's own statement in the supervisor's register.
    statement: Address | None = None
    feedback_mail: Mail | None = None
    feedback_page: Address | None = None
    feedback_phone: Annotated[str, StringConstraints(pattern=r"\A\+?[0-9 ]{3,20}\z")] | None = None

    @model_validator(mode="after")
    def _signed_by_now(self) -> Self:
        if self.agreement is not None and self.agreement.signed_on > date.today():  # noqa: DTZ011 - a day is enough
            message = "signed_on is a day to come"
            raise ValueError(message)
        return self

    @property
    def missing(self) -> tuple[str, ...]:
        """What has not been given, as codes."""
        feedback = self.feedback_mail or self.feedback_page or self.feedback_phone
        given = {
            "agreement": self.agreement,
            "statement": self.statement,
            "feedback": feedback,
        }
        return tuple(code for code, value in given.items() if not value)


AllPapers = Mapping[str, Papers]
"""By the municipality's number."""

_FILE: TypeAdapter[dict[str, Papers]] = TypeAdapter(
    dict[Number, Papers], config=ConfigDict(hide_input_in_errors=True)
)


def read(path: Path | None) -> AllPapers:
    """Return what the file says; nothing without one. Raises ``PapersError``."""
    if path is None:
        return {}
    try:
        return _FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise PapersError(message) from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise PapersError("\n".join(f"{path}: {fault}" for fault in faults)) from None
    except (ValueError, RecursionError) as error:
        # Bad TOML and bad UTF-8, a number too long to read, brackets too deep.
        message = f"{path}: {error}"
        raise PapersError(message) from None


class PaperSettings(BaseSettings):
    """Where the file is. Part of bti.settings.Settings."""

    papers_file: Annotated[
        Path | None,
        Field(
            description="File (TOML) with what each municipality has signed and published: the "
            "agreement on who is responsible, accessibility statement and feedback."
        ),
    ] = None

    @field_validator("papers_file")
    @classmethod
    def _is_sound(cls, value: Path | None) -> Path | None:
        try:
            read(value)
        except PapersError as fault:
            raise ValueError(str(fault)) from None
        return value


def of(papers: AllPapers, municipality: str) -> Papers:
    """Return what the municipality of this name has given; empty where it has given nothing."""
    found = next((one for one in papers.values() if one.name == municipality), None)
    return found or Papers(name=municipality)
