"""The upbringing team: bringing a case, the queue, taking it, rights, and a new holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor

QUESTION = "Hvordan får vi Jonas trygt tilbake på skolen?"
CRITERIA = ("under_18", "serious_condition", "lasting_services", "other_services", "family_wants")


def bring(visitor: Visitor, case: str) -> None:
    """Say why the cooperation so far is not enough."""
    visitor.visit(case).follow(nb("Bring the case to the team"))
    visitor.fill(why="Vi har prøvd i tre måneder, og fraværet øker.", question=QUESTION)
    visitor.choose(danger="no").send(nb("Bring it to the team"))
    assert visitor.path == case


def take(visitor: Visitor, case: str, child: str) -> None:
    """From the queue to the team's page of the case, and take it."""
    visitor.visit("/worklist").follow(nb("Open the queue"))
    visitor.sees(QUESTION, nb("Consent in place"))
    visitor.page.locator("main details").filter(has_text=child).locator("summary").click()
    visitor.follow(nb("Assess the case"))
    assert visitor.path == f"{case}/referral"
    visitor.send(nb("Take the case"))
    visitor.sees(nb("The team has taken the case."))


def record_rights(visitor: Visitor, case: str) -> None:
    """The family was told of child coordinator and individual plan."""
    visitor.visit(f"{case}/referral").follow(nb("Write down"))
    visitor.choose(**dict.fromkeys(CRITERIA, "yes"), individual_plan="offered")
    visitor.tick("told").fill(note="Familien vil tenke på det.")
    visitor.send(nb("Save the assessment"))
    assert visitor.path == case


def appoint(visitor: Visitor, case: str, name: str) -> None:
    """Ask somebody to take the baton."""
    visitor.visit(f"{case}/referral").follow(nb("Suggest a new baton holder"))
    visitor.pick("to", name).fill(message="Du kjenner familien.").send(nb("Offer the baton"))
