"""The JSON API: a professional system acts for a person who has agreed to it.

A key and the number of an agreement in every call; no cookie says anything here, and none is set.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, make_response, request, url_for
from werkzeug.exceptions import BadRequest, TooManyRequests, UnsupportedMediaType

from bti.domain.errors import RuleBroken
from bti.web import messages
from bti.web.api import bodies, openapi, problems
from bti.web.api.fields import BadBody
from bti.web.api.strict_json import MOST_BYTES, BadJson, parse_object
from bti.web.doorway import doorway, perform
from bti.workflows import api_calls, api_sign_in
from bti.workflows.api_calls import Sent
from bti.workflows.api_sign_in import TooOften

if TYPE_CHECKING:
    from flask import Flask, Request
    from werkzeug.wrappers import Response

    from bti.workflows.actor import Actor
    from bti.workflows.api_calls import Done

_JSON: Final = "application/json"
_OTHER_CONTENT: Final = "client.other_content"

blueprint = Blueprint("api", __name__, url_prefix=openapi.ROOT)


def register(app: Flask) -> None:
    """Add the calls."""
    app.register_blueprint(blueprint)


def identify(incoming: Request) -> Actor | None:
    """Return whom a system acts for, or None. Raises ``TooManyRequests``."""
    given = incoming.authorization
    agreement = _uuid(incoming.headers.get(openapi.AGREEMENT, ""))
    if given is None or given.type != "bearer" or not given.token or agreement is None:
        return None
    found = doorway().perform(api_sign_in.identify, None, key=given.token, agreement_id=agreement)
    if isinstance(found, TooOften):
        raise TooManyRequests(retry_after=found.seconds)
    return found


@blueprint.get("/openapi.json")
def document() -> Response:
    """What calls there are."""
    return _answer(openapi.document(), 200)


@blueprint.get("/worklist")
def worklist() -> Response:
    """The person's own open cases."""
    rows = perform(api_calls.worklist)
    cases = [
        {
            "case_id": str(row.case_id),
            "number": row.number,
            "child": row.child,
            "group": row.group,
            "level": int(row.level),
            "relation": row.relation.value,
            "next_step": row.next_step.value,
            "due_on": row.due_on.isoformat() if row.due_on else None,
            "follow_up_broken": row.follow_up_broken,
            "address": url_for("case.show", case_id=row.case_id),
        }
        for row in rows
    ]
    return _answer({"cases": cases}, 200)


@blueprint.post("/concerns")
def concern() -> Response:
    """Log a concern in a new case."""
    try:
        given, sent = _sent()
        return _done(perform(api_calls.open_concern, command=bodies.to_concern(given), sent=sent))
    except BadBody as bad:
        return problems.not_taken(bad.faults)
    except RuleBroken as broken:
        return _broken(broken)


@blueprint.post("/cases/<uuid:case_id>/references")
def reference(case_id: uuid.UUID) -> Response:
    """Say where something is kept."""
    try:
        given, sent = _sent()
        command = bodies.to_reference(case_id, given)
        return _done(perform(api_calls.post_reference, command=command, sent=sent))
    except BadBody as bad:
        return problems.not_taken(bad.faults)
    except RuleBroken as broken:
        return _broken(broken)


def _sent() -> tuple[dict[str, Any], Sent]:
    """Return the body and what it is known by. Raises ``HTTPException`` for one that cannot be read."""
    if request.mimetype != _JSON or request.content_encoding:
        raise UnsupportedMediaType
    key = _uuid(request.headers.get(openapi.KEY, ""))
    if key is None:
        raise BadRequest
    request.max_content_length = MOST_BYTES
    body = request.get_data(cache=False)
    try:
        given = parse_object(body)
    except BadJson:
        raise BadRequest from None
    # With the key in it, which is kept nowhere: the digest confirms no guess at what was written.
    content = json.dumps(given, sort_keys=True, separators=(",", ":")).encode()
    said = b"\0".join((key.bytes.hex().encode(), request.path.encode(), content))
    return given, Sent(key, hashlib.sha256(said).hexdigest())


def _uuid(text: str) -> uuid.UUID | None:
    """Return the id that is spelt in the one usual way, or None."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def _done(done: Done) -> Response:
    content = {
        "case_id": str(done.case_id),
        "number": done.number,
        "address": url_for("case.show", case_id=done.case_id),
    }
    return _answer(content, 201 if done.fresh else 200)


def _broken(broken: RuleBroken) -> Response:
    if broken.code == _OTHER_CONTENT:
        return problems.answer(409)
    return problems.answer(422, [{"pointer": "", "detail": messages.message(broken)}])


def _answer(content: dict[str, Any], status: int) -> Response:
    response = make_response(json.dumps(content, ensure_ascii=False), status)
    response.content_type = _JSON
    return response
