"""Errors as RFC 9457 says, in the language asked for. Never what was sent, nor whether something exists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from flask import g, make_response, request
from flask_babel import lazy_gettext as _l

from bti.web.api.fields import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

ROOT: Final = "/api/"
TYPE: Final = "application/problem+json"

#: Status → the short name of its kind, a title and what to do. One for each status that can be met.
KINDS: Final[Mapping[int, tuple[str, Any, Any]]] = {
    400: (
        "unreadable",
        _l("We could not read what was sent"),
        _l(
            "Send one JSON object in UTF-8 with each name once, and an Idempotency-Key that is a UUID."
        ),
    ),
    401: (
        "not-let-in",
        _l("The key and the agreement do not let this system act"),
        _l(
            "Send the key as a bearer token and the number of the agreement in Stafett-Agreement. A key can "
            "be ended by the municipality, and an agreement by its owner."
        ),
    ),
    404: (
        "not-found",
        _l("There is nothing here for this system"),
        _l(
            "The address may not exist, the key may not have the scope, or the person may not have the "
            "right."
        ),
    ),
    405: (
        "method",
        _l("This address does not take that method"),
        _l("The document at /api/v1/openapi.json says which it takes."),
    ),
    409: (
        "conflict",
        _l("The key was used for something else, or somebody else was first"),
        _l("Nothing has been saved. Send something new under a new Idempotency-Key."),
    ),
    413: (
        "too-large",
        _l("That was too much at once"),
        _l("A body may have at most 128 KiB. Nothing has been saved."),
    ),
    415: (
        "media-type",
        _l("Only JSON is taken"),
        _l("Send Content-Type: application/json. Nothing has been saved."),
    ),
    422: (
        "not-taken",
        _l("Something must be mended first"),
        _l("Nothing has been saved. What is wrong stands under errors."),
    ),
    429: (
        "too-often",
        _l("Too many calls"),
        _l("Wait as long as Retry-After says. Nothing has been saved."),
    ),
    500: (
        "fault",
        _l("Something went wrong on our side"),
        _l("Nothing has been saved. Try again under the same Idempotency-Key."),
    ),
    503: (
        "away",
        _l("Stafett is not available just now"),
        _l("Nothing has been saved. Try again under the same Idempotency-Key."),
    ),
}

FAULTS: Final[Mapping[Fault, Any]] = {
    Fault.MISSING: _l("This is missing."),
    Fault.UNKNOWN: _l("There is no field of this name."),
    Fault.KIND: _l("This is another kind of value."),
    Fault.EMPTY: _l("This must not be empty."),
    Fault.TOO_LONG: _l("This is too long."),
    Fault.TOO_MANY: _l("These are too many."),
    Fault.TWICE: _l("The same code stands here twice."),
    Fault.SIGNS: _l("There is a sign here that cannot be kept."),
    Fault.NOT_A_DAY: _l("This is no day. Write it as 2026-08-31."),
    Fault.NOT_A_CODE: _l("This is none of the codes."),
    Fault.DANGER: _l(
        "A child in danger is not reported through another system. Call, and report in Stafett itself."
    ),
    Fault.CONSIDER: _l(
        "Say that the duty to report to child welfare services has been considered."
    ),
}


def asked_here() -> bool:
    """Whether the address of this request is one of the API's, also one that does not exist."""
    return request.path.startswith(ROOT)


def answer(status: int, errors: list[dict[str, str]] | None = None) -> Response:
    """The problem for a status; one without words of its own becomes the nearest that has."""
    g.uniform = True
    known = _known(status)
    kind, title, detail = KINDS[known]
    content: dict[str, Any] = {
        "type": f"tag:stafett,2026:problem:{kind}",
        "title": str(title),
        "status": known,
        "detail": str(detail),
    }
    if errors:
        content["errors"] = errors
    response = make_response(json.dumps(content, ensure_ascii=False), known)
    response.content_type = TYPE
    if known == 401:  # noqa: PLR2004 - the status itself
        response.headers["WWW-Authenticate"] = 'Bearer realm="stafett"'
    return response


def not_taken(faults: Mapping[str, Fault]) -> Response:
    """The problem for a body with faults, each at its place."""
    return answer(
        422,
        [{"pointer": at, "detail": str(FAULTS[fault])} for at, fault in sorted(faults.items())],
    )


def _known(status: int) -> int:
    if status in KINDS:
        return status
    if status == 403:  # noqa: PLR2004 - the status itself
        return 404
    return 500 if status >= 500 else 400  # noqa: PLR2004 - HTTP's border between theirs and ours
