"""Asking the family, writing down what they say, letting somebody in, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor


def ask(visitor: Visitor, case: str, service: str = "", types: tuple[str, ...] = ()) -> str:
    """Put the question; returns the address of the consent."""
    visitor.visit(f"{case}/consent/ask")
    visitor.choose(scope="bring_in_service" if service else "open_log")
    if service:
        visitor.pick("to_unit", service)
    for one in types:
        visitor.choose(info_types=one)
    visitor.fill(
        purpose="Så vi kan hjelpe Jonas sammen.",
        words="Det er greit, hvis jeg får vite hva dere sier.",
        weight="Vi deler bare det han vet om.",
    )
    visitor.choose(heard="yes", method="conversation", kept="nothing")
    visitor.send(nb("Go on to the text and the answers"))
    return visitor.path


def read_text(visitor: Visitor, consent: str) -> None:
    """The text the family gets, also in another language."""
    visitor.follow(nb("The text for the family"))
    visitor.visit(f"{consent}/text?language=en")
    visitor.visit(consent)


def answer_yes(visitor: Visitor, consent: str, *names: str) -> None:
    """Write down that everybody said yes; before the last has answered, it waits."""
    visitor.visit(consent)
    for place, name in enumerate(names):
        visitor.sees(nb("Has not answered"))
        visitor.follow(f"{nb('Write the answer')} {name}")
        visitor.choose(answer="yes", form="in_person")
        visitor.send(nb("Save the answer"))
        assert visitor.path == consent, place
    visitor.does_not_see(nb("Has not answered"))


def let_in(visitor: Visitor, case: str, name: str) -> None:
    """Let one person from the service take part."""
    visitor.visit(case).follow(nb("Let somebody in"))
    visitor.pick("person", name).send(nb("Let in"))
    visitor.sees(name)


def take_back(visitor: Visitor, consent: str) -> None:
    """One of the family takes the consent back."""
    visitor.visit(consent).follow(nb("Take it back"))
    visitor.field("person").first.check()
    visitor.send(nb("Yes, take it back"))
