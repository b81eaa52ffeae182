"""A release on its way out: a file in var/ that waits for a second person. Holds no true counts."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bti.disclosure.release import Release, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bti.disclosure.tables import HalfYear

_FOLDER: Final = "releases"

CHECKLIST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "known-child": "I know of no child here whom somebody would find again in a number.",
        "known-group": "No number is a group that people here know: a class, a family, those who came together.",
        "told-already": "Nothing was in the paper or said in a meeting that a number would confirm.",
        "other-numbers": "School, child welfare or the police publish nothing that can be subtracted from this.",
        "hidden": "I have looked at what is hidden and why, and at what is shown beside it.",
        "needed": "The readers need these tables.",
    }
)
"""What a program cannot know: whether children could be recognised. Each point is ticked by a person."""


class PendingError(Exception):
    """The file is missing, damaged, or not ready for what is asked; the message says which."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The sealed text of a release, who prepared it, and who approved exactly this text.

    ``ticked`` are the points of the checklist that the approver has looked at.
    """

    text: str
    prepared_by: str
    approved_by: str = ""
    approved_sha256: str = ""
    ticked: str = ""

    @property
    def release(self) -> Release:
        """The release, examined again. Raises ``PendingError`` if it is not what was sealed."""
        try:
            return Release.reopen(self.text)
        except ReleaseError as fault:
            raise PendingError(f"The prepared release is damaged: {fault}.") from None

    def approved(self, by: str, ticked: Iterable[str]) -> Pending:
        """The same, approved. Raises ``PendingError`` for the preparer: two persons look.

        Every point of ``CHECKLIST`` must be ticked.
        """
        name = _as_compared(by)
        if not name:
            raise PendingError("Say who approves: --by NAME.")
        if name == _as_compared(self.prepared_by):
            raise PendingError("Somebody other than the one who prepared it must approve.")
        left = [point for point in CHECKLIST if point not in set(ticked)]
        if left:
            raise PendingError(f"Not approved: {left[0]} is not ticked.")
        return replace(
            self,
            approved_by=by.strip(),
            approved_sha256=self.release.sha256(),
            ticked=" ".join(CHECKLIST),
        )

    def ready(self) -> Release:
        """The release, for publishing. Raises ``PendingError`` unless this text is approved."""
        release = self.release
        if (
            not self.approved_by
            or self.approved_sha256 != release.sha256()
            or self.ticked.split() != list(CHECKLIST)
        ):
            raise PendingError("Nobody has approved these numbers: bti release approve.")
        if _as_compared(self.approved_by) == _as_compared(self.prepared_by):
            raise PendingError("Somebody other than the one who prepared it must approve.")
        return release


def path_of(var_dir: Path, number: str, period: HalfYear) -> Path:
    """Where the release of a municipality and half-year waits."""
    return var_dir / _FOLDER / f"{number}-{period}.json"


def save(path: Path, pending: Pending) -> None:
    """Write the file for its owner only, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(asdict(pending), out, ensure_ascii=False, indent=1)
    beside.replace(path)


def load(path: Path) -> Pending:
    """Read a prepared release. Raises ``PendingError``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Pending(**{name: str(content[name]) for name in Pending.__dataclass_fields__})
    except FileNotFoundError:
        raise PendingError("Nothing is prepared for this half-year: bti release prepare.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as fault:
        raise PendingError("The prepared release cannot be read.") from fault


def _as_compared(name: str) -> str:
    return " ".join(name.split()).casefold()
