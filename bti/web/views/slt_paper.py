"""The pages of published numbers as files: one half-year, and all of them side by side."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from bti.slt.perform import AccessDenied
from bti.slt.release import show_release, show_releases
from bti.web.document_file import as_file
from bti.web.network import runtime, signed_in
from bti.web.slt_paper_numbers import release_paper, trends_paper

FILES: Final = ("numbers.pdf", "numbers.odt")

blueprint = Blueprint("paper", __name__)


@blueprint.get("/releases/<period>/<paper>")
def release(period: str, paper: str) -> Response:
    """The numbers of one half-year as a file."""
    try:
        found = show_release(runtime(), signed_in().coordinator, period).release
    except AccessDenied:
        abort(404)
    if found is None or paper not in FILES:
        abort(404)
    return as_file(release_paper(found), paper.partition(".")[2])


@blueprint.get("/trends/<paper>")
def trends(paper: str) -> Response:
    """Published half-years side by side as a file."""
    found = show_releases(runtime(), signed_in().coordinator)
    if not found or paper not in FILES:
        abort(404)
    return as_file(trends_paper(found), paper.partition(".")[2])
