"""One calm page for each thing that can go wrong: what happened, and what to do next.

Never says what was asked for, whether it exists, or why in technical words. A form that was
refused before anything was written comes back with what was typed.
"""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Final

from flask import Flask, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from bti.domain.errors import AccessDenied, Conflict, KeysUnavailable, NotFound, Unavailable
from bti.web.api import problems
from bti.web.kept_fields import KeptField, kept_fields

_log: Final = logging.getLogger(__name__)

_PASSED_ON: Final = frozenset({"Allow", "Retry-After"})
_WORTH_REPEATING: Final = frozenset({429, 500, 503})
_WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What a person is told for one status."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """View model of errors/page.html and errors/refused_form.html.

    `action` empty: what was typed is shown for copying, but cannot be sent again as it is.
    """

    title: str
    paragraphs: tuple[str, ...]
    next_text: str
    next_href: str = "/"
    sign_in_href: str = ""
    fields: tuple[KeptField, ...] = ()
    action: str = ""


# What workflows raise when a page cannot be given. Hidden and missing look the same.
_STATUS: Final[dict[type[Exception], int]] = {
    AccessDenied: 404,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}

_TO_START: Final = lazy_gettext("Go to the start page")

TEXTS: Final[dict[int, ErrorText]] = {
    400: ErrorText(
        lazy_gettext("We could not read what was sent"),
        (lazy_gettext("Nothing has been saved. Go back, and try once more."),),
    ),
    404: ErrorText(
        lazy_gettext("We cannot show you this page"),
        (
            lazy_gettext("It may not exist, or it may not be open to you."),
            lazy_gettext("If you followed a link, ask the one who sent it to you."),
        ),
    ),
    405: ErrorText(
        lazy_gettext("This page cannot be opened that way"),
        (lazy_gettext("Nothing has been saved. Start from the page with the form."),),
    ),
    409: ErrorText(
        lazy_gettext("Someone else has changed this"),
        (
            lazy_gettext(
                "The other person saved while you were writing. Nothing of yours has been saved."
            ),
            lazy_gettext("Open the page again to see what is new, and then write yours."),
        ),
    ),
    413: ErrorText(
        lazy_gettext("That was too much at once"),
        (lazy_gettext("Nothing has been saved. Write it shorter, or in two parts."),),
    ),
    429: ErrorText(
        lazy_gettext("Too many attempts"),
        (lazy_gettext("Wait a few minutes, and try again. Nothing has been saved."),),
    ),
    500: ErrorText(
        lazy_gettext("Something went wrong on our side"),
        (
            lazy_gettext("It is not your fault. Nothing has been saved."),
            lazy_gettext("Try again. If it still does not work, tell those who run Stafett."),
        ),
    ),
    503: ErrorText(
        lazy_gettext("Stafett is not available just now"),
        (lazy_gettext("Nothing has been saved. Wait a minute, and try again."),),
    ),
}

_STALE_FORM: Final = ErrorText(
    lazy_gettext("The form was too old"),
    (
        lazy_gettext(
            "You have signed in or out since you opened it, or it was open for very long. "
            "Nothing has been saved."
        ),
    ),
)
_FOREIGN_FORM: Final = ErrorText(
    lazy_gettext("The form did not come from Stafett"),
    (
        lazy_gettext(
            "Nothing has been saved. Open the page in Stafett, and fill in the form there."
        ),
    ),
)
_SIGNED_OUT_FORM: Final = ErrorText(
    lazy_gettext("You have been signed out"),
    (
        lazy_gettext("You had not done anything for a while. Nothing has been saved yet."),
        lazy_gettext("Sign in again in a new tab. Then come back here and send once more."),
    ),
)


_CONFIRM_FIRST: Final = ErrorText(
    lazy_gettext("Confirm that it is you first"),
    (
        lazy_gettext("It has been a while since you signed in. Nothing has been saved yet."),
        lazy_gettext("Do it in a new tab. Then come back here and send once more."),
    ),
)


def answer(status: int) -> Response:
    """The page for a status; 403 and unknown refusals become the uniform 404.

    What was typed in a form is given back where it can help.
    """
    if problems.asked_here():
        return problems.answer(status)
    known = _known(status)
    text = TEXTS[known]
    page = ErrorPage(text.title, text.paragraphs, _TO_START)
    # Only after the token was checked: else another site could prepare the form (see foreign_form).
    if request.method in _WRITING and g.get("csrf_valid", False):
        fields = kept_fields(request.form) if known in {409, *_WORTH_REPEATING} else ()
        action = request.path if known in _WORTH_REPEATING else ""
        page = ErrorPage(text.title, text.paragraphs, _TO_START, fields=fields, action=action)
    return _render(page, known)


def stale_form() -> Response:
    """A form from this site whose token no longer holds: the same form with a fresh token. 400."""
    fields = kept_fields(request.form) if _surely_ours() else ()
    page = ErrorPage(
        _STALE_FORM.title, _STALE_FORM.paragraphs, _TO_START, fields=fields, action=request.path
    )
    return _render(page, 400)


def foreign_form() -> Response:
    """A form posted by another site. 400.

    Nothing is given back: a page that offers a stranger's text with a fresh token and a button
    would do the stranger's work.
    """
    return _render(ErrorPage(_FOREIGN_FORM.title, _FOREIGN_FORM.paragraphs, _TO_START), 400)


def signed_out_form(sign_in_href: str) -> Response:
    """A form sent after the session ended: keep what was typed until the person is back. 401."""
    page = ErrorPage(
        _SIGNED_OUT_FORM.title,
        _SIGNED_OUT_FORM.paragraphs,
        lazy_gettext("Sign in"),
        next_href=sign_in_href,
        sign_in_href=sign_in_href,
        fields=kept_fields(request.form),
        action=request.path,
    )
    return _render(page, 401)


def _surely_ours() -> bool:
    # Without the header an old browser's cross-site post would look the same as our own.
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _known(status: int) -> int:
    if status in TEXTS:
        return status
    if status == 403:  # noqa: PLR2004 - the status itself
        return 404
    return 500 if status >= 500 else 400  # noqa: PLR2004 - HTTP's border between theirs and ours


def _render(page: ErrorPage, status: int) -> Response:
    # The layout then leaves out everything that differs between addresses, so that the answer for
    # a hidden page and a missing one is the same to the byte.
    g.uniform = True
    if request.accept_mimetypes.best == "application/json":
        return make_response(jsonify(error=str(page.title)), status)
    kept = bool(page.fields)
    template = "errors/refused_form.html" if kept else "errors/page.html"
    return make_response(render_template(template, page=page), status)


def _from_exception(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are answers, not errors
        return make_response(error.get_response())
    response = answer(error.code)
    for name, value in error.get_headers():
        if name in _PASSED_ON:
            response.headers[name] = value
    return response


def register(app: Flask) -> None:
    """Answer every HTTP error, and every unexpected exception (as 500), with a page of ours."""
    app.register_error_handler(HTTPException, _from_exception)
    for exception, status in _STATUS.items():
        app.register_error_handler(exception, partial(_from_workflow, status))


def _from_workflow(status: int, error: Exception) -> Response:
    # Asked for only where there is nothing hidden to tell of: see Strength.FRESH in the policy.
    stale = isinstance(error, AccessDenied) and error.rule == "access.stale_factor"
    if stale and not problems.asked_here():
        return _confirm_first()
    if isinstance(error, KeysUnavailable):
        # The page says nothing of keys; those who run Stafett must know what to mend.
        _log.error("the keys cannot be had: %s", error.reason)
    return answer(status)


def _confirm_first() -> Response:
    """Ask for password and code first. What was typed in a form stays until the person is back."""
    if request.method not in _WRITING:
        return redirect(url_for("confirm.show", next=request.full_path.rstrip("?")), 303)
    page = ErrorPage(
        _CONFIRM_FIRST.title,
        _CONFIRM_FIRST.paragraphs,
        lazy_gettext("Confirm that it is you"),
        next_href=url_for("confirm.show"),
        sign_in_href=url_for("confirm.show"),
        fields=kept_fields(request.form),
        action=request.path,
    )
    return _render(page, 401)
