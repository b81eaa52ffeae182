"""One's own account, and the administrator's register of accounts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import segno
from flask import Blueprint, Flask, g, make_response, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bti.domain.errors import RuleBroken
from bti.identity import totp
from bti.identity.password import MAX_LENGTH, PasswordRefusedError
from bti.web import access, labels, messages
from bti.web.doorway import perform
from bti.web.forms.account import (
    ColleagueForm,
    PasswordForm,
    PersonForm,
    ResetForm,
    RoleForm,
)
from bti.web.forms.leaving import LastDayForm
from bti.web.notices import notify
from bti.web.own_papers import own_papers
from bti.workflows import account_person, leaving, own_account
from bti.workflows import register as accounts

if TYPE_CHECKING:
    from bti.papers import Papers
    from bti.workflows.leaving import Standing
    from bti.workflows.own_account import OwnAccount
    from bti.workflows.register import Colleague, Welcome

_ISSUER: Final = "Stafett"
_QR_SCALE: Final = 5

blueprint = Blueprint("account", __name__)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """View model of account/show.html."""

    account: OwnAccount
    roles: tuple[tuple[str, str], ...]
    sessions: tuple[tuple[str, str, str], ...]
    role_href: str
    absence_href: str
    reminder_href: str
    systems_href: str
    password_action: str
    end_action: str


@dataclass(frozen=True, slots=True)
class ColleagueRow:
    """One line of the register."""

    colleague: Colleague
    roles: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """View model of account/list.html."""

    rows: tuple[ColleagueRow, ...]
    new_href: str
    #: What the municipality has given on paper, and what is missing.
    papers: Papers


@dataclass(frozen=True, slots=True)
class ColleaguePage:
    """View model of account/colleague.html. ``roles``: name with unit, and how to end it."""

    colleague: Colleague
    roles: tuple[tuple[str, str], ...]
    list_href: str
    here: str
    give_action: str
    disable_action: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class FormPage:
    """View model of account/new.html."""

    action: str
    list_href: str


@dataclass(frozen=True, slots=True)
class WelcomePage:
    """View model of account/welcome.html: shown once, as the answer to the form."""

    name: str
    username: str
    secret: str
    spelt: str
    qr: str
    list_href: str


@blueprint.get("/account")
def show() -> str:
    """One's own account."""
    return _own(PasswordForm())


@blueprint.post("/account/password")
def change_password() -> Response:
    """Change one's own password; every other session ends."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            if perform(
                own_account.change_password,
                old=form.old.data or "",
                new=form.new.data or "",
            ):
                notify("password_changed")
                return redirect(url_for("account.show"), 303)
            form.refuse(gettext("This is not your present password."), form.old)
        except PasswordRefusedError as refused:
            form.refuse(_password_text(refused), form.new)
        except RuleBroken as broken:
            form.refuse(_explained(broken), form.new)
    return make_response(_own(form), 422)


@blueprint.post("/account/sessions/end")
def end_sessions() -> Response:
    """End every other session of one's own."""
    perform(own_account.end_other_sessions)
    notify("sessions_ended")
    return redirect(url_for("account.show"), 303)


@blueprint.post("/account/sessions/<uuid:session_id>/end")
def end_session(session_id: uuid.UUID) -> Response:
    """End one of one's own other sessions."""
    perform(own_account.end_session, session_id=session_id)
    notify("session_ended")
    return redirect(url_for("account.show"), 303)


@blueprint.get("/accounts", endpoint="list")
def list_accounts() -> str:
    """The register."""
    rows = tuple(
        ColleagueRow(
            one,
            tuple(f"{labels.label(row.role, 'role')}, {row.unit_name}" for row in one.roles),
            url_for("account.colleague", account_id=one.account_id),
        )
        for one in perform(accounts.show).colleagues
    )
    page = RegisterPage(rows, url_for("account.new"), own_papers())
    return render_template("account/list.html", page=page)


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def new() -> Response:
    """Make an account, and show once what the new colleague needs."""
    form = ColleagueForm()
    form.offer(perform(accounts.show).units)
    sent = form.validate_on_submit()
    if sent:
        try:
            made = perform(
                accounts.welcome,
                name=form.name.data or "",
                title=form.title.data or "",
                username=form.username.data or "",
                phone=form.phone.data or "",
                unit_id=form.unit_id,
                role=form.chosen_role,
            )
        except RuleBroken as broken:
            form.refuse(_explained(broken))
        else:
            # Not a redirect: the secrets would have to be kept somewhere in between.
            return make_response(render_template("account/welcome.html", page=_welcome(made)))
    page = FormPage(url_for("account.new"), url_for("account.list"))
    status = 422 if form.errors or form.error_list() else 200
    return make_response(render_template("account/new.html", page=page, form=form), status)


@blueprint.get("/accounts/<uuid:account_id>")
def colleague(account_id: uuid.UUID) -> Response:
    """One account of the register."""
    return _colleague(account_id, RoleForm(), 200)


@blueprint.post("/accounts/<uuid:account_id>/roles")
def give_role(account_id: uuid.UUID) -> Response:
    """Give a colleague one more role."""
    form = RoleForm()
    form.offer(perform(accounts.show).units)
    if not form.validate_on_submit():
        return _colleague(account_id, form, 422)
    try:
        given = perform(
            accounts.give_role,
            account_id=account_id,
            unit_id=form.unit_id,
            role=form.chosen_role,
        )
    except RuleBroken as broken:
        form.refuse(_explained(broken))
        return _colleague(account_id, form, 422)
    notify("saved" if given else "role_asked")
    return redirect(url_for("account.colleague", account_id=account_id), 303)


@blueprint.post("/accounts/<uuid:account_id>/roles/<uuid:grant_id>/end")
def end_role(account_id: uuid.UUID, grant_id: uuid.UUID) -> Response:
    """End a colleague's role."""
    try:
        perform(accounts.take_role, account_id=account_id, grant_id=grant_id)
    except RuleBroken as broken:
        return _refused(account_id, broken)
    return _saved(account_id)


@blueprint.post("/accounts/<uuid:account_id>/person")
def note_person(account_id: uuid.UUID) -> Response:
    """Register who a colleague is."""
    form = PersonForm()
    if form.validate_on_submit():
        try:
            perform(
                account_person.note,
                account_id=account_id,
                national_id=form.national_id.data or "",
                submission=form.submission.data or uuid.uuid4(),
            )
            return _saved(account_id)
        except RuleBroken as broken:
            form.refuse(_explained(broken), form.national_id)
    return _colleague(account_id, _no_role(), 422, who=form)


@blueprint.post("/accounts/<uuid:account_id>/disable")
def disable(account_id: uuid.UUID) -> Response:
    """Close a colleague's account."""
    try:
        perform(accounts.disable, account_id=account_id)
    except RuleBroken as broken:
        return _refused(account_id, broken)
    return _saved(account_id)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)


def _own(form: PasswordForm) -> str:
    found = perform(own_account.show)
    page = OwnPage(
        account=found,
        roles=tuple((str(labels.label(row.role, "role")), row.unit_name) for row in found.roles),
        sessions=tuple(
            (
                str(labels.label(row.role, "role")),
                row.unit_name,
                "" if row.current else url_for("account.end_session", session_id=row.session_id),
            )
            for row in found.sessions
        ),
        role_href=url_for("sign_in.role") if len(found.roles) > 1 else "",
        absence_href=_href("absence.show"),
        reminder_href=_href("reminder.mine"),
        systems_href=_href("client.mine"),
        password_action=url_for("account.change_password"),
        end_action=url_for("account.end_sessions"),
    )
    return render_template("account/show.html", page=page, form=form)


def _href(endpoint: str) -> str:
    """The address of a page if it is for this person, else empty."""
    return url_for(endpoint) if access.allows(access.ROUTES[endpoint], g.actor) else ""


def _no_role() -> RoleForm:
    return RoleForm(formdata=None, data={})


def explained(account_id: uuid.UUID, last_day: LastDayForm) -> Response:
    """Return the colleague's page with what was wrong about a last day or cut access. 422."""
    return _colleague(account_id, _no_role(), 422, last_day)


def reset_explained(account_id: uuid.UUID, reset: ResetForm) -> Response:
    """Return the colleague's page with what was wrong about a reset. 422."""
    return _colleague(account_id, _no_role(), 422, reset=reset)


def _colleague(
    account_id: uuid.UUID,
    form: RoleForm,
    status: int,
    last_day: LastDayForm | None = None,
    reset: ResetForm | None = None,
    who: PersonForm | None = None,
) -> Response:
    found, register_ = perform(accounts.colleague, account_id=account_id)
    form.offer(register_.units)
    if (form.errors or form.error_list()) and not found.active:
        # Its fields are not drawn, so no error may point to them.
        form = _no_role()
        form.refuse(messages.RULES["account.not_active"])
    page = ColleaguePage(
        colleague=found,
        roles=tuple(
            (
                f"{labels.label(row.role, 'role')}, {row.unit_name}",
                url_for("account.end_role", account_id=account_id, grant_id=row.grant_id),
            )
            for row in found.roles
        ),
        list_href=url_for("account.list"),
        here=url_for("account.colleague", account_id=account_id),
        give_action=url_for("account.give_role", account_id=account_id),
        disable_action=url_for("account.disable", account_id=account_id),
        standing=perform(leaving.standing, account_id=account_id),
    )
    last_day = last_day or LastDayForm(formdata=None, data={})
    reset = reset or ResetForm(formdata=None, data={})
    who = who or PersonForm(formdata=None, data={})
    html = render_template(
        "account/colleague.html", page=page, form=form, last_day=last_day, reset=reset, who=who
    )
    return make_response(html, status)


def _refused(account_id: uuid.UUID, broken: RuleBroken) -> Response:
    form = _no_role()
    form.refuse(_explained(broken))
    return _colleague(account_id, form, 422)


def _saved(account_id: uuid.UUID) -> Response:
    notify("saved")
    return redirect(url_for("account.colleague", account_id=account_id), 303)


def _welcome(made: Welcome) -> WelcomePage:
    uri = totp.provisioning_uri(made.totp_secret, account=made.username, issuer=_ISSUER)
    return WelcomePage(
        name=made.name,
        username=made.username,
        secret=made.secret,
        spelt=totp.spelt(made.totp_secret),
        qr=segno.make(uri, error="m").svg_data_uri(scale=_QR_SCALE, dark="#000", light="#fff"),
        list_href=url_for("account.list"),
    )


def _explained(broken: RuleBroken) -> str:
    count = broken.facts.get("count")
    if broken.code == "account.holds_baton" and isinstance(count, int):
        return str(
            ngettext(
                "This person has %(num)s baton in hand. It must be passed on first: nobody leaves "
                "with the baton.",
                "This person has %(num)s batons in hand. They must be passed on first: nobody "
                "leaves with the baton.",
                count,
            )
        )
    return messages.message(broken)


def _password_text(refused: PasswordRefusedError) -> str:
    texts = {
        "password.too_short": gettext("The password is too short. Use at least 15 signs."),
        "password.too_long": gettext(
            "The password is too long. Use at most %(most)s signs.", most=MAX_LENGTH
        ),
        "password.control": gettext("There are signs in the password that cannot be used."),
        "password.guessable": gettext(
            "This password is easy to guess. Use words that have nothing to do with you, your "
            "work or each other."
        ),
    }
    return str(texts[refused.code])
