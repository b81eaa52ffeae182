"""Rows as they are written into a request, and refusals as they come back out of an answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from bti.crypto.errors import SealError
from bti.domain.errors import AccessDenied, BaitTaken, Conflict, KeysUnavailable
from bti.keyd.wire import pack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.db.guards import Writing


def refusal(no: Mapping[str, Any]) -> Exception:
    """Return what the broker's process raised."""
    code, case = no.get("code"), no.get("case")
    case_id = uuid.UUID(hex=case) if case else None
    if code == "bait" and case_id is not None:
        taken = BaitTaken(case_id)
        taken.entered = bool(no.get("entered"))
        return taken
    if code == "denied":
        return AccessDenied(str(no.get("rule")), case_id=case_id, entered=bool(no.get("entered")))
    if code == "sealed":
        return SealError()
    return Conflict() if code == "conflict" else KeysUnavailable("broker")


def packed(columns: Mapping[str, bytes | None]) -> dict[str, str | None]:
    """Return columns in the form of the wire."""
    return {name: pack(value) for name, value in columns.items()}


def wired(row: Writing) -> dict[str, Any]:
    """Return a row about to be written in the form of the wire."""
    return {
        "tenant": row.tenant.hex,
        "table": row.table,
        "row_id": row.row_id.hex,
        "version": row.version,
        "columns": packed(row.columns),
        "beyond": packed(row.beyond),
    }
