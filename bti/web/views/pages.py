"""Pages about Stafett itself: privacy, accessibility, help, the action guide, and "are you there".

Also served by the network side, so nothing here may need the case side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, g, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bti.profiles import load
from bti.web import i18n, labels, layout, readiness

if TYPE_CHECKING:
    from bti.profiles import GuideStep, LevelGuide

blueprint = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the guide in the reader's language."""

    code: str
    text: str
    detail: str
    who: str
    deadline: str


@dataclass(frozen=True, slots=True)
class LevelCard:
    """One level of the guide in the reader's language."""

    number: int
    anchor: str
    label: str
    arena: str
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class GuidePage:
    """View model of pages/guide.html. ``phones``: number and whose it is."""

    municipality: str
    levels: tuple[LevelCard, ...]
    phones: tuple[tuple[str, str], ...]


@blueprint.get("/")
def start() -> Response:
    """Go to the first page of one's role, or to sign in."""
    actor = g.actor
    for row in layout.MENU if actor is not None else ():
        if actor.role in row.roles and row.endpoint in current_app.view_functions:
            return redirect(url_for(row.endpoint))
    fallback = ("account.show",) if actor is not None else ("sign_in.show", "slt.sign_in")
    endpoint = next((name for name in fallback if name in current_app.view_functions), None)
    return redirect(url_for(endpoint or "pages.help"))


@blueprint.get("/privacy")
def privacy() -> str:
    """What is kept, why, for how long and who sees it."""
    return render_template("pages/privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> str:
    """How far everybody can use Stafett, and whom to tell when not (likestillingsloven § 18)."""
    return render_template("pages/accessibility.html")


@blueprint.get("/help", endpoint="help")
def help_page() -> str:
    """Short answers."""
    return render_template("pages/help.html")


@blueprint.get("/guide")
def guide() -> str:
    """The action guide of the person's municipality, for reading and printing."""
    profile, language = load(g.actor.profile), i18n.language()
    page = GuidePage(
        municipality=g.actor.municipality,
        levels=tuple(_level(one, language) for one in profile.levels),
        phones=tuple((one.number, one.label[language]) for one in profile.phones),
    )
    return render_template("pages/guide.html", page=page)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process is there. Asks nothing else, so that a slow database does not restart it."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether requests can be served now: 200, else 503. Never says why not.

    Below «ready» stands what an operator should look at, one code on each line.
    """
    if not readiness.is_ready(current_app):
        return Response("not ready\n", 503, mimetype="text/plain")
    lines = ("ready", *readiness.notices_of(current_app))
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _level(found: LevelGuide, language: str) -> LevelCard:
    return LevelCard(
        number=int(found.level),
        anchor=f"level-{int(found.level)}",
        label=found.label[language],
        arena=found.arena[language],
        steps=tuple(_step(one, language) for one in found.steps),
    )


def _step(found: GuideStep, language: str) -> StepRow:
    days = found.deadline_days
    return StepRow(
        code=found.code,
        text=found.text[language],
        detail=found.detail[language],
        who=str(labels.label(found.who, "who")),
        deadline=(
            str(gettext("No fixed deadline"))
            if days is None
            else str(ngettext("Within %(num)s day", "Within %(num)s days", days))
        ),
    )
