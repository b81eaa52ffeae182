"""A site with one small feature, to test the shell without the real ones."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from flask import Blueprint, Flask, Request, jsonify, redirect, render_template_string
from werkzeug.exceptions import abort
from werkzeug.wrappers import Response

from bti.domain.errors import AccessDenied
from bti.settings import Settings
from bti.web import access, notices
from bti.web.app import Identity, assemble
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, RadioField, TextField, TicksField
from bti.workflows.errors import Conflict, NotFound
from tests.web.critic import CriticClient

COOKIE = "st_session"


@dataclass(frozen=True)
class Person:
    name: str = "Ingrid Solberg"
    role: str = "staff"
    unit_name: str = "Lindvik ungdomsskole"
    municipality: str = "Lindvik kommune"
    language: str = "en"


PEOPLE = {
    "ingrid": Person(),
    "anne": Person("Anne Ruud", "dpo", "Personvernombud"),
    "tor": Person("Tor Berg", "guardian", ""),
    "olav": Person("Olav Lien", "slt_coordinator", "SLT"),
}


class NoteForm(BaseForm):
    name = TextField("Who is it about?")
    seen = AreaField("What have you seen?", description="Write what happened.", max_length=500)
    since = DateField("When did it begin?", required=False)
    talked = RadioField(
        "Have you talked with the child?",
        choices=[("yes", "Yes"), ("no", "Not yet")],
        help={"no": "You can do it later."},
    )
    tried = TicksField("What have you tried?", choices=[("alone", "Talked"), ("other", "Other")])


PAGE = """
{%- extends "layouts/base.html" -%}
{%- from "components/form.html" import error_summary, form as post_form -%}
{%- from "components/field.html" import field -%}
{%- block heading %}A note{% endblock -%}
{%- block errors %}{{ error_summary(form) }}{% endblock -%}
{%- block content %}
{% call post_form("/note", form) %}
{% for one in form if one.shape != "hidden" %}{{ field(one) }}{% endfor %}
<button class="ds-button" type="submit">Save</button>
{% endcall %}
{%- endblock %}
"""

STATUSES = (400, 403, 404, 409, 410, 413, 418, 429, 500, 503)
RAISED = {
    "conflict": Conflict(),
    "not-found": NotFound(),
    "denied": AccessDenied("case:read"),
}


def _blueprint(saved: list[str]) -> Blueprint:
    blueprint = Blueprint("note", __name__)

    @blueprint.route("/note", methods=["GET", "POST"])
    def write() -> str | Response:
        form = NoteForm()
        if form.validate_on_submit():
            saved.append(str(form.seen.data))
            notices.notify("saved")
            return redirect("/note", 303)
        return render_template_string(PAGE, form=form)

    @blueprint.route("/draft", methods=["POST"])
    def draft() -> Response:
        return jsonify(saved_at="10.42")

    @blueprint.route("/hidden")
    def hidden() -> str:
        return "never"

    @blueprint.route("/status/<int:code>", methods=["GET", "POST"])
    def status(code: int) -> str:
        abort(code)

    @blueprint.route("/broken", methods=["GET", "POST"])
    def broken() -> str:
        raise ZeroDivisionError("secret 01817012345")

    @blueprint.route("/raised/<name>", methods=["GET", "POST"])
    def raised(name: str) -> str:
        raise RAISED[name]

    @blueprint.route("/forgotten")
    def forgotten() -> str:
        return "an endpoint without a rule"

    return blueprint


def _opened() -> str:
    return render_template_string(
        '{% extends "layouts/narrow.html" %}{% block heading %}Open{% endblock %}'
    )


def _sign_in() -> str:
    return render_template_string(
        '{% extends "layouts/entrance.html" %}{% block heading %}Sign in{% endblock %}'
    )


def _add_feature(app: Flask) -> None:
    app.extensions["saved"] = []
    app.register_blueprint(_blueprint(app.extensions["saved"]))
    # The gate and the frame look for these by their endpoints' names.
    app.add_url_rule("/enter", "sign_in.show", _sign_in, methods=["GET", "POST"])
    app.add_url_rule("/stay", "sign_in.extend", _opened, methods=["POST"])
    app.add_url_rule("/leave", "sign_in.out", _sign_in, methods=["POST"])
    app.add_url_rule("/danger", "duty.report", _opened)
    app.add_url_rule("/open", "open", _opened, methods=["GET", "POST"])
    app.add_url_rule("/numbers", "slt.show", _opened)


RULES = {
    **{name: access.ROUTES[name] for name in ("language", "static_file")},
    "note.write": access.SIGNED_IN,
    "note.draft": access.RouteRule(access.SignedIn(), draft=True),
    "note.hidden": access.RouteRule(access.Roles(frozenset({"dpo"}))),
    "note.status": access.PUBLIC,
    "note.broken": access.PUBLIC,
    "note.raised": access.PUBLIC,
    "open": access.PUBLIC,
    "sign_in.show": access.PUBLIC,
    "sign_in.extend": access.SIGNED_IN,
    "sign_in.out": access.SIGNED_IN,
    "duty.report": access.SIGNED_IN,
    "slt.show": access.NETWORK,
}


def site(tmp_path: Path, *, mode: str = "test", base_url: str = "http://localhost") -> Flask:
    """The shell with the dummy feature. Each of PEOPLE is signed in by the cookie's value."""
    settings = Settings(mode=mode, base_url=base_url, var_dir=tmp_path)
    return assemble(
        settings,
        runtime=SimpleNamespace(settings=settings),
        secret=b"k" * 32,
        identities=[Identity(COOKIE, _who)],
        features=[SimpleNamespace(register=_add_feature)],
        routes=RULES,
    )


def _who(incoming: Request) -> Person | None:
    return PEOPLE.get(incoming.cookies.get(COOKIE, ""))


def client_for(app: Flask, person: str = "") -> CriticClient:
    """A client, signed in as one of PEOPLE if named."""
    client = CriticClient(app)
    if person:
        client.client.set_cookie(COOKIE, person)
    return client
