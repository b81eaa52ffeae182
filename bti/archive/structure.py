"""The product's own test of a message: its elements, their order and form, and that it names the right files.

The content models are those of the schema as far as the messages here use it. They stand here because the schemas
are not ours to hand on; where to get them is in docs/archive.md, and ``schema`` validates against them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from bti.archive.message import ALGORITHM, CATALOGUE_NS, MESSAGE_NS, NOTE_TYPE, XSI

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_WHOLE: Final = re.compile(r"0|[1-9]\d*")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SAYS: Final = re.compile(r"(?s).*\S.*")
_TRUE: Final = re.compile(r"true|false")
#: A part that must be there, may be there, or may be there many times.
_ONE, _MAYBE, _MANY = "1", "?", "*"
_M: Final = f"{{{MESSAGE_NS}}}"
_K: Final = f"{{{CATALOGUE_NS}}}"


@dataclass(frozen=True, slots=True)
class _Model:
    """The parts of an element in their order, each with how often; or the form of its text."""

    parts: tuple[tuple[str, str], ...] = ()
    form: re.Pattern[str] | None = None


def _parts(*names: str) -> tuple[tuple[str, str], ...]:
    """Read «name», «name?» and «name*», the last two for what may be left out or repeated."""
    return tuple(
        (name.rstrip("?*"), name[-1] if name[-1] in {_MAYBE, _MANY} else _ONE) for name in names
    )


_CODE: Final = _Model(_parts("k:kode", "k:beskrivelse?"))
_SECRECY: Final = _parts("tilgangsrestriksjon", "skjermingshjemmel")
_MODELS: Final[Mapping[str, _Model]] = {
    "arkivmelding": _Model(_parts("system", "antallFiler", "mappe", "registrering")),
    "mappe": _Model(
        _parts(
            *("systemID", "mappeID", "tittel", "offentligTittel", "opprettetDato", "opprettetAv"),
            *("avsluttetDato", "avsluttetAv", "part*", "skjerming", "referanseEksternNoekkel"),
            "mappetype",
        )
    ),
    "registrering": _Model(
        _parts(
            *("systemID", "opprettetDato", "opprettetAv", "referanseForelderMappe", "skjerming"),
            *("dokumentbeskrivelse*", "tittel", "offentligTittel", "dokumentetsDato"),
        )
    ),
    "dokumentbeskrivelse": _Model(
        _parts(
            *("systemID", "dokumentstatus", "tittel", "opprettetDato", "opprettetAv"),
            *("tilknyttetRegistreringSom", "dokumentnummer", "dokumentobjekt"),
        )
    ),
    "dokumentobjekt": _Model(
        _parts(
            *("systemID", "versjonsnummer", "variantformat", "mimeType", "filnavn"),
            *("referanseDokumentfil", "sjekksum", "sjekksumAlgoritme", "filstoerrelse"),
        )
    ),
    "part": _Model(_parts("partNavn", "partRolle", "personID?", "erSkjermet", "erPersonnavn")),
    "personID": _Model(_parts("landkode", "identifikator")),
    "skjerming": _Model(_SECRECY),
    "referanseForelderMappe": _Model(_parts("k:systemID")),
    "referanseEksternNoekkel": _Model(_parts("k:fagsystem", "k:noekkel")),
    **dict.fromkeys(
        (
            *("mappetype", "partRolle", "tilgangsrestriksjon", "dokumentstatus"),
            *("tilknyttetRegistreringSom", "variantformat"),
        ),
        _CODE,
    ),
    **dict.fromkeys(("systemID", "k:systemID"), _Model(form=_UUID)),
    **dict.fromkeys(("opprettetDato", "avsluttetDato"), _Model(form=_INSTANT)),
    **dict.fromkeys(
        ("antallFiler", "dokumentnummer", "versjonsnummer", "filstoerrelse"), _Model(form=_WHOLE)
    ),
    **dict.fromkeys(("erSkjermet", "erPersonnavn"), _Model(form=_TRUE)),
    "dokumentetsDato": _Model(form=_DAY),
    "landkode": _Model(form=re.compile("[A-Z]{2}")),
    "sjekksum": _Model(form=_DIGEST),
    "sjekksumAlgoritme": _Model(form=re.compile(re.escape(ALGORITHM))),
}
_ANY_TEXT: Final = _Model(form=_SAYS)
#: The one element whose type is named in the message itself.
_TYPED: Final = {"registrering": {f"{{{XSI}}}type": NOTE_TYPE}}


def faults_of(message: bytes, digests: Mapping[str, bytes], sizes: Mapping[str, int]) -> list[str]:
    """Return what is wrong with a message about files of these digests and sizes; nothing when it holds."""
    # The messages here declare nothing: what does could make a reader fetch or unfold something.
    try:
        text = message.decode()
    except UnicodeDecodeError:
        # In another encoding the two signs below would be other bytes.
        return ["it is not UTF-8"]
    if "<!" in text:
        return ["it declares a document type"]
    try:
        root = fromstring(text)  # noqa: S314 - no declaration is let through to here
    except ParseError as fault:
        line, column = fault.position
        return [f"it is no whole XML: it breaks at line {line}, column {column}"]
    if root.tag != f"{_M}arkivmelding":
        return ["its first element is no arkivmelding of Fiks Arkiv V1"]
    faults: list[str] = []
    _look(root, "arkivmelding", faults.append)
    return faults or _about_files(root, digests, sizes)


def _look(element: Element, name: str, found: Callable[[str], None]) -> None:
    model = _MODELS.get(name, _ANY_TEXT)
    if dict(element.attrib) != _TYPED.get(name, {}):
        found(f"<{name}> has other attributes than it should")
    if model.form is not None:
        if len(element) or not model.form.fullmatch(element.text or ""):
            found(f"<{name}> does not have the form it should")
        return
    children = list(element)
    for part, often in model.parts:
        tag = f"{_K}{part[2:]}" if part.startswith("k:") else f"{_M}{part}"
        here = 0
        while children and children[0].tag == tag and (often == _MANY or here == 0):
            _look(children.pop(0), part, found)
            here += 1
        if here == 0 and often == _ONE:
            found(f"<{name}> lacks <{part}>")
    if children:
        found(f"<{name}> has something it should not, or in another order")


def _about_files(
    root: Element, digests: Mapping[str, bytes], sizes: Mapping[str, int]
) -> list[str]:
    said: dict[str, tuple[str, str]] = {}
    for one in root.iter(f"{_M}dokumentobjekt"):
        path = one.findtext(f"{_M}referanseDokumentfil", "")
        if path in said:
            return [f"it names {path} twice"]
        said[path] = one.findtext(f"{_M}sjekksum", ""), one.findtext(f"{_M}filstoerrelse", "")
    right = {path: (digest.hex(), str(sizes[path])) for path, digest in digests.items()}
    faults = [f"it does not name {path}" for path in sorted(right.keys() - said.keys())]
    faults += [
        f"it names {path}, which is not there" for path in sorted(said.keys() - right.keys())
    ]
    for path in sorted(right.keys() & said.keys()):
        if said[path] != right[path]:
            faults.append(f"it gives another checksum or size for {path}")
    if root.findtext(f"{_M}antallFiler") != str(len(said)):
        faults.append("it counts another number of files than it names")
    return faults
