"""Names of a case's compartments. Each has its own data key; consent decides which is released."""

from __future__ import annotations

import uuid
from typing import Final

from bti.domain.codes import InfoType
from bti.domain.errors import RuleBroken

CORE: Final = "core"
SEALED: Final = "sealed"


def service_compartment(unit_id: uuid.UUID, info_type: InfoType) -> str:
    """The compartment for one unit's information of one type."""
    return f"svc:{unit_id.hex}:{info_type.value}"


def service_compartments(unit_id: uuid.UUID) -> frozenset[str]:
    """Every compartment a unit can own in a case."""
    return frozenset(service_compartment(unit_id, info_type) for info_type in InfoType)


def parse(name: str) -> tuple[uuid.UUID, InfoType] | None:
    """The owner and type of a service compartment; None for ``core`` and ``sealed``.

    Raises ``RuleBroken("compartment.unknown")`` for anything else.
    """
    if name in {CORE, SEALED}:
        return None
    try:
        _, unit, info_type = name.split(":")
        parsed = uuid.UUID(hex=unit), InfoType(info_type)
    except ValueError:
        raise RuleBroken("compartment.unknown") from None
    if service_compartment(*parsed) != name:  # its one spelling
        raise RuleBroken("compartment.unknown")
    return parsed
