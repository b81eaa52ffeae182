"""The log: opening it, the baton, evaluating, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from datetime import date

    from tests.browser.visitor import Visitor

GOAL = "Jonas er på skolen hver dag og har noen å være sammen med."
MEASURE = "En fast voksen møter Jonas om morgenen"


def open_log(visitor: Visitor, case: str) -> None:
    """Open it with a goal and a measure; an unfinished form keeps what was typed."""
    visitor.visit(case).follow(nb("Open the log"))
    visitor.fill(background="Fravær siden august. Familien ønsker hjelp.", goal=GOAL)
    button = nb("Open the log and take the baton")
    visitor.send(button, 422)
    assert visitor.field("goal").input_value() == GOAL
    visitor.fill(title=MEASURE, description="Kari møter Jonas i skolegården.")
    visitor.choose(arena="school", kind="adult").send(button)
    assert visitor.path == case
    visitor.sees(GOAL, MEASURE, nb("You have the baton until someone else has said yes."))


def offer_baton(visitor: Visitor, case: str, name: str) -> None:
    """Offer it; the holder keeps it."""
    visitor.visit(case).follow(nb("Pass the baton on"))
    visitor.pick("to", name).fill(message="Mor svarer best på SMS.")
    visitor.send(nb("Offer the baton"))
    visitor.sees(
        nb("It is offered to %(name)s.", name=name),
        nb("You have the baton until someone else has said yes."),
    )


def answer_baton(visitor: Visitor, case: str, answer: str) -> None:
    """Answer from my day."""
    visitor.visit("/worklist").follow(nb("Answer"))
    visitor.choose(answer=answer).send(nb("Send the answer"))
    if answer == "yes":
        assert visitor.path == case
        visitor.sees(nb("You have the baton until someone else has said yes."))


def evaluate(visitor: Visitor, case: str, today: date, then: date, decision: str) -> None:
    """Evaluate the measure in three views."""
    visitor.visit(case).follow(nb("Evaluate now"))
    visitor.fill(
        on=today.isoformat(),
        child="Det er bedre når Kari er der.",
        guardians="Morgenene går lettere.",
        professional="Borte én dag, mot fire før.",
    )
    visitor.choose(result="partly", decision=decision)
    visitor.fill(next_on="" if decision == "close" else then.isoformat())
    visitor.send(nb("Save the evaluation"))
    assert visitor.path == case


def decide(
    visitor: Visitor, case: str, to: str, cause: str = "", *, loses_it: bool = False
) -> None:
    """Decide the way on, with a reason."""
    visitor.visit(f"{case}/decide")
    visitor.choose(to=to).fill(reason="Vi har sett på det sammen med familien.")
    if cause:
        visitor.choose(cause=cause)
    visitor.send(nb("Save the decision"))
    # Who reads the case by consent alone loses it as it closes, and stands in their own list.
    assert visitor.path == ("/worklist" if loses_it else case)


def write_note(visitor: Visitor, case: str, info_type: str, text: str) -> None:
    """Write a note of one type of information."""
    visitor.visit(case).follow(nb("Write a note"))
    visitor.choose(info_type=info_type).fill(text=text)
    visitor.send(nb("Save the note"))
    assert visitor.path == case
