"""What the ids among an approval's parameters stand for, so that the approver can read them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bti.db.models import Account, Case, Unit

if TYPE_CHECKING:
    from bti.db.models import Approval
    from bti.workflows.context import Context


def named(context: Context, row: Approval) -> dict[str, str]:
    """Return, by parameter, the name, unit or case number that an id stands for."""
    found = {}
    for name, value in row.params["params"].items():
        try:
            key = uuid.UUID(value) if isinstance(value, str) else None
        except ValueError:
            key = None
        text = _what(context, row.tenant_id, key) if key is not None else ""
        if text:
            found[name] = text
    return found


def _what(context: Context, tenant: uuid.UUID, key: uuid.UUID) -> str:
    """Return what an id stands for in this municipality. A case is its number, never a name."""
    for table in (Account, Unit, Case):
        thing = context.session.get(table, key)
        if thing is not None and thing.tenant_id == tenant:
            match thing:
                case Account():
                    return str(thing.profile["name"])
                case Unit():
                    return thing.name
                case Case():
                    return thing.number
    return ""
