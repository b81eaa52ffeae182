"""Who has seen what, the proof of the log, and the network side's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb
from tests.world import SECRET

if TYPE_CHECKING:
    from tests.browser.visitor import House, Visitor


def who_has_seen(visitor: Visitor, case: str, *names: str) -> None:
    """The log of the case names those who have read it."""
    visitor.visit(case).follow(nb("Who has seen"))
    visitor.sees(*names)


def search(visitor: Visitor, number: str, who: str) -> None:
    """The data protection officer searches by case and by person, and sees no content."""
    visitor.visit("/insight")
    visitor.fill(number=number, who=who).send(nb("Search"))
    visitor.sees(who, number)
    visitor.choose(group="wrote").send(nb("Search"))
    visitor.fill(from_day="2026-09-02", to_day="2026-09-01").send(nb("Search"), 422)


def check(visitor: Visitor) -> None:
    """The proof holds."""
    visitor.visit("/insight").send(nb("Check now"))
    visitor.sees(nb("The access log is whole"))


def coordinator(house: House, username: str) -> Visitor:
    """Sign in on the network side."""
    visitor = house.stranger().visit("/network/sign-in")
    visitor.fill(username=username, password=SECRET, code=house.network_code())
    visitor.send(nb("Sign in"))
    house.keep(username, visitor)
    return visitor


def numbers(visitor: Visitor) -> None:
    """The half-year's counts, with the small ones hidden."""
    visitor.sees(nb("Numbers and trends"), nb("Children by level and age"), nb("hidden"))
