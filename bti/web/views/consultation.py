"""Asking a team without names: writing, what was found in the text, answers, and who sits in the team."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.profiles import retention
from bti.web import i18n, messages
from bti.web.doorway import perform
from bti.web.forms.concern import YES
from bti.web.forms.consultation import MemberForm, QuestionForm, WordsForm
from bti.web.notices import notify
from bti.workflows import consultation, consultation_page, consultation_seat, rules_draft

if TYPE_CHECKING:
    import uuid

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.domain.consultation import Passage
    from bti.workflows.consultation_page import ConsultationPage, QuestionPage
    from bti.workflows.consultation_seat import SeatsPage

_UNFINISHED: Final = 422
_IDENTIFIES: Final = "consultation.identifies"
_OF_REASON: Final = frozenset({"consultation.reason_identifies"})

blueprint = Blueprint("consultation", __name__, url_prefix="/advice")


@dataclass(frozen=True, slots=True)
class ListPage:
    """View model of consultation/list.html. ``names``: what each team is called."""

    found: ConsultationPage
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class WritePage:
    """View model of consultation/ask.html; ``marked`` is what was typed, where something was found in it."""

    team: str
    members: tuple[tuple[str, str], ...]
    action: str
    danger: bool
    marked: tuple[Passage, ...] = field(repr=False)
    #: So long it is kept after the last word.
    days: int
    #: Of a question that is written anew: where one came from.
    back: str = ""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """View model of consultation/show.html."""

    question: QuestionPage
    team: str
    marked: tuple[Passage, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MembersPage:
    """View model of consultation/members.html."""

    found: SeatsPage
    action: str


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.get("")
def list_() -> str:
    """Whom one may ask, and one's own questions."""
    page = ListPage(perform(consultation_page.show), _names())
    return render_template("consultation/list.html", page=page)


@blueprint.route("/ask/<team>", methods=["GET", "POST"])
def ask(team: str) -> Response:
    """Write a question to one team."""
    line = perform(consultation_page.team_to_ask, team=team)
    form = QuestionForm()
    marked: tuple[Passage, ...] = ()
    held = form.validate_on_submit()
    if held and form.danger.data != YES:
        if form.submission.data is None:
            raise ValueError("a submission field always holds a number")
        try:
            question_id = perform(
                consultation.ask, team=team, words=form.to_words(), submission=form.submission.data
            )
        except RuleBroken as broken:
            marked = _refused(form, broken)
        else:
            notify("consultation_asked")
            return _to(question_id)
    page = WritePage(
        team=line.team.name[i18n.language()],
        members=line.members,
        action=url_for("consultation.ask", team=team),
        danger=form.danger.data == YES,
        marked=marked,
        days=_days(),
    )
    return _drawn("ask", page, form, wrong=page.danger)


@blueprint.get("/<uuid:question_id>")
def show(question_id: uuid.UUID) -> Response:
    """One question with its answers."""
    return _question(question_id, WordsForm())


@blueprint.post("/<uuid:question_id>/answer")
def answer(question_id: uuid.UUID) -> Response:
    """Answer it, as a member of the team."""
    form = WordsForm()
    marked: tuple[Passage, ...] = ()
    if form.validate_on_submit():
        try:
            perform(
                consultation.answer,
                question_id=question_id,
                version=_version(form),
                words=form.to_words(),
            )
        except RuleBroken as broken:
            marked = _refused(form, broken)
        else:
            notify("consultation_answered")
            return _to(question_id)
    return _question(question_id, form, marked)


@blueprint.route("/<uuid:question_id>/rewrite", methods=["GET", "POST"])
def rewrite(question_id: uuid.UUID) -> Response:
    """Write it anew after the team has sent it back."""
    page = perform(consultation_page.read, question_id=question_id)
    form = QuestionForm(data={"text": page.text, "version": page.version})
    marked = page.passages if any(one.trace for one in page.passages) else ()
    if form.validate_on_submit() and form.danger.data != YES:
        try:
            perform(
                consultation.rewrite,
                question_id=question_id,
                version=_version(form),
                words=form.to_words(),
            )
        except RuleBroken as broken:
            marked = _refused(form, broken)
        else:
            notify("consultation_rewritten")
            return _to(question_id)
    shown = WritePage(
        team=_names().get(page.team, page.team),
        members=(),
        action=url_for("consultation.rewrite", question_id=question_id),
        danger=form.danger.data == YES,
        marked=marked,
        days=_days(),
        back=url_for("consultation.show", question_id=question_id),
    )
    return _drawn("ask", shown, form, wrong=shown.danger)


@blueprint.post("/<uuid:question_id>/send-back")
def send_back(question_id: uuid.UUID) -> Response:
    """It tells who it is about: the author writes it anew."""
    form = WordsForm()
    perform(consultation.send_back, question_id=question_id, version=_version(form))
    notify("consultation_sent_back")
    return make_response(redirect(url_for("consultation.list_"), 303))


@blueprint.post("/<uuid:question_id>/settle")
def settle(question_id: uuid.UUID) -> Response:
    """The answer is read."""
    form = WordsForm()
    perform(consultation.settle, question_id=question_id, version=_version(form))
    notify("consultation_settled")
    return _to(question_id)


@blueprint.post("/<uuid:question_id>/withdraw")
def withdraw(question_id: uuid.UUID) -> Response:
    """Delete one's own question, answers and all."""
    perform(consultation.withdraw, question_id=question_id)
    notify("consultation_deleted")
    return make_response(redirect(url_for("consultation.list_"), 303))


@blueprint.route("/members", methods=["GET", "POST"])
def members() -> Response:
    """Who sits in the teams, and naming somebody."""
    found = perform(consultation_seat.show)
    form = MemberForm()
    form.prepare(found, i18n.language())
    if form.validate_on_submit():
        try:
            perform(consultation_seat.name_member, command=form.to_command())
        except RuleBroken as broken:
            form.refuse(messages.message(broken), form.who)
        else:
            notify("consultation_named")
            return make_response(redirect(url_for("consultation.members"), 303))
    page = MembersPage(found, url_for("consultation.members"))
    return _drawn("members", page, form)


@blueprint.post("/members/<uuid:seat_id>/end")
def end_seat(seat_id: uuid.UUID) -> Response:
    """Take somebody out of a team."""
    perform(consultation_seat.end_seat, seat_id=seat_id)
    notify("consultation_seat_ended")
    return make_response(redirect(url_for("consultation.members"), 303))


def _refused(form: WordsForm, broken: RuleBroken) -> tuple[Passage, ...]:
    """Say why at the field; returns what was found, where something was."""
    at = form.reason if broken.code in _OF_REASON else form.text
    form.refuse(messages.message(broken), at)
    if broken.code not in {_IDENTIFIES, *_OF_REASON}:
        return ()
    form.remember()
    return perform(consultation_page.looked_through, text=form.text.data or "")


def _question(
    question_id: uuid.UUID, form: WordsForm, marked: tuple[Passage, ...] = ()
) -> Response:
    question = perform(consultation_page.read, question_id=question_id)
    if form.version.data is None:
        form.version.data = question.version
    page = ShownPage(question, _names().get(question.team, question.team), marked)
    return _drawn("show", page, form)


def _version(form: WordsForm) -> int:
    """Which version it was made from; none that there is, where the form does not say."""
    return form.version.data or 0


def _days() -> int:
    return retention.rules()["consultation"].days or 0


def _names() -> dict[str, str]:
    language = i18n.language()
    return {one.code: one.name[language] for one in perform(rules_draft.followed).teams}


def _to(question_id: uuid.UUID) -> Response:
    return make_response(redirect(url_for("consultation.show", question_id=question_id), 303))


def _drawn(
    name: str,
    page: WritePage | ShownPage | MembersPage,
    form: WordsForm | MemberForm,
    *,
    wrong: bool = False,
) -> Response:
    body = render_template(f"consultation/{name}.html", page=page, form=form)
    return make_response(body, _UNFINISHED if wrong or form.errors else 200)
