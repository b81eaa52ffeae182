"""A document as parts: headings, texts, tables and drawings of counts. Pure; knows neither pages nor file formats.

What is on the page, in the PDF and in the ODT is one such document, so that they cannot say different things. It is kept
as JSON in one form only: the same document always has the same bytes, and so the same digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

FORM: Final = "stafett-document/1"


class DocumentDamagedError(Exception):
    """A stored document is not what was stored."""


class CellKind(StrEnum):
    """What stands in a cell. ``hidden`` is a number nobody may see; ``missing`` is no number at all."""

    TEXT = "text"
    NUMBER = "number"
    HIDDEN = "hidden"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2 below the title. ``language``: of the words, empty for the document's own."""

    words: str
    level: int = 1
    language: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. ``quiet`` is said more softly: where it is from, how it is counted."""

    words: str
    language: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    lines: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. A hidden or missing one has its word too, for who cannot see the hatching."""

    words: str
    kind: CellKind = CellKind.TEXT
    language: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. The first cell of a row says what the row is about."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: None is a hidden count, and what was not published has no bar."""

    label: str
    value: int | None
    published: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Counts to draw. ``words`` say the same; ``hidden`` is the word for a hidden count."""

    caption: str
    words: str
    hidden: str
    columns: tuple[Column, ...]


Block = Heading | Words | Points | Grid | Drawing
_BLOCKS: Final[dict[str, type[Block]]] = {
    "heading": Heading,
    "words": Words,
    "points": Points,
    "grid": Grid,
    "drawing": Drawing,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. ``facts`` are pairs of a name and what it is; ``made_on`` is the day it says it was made.

    ``name`` is the file's, without ending and without anybody's name.
    """

    title: str
    name: str
    language: str
    made_on: date
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    note: str = ""

    def drawings(self) -> Iterator[Drawing]:
        """The drawings, in the order they stand."""
        return (one for one in self.blocks if isinstance(one, Drawing))


def as_text(document: Document) -> str:
    """The document as JSON, always the same bytes for the same document."""
    content = {
        "form": FORM,
        **asdict(document),
        "made_on": document.made_on.isoformat(),
        "blocks": [{"is": _name_of(one), **asdict(one)} for one in document.blocks],
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_text(text: str) -> Document:
    """The document that was kept. Raises DocumentDamagedError for anything else."""
    try:
        content = json.loads(text)
        if content.pop("form") != FORM:
            raise DocumentDamagedError
        content["made_on"] = date.fromisoformat(content["made_on"])
        content["facts"] = tuple((name, value) for name, value in content["facts"])
        content["blocks"] = tuple(_block(one) for one in content["blocks"])
        return Document(**content)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise DocumentDamagedError from fault


def digest(text: str) -> str:
    """The fingerprint of a document as it is kept: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _name_of(block: Block) -> str:
    return next(name for name, kind in _BLOCKS.items() if kind is type(block))


def _block(content: dict[str, Any]) -> Block:
    kind = _BLOCKS[content.pop("is")]
    if kind is Grid:
        rows = tuple(tuple(_cell(one) for one in row) for row in content["rows"])
        return Grid(content["caption"], tuple(content["columns"]), rows)
    if kind is Points:
        return Points(tuple(content["lines"]), content["language"])
    if kind is Drawing:
        columns = tuple(_made(Column, one) for one in content.pop("columns"))
        return Drawing(**content, columns=columns)
    return kind(**content)


def _cell(content: dict[str, Any]) -> Cell:
    return Cell(content["words"], CellKind(content["kind"]), content["language"])


T = TypeVar("T")


def _made(kind: type[T], content: dict[str, Any]) -> T:
    return kind(**{one.name: content[one.name] for one in fields(kind)})  # type: ignore[arg-type]  # a dataclass
