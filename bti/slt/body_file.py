"""Bodies of a municipality as a TOML file, read to its end; each fact says where in which document it stands.

The form is described in ``docs/bodies.md``. Nothing is guessed: what is left out is empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bti.profiles.reader import N_, Document, Table, parse, read, shipped_in, shipped_path
from bti.slt.body import Body, BodyFault, BodyKind, Said, fault_of

BODIES: Final = Path(__file__).parent / "bodies"
SHORT, LONG = 200, 1000
MOST_LINES: Final = 40
MOST_BODIES: Final = 50
LARGEST_AMOUNT: Final = 100_000_000
MOST_MEETINGS: Final = 60
_FORM: Final = 1
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
_LANGUAGES: Final = ("nb", "nn", "en")
_FAULTS: Final = {
    BodyFault.PURPOSE: ("purpose", N_("what a working group is for")),
    BodyFault.LAST_DAY: ("ends", N_("a last day for a working group, and for no other")),
    BodyFault.MEMBER: ("seats", N_("each function once, and none too long")),
    BodyFault.CASES: ("individuals_forbidden", N_("true for a council, or nothing")),
}


@dataclass(frozen=True, slots=True)
class BodyFile:
    """What a file says: whose bodies they are, and which."""

    key: str
    municipality: str
    bodies: tuple[Body, ...]


@cache
def shipped() -> tuple[str, ...]:
    """The keys of the files that are shipped, sorted."""
    return shipped_in(BODIES)


@cache
def load(key: str) -> BodyFile:
    """A shipped file by its key, as ``moss``. Raises ``ProfileError``."""
    return load_file(shipped_path(BODIES, key))


def load_file(path: Path) -> BodyFile:
    """The bodies in a file. Raises the first ``ProfileError`` with all of them in ``faults``."""
    return _file(read(path), path.stem)


def bodies_from(content: bytes, file: str) -> BodyFile:
    """The bodies in TOML that is called ``file``. Raises ``ProfileError``."""
    return _file(parse(content, file), Path(file).stem)


def _file(document: Document, key: str) -> BodyFile:
    top = Table(document, document.values)
    form = top.whole("form", 1, 9999)
    if form != _FORM:
        top.complain("form", N_("form %(form)s"), form, form=_FORM)
    municipality = _text(top, "municipality")
    source = _text(top, "document")
    language = top.text("language")
    if language not in _LANGUAGES:
        allowed = ", ".join(_LANGUAGES)
        top.complain("language", N_("one of %(allowed)s"), language, allowed=allowed)
    table = top.table("bodies")
    codes = table.keys()
    if not 0 < len(codes) <= MOST_BODIES:
        top.complain("bodies", N_("at most %(most)s of them"), len(codes), most=MOST_BODIES)
    bodies = []
    for code in codes:
        one = table.table(code)
        if not _CODE.fullmatch(code):
            table.complain(code, N_("a short code of small letters, digits and _"), code)
        bodies.append(_body(code, one, language, source))
    top.done()
    document.settle()
    return BodyFile(key, municipality, tuple(bodies))


def _body(code: str, one: Table, language: str, source: str) -> Body:
    body = Body(
        code=code,
        name=_text(one, "name"),
        kind=one.choice("kind", BodyKind),
        language=language,
        purpose=_text(one, "purpose", LONG) if one.has("purpose") else "",
        mandate=_said(one, "mandate"),
        seats=_said(one, "seats"),
        leader=_said(one, "leader"),
        limits=_said(one, "limits"),
        decides_to=one.whole_or_none("decides_to", 0, LARGEST_AMOUNT),
        decides_above=one.whole_or_none("decides_above", 0, LARGEST_AMOUNT),
        frequency=_said(one, "frequency"),
        meetings_a_year=one.whole_or_none("meetings_a_year", 1, MOST_MEETINGS),
        individuals=_said(one, "individuals"),
        individuals_forbidden=one.yes("individuals_forbidden")
        if one.has("individuals_forbidden")
        else None,
        neighbours=_lines(one, "neighbours"),
        ends=one.day_or_none("ends"),
        document=source,
    )
    fault = fault_of(body)
    if fault is not None:
        one.complain(*_FAULTS[fault])
    _check_numbers(one, body)
    one.done()
    return body


def _said(one: Table, key: str) -> Said:
    """Lines and the place they stand at; nothing where the key is left out."""
    if not one.has(key):
        return Said()
    table = one.table(key)
    said = Said(_lines(table, "said"), _text(table, "place"))
    if not said.lines:
        table.complain("said", N_("a list of texts, each once"))
    table.done()
    return said


def _check_numbers(one: Table, body: Body) -> None:
    """A number is how words were read: the words must be there, with their place."""
    numbers = {
        "decides_to": (body.decides_to, body.limits),
        "decides_above": (body.decides_above, body.limits),
        "meetings_a_year": (body.meetings_a_year, body.frequency),
        "individuals_forbidden": (body.individuals_forbidden, body.individuals),
    }
    for key, (value, said) in numbers.items():
        if value is not None and not said.lines:
            one.complain(key, N_("what the document says of it, with its place"), value)


def _lines(one: Table, key: str) -> tuple[str, ...]:
    lines = one.texts(key)
    if len(lines) > MOST_LINES:
        one.complain(key, N_("at most %(most)s of them"), len(lines), most=MOST_LINES)
    for line in lines:
        _check(one, key, line, LONG)
    return lines


def _text(one: Table, key: str, most: int = SHORT) -> str:
    text = one.text(key)
    _check(one, key, text, most)
    return text


def _check(one: Table, key: str, text: str, most: int) -> None:
    if len(text) > most or not text.strip() or not text.isprintable():
        one.complain(key, N_("one line of at most %(most)s signs"), text, most=most)
