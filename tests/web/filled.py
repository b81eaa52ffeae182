"""Fills in any form of ours from what stands in its page, as somebody in a hurry would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.files import pdf
from tests.web.multipart import SentFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from tests.web.critic import Page

WORDS = "Áhkku lea ilus, ja vi så Čáhppes Ŋuorra på øya."


@dataclass(frozen=True, slots=True)
class Blank:
    """One field of a form: how it is filled in, what may be chosen, and what stands there."""

    name: str
    kind: str
    value: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether anything may be written in it."""
        return self.kind in {"text", "textarea", "search", "tel", "password"}


def blanks(page: Page, action: str) -> dict[str, Blank]:
    """The fields of the form with this action, without the token."""
    forms = [
        form for form in page.all("form") if (form.get("action") or "").split("?")[0] == action
    ]
    found: dict[str, Blank] = {}
    for form in forms[:1]:
        for one in _fields(form):
            before = found.get(one.name)
            joined = (*before.options, *one.options) if before else one.options
            found[one.name] = Blank(one.name, one.kind, one.value, joined)
    found.pop("csrf_token", None)
    return found


def filled(fields: dict[str, Blank], today: date) -> dict[str, object]:
    """A plausible answer to every field."""
    return {name: _answer(one, today) for name, one in fields.items()}


def shown(page: Page, action: str) -> dict[str, str]:
    """What stands in the text and date fields of the form, or is given back by a refusal."""
    found = {}
    for form in page.all("form"):
        if (form.get("action") or "").split("?")[0] == action:
            found.update({one.name: one.value for one in _fields(form)})
    return found


def _fields(form: Element) -> Iterator[Blank]:
    for field in form.iter():
        name = field.get("name")
        if not name or not isinstance(field.tag, str):
            continue
        if field.tag == "textarea":
            yield Blank(name, "textarea", field.text or "")
        elif field.tag == "select":
            rows = tuple(row.get("value") or "" for row in field.iter("option"))
            yield Blank(name, "select", "", tuple(row for row in rows if row))
        elif field.tag == "input":
            kind, value = field.get("type", "text"), field.get("value") or ""
            chosen = kind in {"radio", "checkbox"}
            yield Blank(name, kind, "" if chosen else value, (value,) if chosen else ())


def _answer(blank: Blank, today: date) -> object:
    match blank.kind:
        case "hidden" | "submit":
            return blank.value
        case "file":
            return SentFile("prøve.pdf", pdf())
        case "date":
            return blank.value or (today + timedelta(days=_days_ahead(blank.name))).isoformat()
        case "radio" | "select":
            return blank.options[0] if blank.options else ""
        case "checkbox":
            return list(blank.options)
        case _:
            return blank.value or WORDS


def _days_ahead(name: str) -> int:
    """Dates of plans lie ahead; dates of what was done are today's."""
    return 30 if name in {"evaluate_on", "next_on", "valid_to"} else 0
