"""A frozen release: the only thing that crosses from the case side to the network side.

Made from tables the verifier has passed, or read back from its own canonical text. Reading is plain: no
solver is loaded, so that pages can show a release; what vouches for a text is its signature.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from hashlib import sha256
from math import prod
from typing import TYPE_CHECKING, Any, Final, Self

from bti.disclosure.menu import MENU
from bti.disclosure.tables import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, HalfYear, TableError

if TYPE_CHECKING:
    from bti.disclosure.linked.publication import Publication
    from bti.disclosure.linked.verify import Verified

FORMAT: Final = "stafett-release-2"
SIGNED_AS: Final = b"stafett/release/v2\0"
"""What a signature is made over before the text, so that it is good for nothing else."""

MAX_TEXT_LENGTH: Final = 100_000
MAX_COUNT: Final = 10_000_000
MAX_VERSION: Final = 999
REASON_LENGTH: Final = 500
_SHORTEST_REASON: Final = 10
_MUNICIPALITY_NUMBER_LENGTH: Final = 4
_DIGEST_LENGTH: Final = 64
_CHECKED = object()


class ReleaseError(ValueError):
    """A text is not a release."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Whose release it is, and which: a correction is a new version and says why.

    ``known`` are the digests of everything that was published before and that it is proven with.
    """

    municipality_number: str
    municipality_name: str
    period: HalfYear
    version: int = 1
    reason: str | None = None
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        number, name = self.municipality_number, self.municipality_name
        if len(number) != _MUNICIPALITY_NUMBER_LENGTH or not (
            number.isascii() and number.isdigit()
        ):
            raise ReleaseError("a municipality number has four digits")
        if not name.strip() or not name.isprintable():
            raise ReleaseError("the municipality needs a printable name")
        if not 1 <= self.version <= MAX_VERSION:
            raise ReleaseError("versions are counted from one")
        if (self.version == 1) != (self.reason is None):
            raise ReleaseError("a new version has a reason, and the first has none")
        if self.reason is not None:
            checked_reason(self.reason)
        if sorted(set(self.known)) != list(self.known):
            raise ReleaseError("what is known is named once, in order")
        if any(len(one) != _DIGEST_LENGTH for one in self.known):
            raise ReleaseError("what is known is named by its digest")


@dataclass(frozen=True, slots=True)
class Shown:
    """One table as readers see it: labels of each dimension, and its numbers, the last one varying first.

    None is hidden. Each dimension ends with its total.
    """

    dimensions: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    numbers: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """One municipality's tables for one half-year, with how they were made."""

    edition: Edition
    #: What ``bti attack`` reads: dimensions, rules, method and numbers.
    content: Mapping[str, Any] = field(repr=False)
    population: tuple[tuple[str, int], ...] = ()
    checked: InitVar[object] = None

    def __post_init__(self, checked: object) -> None:
        if checked is not _CHECKED:
            raise TypeError("only seal() and Release.reopen() make a Release")

    @property
    def period(self) -> HalfYear:
        """The half-year counted."""
        return self.edition.period

    @property
    def threshold(self) -> int:
        """The smallest number of children that may be told."""
        found: int = self.content["rules"]["threshold"]
        return found

    @property
    def base(self) -> int:
        """Numbers are rounded to multiples of this; 1 where they are not rounded."""
        found: int = self.content["rules"]["base"]
        return found if self.content["method"] != "suppression" else 1

    @property
    def tables(self) -> tuple[Shown, ...]:
        """Every table in the order of the menu."""
        return tuple(_tables(self.content))

    def canonical_json(self) -> str:
        """The one text of this release: sorted keys, no spaces, UTF-8, hidden numbers as null."""
        edition = self.edition
        content = {
            "format": FORMAT,
            "menu": MENU,
            "municipality": {
                "name": edition.municipality_name,
                "number": edition.municipality_number,
            },
            "period": str(edition.period),
            "version": edition.version,
            "reason": edition.reason,
            "known": list(edition.known),
            "population": [list(one) for one in self.population],
            "numbers": self.content,
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Fingerprint of the canonical text, 64 lower-case hex digits."""
        return sha256(self.canonical_json().encode()).hexdigest()

    @classmethod
    def reopen(cls, text: str) -> Self:
        """Read a canonical text. Raises ReleaseError for anything that is not byte for byte one.

        That its numbers are safe was proven before it was signed, and is not proven again here.
        """
        try:
            release = cls._read(text)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            raise ReleaseError("not a release") from fault
        if release.canonical_json() != text:
            raise ReleaseError("not the canonical text of a release")
        return release

    @classmethod
    def _read(cls, text: str) -> Self:
        if len(text) > MAX_TEXT_LENGTH:
            raise ReleaseError("too long")
        content = json.loads(text)
        if content["format"] != FORMAT or content["menu"] != MENU:
            raise ReleaseError("unknown format")
        reason = content["reason"]
        numbers = content["numbers"]
        _check(numbers)
        if numbers["period"] != content["period"]:
            raise ReleaseError("numbers of another half-year")
        return cls(
            edition=Edition(
                municipality_number=_text(content["municipality"]["number"]),
                municipality_name=_text(content["municipality"]["name"]),
                period=HalfYear.parse(content["period"]),
                version=_whole(content["version"]),
                reason=None if reason is None else _text(reason),
                known=tuple(map(_text, content["known"])),
            ),
            content=numbers,
            population=tuple((_text(band), _whole(many)) for band, many in content["population"]),
            checked=_CHECKED,
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """The text of a release, whose key signed it and the signature; both in hex (Ed25519)."""

    text: str
    signer: str
    signature: str


def seal(verified: "Verified", edition: Edition, population: Mapping[str, int]) -> Release:
    """Freeze tables that the verifier has passed."""
    from bti.disclosure.linked.export import release_content  # noqa: PLC0415 - slow to load

    content = release_content(verified.publication)
    return Release(edition, content, tuple(population.items()), checked=_CHECKED)


def publication_of(release: Release) -> "Publication":
    """The release as the engine has it. Raises ReleaseError."""
    from bti.disclosure.linked.export import ReleaseTextError, read_release  # noqa: PLC0415 - as above

    try:
        return read_release(json.dumps(release.content))
    except ReleaseTextError as fault:
        raise ReleaseError("the numbers cannot be read") from fault


def checked_reason(reason: str) -> str:
    """Why something is corrected or taken back: 10 to 500 printable characters; raises ReleaseError."""
    text = reason.strip()
    if not _SHORTEST_REASON <= len(text) <= REASON_LENGTH or not text.isprintable():
        raise ReleaseError(f"say why in {_SHORTEST_REASON} to {REASON_LENGTH} characters")
    return text


def _tables(content: Mapping[str, Any]) -> Sequence[Shown]:
    labels = {one["name"]: (*one["codes"], *one["groups"], "_T") for one in content["dimensions"]}
    return [
        Shown(
            tuple(table["dimensions"]),
            tuple(labels[name] for name in table["dimensions"]),
            tuple(table["shown"]),
        )
        for table in content["tables"]
    ]


def _check(content: Mapping[str, Any]) -> None:
    """That the tables can be shown: whole, rounded, none too small, and the total the same in all."""
    rules = content["rules"]
    threshold, base = rules["threshold"], rules["base"]
    if not LOWEST_THRESHOLD <= threshold <= HIGHEST_THRESHOLD or not 1 <= base <= threshold:
        raise ReleaseError("the rules cannot be right")
    totals = set()
    for table in _tables(content):
        for labels in table.labels:
            for label in labels:
                _text(label)
        if len(table.numbers) != prod(map(len, table.labels)):
            raise ReleaseError("a table has too few or too many numbers")
        totals.add(table.numbers[-1])
        for value in table.numbers:
            # A zero is shown only where nobody can be, by the rules of the menu.
            if value is not None and _whole(value) and (value < threshold or value % base):
                raise ReleaseError("a number is too small or not rounded")
    if len(totals) != 1:
        raise ReleaseError("the total is not the same in all tables")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TableError("expected text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise TableError("expected a whole number")
    return value
