"""Breaks in follow-up, for the leader of a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from bti.domain.deadlines import DueKind
from bti.web.doorway import perform
from bti.workflows import follow_up

if TYPE_CHECKING:
    from flask import Flask

    from bti.workflows.follow_up import BreakLine, UnitBreaks

blueprint = Blueprint("follow_up", __name__)

#: What has not been done, and what to do about it.
WORDS: Final[dict[DueKind, tuple[Any, Any]]] = {
    DueKind.TALK: (
        lazy_gettext("Nobody has talked with the guardians"),
        lazy_gettext("Ask whether it is hard to begin, and offer to be there."),
    ),
    DueKind.DECISION: (
        lazy_gettext("The way on from a concern is not decided"),
        lazy_gettext("Sit down together and decide: close, go on, or invite others."),
    ),
    DueKind.INVITATION: (
        lazy_gettext("Another service is not invited yet"),
        lazy_gettext("Find out which service it is, and whether the family has been asked."),
    ),
    DueKind.PLAN: (
        lazy_gettext("No evaluation is coming"),
        lazy_gettext("Agree on a measure with a date, or on the way on."),
    ),
    DueKind.EVALUATION: (
        lazy_gettext("Measures are not evaluated"),
        lazy_gettext("Ask for a meeting to be set. The child is asked first."),
    ),
    DueKind.OFFER: (
        lazy_gettext("An offer of the baton was not answered"),
        lazy_gettext("Whoever had the baton has it still. Agree on somebody else to ask."),
    ),
    DueKind.OF_AGE: (
        lazy_gettext("A child is soon of age, or is"),
        lazy_gettext(
            "It is not written what is to become of the case. At 18 the guardians' yes ends."
        ),
    ),
    DueKind.CONSENT: (
        lazy_gettext("A consent has run out"),
        lazy_gettext(
            "Nothing more is shared with that service until the family has been asked again."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One kind of break, in words."""

    of: BreakLine
    title: Any
    advice: Any


@dataclass(frozen=True, slots=True)
class UnitPage:
    """View model of follow_up/unit.html."""

    breaks: UnitBreaks
    lines: tuple[ShownLine, ...]


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/follow-up")
def unit() -> str:
    """What lies in my unit, and with whom."""
    breaks = perform(follow_up.of_unit)
    lines = tuple(ShownLine(one, *WORDS[one.kind]) for one in breaks.lines)
    return render_template("follow_up/unit.html", page=UnitPage(breaks, lines))
