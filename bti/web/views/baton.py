"""Pages about the baton: passing it on, saying yes or no, and moving it in an emergency."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, redirect, render_template, url_for

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.doorway import perform
from bti.web.forms.baton import AnswerForm, OfferForm, ReassignForm, WithdrawForm
from bti.web.notices import notify
from bti.workflows import baton

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from bti.web.forms.base import BaseForm
    from bti.workflows.baton import BatonPage

_UNFINISHED = 422

blueprint = Blueprint("baton", __name__, url_prefix="/cases/<uuid:case_id>/baton")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


@blueprint.route("/offer", methods=["GET", "POST"])
def offer(case_id: uuid.UUID) -> Response:
    """Offer the baton to somebody."""
    page = perform(baton.offer_page, case_id=case_id)
    form = OfferForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(baton.offer, command=form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "baton_offered")
    return _page("offer", page, form)


@blueprint.route("/offer-for", methods=["GET", "POST"])
def offer_for_leaver(case_id: uuid.UUID) -> Response:
    """Offer the baton of somebody who leaves, as the leader."""
    page = perform(baton.reassign_page, case_id=case_id)
    form = OfferForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        try:
            perform(baton.offer_for_leaver, command=form.to_command(case_id))
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "holder_asked")
    return _page("offer_for_leaver", page, form)


@blueprint.route("/offers/<uuid:offer_id>", methods=["GET", "POST"])
def answer(case_id: uuid.UUID, offer_id: uuid.UUID) -> Response:
    """Say yes or no."""
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            if form.answer.data == "yes":
                perform(baton.accept, case_id=case_id, offer_id=offer_id)
                return _done(case_id, "baton_taken")
            perform(
                baton.decline, case_id=case_id, offer_id=offer_id, reason=form.reason.data or ""
            )
            notify("baton_declined")
            return redirect(url_for("worklist.show"), 303)
        except RuleBroken as broken:
            messages.refuse(form, broken)
            return _page("over", None, form)
    page = perform(baton.answer_page, case_id=case_id)
    return _page("answer", page, form)


@blueprint.route("/offers/<uuid:offer_id>/withdraw", methods=["GET", "POST"])
def withdraw(case_id: uuid.UUID, offer_id: uuid.UUID) -> Response:
    """Take an offer back."""
    form = WithdrawForm()
    if form.validate_on_submit():
        try:
            perform(baton.withdraw, case_id=case_id, offer_id=offer_id)
        except RuleBroken as broken:
            messages.refuse(form, broken)
            return _page("over", None, form)
        return _done(case_id, "baton_withdrawn")
    page = perform(baton.withdraw_page, case_id=case_id)
    return _page("withdraw", page, form)


@blueprint.route("/reassign", methods=["GET", "POST"])
def reassign(case_id: uuid.UUID) -> Response:
    """Move the baton because the holder is gone."""
    page = perform(baton.reassign_page, case_id=case_id)
    form = ReassignForm(version=page.version)
    form.prepare(page)
    if form.validate_on_submit():
        to_id, to_unit_id = form.account_and_unit
        try:
            perform(
                baton.reassign,
                case_id=case_id,
                to_id=to_id,
                to_unit_id=to_unit_id,
                reason=form.reason.data or "",
                version=form.version.data,
            )
        except RuleBroken as broken:
            messages.refuse(form, broken)
        else:
            return _done(case_id, "baton_moved")
    return _page("reassign", page, form)


def _page(name: str, page: BatonPage | None, form: BaseForm) -> Response:
    status = _UNFINISHED if form.error_list() else 200
    return make_response(render_template(f"baton/{name}.html", page=page, form=form), status)


def _done(case_id: uuid.UUID, notice: str) -> Response:
    notify(notice)
    return redirect(url_for("case.show", case_id=case_id), 303)
