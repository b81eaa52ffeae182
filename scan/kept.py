"""What has been tried so far on this very code, so that a scan that was stopped is taken up again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scan.tools import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
#: What answers, and what asks.
_CODE = ("bti", "migrations", "templates", "static", "scan", "requirements/run.txt")
_KINDS = frozenset({".py", ".html", ".js", ".css", ".po", ".sql", ".toml", ".txt"})
#: Written by others, and reasons, which do not change what was found.
_LEFT_OUT = frozenset({"vendor", "explained.toml"})
#: Of a person who reaches no address that sqlmap has not tried.
INJECTED = "injected"
CONTROL, WAPITI, FORMS = "control", "wapiti", "forms"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was done to the end: a tool as one person, or sqlmap at one kind of address.

    ``name`` is INJECTED, CONTROL, WAPITI, FORMS or a shape of crawl.py. ``count`` is pages for WAPITI and
    kinds of form for FORMS. ``cut`` are modules of wapiti that had more to send than time.
    """

    database: str
    person: str
    name: str
    seconds: float = 0.0
    count: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    found: tuple[Finding, ...] = ()
    fields: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


def code_of(root: Path = _ROOT) -> str:
    """Return a fingerprint of everything that is attacked and of what attacks it."""
    digest = hashlib.sha256()
    for place in _CODE:
        below = root / place
        for path in sorted(below.rglob("*")) if below.is_dir() else [below]:
            if path.suffix in _KINDS and not _LEFT_OUT & set(path.parts):
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Kept:
    """Parts in a file, a line each, written when they are done. Of other code it knows nothing."""

    def __init__(self, folder: Path, code: str) -> None:
        """Read what is there for this code."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{code}.ndjson"
        self.parts = list(_read(self._path))

    def has(self, database: str, person: str, name: str) -> bool:
        """Whether this was done."""
        wanted = (database, person, name)
        return any((one.database, one.person, one.name) == wanted for one in self.parts)

    def whole(self, database: str, person: str) -> bool:
        """Whether nothing is left for this person to try."""
        return all(self.has(database, person, name) for name in (INJECTED, WAPITI))

    def tried(self, database: str) -> frozenset[str]:
        """Kinds of address and names of fields that sqlmap has tried, as whomever."""
        done = [one for one in self.parts if one.database == database]
        return frozenset(name for one in done for name in (one.name, *one.fields))

    def add(self, part: Part) -> None:
        """Remember a part that is done."""
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(part)) + "\n")
        self.parts.append(part)

    def found(self) -> list[Finding]:
        """Everything that was found."""
        return [one for part in self.parts for one in part.found]

    def table(self) -> Iterator[str]:
        """One line for each person on each engine: what was done, and what was answered."""
        for database, person in dict.fromkeys((one.database, one.person) for one in self.parts):
            own = [one for one in self.parts if (one.database, one.person) == (database, person)]
            if not person:
                continue
            of = {one.name: one for one in own}
            answers: Counter[str] = Counter()
            for one in own:
                answers.update(one.answers)
            told = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
            pages, forms = (of[name].count if name in of else 0 for name in (WAPITI, FORMS))
            places = len(of.keys() - {INJECTED, WAPITI, FORMS})
            whole = "whole" if self.whole(database, person) else "NOT WHOLE"
            cut = ", ".join(of[WAPITI].cut) if WAPITI in of else ""
            yield (
                f"{database} {person}: {whole}; {pages} pages, {forms} kinds of "
                f"form without their token, sqlmap at {places} kinds of address; {sum(answers.values())} requests "
                f"({told}); {sum(one.seconds for one in own):.0f} s{f'; wapiti cut: {cut}' if cut else ''}"
            )


def _read(path: Path) -> Iterator[Part]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue  # of a scan that was killed while it wrote: that part is done again
        found = tuple(Finding(**one) for one in content.pop("found"))
        fields, cut = tuple(content.pop("fields")), tuple(content.pop("cut"))
        yield Part(**content, found=found, fields=fields, cut=cut)
