"""The action guide of the person's municipality, as it is in force today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request, url_for

from bti.web import i18n
from bti.web.doorway import perform
from bti.web.guide_page import guide_page, sector_of
from bti.workflows import rules_draft

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("guide", __name__)


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/guide")
def show() -> str:
    """The action guide as a service follows it, also for print."""
    page = guide_page(
        perform(rules_draft.followed),
        municipality=g.actor.municipality,
        sector=sector_of(request.args.get("service", ""), g.actor.sector),
        language=i18n.language(),
        address=lambda code: url_for("guide.show", service=code),
    )
    return render_template("pages/guide.html", page=page)
