"""A report in the form of KS Fiks bekymringsmelding: what an ``offentlig bekymringsmelding`` v2 holds.

Our own statement of the form, made from KS's description of it: github.com/ks-no/fiks-io-bekymringsmelding-protokoll
(``schema/domain/v2/offentlig.bekymringsmelding.v2.json`` and ``adresse.json``) and the service's page on
ks-no.github.io. It is stricter than theirs: a key that is not named here is a fault. The schema itself is KS's
and is not handed on here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bti.domain.ages import NORWAY
from bti.domain.report import EMAIL, PHONE, Address, Informed, Report, Told

#: What Fiks calls the one district of a municipality that has none.
NO_DISTRICT: Final = "00"


class PartKind(StrEnum):
    """What may stand in a part of the form."""

    TEXT = "text"
    #: Without a line break.
    LINE = "line"
    YES_NO = "yes_no"
    GROUP = "group"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the form: what stands in it, whether it must, and how a line is written."""

    kind: PartKind
    needed: bool = True
    pattern: re.Pattern[str] | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    least: int = 0
    most: int | None = None


_LINE: Final = Part(PartKind.LINE)
_LINE_OR_NONE: Final = Part(PartKind.LINE, needed=False)
_TEXT: Final = Part(PartKind.TEXT)
_TEXT_OR_NONE: Final = Part(PartKind.TEXT, needed=False)
_YES_NO: Final = Part(PartKind.YES_NO)
_ADDRESS: Final = Part(
    PartKind.GROUP,
    parts={
        "adresselinje1": _LINE,
        "adresselinje2": _LINE_OR_NONE,
        "adresselinje3": _LINE_OR_NONE,
        "postnummer": _LINE_OR_NONE,
        "poststed": _LINE_OR_NONE,
    },
)
_BODY: Final = Part(
    PartKind.GROUP, parts={"navn": _LINE, "orgnr": _LINE_OR_NONE, "adresse": _ADDRESS}
)
_REPORTER: Final = Part(
    PartKind.GROUP,
    parts={
        "personnavn": _LINE,
        "rolle": _LINE,
        "telefonnummer": Part(PartKind.LINE, pattern=PHONE),
        "epost": Part(PartKind.LINE, pattern=EMAIL),
        "virksomhet": _BODY,
    },
)
_CHILD: Final = {
    "fnr": _TEXT,
    "ufoedt": _YES_NO,
    "personnavn": _LINE,
    "telefonnummer": _TEXT_OR_NONE,
    "adresse": _ADDRESS,
    "orientert": _YES_NO,
    "orientertGrunn": _LINE_OR_NONE,
}
_GUARDIAN: Final = {
    "personnavn": _LINE,
    "telefonnummer": _LINE_OR_NONE,
    "orientert": _YES_NO,
    "orientertGrunn": _LINE_OR_NONE,
}
_SAID: Final = {"melding": _TEXT, "historie": _TEXT, "andreSynspunkter": _TEXT_OR_NONE}
FORM: Final = Part(
    PartKind.GROUP,
    parts={
        "kommunenummer": Part(PartKind.LINE, pattern=re.compile(r"[0-9]{4}")),
        "kommunenavn": _LINE,
        "bydelsnummer": Part(PartKind.LINE, pattern=re.compile(r"[0-9]{2}")),
        "bydelsnavn": _LINE,
        "offentligMelder": _REPORTER,
        "offentligBarn": Part(PartKind.LIST, parts=_CHILD, least=1),
        "foresatte": Part(PartKind.LIST, parts=_GUARDIAN, least=1, most=2),
        "behovForTolk": _TEXT_OR_NONE,
        "andreHjelpeinstanser": _TEXT_OR_NONE,
        "melding": Part(PartKind.GROUP, parts=_SAID),
        # Norwegian time without a zone, as KS asks for it.
        "sendingstidspunkt": Part(
            PartKind.LINE, pattern=re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
        ),
        "leveringskanal": _LINE,
    },
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """The child welfare service that a report is for. A municipality without districts has ``00``."""

    municipality_number: str
    municipality: str
    district_number: str = NO_DISTRICT
    district: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What stands where the author has written nothing, in the municipality's language.

    ``ground`` says which case of the law it is: the form has no place of its own for it.
    """

    unknown: str
    not_told: str
    unsafe: str
    ground: str


def as_form(
    report: Report, receiver: Recipient, wording: Wording, at: datetime
) -> dict[str, object]:
    """Return the report in the form. ``at`` is the instant (with a zone) it is made."""
    child, reporter = report.child, report.reporter
    return {
        "kommunenummer": receiver.municipality_number,
        "kommunenavn": _line(receiver.municipality),
        "bydelsnummer": receiver.district_number,
        "bydelsnavn": _line(receiver.district or receiver.municipality),
        "offentligMelder": {
            "personnavn": _line(reporter.name),
            "rolle": _line(reporter.role),
            "telefonnummer": reporter.phone,
            "epost": reporter.email,
            "virksomhet": {
                "navn": _line(reporter.body),
                "orgnr": _line(reporter.organisation_number),
                "adresse": _address(reporter.address, wording),
            },
        },
        "offentligBarn": [
            {
                "fnr": child.national_id,
                "ufoedt": child.unborn,
                "personnavn": _line(child.name),
                "telefonnummer": _line(child.phone),
                "adresse": _address(child.address, wording),
                **_informed(child.informed, wording),
            }
        ],
        "foresatte": [
            {
                "personnavn": _line(one.name),
                "telefonnummer": _line(one.phone),
                **_informed(one.informed, wording),
            }
            for one in report.guardians
        ]
        or [
            {
                "personnavn": wording.unknown,
                "telefonnummer": "",
                **_informed(Informed(told=Told.NO), wording),
            }
        ],
        "behovForTolk": report.interpreter,
        "andreHjelpeinstanser": report.helpers,
        "melding": {
            "melding": f"{wording.ground}\n\n{report.what}",
            "historie": report.history or wording.unknown,
            "andreSynspunkter": report.views,
        },
        "sendingstidspunkt": at.astimezone(NORWAY)
        .replace(tzinfo=None)
        .isoformat(timespec="seconds"),
        "leveringskanal": _line(reporter.body),
    }


def reason_of(informed: Informed, wording: Wording) -> str:
    """Why somebody was not told: the author's words, or what stands for them; empty when told."""
    if informed.told is Told.YES:
        return ""
    return _line(informed.reason) or (
        wording.unsafe if informed.told is Told.UNSAFE else wording.not_told
    )


def faults(form: object) -> tuple[str, ...]:
    """Return where something is not in the form, as paths without what stands there; none when it holds."""
    return tuple(_of(FORM, form, ""))


def _of(part: Part, value: object, path: str) -> Iterator[str]:
    if part.kind is PartKind.GROUP:
        yield from _of_group(part.parts, value, path)
    elif part.kind is PartKind.LIST:
        yield from _of_list(part, value, path)
    elif part.kind is PartKind.YES_NO:
        if not isinstance(value, bool):
            yield f"{path}: not yes or no"
    elif not isinstance(value, str):
        yield f"{path}: not a text"
    elif part.kind is PartKind.LINE and len(value.splitlines()) > 1:
        yield f"{path}: more than one line"
    elif part.pattern is not None and part.pattern.fullmatch(value) is None:
        yield f"{path}: not written as it must be"


def _of_group(parts: Mapping[str, Part], value: object, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or '/'}: not a group"
        return
    before = f"{path}." if path else ""
    yield from (f"{before}{name}: not in the form" for name in value if name not in parts)
    for name, part in parts.items():
        if name in value:
            yield from _of(part, value[name], f"{before}{name}")
        elif part.needed:
            yield f"{before}{name}: missing"


def _of_list(part: Part, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield f"{path}: not a list"
        return
    if len(value) < part.least:
        yield f"{path}: too few"
    if part.most is not None and len(value) > part.most:
        yield f"{path}: too many"
    for number, one in enumerate(value):
        yield from _of_group(part.parts, one, f"{path}[{number}]")


def _informed(informed: Informed, wording: Wording) -> dict[str, object]:
    return {
        "orientert": informed.told is Told.YES,
        "orientertGrunn": reason_of(informed, wording),
    }


def _address(address: Address, wording: Wording) -> dict[str, object]:
    return {
        "adresselinje1": _line(address.line) or wording.unknown,
        "adresselinje2": "",
        "adresselinje3": "",
        "postnummer": _line(address.postcode),
        "poststed": _line(address.place),
    }


def _line(text: str) -> str:
    """Return the text on one line: the form takes no break in it."""
    return " ".join(text.split())
