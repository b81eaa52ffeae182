"""Logging a concern in three short steps, each kept as a draft on the server.

Steps rather than one long page: on a phone each fits a few screens, an error is near its field,
and a lost connection costs one step at most. The draft carries the steps, so that nothing about a
child stands in an address, and everything works without script.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from flask import Blueprint, Flask, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bti.domain.errors import RuleBroken
from bti.web import drafts, messages
from bti.web.doorway import perform
from bti.web.filters import bare_clock
from bti.web.forms.concern import (
    NEW_CASE,
    SUBMISSION,
    YES,
    HomeForm,
    ReviewForm,
    SeenForm,
    kept,
    to_command,
)
from bti.web.notices import notify
from bti.workflows import child_search, concern, own_record
from bti.workflows.child_search import Found
from bti.workflows.own_record import Form

if TYPE_CHECKING:
    from bti.workflows.concern import FormPage

_UNFINISHED: Final = 422
#: A little more than 24 years; the rule itself counts exactly.
_OLDEST: Final = timedelta(days=366 * 25)

blueprint = Blueprint("concern", __name__, url_prefix="/concern")


@dataclass(frozen=True, slots=True)
class StepPage:
    """View model of the three steps. ``saved`` is a clock time, empty before the first saving."""

    leads: tuple[str, ...]
    saved: str
    closed: tuple[Found, ...] = ()
    looked: bool = False
    chosen: Found | None = None
    seen: SeenForm | None = None
    home: HomeForm | None = None


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Step 1: is it urgent, who is it about, what was seen."""
    if request.method == "POST":
        return _take_seen()
    facts = perform(concern.open_form)
    form = SeenForm.from_draft(facts.draft.fields) if facts.draft else SeenForm()
    if facts.chosen is not None:
        _offer(form, (facts.chosen,))
    return _show("seen", form, _page(facts))


@blueprint.route("/new/home", methods=["GET", "POST"])
def home() -> Response:
    """Step 2: the child's view, the guardians, what was tried."""
    if request.method == "POST":
        form = HomeForm()
        drafts.keep(Form.CONCERN, _typed(form))
        if request.form.get("go") == "later":
            return _later()
        facts = perform(concern.open_form)
        form.limit_days(facts.today)
        if form.validate_on_submit():
            return redirect(url_for("concern.review"), 303)
        return _show("home", form, _page(facts), _UNFINISHED)
    facts = perform(concern.open_form)
    if facts.draft is None:
        return redirect(url_for("concern.new"))
    return _show("home", HomeForm.from_draft(facts.draft.fields), _page(facts))


@blueprint.route("/new/review", methods=["GET", "POST"])
def review() -> Response:
    """Step 3: look over, see who will read it, and save."""
    facts = perform(concern.open_form)
    form = ReviewForm()
    if facts.draft is None:
        return _sent_before(form)
    seen, at_home = _both(facts)
    unfinished = _first_unfinished(seen, at_home, facts)
    if unfinished:
        notify("concern_unfinished")
        return redirect(url_for(unfinished), 303)
    if not at_home.unsafe:
        del form.considered_duty
    if form.validate_on_submit():
        command = to_command(
            seen,
            at_home,
            submission=_submission(facts) or _of(form),
            case_id=facts.chosen.case_id if facts.chosen else None,
        )
        try:
            logged = perform(concern.log_concern, command=command)
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("concern_logged")
            return redirect(url_for("case.show", case_id=logged.case_id), 303)
    form.submission.data = _submission(facts) or _of(form)
    form.submission.raw_data = None
    status = _UNFINISHED if form.error_list() else 200
    return _show("review", form, replace(_page(facts), seen=seen, home=at_home), status)


@blueprint.post("/draft/<any(seen, home):step>")
def save_draft(step: str) -> Response:
    """Keep one step while it is being written; draft.js asks."""
    return drafts.autosave(Form.CONCERN, _typed(_STEPS[step]()))


@blueprint.post("/draft/discard")
def discard() -> Response:
    """Delete the draft and its key."""
    gone = perform(own_record.delete_draft, form=Form.CONCERN)
    notify("draft_deleted" if gone else "nothing_changed")
    return redirect(url_for("concern.new"), 303)


@blueprint.after_request
def _keep_when_signed_out(response: Response) -> Response:
    step = (request.view_args or {}).get("step") or _POSTED.get(request.endpoint or "")
    if step is None or not drafts.ran_out(response):
        return response
    fields = _typed(_STEPS[step]())
    back = url_for("concern.home" if step == "home" else "concern.new")
    return drafts.keep_when_signed_out(response, Form.CONCERN, fields, back)


_STEPS: Final[dict[str, type[SeenForm | HomeForm]]] = {"seen": SeenForm, "home": HomeForm}
_POSTED: Final = {"concern.new": "seen", "concern.home": "home"}


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


# -- step 1 ----------------------------------------------------------------------------------------


def _take_seen() -> Response:
    form = SeenForm()
    fields = _typed(form)
    drafts.keep(Form.CONCERN, {**fields, "case": []})
    go = request.form.get("go", "")
    if go == "later":
        return _later()
    if form.danger.data == YES:
        return _to_danger(form)
    facts = perform(concern.open_form)
    _limit(form, facts.today)
    found = _look(form)
    _offer(form, found)
    closed = tuple(one for one in found if not one.is_open)
    page = replace(_page(facts), closed=closed, looked=go == "search")
    if go == "search":
        form.national_id.validate(form)
        return _show("seen", form, page)
    holds = form.validate_on_submit()
    if holds and form.case.choices and form.case.data is None:
        form.refuse(gettext("Choose one of your cases, or a new one."), form.case)
        holds = False
    if not holds:
        return _show("seen", form, page, _UNFINISHED)
    drafts.keep(Form.CONCERN, {"case": [form.case.data] if form.case.data else []})
    return redirect(url_for("concern.home"), 303)


def _look(form: SeenForm) -> tuple[Found, ...]:
    """Own cases about this child, by number and by name; a wrong number is said at the field."""
    found: dict[UUID, Found] = {}
    if form.national_id.data and form.national_id.validate(form):
        try:
            for one in perform(child_search.search_child, number=form.national_id.data):
                found[one.case_id] = one
        except RuleBroken as broken:
            # Validation empties the list of errors; a process error stays and is shown.
            said = messages.message(broken)
            form.national_id.process_errors = (*form.national_id.process_errors, said)
    if form.child_name.data and form.birth_date.data:
        hits = perform(
            child_search.search_child,
            name=form.child_name.data,
            birth_date=form.birth_date.data,
        )
        found.update((one.case_id, one) for one in hits)
    return tuple(found.values())


def _offer(form: SeenForm, found: tuple[Found, ...]) -> None:
    """Offer the open ones as places for the concern."""
    rows = [(str(one.case_id), _named(one)) for one in found if one.is_open]
    form.case.choices = [*rows, (NEW_CASE, gettext("None of these: a new case"))] if rows else []
    if not rows:
        form.case.data = None
        form.case.raw_data = None


def _named(one: Found) -> str:
    return str(
        gettext(
            "%(name)s, case %(number)s, level %(level)s",
            name=", ".join(part for part in (one.name, one.group) if part),
            number=one.number,
            level=one.level,
        )
    )


def _to_danger(form: SeenForm) -> Response:
    """To the danger page, with what was typed; an older draft there is not overwritten."""
    if perform(own_record.load_draft, form=Form.DUTY) is None:
        about = ", ".join(part for part in (form.child_name.data, form.group.data) if part)
        fields = {"about": [about], "known": [form.seen.data or ""]}
        drafts.keep(Form.DUTY, {name: kept(values) for name, values in fields.items()})
    return redirect(url_for("duty.report"), 303)


# -- all steps -------------------------------------------------------------------------------------


def _typed(form: SeenForm | HomeForm) -> dict[str, list[str]]:
    fields = form.typed(request.form)
    # The number of the sending follows the draft, so that every step is the same sending.
    return {**fields, SUBMISSION: [str(_of(form))]}


def _of(form: SeenForm | HomeForm | ReviewForm) -> UUID:
    data = form.submission.data
    if data is None:
        raise ValueError("a submission field always holds a number")
    return data


def _submission(facts: FormPage) -> UUID | None:
    if facts.draft is None:
        return None
    try:
        return UUID((facts.draft.fields.get(SUBMISSION) or [""])[0])
    except ValueError:
        return None


def _both(facts: FormPage) -> tuple[SeenForm, HomeForm]:
    fields = facts.draft.fields if facts.draft else {}
    seen, at_home = SeenForm.from_draft(fields), HomeForm.from_draft(fields)
    _limit(seen, facts.today)
    at_home.limit_days(facts.today)
    _offer(seen, (facts.chosen,) if facts.chosen else ())
    return seen, at_home


def _limit(form: SeenForm, today: date) -> None:
    form.limit_days(today)
    form.birth_date.earliest = today - _OLDEST


def _first_unfinished(seen: SeenForm, at_home: HomeForm, facts: FormPage) -> str:
    named = facts.draft.fields.get("case", []) if facts.draft else []
    gone = bool(named) and named != [NEW_CASE] and facts.chosen is None
    if gone or not seen.validate() or seen.danger.data == YES:
        return "concern.new"
    return "" if at_home.validate() else "concern.home"


def _sent_before(form: ReviewForm) -> Response:
    if request.method == "POST":
        case_id = perform(concern.sent_before, submission=_of(form))
        if case_id is not None:
            return redirect(url_for("case.show", case_id=case_id), 303)
    return redirect(url_for("concern.new"), 303)


def _later() -> Response:
    notify("draft_saved")
    return redirect(url_for("worklist.show"), 303)


def _page(facts: FormPage) -> StepPage:
    saved = bare_clock(facts.draft.saved_at) if facts.draft else ""
    return StepPage(facts.leads, saved, chosen=facts.chosen)


def _show(
    step: str, form: SeenForm | HomeForm | ReviewForm, page: StepPage, status: int = 200
) -> Response:
    return make_response(render_template(f"concern/{step}.html", page=page, form=form), status)
