"""The pages of an archive package: HTML that needs nothing beside itself, in the municipality's language.

The words are those of the case page. There is no request and nobody is signed in: the command that makes packages
draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, render_template
from flask_babel import Babel, force_locale
from flask_babel import gettext as _
from jinja2 import StrictUndefined
from markupsafe import escape

from bti import paths
from bti.domain.closing import ClosingNote
from bti.domain.consent import Answer
from bti.web import filters, labels

if TYPE_CHECKING:
    from bti.workflows.archive_content import Material, Part

_CLOSED: Final = -1
_SAID: Final = frozenset(one.value for one in Answer)
#: Within the page, which is to be read alone in thirty years; contrast as WCAG 2.2 AA asks.
_FRAME: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; line-height: 1.5; max-width: 44rem; margin: 0 auto; padding: 1rem; color: #111; overflow-wrap: anywhere; }}
h1, h2, h3 {{ line-height: 1.25; }}
h2 {{ border-top: 1px solid #767676; padding-top: 1rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
caption {{ text-align: left; font-weight: bold; }}
th, td {{ border-bottom: 1px solid #767676; padding: 0.35rem 0.5rem 0.35rem 0; text-align: left; vertical-align: top; }}
.text {{ white-space: pre-wrap; margin: 0.25rem 0; }}
th {{ overflow-wrap: normal; }}
.when {{ color: #444; margin: 0; }}
.day {{ white-space: nowrap; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry as the page tells it: when, who, what it is called, and every word of it."""

    id: str
    at: datetime
    by: str
    unit: str
    kind: str
    meta: Mapping[str, Any]
    words: tuple[str, ...] = field(repr=False)
    #: The entry it stands beside.
    beside: str


@dataclass(frozen=True, slots=True)
class Page:
    """View model of archive/log.html and archive/own.html."""

    number: str
    municipality: str
    unit: str
    opened_at: datetime
    closed_at: datetime
    cause: str
    closing: ClosingNote | None = field(repr=False)
    child: Mapping[str, Any] = field(repr=False)
    guardians: tuple[Mapping[str, Any], ...] = field(repr=False)
    trail: tuple[tuple[date, int], ...]
    happenings: tuple[Happening, ...] = field(repr=False)
    answers: tuple[Mapping[str, Any], ...] = field(repr=False)
    files: tuple[tuple[str, str], ...] = field(repr=False)
    #: Tables with rows that no section above tells, and how many: they are in the file beside.
    more: tuple[tuple[str, int], ...]


def pages(material: Material) -> tuple[bytes, bytes]:
    """Return the page of the log and the page of what is not part of it (UTF-8). The same case, the same bytes."""
    app = Flask("bti", template_folder=str(paths.TEMPLATES), static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    Babel(
        app,
        default_locale=material.language,
        default_timezone="Europe/Oslo",
        default_translation_directories=str(paths.TRANSLATIONS),
    )
    filters.register(app)
    labels.register(app)
    with app.test_request_context(), force_locale(material.language):
        titles = {
            "log": _("Log of case %(number)s", number=material.number),
            "own": _("The services' own notes, case %(number)s", number=material.number),
        }
        log, own = (_drawn(material, part, titles[part]) for part in ("log", "own"))
    return log, own


def _drawn(material: Material, part: str, title: str) -> bytes:
    page = _page(material, part)
    body = render_template(f"archive/{part}.html", page=page, title=title)
    said = _FRAME.format(language=material.language, title=escape(title), body=body)
    return said.encode()


def _page(material: Material, part: str) -> Page:
    rows: Part = material.log if part == "log" else material.own
    people = [one["body"] for one in material.log.get("persons", ())]
    ops = material.ops
    happenings = _happenings(material, rows)
    told = {"persons", "entries", "attachments"}
    return Page(
        number=material.number,
        municipality=material.municipality,
        unit=material.unit,
        opened_at=ops.opened_at,
        closed_at=ops.closed_at or ops.opened_at,
        cause=ops.closing_cause,
        closing=_closing(rows),
        child=next((one for one in people if one["kind"] == "child"), {"name": ""}),
        guardians=tuple(one for one in people if one["kind"] != "child"),
        trail=ops.trail,
        happenings=happenings,
        answers=tuple(_answers(material)) if part == "log" else (),
        files=tuple(
            (one.path.partition("/")[2], one.title)
            for one in material.files
            if one.path.startswith(f"{part}/")
        ),
        more=tuple((name, len(found)) for name, found in sorted(rows.items()) if name not in told),
    )


def _happenings(material: Material, rows: Part) -> tuple[Happening, ...]:
    found = [
        Happening(
            id=row["id"],
            at=datetime.fromisoformat(row["meta"]["at"]),
            by=material.people.get(row["meta"]["by"], {}).get("name", ""),
            unit=material.units.get(row["meta"]["unit"], ""),
            kind=row["meta"]["kind"],
            meta=row["meta"],
            words=tuple(_words(row["body"])),
            beside=row["supersedes"] or "",
        )
        for row in rows.get("entries", ())
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.id)))


def _words(value: object) -> list[str]:
    """Return every text of an entry in the order it was written; codes and ids are in the file beside."""
    if isinstance(value, str):
        return [value] if value.strip() and not _is_id(value) else []
    if isinstance(value, Mapping):
        return [one for part in value.values() for one in _words(part)]
    if isinstance(value, list):
        return [one for part in value if isinstance(part, Mapping) for one in _words(part)]
    return []


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4 and " " not in text  # noqa: PLR2004 - a UUID


def _closing(rows: Part) -> ClosingNote | None:
    decisions = [
        row
        for row in rows.get("entries", ())
        if row["meta"]["kind"] == "decision" and row["meta"]["to"] == _CLOSED
    ]
    last = max(decisions, key=lambda row: row["meta"]["at"], default=None)
    return ClosingNote.from_entry(last["meta"], last["body"]) if last else None


def _answers(material: Material) -> list[dict[str, Any]]:
    """Return who answered what about which question, oldest first."""
    names = {row["id"]: row["body"]["name"] for row in material.log.get("persons", ())}
    questions = {row["id"]: row for row in material.consents.get("consents", ())}
    found = [
        {
            "at": row["meta"]["at"],
            "who": names.get(row["person_id"], ""),
            "answer": row["meta"]["answer"],
            "scope": questions[row["consent_id"]]["meta"]["scope"],
            "purpose": questions[row["consent_id"]]["body"].get("purpose", ""),
            "id": row["id"],
        }
        for row in material.consents.get("consent_answers", ())
        # What the program marks itself, such as the end of a time, is in the file beside.
        if row["consent_id"] in questions and row["meta"]["answer"] in _SAID
    ]
    return sorted(found, key=lambda one: (one["at"], one["id"]))
