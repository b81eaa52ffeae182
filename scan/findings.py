"""What was found, against the list of what is explained."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scan.tools import Finding

LIST = Path(__file__).with_name("explained.toml")
_FEWEST_WORDS = 4
_KEYS = {"tool", "kind", "where", "parameter", "proof", "reason"}


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding that is none, and why. ``where``, ``parameter`` and ``proof`` may hold * for any text."""

    tool: str
    kind: str
    where: str
    parameter: str
    proof: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the finding meant."""
        return (self.tool, self.kind) == (finding.tool, finding.kind) and all(
            fnmatchcase(found, pattern)
            for found, pattern in (
                (finding.where, self.where),
                (finding.parameter, self.parameter),
                (finding.proof, self.proof),
            )
        )


def explained(path: Path = LIST) -> list[Explained]:
    """Read the list. ValueError when an entry has other keys, or a reason that says nothing."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("finding", [])
    for entry in entries:
        if (
            set(entry) != _KEYS
            or len(entry["reason"].split()) < _FEWEST_WORDS
            or "*" in entry["kind"]
        ):
            raise ValueError(f"not an explained finding: {entry}")
    return [Explained(**entry) for entry in entries]


def report(findings: Iterable[Finding], known: list[Explained]) -> int:
    """Print a table, and return how many findings nobody has explained."""
    rows: Counter[tuple[str, str, str, str, str]] = Counter()
    proofs: dict[tuple[str, str, str, str, str], str] = {}
    for one in findings:
        why = next((entry.reason for entry in known if entry.covers(one)), "NOT EXPLAINED")
        row = (one.tool, one.kind, one.where, one.parameter, why)
        rows[row] += 1
        proofs.setdefault(row, f"{one.person}: {one.proof}")
    left = 0
    for row, count in sorted(rows.items()):
        tool, kind, where, parameter, why = row
        print(f"{count:4} {tool:7} {kind:32} {where} {parameter}\n     {why}")
        if why == "NOT EXPLAINED":
            left += 1
            print("     " + proofs[row][:600].replace("\n", "\n     "))
    return left
