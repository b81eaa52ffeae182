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
from bti.web import filters
from bti.web.doorway import perform
from bti.web.forms.insight import SearchForm, SelectionForm
from bti.web.forms.text import printable
from bti.web.identity import person
from bti.web.insight_rows import (
    AccessRow,
    DayRow,
    Paging,
    Shown,
    days,
    paging,
    rows,
    shown_as,
    wanted_page,
)
from bti.web.notices import notify
from bti.workflows import audit_check, insight, insight_days, insight_file, review
from bti.workflows.audit_check import ChainCard, CheckOutcome
from bti.workflows.insight import Access, CaseAccesses, SearchResult
from bti.workflows.insight_days import CaseDays, SearchDays
from bti.workflows.insight_question import Question

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence

    from bti.workflows.review import Pending

# What a spreadsheet reads as the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: An approval that was good once: told kindly. Everything else is answered as what does not exist.
_OVER: Final = frozenset({"approval.used", "approval.expired", "approval.not_given"})

blueprint = Blueprint("insight", __name__)


@dataclass(frozen=True, slots=True)
class CasePage:
    """View model of insight/case.html: ``days``, or ``rows`` where each event is shown."""

    number: str
    days: tuple[DayRow, ...]
    rows: tuple[AccessRow, ...]
    total: int
    #: None for the whole list, on paper.
    view: Shown | None
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

    days: tuple[DayRow, ...]
    rows: tuple[AccessRow, ...]
    total: int | None
    view: Shown
    pending: Pending
    paging: Paging
    chain: ChainCard
    outcome: CheckOutcome | None
    action: str
    check_action: str
    #: How many events the search went through, where there were more.
    cut: int
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
    view = shown_as("insight.case", {"case_id": case_id})
    if request.args.get("all") == "yes":
        whole = perform(insight.case_accesses, case_id, whole=True)
        page = _case_page(whole, view, rows=rows(whole.rows), printed=True)
    elif view.each:
        found = perform(insight.case_accesses, case_id, page=wanted_page(), mine=view.mine)
        page = _case_page(found, view, rows=rows(found.rows))
    else:
        grouped = perform(insight_days.case_days, case_id, page=wanted_page(), mine=view.mine)
        page = _case_page(grouped, view, days=days(grouped.days))
    return render_template("insight/case.html", page=page)


def _case_page(
    found: CaseAccesses | CaseDays,
    view: Shown,
    *,
    rows: tuple[AccessRow, ...] = (),
    days: tuple[DayRow, ...] = (),
    printed: bool = False,
) -> CasePage:
    return CasePage(
        number=found.number,
        days=days,
        rows=rows,
        total=found.total,
        view=None if printed else view,
        paging=paging(found.page, found.pages, view.page_href),
        case_href=url_for("case.show", case_id=found.case_id),
        here_href=url_for("insight.case", case_id=found.case_id),
        whole_href="" if printed else url_for("insight.case", case_id=found.case_id, all="yes"),
    )


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
        chosen = perform(insight_file.selection, approval_id=approval_id)
    except ApprovalRefused as refused:
        if refused.code not in _OVER:
            raise
        notify("not_done")
        return redirect(url_for("approval.list"), 303)
    response = make_response(_csv(chosen))
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
    asked = {name: text for name in _names(form) if (text := request.values.get(name))}
    # Whoever searches for somebody by name, also for themselves, sees all of it.
    view = shown_as("insight.search", asked, all_mine=bool(question.who))
    found = _found(question, view)
    fine = status == 200  # noqa: PLR2004 - HTTP's own number
    page = SearchPage(
        days=days(found.days) if isinstance(found, SearchDays) and fine else (),
        rows=rows(found.rows) if isinstance(found, SearchResult) and fine else (),
        total=None if question.is_empty else found.total,
        view=view,
        pending=perform(review.pending),
        paging=paging(found.page, found.pages, view.page_href),
        chain=found.chain,
        outcome=outcome,
        action=url_for("insight.search"),
        check_action=url_for("insight.check"),
        cut=_through(found),
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


def _found(question: Question, view: Shown) -> SearchDays | SearchResult:
    if view.each:
        return perform(insight.search, question, page=wanted_page(), mine=view.mine)
    return perform(insight_days.search_days, question, page=wanted_page(), mine=view.mine)


def _through(found: SearchDays | SearchResult) -> int:
    if not found.cut:
        return 0
    return found.through if isinstance(found, SearchDays) else insight.MOST_ROWS


def _names(form: SearchForm) -> tuple[str, ...]:
    return tuple(field.name for field in form if getattr(field, "shape", "") != "hidden")


def _csv(accesses: Sequence[Access]) -> bytes:
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
    for access, row in zip(accesses, rows(accesses), strict=True):
        cells = (filters.iso(row.at), row.who, access.unit, row.what, row.why, row.about)
        writer.writerow([harmless(cell) for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def harmless(cell: str) -> str:
    """The cell's text so that no spreadsheet runs it as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) else cell
