"""Pages about Stafett itself: privacy, accessibility, help, the action guide, and "are you there".

Also served by the network side, so nothing here may need the case side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bti.clock import norwegian_date
from bti.domain.codes import Sector
from bti.domain.levels import Level
from bti.profiles import Said, in_force
from bti.web import i18n, labels, layout, readiness
from bti.web.calls import urgent_calls
from bti.web.own_papers import public_papers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.profiles import Fact, GuideStep, LevelGuide, Profile
    from bti.web.calls import Call

blueprint = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the guide in the reader's language."""

    code: str
    text: str
    detail: str
    who: str
    deadline: str
    tools: tuple[str, ...]
    #: Where the municipality has said it, as sentences; empty where it is the standard's.
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelCard:
    """One level of the guide in the reader's language."""

    number: int
    anchor: str
    label: str
    arena: str
    said: tuple[str, ...]
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class GuidePage:
    """View model of pages/guide.html.

    ``teams``: name, who leads it, what it is for, and where the municipality has said so.
    """

    municipality: str
    service: str
    services: tuple[tuple[str, str], ...]
    levels: tuple[LevelCard, ...]
    teams: tuple[tuple[str, str, str, str], ...]
    calls: tuple[Call, ...]
    version: str
    #: Whether the municipality has said something itself, so that each step tells whose it is.
    local: bool


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
    return render_template("pages/privacy.html", towns=public_papers())


@blueprint.get("/accessibility")
def accessibility() -> str:
    """How far everybody can use Stafett, and whom to tell when not (likestillingsloven § 18)."""
    return render_template("pages/accessibility.html", towns=public_papers())


@blueprint.get("/help", endpoint="help")
def help_page() -> str:
    """Short answers."""
    return render_template("pages/help.html")


@blueprint.get("/guide")
def guide() -> str:
    """The action guide of the person's municipality as a service follows it, also for print."""
    today = norwegian_date(current_app.extensions["bti"].clock.now())
    profile, language = in_force(g.actor.profile, today), i18n.language()
    sector = _sector(request.args.get("service", ""), g.actor.sector)
    page = GuidePage(
        municipality=g.actor.municipality,
        service=str(labels.label(sector.value, "sector")),
        services=tuple((one.value, str(labels.label(one.value, "sector"))) for one in Sector),
        levels=tuple(_level(profile, number, sector, language) for number in Level),
        teams=tuple(
            (
                one.name[language],
                one.lead[language] if one.lead else "",
                one.about[language],
                _at(profile, f"teams.{one.code}"),
            )
            for one in profile.teams
        ),
        calls=urgent_calls(profile.phones, language),
        version=profile.key,
        local=bool(profile.facts),
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


def _sector(chosen: str, own: str) -> Sector:
    """The service asked for, else the person's own."""
    return next((one for one in Sector if one.value == chosen), Sector(own))


def _level(profile: Profile, number: int, sector: Sector, language: str) -> LevelCard:
    found: LevelGuide = profile.guide(number, sector)
    return LevelCard(
        number=int(found.level),
        anchor=f"level-{int(found.level)}",
        label=found.label[language],
        arena=found.arena[language],
        said=_each_once(
            _at(profile, f"levels.{number}.{part}") for part in ("label", "arena", "family")
        ),
        steps=tuple(_step(profile, one, language) for one in found.steps),
    )


def _step(profile: Profile, found: GuideStep, language: str) -> StepRow:
    days = found.deadline_days
    who = found.title[language] if found.title else str(labels.label(found.who, "who"))
    return StepRow(
        code=found.code,
        text=found.text[language],
        detail=found.detail[language],
        who=who,
        deadline=(
            str(gettext("No fixed deadline"))
            if days is None
            else str(ngettext("Within %(num)s day", "Within %(num)s days", days))
        ),
        tools=tuple(tool[language] for tool in found.tools),
        said=_each_once(_said(profile, fact) for fact in profile.said_of(found)),
    )


def _at(profile: Profile, key: str) -> str:
    fact = profile.said(key)
    return _said(profile, fact) if fact is not None else ""


def _each_once(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in said if one))


def _said(profile: Profile, fact: Fact) -> str:
    title = profile.sources[fact.source].title
    if fact.said is Said.READ:
        return str(gettext("Read out of %(title)s, %(place)s.", title=title, place=fact.place))
    return str(gettext("It stands in %(title)s, %(place)s.", title=title, place=fact.place))
