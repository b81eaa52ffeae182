"""Indicators on the network side: what others have counted, its files, and bringing one in."""

from __future__ import annotations

import uuid
from typing import Final

from flask import (
    Blueprint,
    Flask,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response
from wtforms.fields.core import Field

from bti.profiles.reader import N_
from bti.slt.indicator import IndicatorFault, IndicatorFileError
from bti.slt.indicator_change import BroughtIn, IndicatorRefusedError, bring_in, end_indicators
from bti.slt.indicator_csv import COLUMNS, REQUIRED
from bti.slt.indicator_file import text_of
from bti.slt.indicator_stored import FilePage, show_file, show_indicator, show_indicators
from bti.slt.perform import AccessDenied
from bti.slt.release import show_releases
from bti.table_file import MOST_BYTES
from bti.web import uploads
from bti.web.forms.slt_indicator import BringInForm, EndForm
from bti.web.forms.text import printable, tidy
from bti.web.network import NetworkPerson, runtime, signed_in
from bti.web.notices import notify
from bti.web.slt_indicators import cell_of, indicator_groups, indicator_page

_UNFINISHED: Final = 422
_BOTH: Final = N_("There is a text already. Empty it, if the file is to be read instead.")
_WHY: Final = frozenset({"indicator.correction", "indicator.names", "indicator.reason"})

blueprint = Blueprint("indicator", __name__, url_prefix="/indicators")


def register(app: Flask) -> None:
    """Let the form take a file."""
    uploads.accept(app, "slt.indicator.new", _begin, largest=MOST_BYTES)


def _begin(name: str) -> uploads.InMemory | None:
    return uploads.InMemory(name, MOST_BYTES) if isinstance(g.actor, NetworkPerson) else None


@blueprint.get("", endpoint="list")
def list_() -> str:
    """Every indicator by its theme, and the files they are from."""
    found = show_indicators(runtime(), signed_in().coordinator)
    return render_template(
        "slt/indicator/list.html", groups=indicator_groups(found), files=found.files
    )


@blueprint.get("/<indicator_code>")
def show(indicator_code: str) -> str:
    """One indicator over its years, and our own published counts of the same theme beside it."""
    who = signed_in().coordinator
    try:
        found = show_indicator(runtime(), who, indicator_code)
    except AccessDenied:
        abort(404)
    page = indicator_page(found, show_releases(runtime(), who))
    return render_template("slt/indicator/show.html", page=page, code=indicator_code)


@blueprint.get("/files/<uuid:indicator_file_id>")
def file(indicator_file_id: uuid.UUID) -> str:
    """One version of a file: where it is from, its numbers, and the other versions."""
    return _shown(_file(indicator_file_id), EndForm())


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Bring a file in; ``corrects`` names the one it corrects."""
    form = BringInForm(data=_begins_with())
    form.prepare()
    faults: tuple[IndicatorFault, ...] = ()
    found: tuple[str, ...] = ()
    if request.method == "POST":
        faults = _take(form)
        if form.validate() and not faults:
            try:
                done = bring_in(runtime(), signed_in().coordinator, form.to_command())
            except IndicatorFileError as wrong:
                faults = wrong.faults
            except IndicatorRefusedError as refused:
                found = refused.found
                form.refuse(_refusal(refused.code), _field(form, refused.code))
            else:
                return _done(done)
        if faults:
            form.refuse(
                gettext("The file cannot be used as it is. What is wrong stands below."), form.table
            )
    body = render_template(
        "slt/indicator/new.html",
        form=form,
        found=found,
        faults=[(one, printable(one.column), one.said(gettext)) for one in faults],
        headings=[(headings[0], name in REQUIRED) for name, headings in COLUMNS.items()],
    )
    return make_response(body, _UNFINISHED if request.method == "POST" else 200)


@blueprint.post("/files/<uuid:indicator_file_id>/end")
def end(indicator_file_id: uuid.UUID) -> Response:
    """Take a file out of use."""
    page = _file(indicator_file_id)
    form = EndForm()
    if not page.file.stands:
        # The page has no field then, which an error could lead to.
        form.refuse(_refusal("indicator.over"))
    elif form.validate_on_submit():
        try:
            end_indicators(
                runtime(), signed_in().coordinator, indicator_file_id, form.reason.data or ""
            )
        except IndicatorRefusedError as refused:
            form.refuse(_refusal(refused.code), form.reason)
        else:
            notify("saved")
            return redirect(url_for("slt.indicator.file", indicator_file_id=indicator_file_id), 303)
    return make_response(_shown(page, form), _UNFINISHED)


def _begins_with() -> dict[str, str]:
    """What is said of the file that is corrected, or nothing but the language of the person."""
    asked = request.args.get("corrects")
    if asked is None:
        return {"language": signed_in().language}
    try:
        about = _file(uuid.UUID(asked)).file.about
    except ValueError:
        abort(404)
    return {name: getattr(about, name) for name in type(about).__slots__}


def _take(form: BringInForm) -> tuple[IndicatorFault, ...]:
    """Put what the file says into the form's text, where nothing is lost; tells why it cannot be read."""
    taken = form.file.data
    if taken is None or not taken.content:
        return ()
    if form.table.data:
        return (IndicatorFault(0, "", _BOTH),)
    try:
        text = tidy(text_of(taken.content))
    except IndicatorFileError as wrong:
        return wrong.faults
    form.table.data, form.table.raw_data = text, [text]
    return ()


def _file(file_id: uuid.UUID) -> FilePage:
    try:
        return show_file(runtime(), signed_in().coordinator, file_id)
    except AccessDenied:
        abort(404)


def _shown(page: FilePage, form: EndForm) -> str:
    cells = [(one, cell_of(one)) for one in page.readings]
    return render_template("slt/indicator/file.html", page=page, cells=cells, form=form)


def _done(done: BroughtIn) -> Response:
    notify("saved" if done.new else "nothing_changed")
    return redirect(url_for("slt.indicator.file", indicator_file_id=done.id), 303)


def _field(form: BringInForm, code: str) -> Field | None:
    fields = {
        "indicator.title": form.title,
        "indicator.source": form.source,
        "indicator.address": form.address,
    }
    return form.reason if code in _WHY else fields.get(code)


def _refusal(code: str) -> str:
    """Why nothing was done, in words that say what to do."""
    words = {
        "indicator.title": gettext("Write what the file is called."),
        "indicator.source": gettext("Write whose numbers they are."),
        "indicator.address": gettext("An address begins with https:// or http://."),
        "indicator.text": gettext("A text may not begin with =, + or @."),
        "indicator.correction": gettext(
            "A file with this title is here with other numbers or words. Write why this one corrects it, or give it another title."
        ),
        "indicator.names": gettext(
            "A text may name somebody. Take it out, or write why it may stand."
        ),
        "indicator.reason": gettext("Write why, in 10 to 500 signs."),
        "indicator.full": gettext("There is no room for more files."),
        "indicator.over": gettext("This version is not in use."),
    }
    return str(words[code])
