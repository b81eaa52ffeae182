"""View models of the pages on which a municipality writes its own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bti.web import rules_words as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.profiles.own import Difference
    from bti.web.forms.rules import Row
    from bti.workflows.rules_draft import DraftPage


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One value that is another, in words."""

    what: str
    old: str
    new: str
    old_whose: str
    new_whose: str


@dataclass(frozen=True, slots=True)
class PartLink:
    """A part of the rules, and how much of it is wrong."""

    text: str
    href: str
    faults: int


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """View model of rules/show.html."""

    draft: DraftPage
    parts: tuple[PartLink, ...]
    changes: tuple[ChangeRow, ...]
    #: What is wrong, in words, and where it is put right.
    faults: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, Any, str], ...]
    preview_href: str
    approval_href: str


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group of the form. ``take`` is what the button that takes it away sends, empty for what stays."""

    anchor: str
    heading: str
    rows: tuple[Row, ...]
    take: str

    @property
    def narrow(self) -> bool:
        """Whether all of it may stand side by side."""
        return all(one.narrow for one in self.rows)


@dataclass(frozen=True, slots=True)
class SectionPage:
    """View model of rules/section.html."""

    heading: str
    here: str
    #: Of one service: what is empty is as for all.
    of_service: bool
    cards: tuple[GroupCard, ...]
    faults: tuple[tuple[str, str], ...]
    #: The names that days may be given by, with what each is called; empty where there are no steps.
    names: tuple[tuple[str, str], ...]
    add_action: str
    take_action: str
    preview_href: str


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """View model of rules/proposal.html."""

    key: str
    valid_from: Any
    changes: tuple[ChangeRow, ...]
    approval_href: str
    preview_href: str


def changes(found: Iterable[Difference]) -> tuple[ChangeRow, ...]:
    """Return every value that is another, in words."""
    return tuple(
        ChangeRow(
            words.whole(one.path),
            words.value(one.path, one.old),
            words.value(one.path, one.new),
            words.whose(one.old_whose),
            words.whose(one.new_whose),
        )
        for one in found
    )
