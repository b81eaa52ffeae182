"""Somebody on call opens a case at night, and the data protection officer looks at it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor

WHY = "Barnet er funnet alene ute etter midnatt."


def open_core(vera: Visitor, number: str, child: str) -> None:
    """Take emergency access; what is missing is said first."""
    vera.visit("/emergency").fill(number=number, text="kort").choose(reason="missing")
    vera.send(nb("Open the core for two hours"), 422)
    assert vera.field("number").input_value() == number
    vera.fill(text=WHY).send(nb("Open the core for two hours"))
    vera.sees(child, nb("What you open is entered, and the family can see that you have looked."))
    vera.visit("/emergency").sees(nb("Open now"))


def review(anne: Visitor) -> None:
    """Find it on the front page, read the reason and settle it."""
    anne.visit("/insight").sees(nb("To be reviewed within three days."))
    anne.follow(nb("Review"))
    anne.visit("/insight/reviews").follow(nb("Review")).sees(WHY)
    anne.choose(outcome="fine").fill(found="Det var nødvendig.")
    anne.send(nb("Save the review")).sees(nb("Nothing waits."))


def control(anne: Visitor) -> None:
    """Go through last month and sign it off."""
    anne.visit("/insight/control").sees(nb("Tried cases they have no part in"))
    anne.follow(nb("Review"), within=".st-oppgave").choose(outcome="fine")
    anne.fill(found="Gamle lenker.")
    anne.send(nb("Save the review")).send(nb("Sign off"))
    anne.does_not_see(nb("Sign the month off"))


def let_in_again(anne: Visitor, name: str) -> None:
    """See who was suspended and why, and let the person in again."""
    anne.visit("/insight/reviews").sees(nb("%(name)s was suspended", name=name))
    anne.follow(nb("Review"))
    anne.choose(outcome="fine").fill(found="Feil lenke i e-post.").send(nb("Save the review"))
    anne.sees(nb("Reviewed"))
