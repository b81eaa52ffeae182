"""Logging a concern, and working at level 0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor

CHILD = "Jonas Berg Hansen"
BORN = "2013-04-17"
SEEN = "Jonas har vært borte fire mandager på rad, og sitter alene i friminuttene."
CHILD_SAYS = "Jeg vil helst være hjemme."
GUARDIANS = ("Maria Berg", "Tor Hansen")
CASE = re.compile(r"^/cases/[0-9a-f-]{36}$")


def start(visitor: Visitor) -> None:
    """Begin from my day; an unfinished step says what is missing and keeps what was typed."""
    visitor.visit("/worklist").follow(nb("New concern"))
    visitor.fill(seen=SEEN).send(nb("Next: the child and the home"), 422)
    visitor.sees(nb("Say whether a child is in danger."), nb("Write the child's name."))
    assert visitor.field("seen").input_value() == SEEN


def search(visitor: Visitor) -> None:
    """Look for a case first: there is none."""
    visitor.choose(danger="no").fill(child_name=CHILD, birth_date=BORN, group="8B")
    visitor.send(nb("See if you have a case already"))
    visitor.sees(
        nb(
            "You have no case about this child that you can see."
            " Go on, and a new one is made when you save."
        )
    )


def come_back(visitor: Visitor) -> None:
    """The draft is there after the page was left, without pressing anything."""
    visitor.visit("/worklist").visit("/concern/new")
    assert visitor.field("seen").input_value() == SEEN
    assert visitor.field("child_name").input_value() == CHILD
    visitor.page.reload()
    visitor.look()
    assert visitor.field("birth_date").input_value() == BORN


def describe(visitor: Visitor) -> None:
    """Finish step 1, and do step 2."""
    visitor.choose(categories="ABS").choose(categories="SOC").fill(since="2026-08-20")
    visitor.send(nb("Next: the child and the home"))
    visitor.choose(talked_with_child="yes", contact_with_guardians="both", tried="talked_alone")
    visitor.fill(
        child_says=CHILD_SAYS,
        contact_on="2026-08-31",
        guardians_say="De merker det hjemme også.",
        tried_text="Han fortalte litt mer enn før.",
    )
    visitor.page.get_by_text(nb("Add the guardians (can wait)")).click()
    for place, name in enumerate(GUARDIANS, 1):
        visitor.fill(**{f"guardian{place}_name": name, f"guardian{place}_relation": "forelder"})
        visitor.tick(f"guardian{place}_responsibility")
        visitor.fill(**{f"guardian{place}_checked_on": "2026-08-28"})
    visitor.send(nb("Next: look over"))


def save(visitor: Visitor) -> str:
    """Look over and save; returns the address of the case."""
    visitor.sees(CHILD, SEEN, CHILD_SAYS, *GUARDIANS)
    visitor.send(nb("Save the concern"))
    assert CASE.match(visitor.path)
    visitor.sees(nb("Needed before the log can open"), SEEN)
    return visitor.path


def talk_with_leader(visitor: Visitor, case: str) -> None:
    """Write down a conversation; an unfinished form is refused first."""
    visitor.visit(case).follow(nb("Write down a conversation"))
    visitor.choose(with_whom="leader", held="yes")
    visitor.fill(on="2026-09-01", summary="Vi er enige om å spørre om samtykke.")
    visitor.send(nb("Save"))
    assert visitor.path == case


def do_a_step(visitor: Visitor) -> None:
    """Tick the first step of the guide that is ticked by hand."""
    guide = visitor.page.locator("section[aria-labelledby=guide]")
    done = guide.locator("li[data-status=ferdig]")
    before = done.count()
    guide.locator("summary").click()
    visitor.press(guide.get_by_role("button", name=nb("Done"), exact=True).first)
    assert done.count() == before + 1
