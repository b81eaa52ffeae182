"""Validates a message against the schemas of Fiks Arkiv, where somebody has them on the disk.

Nothing is fetched: a schema that asks for an address is refused. The schemas are KS's and are not handed on here.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

ENTRY: Final = "no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.xsd"
_MOST: Final = 20


class SchemaError(ValueError):
    """The folder holds no schemas that can be used. The text says why."""


def schema_faults(message: bytes, folder: Path) -> list[str]:
    """Return where a message breaks the schemas in a folder, at most twenty places; none when it holds.

    Raises ``SchemaError`` when the schema of Fiks Arkiv V1 is not in the folder, or does not load.
    """
    # Loaded by the command that asks for it alone: it takes longer than all of the rest.
    import xmlschema  # noqa: PLC0415 - see above

    entry = folder / ENTRY
    if not entry.is_file():
        raise SchemaError(f"there is no {ENTRY} in {folder}")
    try:
        with warnings.catch_warnings():
            # A part that is not found is a warning to the library, and to us the end.
            warnings.simplefilter("error")
            schema = xmlschema.XMLSchema10(str(entry), allow="sandbox", defuse="always")
    except (xmlschema.XMLSchemaException, UserWarning, OSError) as fault:
        raise SchemaError(f"{ENTRY} does not load: {type(fault).__name__}") from None
    said = xmlschema.XMLResource(message.decode(), allow="none", defuse="always")
    faults = []
    for error in schema.iter_errors(said):
        # The reason alone could say a name; the path says only where.
        faults.append(f"{error.path or '/'}: {type(error).__name__}")
        if len(faults) == _MOST:
            break
    return faults
