"""My day: the start page of everybody who does case work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from bti.web.doorway import perform
from bti.workflows import worklist
from bti.workflows.worklist import Show

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("worklist", __name__, url_prefix="/worklist")

_HIDDEN = "hidden"


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.get("")
def show() -> str:
    """What needs me, and my cases. ``show`` chooses the cases, ``names=hidden`` leaves out names."""
    wanted = request.args.get("show", "")
    chosen = Show(wanted) if wanted in set(Show) else Show.ALL
    hidden = request.args.get("names") == _HIDDEN
    page = perform(worklist.my_day, show=chosen, names_hidden=hidden)
    names = _HIDDEN if hidden else None
    words = {
        Show.ALL: _("All %(count)s", count=page.counts[Show.ALL]),
        Show.HOLDER: _("I have the baton %(count)s", count=page.counts[Show.HOLDER]),
        Show.PARTICIPANT: _("I take part %(count)s", count=page.counts[Show.PARTICIPANT]),
        Show.WONDER: _("Wonder %(count)s", count=page.counts[Show.WONDER]),
    }
    filters = [
        (words[one], url_for("worklist.show", show=one.value, names=names), one is chosen)
        for one in Show
    ]
    return render_template(
        "worklist/show.html",
        page=page,
        filters=filters,
        names_href=url_for("worklist.show", show=chosen.value, names=None if hidden else _HIDDEN),
    )
