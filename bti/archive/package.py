"""What lies in a package, and the two files that speak for all the others: the manifest and its signature.

arkivmelding.xml       the message to an archive (Fiks Arkiv V1, the form of Noark 5)
log/                   what is read in the case: log.html, log.json, consents.json, files/
own/                   what is not part of the family's log: own.html, own.json, files/
access/                who has seen and done what: accesses.jsonl
manifest.sha256        the SHA-256 of every file above, as ``sha256sum -c`` reads it
manifest.note          the signed statement about the manifest (C2SP signed-note, Ed25519)
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from bti.audit.note import NoteError, VerifierKey, open_text

MANIFEST: Final = "manifest.sha256"
NOTE: Final = "manifest.note"
MESSAGE: Final = "arkivmelding.xml"
LOG_PAGE: Final = "log/log.html"
LOG: Final = "log/log.json"
CONSENTS: Final = "log/consents.json"
OWN_PAGE: Final = "own/own.html"
OWN: Final = "own/own.json"
ACCESSES: Final = "access/accesses.jsonl"
#: What every package has, whatever the case holds.
ALWAYS: Final = (MESSAGE, LOG_PAGE, LOG, CONSENTS, OWN_PAGE, OWN, ACCESSES)

HEADER: Final = "stafett-archive-package/1"
_KEY_NAME: Final = "stafett/archive/"
# Nothing that climbs out of the folder, is hidden, or is spelt in two ways.
_PATH: Final = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/){0,2}[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]{1,8})?")
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_NUMBER: Final = re.compile(r"[0-9]{4}-[0-9]{4}")
_LONGEST_PATH: Final = 160


class PackageError(ValueError):
    """A manifest, a statement or a path that this program does not write."""


def key_name(tenant: uuid.UUID) -> str:
    """Return the name of the key that signs a municipality's packages; never the name of a log."""
    return f"{_KEY_NAME}{tenant}"


def check_path(path: str) -> str:
    """Return a path that may lie in a package. Raises ``PackageError``."""
    if len(path) > _LONGEST_PATH or not _PATH.fullmatch(path) or path in {MANIFEST, NOTE}:
        raise PackageError("not a path of a package")
    return path


def manifest_text(digests: Mapping[str, bytes]) -> str:
    """Return the manifest of files by path (SHA-256, 32 bytes each), sorted."""
    return "".join(f"{digests[path].hex()}  {check_path(path)}\n" for path in sorted(digests))


def read_manifest(text: str) -> dict[str, bytes]:
    """Read exactly what ``manifest_text`` writes. Raises ``PackageError``."""
    found: dict[str, bytes] = {}
    for line in text.splitlines():
        read = _LINE.fullmatch(line)
        if read is None:
            raise PackageError("a line of the manifest is no digest and path")
        found[check_path(read[2])] = bytes.fromhex(read[1])
    if manifest_text(found) != text:
        raise PackageError("the manifest is not as it is written")
    return found


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed: whose package it is, of which case, and the digest of its manifest."""

    tenant: uuid.UUID
    number: str
    #: How many files the manifest names.
    files: int
    manifest: bytes

    @classmethod
    def about(cls, tenant: uuid.UUID, number: str, manifest: str) -> Self:
        """Return the statement about a manifest."""
        digest = hashlib.sha256(manifest.encode()).digest()
        return cls(tenant, number, len(manifest.splitlines()), digest)

    @property
    def text(self) -> str:
        """The lines that are signed, each ended by a newline."""
        digest = base64.b64encode(self.manifest).decode()
        lines = (HEADER, f"tenant {self.tenant}", f"case {self.number}", f"files {self.files}")
        return "\n".join((*lines, f"manifest {digest}")) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read exactly what ``text`` writes. Raises ``PackageError``."""
        try:
            header, tenant, case, files, manifest, _ = text.split("\n")
            made = cls(
                uuid.UUID(tenant.removeprefix("tenant ")),
                case.removeprefix("case "),
                int(files.removeprefix("files ")),
                base64.b64decode(manifest.removeprefix("manifest "), validate=True),
            )
        except ValueError:
            raise PackageError("not a statement about a package") from None
        if header != HEADER or not _NUMBER.fullmatch(made.number) or made.text != text:
            raise PackageError("not a statement about a package")
        return made

    @classmethod
    def signed(cls, note: str, keys: Iterable[VerifierKey]) -> Self:
        """Return the statement in a note that one of the keys signed under its own municipality's name.

        Raises ``NoteError`` for a signature that is none of theirs, ``PackageError`` for another text.
        """
        text, signers = open_text(note, keys)
        made = cls.parse(text)
        if key_name(made.tenant) not in signers:
            raise NoteError("the package is signed by another municipality's key")
        return made
