"""Drafts on the web side: kept at every step, by draft.js, and when a session ran out meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import g, jsonify, make_response, redirect, request, url_for

from bti.domain.errors import AccessDenied
from bti.web import identity
from bti.web.doorway import doorway, perform
from bti.web.filters import bare_clock
from bti.web.notices import notify
from bti.workflows import own_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from bti.workflows.own_record import Form

_SIGNED_OUT: Final = 401


def keep(form: Form, fields: Mapping[str, list[str]], about: str = "") -> None:
    """Keep the fields of one step; the other steps' fields stay."""
    perform(own_record.save_draft, form=form, fields=fields, keep_others=True, about=about)


def autosave(form: Form, fields: Mapping[str, list[str]], about: str = "") -> Response:
    """Keep the fields and answer draft.js."""
    saved_at = perform(
        own_record.save_draft, form=form, fields=fields, keep_others=True, about=about
    )
    return make_response(jsonify(saved_at=bare_clock(saved_at)))


def ran_out(response: Response) -> bool:
    """Whether ``response`` turns away a form of our own because nobody is signed in any more."""
    ours = request.method == "POST" and bool(g.get("csrf_valid", False))
    return ours and g.get("actor") is None and response.status_code == _SIGNED_OUT


def keep_when_signed_out(
    response: Response, form: Form, fields: Mapping[str, list[str]], back: str, about: str = ""
) -> Response:
    """Keep what was typed for a person whose session ran out, and ask them to sign in.

    Only for a form whose token holds, so that no other site can write drafts. Where it cannot be
    kept, ``response`` stands: a page that gives the typed text back.
    """
    if not ran_out(response):
        return response
    person = identity.whose_expired_session()
    if person is None:
        return response
    try:
        saved_at = doorway().perform(
            own_record.save_draft,
            person,
            form=form,
            fields=fields,
            keep_others=True,
            about=about,
        )
    except AccessDenied:
        return response
    if request.accept_mimetypes.best == "application/json":
        return make_response(jsonify(saved_at=bare_clock(saved_at)))
    notify("draft_kept")
    return make_response(redirect(url_for("sign_in.show", next=back), 303))
