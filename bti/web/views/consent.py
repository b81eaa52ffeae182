"""Pages about consent: asking, answering, taking back, and who is let in by it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale

from bti.clock import norwegian_date
from bti.domain.consent import LATE, OPENING, ConsentStatus, Scope
from bti.domain.errors import RuleBroken
from bti.web import i18n, messages
from bti.web.consent_text import Question, shown_text
from bti.web.doorway import doorway, perform
from bti.web.forms.base import BaseForm
from bti.web.forms.consent import (
    AnswerForm,
    AskForm,
    BlockForm,
    InviteForm,
    WithdrawForm,
)
from bti.web.forms.guardian import GuardianForm
from bti.web.notices import notify
from bti.workflows import consent, consent_block, guardian, participant
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    from datetime import date

    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.workflows.consent_page import AskPage, ConsentPage

_UNFINISHED = 422

blueprint = Blueprint("consent", __name__, url_prefix="/cases/<uuid:case_id>/consent")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/ask", methods=["GET", "POST"])
def ask(case_id: uuid.UUID) -> Response:
    """Put a question to those who must consent."""
    page = perform(consent.ask_page, case_id=case_id)
    today = _today()
    form = AskForm(
        version=page.version,
        scope="bring_in_service" if page.log_consented else "open_log",
        valid_to=page.until,
        heard_on=today,
        language=page.language,
    )
    form.prepare(page)
    form.heard_on.latest = today
    if form.validate_on_submit():
        command = form.to_command(case_id, shown_text(_question(form, page), form.language.data))
        try:
            consent_id = perform(consent.ask, command=command)
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("consent_asked")
            return redirect(url_for("consent.show", case_id=case_id, consent_id=consent_id), 303)
    return _page("ask", page, form)


@blueprint.get("/<uuid:consent_id>")
def show(case_id: uuid.UUID, consent_id: uuid.UUID) -> str:
    """Who answers, why they, and what they have said."""
    page = perform(consent.show, case_id=case_id, consent_id=consent_id)
    return render_template("consent/show.html", page=page)


@blueprint.get("/<uuid:consent_id>/text")
def text(case_id: uuid.UUID, consent_id: uuid.UUID) -> str:
    """The text for the family, on the screen or on paper, in the language they read."""
    page = perform(consent.show, case_id=case_id, consent_id=consent_id)
    language = request.args.get("language", page.language)
    if language not in i18n.LANGUAGES:
        raise NotFound
    lines = page.text if language == page.language else _translated(page, language)
    with force_locale(language):
        return render_template(
            "consent/text.html",
            page=page,
            lines=lines,
            shown=language == page.language,
            languages=[row for row in i18n.LANGUAGES.items() if row[0] != language],
        )


@blueprint.route("/<uuid:consent_id>/answer/<uuid:person_id>", methods=["GET", "POST"])
def answer(case_id: uuid.UUID, consent_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """Write down what one signer said."""
    page = perform(consent.show, case_id=case_id, consent_id=consent_id)
    signer = next((one for one in page.signers if one.person_id == person_id), None)
    if signer is None:
        raise NotFound
    form = AnswerForm(on=_today(), minuted_by=str(page.me))
    form.prepare(page, person_id)
    form.on.latest = _today()
    if form.validate_on_submit():
        try:
            standing = perform(consent.answer, command=form.to_command(page, person_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify(_after_answer(standing))
            return redirect(url_for("consent.show", case_id=case_id, consent_id=consent_id), 303)
    return _page("answer", page, form, signer=signer)


@blueprint.route("/<uuid:consent_id>/withdraw", methods=["GET", "POST"])
def withdraw(case_id: uuid.UUID, consent_id: uuid.UUID) -> Response:
    """Take a consent back, all of it or some: one page, one button, and a receipt."""
    page = perform(consent.show, case_id=case_id, consent_id=consent_id)
    form = WithdrawForm()
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(
                consent.withdraw,
                case_id=case_id,
                consent_id=consent_id,
                person_id=uuid.UUID(form.person.data),
                cells=form.some,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _after_withdrawal(case_id, consent_id)
    return _page("withdraw", page, form)


@blueprint.route("/<uuid:consent_id>/block", methods=["GET", "POST"])
def block(case_id: uuid.UUID, consent_id: uuid.UUID) -> Response:
    """Write down what the county governor has decided, or that it is lifted."""
    page = perform(consent.show, case_id=case_id, consent_id=consent_id)
    form = BlockForm()
    if form.validate_on_submit():
        perform(
            consent_block.decide,
            case_id=case_id,
            consent_id=consent_id,
            submission=form.submission.data or uuid.uuid4(),
            reference=form.reference.data or "",
            lift=page.blocked,
        )
        notify("consent_unblocked" if page.blocked else "consent_blocked")
        return redirect(url_for("consent.show", case_id=case_id, consent_id=consent_id), 303)
    return _page("block", page, form)


@blueprint.route(
    "/guardians/new", methods=["GET", "POST"], defaults={"person_id": None}, endpoint="guardian"
)
@blueprint.route("/guardians/<uuid:person_id>", methods=["GET", "POST"], endpoint="guardian")
def edit_guardian(case_id: uuid.UUID, person_id: uuid.UUID | None) -> Response:
    """Add or correct a guardian."""
    page = perform(guardian.guardian_page, case_id=case_id, person_id=person_id)
    known = page.guardian
    form = (
        GuardianForm(version=page.version)
        if known is None
        else GuardianForm(
            version=page.version,
            name=known.name,
            relation=known.relation,
            parental_responsibility=known.parental_responsibility,
            checked_on=known.checked_on,
            source=known.source.value if known.source is not None else "",
        )
    )
    form.prepare(known.relation if known is not None else "")
    form.checked_on.latest = _today()
    if form.validate_on_submit():
        try:
            perform(guardian.save_guardian, command=form.to_command(case_id, person_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("guardian_saved")
            return redirect(url_for("consent.ask", case_id=case_id), 303)
    return _page("guardian", page, form)


@blueprint.route("/people", methods=["GET", "POST"])
def invite(case_id: uuid.UUID) -> Response:
    """Who takes part, and letting one more in."""
    page = perform(participant.people_page, case_id=case_id)
    form = InviteForm(version=page.version)
    form.person.choices = [
        (f"{one.account_id}:{one.unit_id}", one.label) for one in page.candidates
    ]
    if form.validate_on_submit():
        account_id, unit_id = form.account_and_unit
        try:
            perform(
                participant.invite,
                case_id=case_id,
                account_id=account_id,
                unit_id=unit_id,
                version=form.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            notify("participant_invited")
            return redirect(url_for("case.show", case_id=case_id), 303)
    return _page("people", page, form)


@blueprint.post("/people/<uuid:participant_id>/end")
def end_place(case_id: uuid.UUID, participant_id: uuid.UUID) -> Response:
    """Take somebody's place in the case away."""
    perform(participant.revoke, case_id=case_id, participant_id=participant_id)
    notify("participant_ended")
    return redirect(url_for("consent.invite", case_id=case_id), 303)


def _after_answer(standing: ConsentStatus) -> str:
    if standing in LATE:
        return "consent_late"
    return "consent_complete" if standing in OPENING else "consent_answered"


def _page(name: str, page: object, form: BaseForm, **more: object) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    drawn = render_template(f"consent/{name}.html", page=page, form=form, **more)
    return make_response(drawn, status)


def _question(form: AskForm, page: AskPage) -> Question:
    return Question(
        scope=Scope(form.scope.data),
        child=page.child,
        asker=page.asker,
        service=dict(page.services).get(form.unit_id, "") if form.unit_id else "",
        types=form.types,
        direction=form.way,
        purpose=form.purpose.data or "",
        until=form.valid_to.data or page.until,
    )


def _translated(page: ConsentPage, language: str) -> tuple[tuple[str, str], ...]:
    question = Question(
        scope=page.row.scope,
        child=page.child,
        asker=page.asker,
        service=page.row.service,
        types=page.types,
        direction=page.direction,
        purpose=page.purpose,
        until=page.valid_to,
    )
    return shown_text(question, language).lines


def _after_withdrawal(case_id: uuid.UUID, consent_id: uuid.UUID) -> Response:
    notify("consent_withdrawn")
    # Whoever wrote it down may just have lost the case with it.
    open_still = perform(consent.may_read, case_id=case_id)
    if not open_still:
        return redirect(url_for("worklist.show"), 303)
    receipt = url_for("consent.show", case_id=case_id, consent_id=consent_id, _anchor="receipt")
    return redirect(receipt, 303)


def _today() -> date:
    return norwegian_date(doorway().clock.now())
