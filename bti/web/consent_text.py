"""The text a family reads before it answers, in the language they read.

Plain words, because a yes that is not understood is no yes. The record keeps the text whole, so a
change here is a new version and never rewrites what somebody once saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from flask_babel import force_locale
from flask_babel import gettext as _

from bti.domain.consent import Scope
from bti.web.filters import day_year, listed
from bti.web.labels import INFO_TYPE
from bti.workflows.consent import ShownText, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bti.domain.codes import InfoType

#: To be raised whenever a text below changes its meaning.
VERSION: Final = "2"

Line = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about whom. ``service`` is empty for the opening of the log."""

    scope: Scope
    child: str = field(repr=False)
    asker: str
    service: str
    types: Sequence[InfoType]
    direction: Way
    purpose: str = field(repr=False)
    until: date


def shown_text(question: Question, language: str) -> ShownText:
    """Return the text in ``language`` (nb, nn or en): first title and opening, then questions."""
    with force_locale(language):
        about = _log(question) if question.scope is Scope.OPEN_LOG else _service(question)
        return ShownText(VERSION, (*about, *_always(question)))


def _service(question: Question) -> tuple[Line, ...]:
    what = listed(INFO_TYPE[one] for one in question.types)
    names = {"service": question.service, "asker": question.asker}
    ways = {
        Way.OUT: _("%(asker)s tells %(service)s.", **names),
        Way.IN: _("%(service)s tells %(asker)s.", **names),
        Way.BOTH: _("%(asker)s and %(service)s tell each other.", **names),
    }
    return (
        (
            _("Can %(asker)s work together with %(service)s?", **names),
            _(
                "We would like to share something about %(child)s, so that it can get better. We "
                "only do it if you say yes.",
                child=question.child,
            ),
        ),
        (
            _("Who gets to know?"),
            f"{_allowed(question)} {_aware(question)}",
        ),
        (_("What do they get to know?"), f"{what}. {ways[question.direction]}"),
        (
            _("What do they not get to know?"),
            _("Everything else. What a service writes for itself alone is never shared."),
        ),
    )


def _allowed(question: Question) -> str:
    text: str = _(
        "Those who work with this in %(service)s. Nobody else. You say yes to the service, "
        "not to a named person.",
        service=question.service,
    )
    return text


def _aware(question: Question) -> str:
    """Who is told which services are in the case, as ``knows_services`` of the workflows says."""
    text: str = _(
        "That %(service)s is with us is known to those at %(asker)s who work with %(child)s and to "
        "the one who has the baton. If you later say yes to the team of level 3, it knows too.",
        service=question.service,
        asker=question.asker,
        child=question.child,
    )
    return text


def _log(question: Question) -> tuple[Line, ...]:
    return (
        (
            _("Can we open a stafettlogg for %(child)s?", child=question.child),
            _(
                "A stafettlogg is a shared plan. It says what we try, who does it, and when we ask "
                "whether it helps. One adult always has the responsibility."
            ),
        ),
        (
            _("Who gets to know?"),
            _(
                "Those who work with %(child)s at %(asker)s. We ask you again before anybody else "
                "may see it.",
                child=question.child,
                asker=question.asker,
            ),
        ),
        (
            _("What is written there?"),
            _(
                "What we agree on, what we try, and what you and %(child)s think of it.",
                child=question.child,
            ),
        ),
        (
            _("What is not written there?"),
            _("What is not needed to help. What a service writes for itself alone stays there."),
        ),
    )


def _always(question: Question) -> tuple[Line, ...]:
    return (
        (_("Why?"), question.purpose),
        (
            _("For how long?"),
            _("Until %(day)s. Then it stops by itself.", day=day_year(question.until)),
        ),
        (
            _("Can I change my mind?"),
            _(
                "Yes, at any time. Tell one of us, and it stops at once. You do not have to say "
                "why. What has been shared already must sometimes be kept by law."
            ),
        ),
        (
            _("What if I say no?"),
            _(
                "It has no consequences for the place %(child)s has, and you still get help.",
                child=question.child,
            ),
        ),
        (
            _("Do you ever have to tell without asking?"),
            _(
                "If we believe that a child is exposed to violence or does not get the care it "
                "needs, we must tell child welfare services. That goes for everyone who works in "
                "the municipality, also when you have not said yes."
            ),
        ),
    )
