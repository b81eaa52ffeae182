"""Who has seen what: the accesses of one case, and the data protection officer's search."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Flask, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.domain.approval import ApprovalRefused
from bti.web import audit_words, filters
from bti.web.doorway import perform
from bti.web.forms.insight import SearchForm, SelectionForm
from bti.web.forms.text import printable
from bti.web.identity import person
from bti.web.notices import notify
from bti.workflows import audit_check, insight, insight_file, review
from bti.workflows.audit_check import ChainCard, CheckOutcome
from bti.workflows.insight import Access
from bti.workflows.insight_question import Question

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bti.workflows.review import Pending

# What a spreadsheet reads as the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_PAGES_AROUND: Final = 4
_LARGEST_PAGE: Final = 1_000_000
#: An approval that was good once: told kindly. Everything else is answered as what does not exist.
_OVER: Final = frozenset({"approval.used", "approval.expired", "approval.not_given"})

blueprint = Blueprint("insight", __name__)


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One line as it is shown."""

    at: datetime
    who: str
    under: str
    what: str
    color: str
    why: str
    about: str


@dataclass(frozen=True, slots=True)
class Paging:
    """The numbered pages under a list; `href` gives the address of a number."""

    numbers: tuple[int, ...]
    current: int
    href: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class CasePage:
    """View model of insight/case.html."""

    number: str
    rows: tuple[AccessRow, ...]
    total: int
    paging: Paging
    case_href: str
    here_href: str
    whole_href: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """View model of insight/search.html. ``outcome`` is there right after a check.

    ``total`` is None when nothing was asked for: how large the whole log is says too much about
    what is left out of it.
    """

    rows: tuple[AccessRow, ...]
    total: int | None
    pending: Pending
    paging: Paging
    chain: ChainCard
    outcome: CheckOutcome | None
    action: str
    check_action: str
    #: There was more than the search went through.
    cut: bool
    #: What was filled in, by name of the field.
    asked: Mapping[str, str]
    #: A file was asked for and refused: what was typed is still there, rows or none.
    asking: bool
    ask_action: str
    #: A record of a breach with the same selection; empty when nothing was asked for.
    breach_href: str


@blueprint.get("/cases/<uuid:case_id>/accesses")
def case(case_id: uuid.UUID) -> str:
    """Who has seen this case, newest first."""
    whole = request.args.get("all") == "yes"
    found = perform(insight.case_accesses, case_id, page=_wanted_page(), whole=whole)

    def href(number: int) -> str:
        return url_for("insight.case", case_id=case_id, page=number)

    page = CasePage(
        number=found.number,
        rows=_rows(found.rows),
        total=found.total,
        paging=_paging(found.page, found.pages, href),
        case_href=url_for("case.show", case_id=case_id),
        here_href=url_for("insight.case", case_id=case_id),
        whole_href=url_for("insight.case", case_id=case_id, all="yes") if found.pages > 1 else "",
    )
    return render_template("insight/case.html", page=page)


@blueprint.get("/insight")
def search() -> Response:
    """Search the access log."""
    return _answer(None)


@blueprint.post("/insight/check")
def check() -> Response:
    """Prove the log now, and show what was found."""
    return _answer(perform(audit_check.verify, tenant_id=person().tenant_id))


@blueprint.post("/insight/selections")
def ask() -> Response:
    """Ask a colleague's yes to a file of what is searched for."""
    form, wanted = SearchForm(), SelectionForm()
    if not form.validate() or not wanted.validate():
        return _show(form, None, 422, wanted)
    approval_id = perform(
        insight_file.ask_for_selection, form.to_question(), reason=wanted.reason.data or ""
    )
    notify("selection_asked")
    return redirect(url_for("approval.show", approval_id=approval_id), 303)


@blueprint.post("/insight/selections/<uuid:approval_id>")
def selection(approval_id: uuid.UUID) -> Response:
    """The selection that a colleague said yes to, once, as a file for a spreadsheet."""
    try:
        rows = perform(insight_file.selection, approval_id=approval_id)
    except ApprovalRefused as refused:
        if refused.code not in _OVER:
            raise
        notify("not_done")
        return redirect(url_for("approval.list"), 303)
    response = make_response(_csv(rows))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="access-log.csv"'
    return response


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _answer(outcome: CheckOutcome | None) -> Response:
    form = SearchForm(request.args)
    return _show(form, outcome, 200 if form.validate() else 422)


def _show(
    form: SearchForm,
    outcome: CheckOutcome | None,
    status: int,
    wanted: SelectionForm | None = None,
) -> Response:
    question = form.to_question() if not form.errors else Question()
    found = perform(insight.search, question, page=_wanted_page())
    asked = {name: text for name in _names(form) if (text := request.values.get(name))}

    def href(number: int) -> str:
        return url_for("insight.search", page=number, **asked)  # type: ignore[arg-type]  # texts only

    page = SearchPage(
        rows=_rows(found.rows) if status == 200 else (),  # noqa: PLR2004 - HTTP's own number
        total=None if question.is_empty else found.total,
        pending=perform(review.pending),
        paging=_paging(found.page, found.pages, href),
        chain=found.chain,
        outcome=outcome,
        action=url_for("insight.search"),
        check_action=url_for("insight.check"),
        cut=found.cut,
        asked={name: printable(text) for name, text in asked.items()},
        asking=wanted is not None,
        ask_action=url_for("insight.ask"),
        breach_href=url_for("breach.new", **asked) if asked else "",  # type: ignore[arg-type]  # texts only
    )
    return make_response(
        render_template(
            "insight/search.html",
            page=page,
            form=form,
            wanted=wanted or SelectionForm(formdata=None, data={}),
        ),
        status,
    )


def _names(form: SearchForm) -> tuple[str, ...]:
    return tuple(field.name for field in form if getattr(field, "shape", "") != "hidden")


def _rows(found: Sequence[Access]) -> tuple[AccessRow, ...]:
    return tuple(
        AccessRow(
            at=row.at,
            who=audit_words.doer(row),
            under=", ".join(part for part in (row.title, row.unit) if part),
            what=audit_words.act(row),
            color=audit_words.color(row),
            why=audit_words.ground(row),
            about=_about(row),
        )
        for row in found
    )


def _about(row: Access) -> str:
    shown = ", ".join(row.numbers)
    more = row.cases - len(row.numbers)
    return str(gettext("%(shown)s and %(more)s more", shown=shown, more=more)) if more else shown


def _wanted_page() -> int:
    typed = request.args.get("page", "")
    known = typed.isascii() and typed.isdigit() and len(typed) < len(str(_LARGEST_PAGE))
    return int(typed) if known else 1


def _paging(current: int, pages: int, href: Callable[[int], str]) -> Paging:
    first = max(1, current - _PAGES_AROUND)
    last = min(pages, current + _PAGES_AROUND)
    return Paging(tuple(range(first, last + 1)), current, href)


def _csv(rows: Sequence[Access]) -> bytes:
    """Semicolons and a byte order mark: so Norwegian spreadsheets open it without asking."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            gettext("Time"),
            gettext("Who"),
            gettext("Unit"),
            gettext("What"),
            gettext("Why"),
            gettext("Case"),
        ]
    )
    for access, row in zip(rows, _rows(rows), strict=True):
        cells = (filters.iso(row.at), row.who, access.unit, row.what, row.why, row.about)
        writer.writerow([harmless(cell) for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def harmless(cell: str) -> str:
    """The cell's text so that no spreadsheet runs it as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) else cell
