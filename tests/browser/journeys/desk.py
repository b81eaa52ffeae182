"""The data protection officer at work: the log by day, a request, a breach, an approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from datetime import date

    from tests.browser.visitor import Visitor


def read_the_log(anne: Visitor, name: str) -> None:
    """By person and day without oneself, with oneself, and event by event."""
    anne.visit("/insight").sees(name, nb("Your own look-ups are left out."))
    anne.follow(nb("Show my own look-ups too")).sees(nb("Your own look-ups are shown too."))
    anne.follow(nb("Each event")).sees(nb("Searched the access log"))
    anne.fill(who=name).send(nb("Search")).sees(name)
    assert anne.page.locator("main .st-stable").get_by_role("row").count() > 1


def ask_for_a_file(anne: Visitor) -> None:
    """What is searched for as a file, which waits for a colleague."""
    anne.visit("/insight?group=read")
    anne.page.locator("main summary", has_text=nb("Download this")).click()
    anne.fill(reason="Tilsyn fra revisjonen").send(nb("Ask a colleague"))
    anne.sees("Tilsyn fra revisjonen")
    anne.visit("/approvals")


def answer_a_request(anne: Visitor, number: str, today: date) -> None:
    """Write a request for correction down, and what is answered; both shown with what is missing."""
    anne.visit("/desk").follow(nb("Write down a request"))
    anne.send(nb("Save"), 422)
    anne.choose(right="correction", requester="guardian", language="nb")
    anne.fill(received_on=today.isoformat(), name="Maria Hansen", number=number)
    anne.send(nb("Save")).sees("Maria Hansen")
    anne.send(nb("Add"), 422)
    anne.choose(kind="note").fill(text="Spurt holderen om hva som er riktig.").send(nb("Add"))
    anne.sees("Spurt holderen om hva som er riktig.")


def record_a_breach(anne: Visitor, today: date) -> None:
    """Open a record with its clock, and say that Datatilsynet has been told."""
    anne.visit("/desk").follow(nb("Open a record of a breach"))
    anne.send(nb("Open the record"), 422)
    anne.fill(
        text="En e-post gikk til feil skole.", known_day=today.isoformat(), known_time="00:10"
    )
    anne.send(nb("Open the record")).sees("En e-post gikk til feil skole.")
    anne.choose(kind="note").fill(text="Mottakeren har slettet den.").send(nb("Add"))
    anne.sees("Mottakeren har slettet den.")
    anne.visit("/desk")
