"""What happens when somebody is worried about my child: a page for each municipality, without sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from flask_babel import force_locale

from bti.domain.levels import Level
from bti.domain.local_rules import YouthMode
from bti.domain.signers import (
    EDUCATION_ALONE_FROM,
    HEALTH_ALONE_FROM,
    YOUTH_ALONE_EARLIEST,
)
from bti.web import i18n
from bti.web.calls import urgent_calls
from bti.web.doorway import doorway
from bti.workflows import municipality

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from bti.web.calls import Call
    from bti.workflows.municipality import PublicRules

blueprint = Blueprint("families", __name__, url_prefix="/families")


@dataclass(frozen=True, slots=True)
class Stage:
    """One level as a family meets it."""

    number: int
    label: str
    arena: str
    text: str


@dataclass(frozen=True, slots=True)
class FamilyPage:
    """View model of families/show.html. ``teams``: name, who leads it and what it is for."""

    municipality: str
    stages: tuple[Stage, ...]
    teams: tuple[tuple[str, str, str], ...]
    calls: tuple[Call, ...]
    sources: tuple[str, ...]
    talk_days: int
    decision_days: int
    evaluation_days: int
    consent_months: int
    #: From which age the child answers too; None where it answers alone from the first.
    youth_beside: int | None
    #: From which age it may answer alone; None where the municipality asks the guardians too.
    youth_alone: int | None
    #: Where an act gives the child the say.
    schooling_alone: int
    health_alone: int
    log_level: int
    may_end: bool


@blueprint.get("")
def start() -> Response | str:
    """Choose the municipality; straight on where there is only one."""
    towns = doorway().perform(municipality.choices, None)
    if len(towns) == 1:
        return redirect(url_for("families.show", number=towns[0].number))
    return render_template("families/start.html", towns=towns)


@blueprint.get("/<string:number>")
def show(number: str) -> str:
    """What happens, in the municipality's own words and language. 404 for one that is not here."""
    town = doorway().perform(municipality.public_rules, None, number=number)
    actor = g.actor
    language = i18n.choose(request, None if actor is None else actor.language, town.language)
    with force_locale(language):
        return render_template("families/show.html", page=_page(town, language))


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _page(town: PublicRules, language: str) -> FamilyPage:
    profile = town.rules
    alone = profile.youth_mode is YouthMode.ALONE
    guides = [profile.guide(level) for level in Level]
    return FamilyPage(
        municipality=town.name,
        stages=tuple(
            Stage(int(one.level), one.label[language], one.arena[language], one.family[language])
            for one in guides
        ),
        teams=tuple(
            (one.name[language], one.lead[language] if one.lead else "", one.about[language])
            for one in profile.teams
        ),
        calls=urgent_calls(profile.phones, language),
        sources=tuple(source.title for source in profile.sources.values()),
        talk_days=profile.guardian_talk_days,
        decision_days=profile.level_0_decision_days,
        evaluation_days=profile.evaluation_interval_days,
        consent_months=profile.consent_validity_months,
        youth_beside=profile.youth_age
        if not alone or profile.youth_age < YOUTH_ALONE_EARLIEST
        else None,
        youth_alone=YOUTH_ALONE_EARLIEST if alone else None,
        schooling_alone=EDUCATION_ALONE_FROM,
        health_alone=HEALTH_ALONE_FROM,
        log_level=profile.log_opens_at_level,
        may_end=profile.family_may_end_log,
    )
