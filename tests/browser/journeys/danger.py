"""A child in danger: from any page, with no case and no consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor

ABOUT = "Gutten i det gule huset"
KNOWN = "Han hadde merker på halsen og sa at han ikke tør å gå hjem."


def report(visitor: Visitor) -> str:
    """Record what was done; returns the address of the record."""
    visitor.follow(nb("Child in danger?"), within="header")
    visitor.fill(known=KNOWN).send(nb("Save my record"), 422)
    assert visitor.field("known").input_value() == KNOWN
    visitor.fill(
        about=ABOUT,
        assessed_on="2026-09-01",
        reported_on="2026-09-01",
        reported_to="Barneverntjenesten, Odd Ness",
        receipt="2026/17",
    )
    visitor.choose(
        duty="report_child_welfare", letter="a", channel="phone", guardians_know="unsafe"
    )
    visitor.send(nb("Save my record"))
    visitor.sees(ABOUT, KNOWN)
    return visitor.path


def is_no_trace(other: Visitor, record: str, *pages: str) -> None:
    """Nobody else finds it: not by its address, and not in what they see."""
    other.visit(record, 404)
    for page in ("/worklist", "/danger/mine", *pages):
        other.visit(page).does_not_see(ABOUT, KNOWN)


def confirm(visitor: Visitor, record: str) -> None:
    """Child welfare services have answered."""
    visitor.visit(record).fill(confirmed_on="2026-09-01")
    visitor.send(nb("Confirmation received"))
    visitor.does_not_see(nb("Have they confirmed?"))
