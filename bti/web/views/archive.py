"""The archivist's page: which closed cases wait, by number. Packages are made by a command, where the keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, render_template, url_for

from bti.web.doorway import perform
from bti.web.insight_rows import paging, wanted_page
from bti.workflows import archive

if TYPE_CHECKING:
    from flask import Flask

    from bti.web.insight_rows import Paging
    from bti.workflows.archive import Waiting

blueprint = Blueprint("archive", __name__)
_ON_A_PAGE: Final = 40


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """View model of archive/waiting.html. ``waiting`` is one page of the ``count`` that wait."""

    waiting: tuple[Waiting, ...]
    count: int
    paging: Paging
    archived: tuple[Waiting, ...]


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/archive")
def waiting() -> str:
    """Closed cases, those the archive does not have first."""
    rows = perform(archive.waiting)
    there = tuple(one for one in rows if one.received_at is not None and one.reference)
    rest = tuple(one for one in rows if one not in there)
    last = max(1, -(-len(rest) // _ON_A_PAGE))
    current = max(1, min(wanted_page(), last))
    shown = ArchivePage(
        waiting=rest[(current - 1) * _ON_A_PAGE : current * _ON_A_PAGE],
        count=len(rest),
        paging=paging(current, last, lambda page: url_for("archive.waiting", page=page)),
        archived=there,
    )
    return render_template("archive/waiting.html", page=shown)
