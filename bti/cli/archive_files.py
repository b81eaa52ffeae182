"""Writes an archive package to a folder: parts, files, message and manifest. The signature comes last, from elsewhere.

Files are opened piece by piece and are whole before a byte of them is written.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bti.archive import package
from bti.archive.extract import ProvenEntry, extract_text
from bti.archive.message import CaseFacts, FileFact, Party, message_xml
from bti.clock import norwegian_date
from bti.domain.legal import basis_on
from bti.profiles import legal_bases
from bti.web.archive_page import pages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from bti.workflows.archive_content import Material

_TITLES: Final = {
    package.LOG_PAGE: ("Stafettlogg", "text/html"),
    package.LOG: ("Stafettlogg, data", "application/json"),
    package.CONSENTS: ("Samtykker", "application/json"),
    package.OWN_PAGE: ("Tjenestenes egne notater", "text/html"),
    package.OWN: ("Tjenestenes egne notater, data", "application/json"),
    package.ACCESSES: ("Utdrag av innsynsloggen", "application/jsonl"),
}
_ROLES: Final = {"child": "BARN", "guardian": "FORESATT"}


@dataclass(slots=True)
class _Folder:
    """A folder that is being filled, and what has been written to it."""

    root: Path
    digests: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write a file that is not there yet, and note its digest and size in bytes."""
        place = self.root / package.check_path(path)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, size = hashlib.sha256(), 0
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                found.update(piece)
                size += len(piece)
                file.write(piece)
        self.digests[path], self.sizes[path] = found.digest(), size


def write_package(root: Path, material: Material) -> str:
    """Fill a new folder with all but the signature, and return the manifest.

    Raises ``FileExistsError`` for a folder that is there, ``FileDamaged`` for an attached file that is not the one
    that was attached. What was written until then is left, unsigned.
    """
    root.mkdir(mode=0o700, parents=True)
    folder = _Folder(root)
    log_page, own_page = pages(material)
    folder.write(package.LOG_PAGE, [log_page])
    folder.write(package.OWN_PAGE, [own_page])
    for path, part in ((package.LOG, "log"), (package.CONSENTS, "consents"), (package.OWN, "own")):
        folder.write(path, [_json(material.document(part))])
    folder.write(package.ACCESSES, [_accesses(material)])
    for one in material.files:
        folder.write(one.path, one.opened.content(one.opened.verified()))
    folder.write(package.MESSAGE, [message_xml(_facts(material), _file_facts(material, folder))])
    manifest = package.manifest_text(folder.digests)
    _put(root / package.MANIFEST, manifest)
    return manifest


def write_note(root: Path, note: str) -> None:
    """Write the signature: from here on the package is one."""
    _put(root / package.NOTE, note)


def _facts(material: Material) -> CaseFacts:
    ops = material.ops
    people = [one["body"] for one in material.log.get("persons", ())]
    child = next((one for one in people if one["kind"] == "child"), {"name": "–"})
    ordered = sorted(people, key=lambda one: (one["kind"] != "child", one["name"]))
    closed_at = _closed_at(material)
    return CaseFacts(
        case_id=material.case_id,
        number=material.number,
        title=f"Stafettlogg – {child['name']}",
        unit=material.unit,
        opened_at=ops.opened_at,
        closed_at=closed_at,
        closed_by=material.unit,
        secrecy=_secrecy(material, closed_at),
        parties=tuple(
            Party(_ROLES.get(one["kind"], "FORESATT"), one["name"], one.get("national_id", ""))
            for one in ordered
        ),
    )


def _secrecy(material: Material, closed_at: datetime) -> str:
    """Return the act by which it is kept from the public, as it stood when the case closed."""
    basis = basis_on(legal_bases(), "fvl-13", norwegian_date(closed_at))
    reference = basis.reference.get(material.language, basis.reference["nb"])
    return f"offentleglova § 13, {reference}"


def _file_facts(material: Material, folder: _Folder) -> list[FileFact]:
    attached = {one.path: one for one in material.files}
    found = []
    for path in sorted(folder.digests, key=lambda one: (one != package.LOG_PAGE, one)):
        own = attached.get(path)
        title, mime = (own.title, own.opened.mime) if own else _TITLES[path]
        found.append(
            FileFact(
                path=path,
                title=title,
                mime=mime,
                size=folder.sizes[path],
                sha256=folder.digests[path],
                made_at=own.made_at if own else _closed_at(material),
                made_by=own.made_by if own else material.unit,
                main=path == package.LOG_PAGE,
            )
        )
    return found


def _closed_at(material: Material) -> datetime:
    return material.ops.closed_at or material.ops.opened_at


def _accesses(material: Material) -> bytes:
    told = material.accesses
    entries = (ProvenEntry(one.checkpoint, one.entry, one.index, one.path) for one in told.entries)
    return extract_text(told.checkpoints, entries).encode()


def _json(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def _put(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
