"""The OpenAPI 3.1 document of the API, made of the same fields that read the bodies.

``python -m tools.render_openapi`` writes it to docs/openapi.json, and tests hold routes, answers and file to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bti import __version__
from bti.domain.codes import ClientScope
from bti.domain.levels import Level
from bti.web.api import bodies, problems
from bti.web.api.strict_json import MOST_BYTES
from bti.workflows.worklist_rows import Relation, TaskKind

if TYPE_CHECKING:
    from bti.web.api.fields import Group

ROOT: Final = "/api/v1"
KEY: Final = "Idempotency-Key"
AGREEMENT: Final = "Stafett-Agreement"

_UUID: Final = {"type": "string", "format": "uuid"}
_MAY_BE_MET: Final = (400, 401, 404, 405, 429, 500, 503)
_OF_POSTS: Final = (409, 413, 415, 422)

_LINE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "case_id": _UUID,
        "number": {"type": "string", "description": "The case number, as people write it."},
        "child": {"type": "string", "description": "The child's name."},
        "group": {
            "type": "string",
            "description": "Class or group; empty where the address is protected.",
        },
        "level": {"type": "integer", "enum": [int(level) for level in Level]},
        "relation": {
            "type": "string",
            "enum": [one.value for one in Relation if one is not Relation.UNIT],
            "description": "How the person stands to the case.",
        },
        "next_step": {
            "type": "string",
            "enum": [one.value for one in TaskKind],
            "description": "What comes next.",
        },
        "due_on": {"type": ["string", "null"], "format": "date", "description": "And by when."},
        "follow_up_broken": {
            "type": "boolean",
            "description": "Whether no measure has somebody who follows it up.",
        },
        "address": {"type": "string", "description": "Where the person opens it in Stafett."},
    },
    "additionalProperties": False,
}
_LINE["required"] = list(_LINE["properties"])

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Concern": bodies.CONCERN.schema(),
    "Reference": bodies.REFERENCE.schema(),
    "Worklist": {
        "type": "object",
        "properties": {"cases": {"type": "array", "items": _LINE}},
        "required": ["cases"],
        "additionalProperties": False,
        "description": "The person's own open cases, soonest due first.",
    },
    "Done": {
        "type": "object",
        "properties": {
            "case_id": _UUID,
            "number": {"type": "string", "description": "The case number."},
            "address": {"type": "string", "description": "Where the person opens it in Stafett."},
        },
        "required": ["case_id", "number", "address"],
        "additionalProperties": False,
        "description": "Where it is now.",
    },
    "Problem": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": {
                            "type": "string",
                            "description": "JSON pointer (RFC 6901); empty: the whole body.",
                        },
                        "detail": {"type": "string"},
                    },
                    "required": ["pointer", "detail"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
        "description": "RFC 9457. Texts are in the language of Accept-Language: nb, nn or en.",
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: where it is, which scope it takes, what goes in and what comes out."""

    endpoint: str
    method: str
    path: str
    summary: str
    scope: ClientScope
    answer: str
    body: Group | None = None
    body_name: str = ""


OPERATIONS: Final = (
    Operation(
        "api.worklist",
        "get",
        f"{ROOT}/worklist",
        "Read the person's own worklist",
        ClientScope.WORKLIST_READ,
        "Worklist",
    ),
    Operation(
        "api.concern",
        "post",
        f"{ROOT}/concerns",
        "Log a concern about a child, in a new case at level 0",
        ClientScope.CONCERN_OPEN,
        "Done",
        bodies.CONCERN,
        "Concern",
    ),
    Operation(
        "api.reference",
        "post",
        f"{ROOT}/cases/{{case_id}}/references",
        "Say where something is kept, and nothing of what it says",
        ClientScope.REFERENCE_POST,
        "Done",
        bodies.REFERENCE,
        "Reference",
    ),
)


def document() -> dict[str, Any]:
    """Return the whole document as JSON values."""
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stafett",
            "version": __version__,
            "description": (
                "For professional systems of a municipality. Each call is made with the system's key and for a "
                "person who has agreed to it, and can do no more than that person. What is hidden, what is "
                "missing and what is outside the scope are answered alike. No cookies, no CORS."
            ),
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The system's key. Its scopes were agreed to by two people.",
                }
            },
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    parameters = [
        {
            "name": AGREEMENT,
            "in": "header",
            "required": True,
            "schema": _UUID,
            "description": "The number of the agreement, which the person finds under My account.",
        }
    ]
    statuses = [*_MAY_BE_MET]
    if "{case_id}" in one.path:
        parameters.append({"name": "case_id", "in": "path", "required": True, "schema": _UUID})
    if one.body is not None:
        statuses += _OF_POSTS
        parameters.append(
            {
                "name": KEY,
                "in": "header",
                "required": True,
                "schema": _UUID,
                "description": (
                    "A new one for each sending. Under the same one the same is done once, and answered "
                    "again with 200."
                ),
            }
        )
    found: dict[str, Any] = {
        "operationId": one.endpoint.partition(".")[2],
        "summary": one.summary,
        "description": f"Takes the scope {one.scope.value}.",
        "security": [{"key": [one.scope.value]}],
        "parameters": parameters,
        "responses": {
            **_good(one),
            **{str(status): _problem(status) for status in sorted(statuses)},
        },
    }
    if one.body is not None:
        found["requestBody"] = {
            "required": True,
            "description": f"At most {MOST_BYTES // 1024} KiB, UTF-8.",
            "content": {"application/json": {"schema": _ref(one.body_name)}},
        }
    return found


def _good(one: Operation) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref(one.answer)}}
    if one.body is None:
        return {"200": {"description": "What was asked for.", "content": content}}
    return {
        "200": {"description": "It was done before, under the same key.", "content": content},
        "201": {"description": "It is done.", "content": content},
    }


def _problem(status: int) -> dict[str, Any]:
    kind, _title, _detail = problems.KINDS[status]
    return {"description": kind, "content": {problems.TYPE: {"schema": _ref("Problem")}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
