"""The archivist's page: which closed cases wait, by number. Packages are made by a command, where the keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from bti.web.doorway import perform
from bti.workflows import archive

if TYPE_CHECKING:
    from flask import Flask

    from bti.workflows.archive import Waiting

blueprint = Blueprint("archive", __name__)


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """View model of archive/waiting.html."""

    waiting: tuple[Waiting, ...]
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
    return render_template("archive/waiting.html", page=ArchivePage(rest, there))
