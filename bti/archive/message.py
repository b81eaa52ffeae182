"""The message to an archive: arkivmelding.xml in the form of Fiks Arkiv V1, which is Noark 5's.

One folder for the case, one internal note in it, and one description with one object for each file.
Source: KS, fiks-arkiv-specification, ``no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.xsd``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

MESSAGE_NS: Final = (
    "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/opprett/v1"
)
CATALOGUE_NS: Final = (
    "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/metadatakatalog/v1"
)
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
SYSTEM: Final = "Stafett"
ALGORITHM: Final = "SHA-256"
NOTE_TYPE: Final = "arkivnotat"
_CATALOGUE: Final = "n5mdk:"
_MASKED: Final = "Stafettlogg – *****"


@dataclass(frozen=True, slots=True)
class Party:
    """The child or a guardian, as the archive keeps them. ``national_id`` is empty where none is registered."""

    role: str
    name: str = field(repr=False)
    national_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of the package: its path in it, what it is called, its size in bytes and its digest."""

    path: str
    title: str = field(repr=False)
    mime: str
    size: int
    sha256: bytes
    made_at: datetime
    made_by: str
    #: The document itself, and not something that belongs to it.
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What the folder says of the case. Times are UTC."""

    case_id: uuid.UUID
    number: str
    title: str = field(repr=False)
    unit: str
    opened_at: datetime
    closed_at: datetime
    closed_by: str
    #: The act by which it is kept from the public, in the municipality's language.
    secrecy: str
    parties: tuple[Party, ...] = field(repr=False)


def message_xml(case: CaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the message as UTF-8; the same facts give the same bytes."""
    root = Element(
        "arkivmelding", {"xmlns": MESSAGE_NS, "xmlns:n5mdk": CATALOGUE_NS, "xmlns:xsi": XSI}
    )
    _text(root, "system", SYSTEM)
    _text(root, "antallFiler", str(len(files)))
    _folder(root, case)
    _record(root, case, files)
    indent(root, space="  ")
    body: bytes = tostring(root, encoding="UTF-8", xml_declaration=True, short_empty_elements=False)
    return body + b"\n"


def _folder(root: Element, case: CaseFacts) -> None:
    folder = _part(root, "mappe")
    _text(folder, "systemID", str(case.case_id))
    _text(folder, "mappeID", case.number)
    _text(folder, "tittel", case.title)
    _text(folder, "offentligTittel", _MASKED)
    _text(folder, "opprettetDato", _instant(case.opened_at))
    _text(folder, "opprettetAv", case.unit)
    _text(folder, "avsluttetDato", _instant(case.closed_at))
    _text(folder, "avsluttetAv", case.closed_by)
    for one in case.parties:
        _party(folder, one)
    _secrecy(folder, case)
    own = _part(folder, "referanseEksternNoekkel")
    _text(own, "fagsystem", SYSTEM, _CATALOGUE)
    _text(own, "noekkel", case.number, _CATALOGUE)
    _code(folder, "mappetype", "STAFETTLOGG", "Stafettlogg")


def _record(root: Element, case: CaseFacts, files: Sequence[FileFact]) -> None:
    record = _part(root, "registrering")
    record.set("xsi:type", NOTE_TYPE)
    _text(record, "systemID", str(uuid.uuid5(case.case_id, "registrering")))
    _text(record, "opprettetDato", _instant(case.closed_at))
    _text(record, "opprettetAv", case.closed_by)
    parent = _part(record, "referanseForelderMappe")
    _text(parent, "systemID", str(case.case_id), _CATALOGUE)
    _secrecy(record, case)
    for number, one in enumerate(files, start=1):
        _document(record, case, one, number)
    _text(record, "tittel", case.title)
    _text(record, "offentligTittel", _MASKED)
    _text(record, "dokumentetsDato", case.closed_at.date().isoformat())


def _document(record: Element, case: CaseFacts, one: FileFact, number: int) -> None:
    document = _part(record, "dokumentbeskrivelse")
    _text(document, "systemID", str(uuid.uuid5(case.case_id, f"beskrivelse/{one.path}")))
    _code(document, "dokumentstatus", "F", "Dokumentet er ferdigstilt")
    _text(document, "tittel", one.title)
    _text(document, "opprettetDato", _instant(one.made_at))
    _text(document, "opprettetAv", one.made_by)
    joined = ("H", "Hoveddokument") if one.main else ("V", "Vedlegg")
    _code(document, "tilknyttetRegistreringSom", *joined)
    _text(document, "dokumentnummer", str(number))
    thing = _part(document, "dokumentobjekt")
    _text(thing, "systemID", str(uuid.uuid5(case.case_id, f"objekt/{one.path}")))
    _text(thing, "versjonsnummer", "1")
    _code(thing, "variantformat", "P", "Produksjonsformat")
    _text(thing, "mimeType", one.mime)
    _text(thing, "filnavn", one.path.rpartition("/")[2])
    _text(thing, "referanseDokumentfil", one.path)
    _text(thing, "sjekksum", one.sha256.hex())
    _text(thing, "sjekksumAlgoritme", ALGORITHM)
    _text(thing, "filstoerrelse", str(one.size))


def _party(folder: Element, one: Party) -> None:
    party = _part(folder, "part")
    _text(party, "partNavn", one.name)
    _code(party, "partRolle", one.role, one.role.capitalize())
    if one.national_id:
        person = _part(party, "personID")
        _text(person, "landkode", "NO")
        _text(person, "identifikator", one.national_id)
    _text(party, "erSkjermet", "true")
    _text(party, "erPersonnavn", "true")


def _secrecy(parent: Element, case: CaseFacts) -> None:
    kept = _part(parent, "skjerming")
    _code(kept, "tilgangsrestriksjon", "13", "Unntatt etter offentleglova § 13")
    _text(kept, "skjermingshjemmel", case.secrecy)


def _part(parent: Element, name: str) -> Element:
    return SubElement(parent, name)


def _text(parent: Element, name: str, text: str, prefix: str = "") -> None:
    SubElement(parent, f"{prefix}{name}").text = _sayable(text)


def _code(parent: Element, name: str, code: str, words: str) -> None:
    coded = _part(parent, name)
    _text(coded, "kode", code, _CATALOGUE)
    _text(coded, "beskrivelse", words, _CATALOGUE)


def _sayable(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold, and never empty: the schema wants a sign."""
    kept = "".join(
        one for one in text if one in "\t\n" or (one >= " " and one not in "\ufffe\uffff")
    )
    return kept.strip() or "–"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
