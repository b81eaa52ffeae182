"""Checks a package offline: whose it is, that every file is the one that was signed, and that it holds together.

Needs the folder and the public key, and neither the application's database nor a secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bti.archive import extract, package, structure
from bti.archive.package import MANIFEST, MESSAGE, NOTE, PackageError, Statement
from bti.audit.note import NoteError, VerifierKey

_PIECE: Final = 1 << 20
#: Longer than any of the two can be for a hundred thousand files.
_MOST_TEXT: Final = 1 << 25
_JSON: Final = (package.LOG, package.CONSENTS, package.OWN)


class Damage(StrEnum):
    """What can be wrong with a package."""

    NO_FOLDER = "no_folder"
    UNSIGNED = "unsigned"
    WRONG_KEY = "wrong_key"
    NOTE_BROKEN = "note_broken"
    MANIFEST_CHANGED = "manifest_changed"
    MANIFEST_BROKEN = "manifest_broken"
    MISSING = "missing"
    ADDED = "added"
    CHANGED = "changed"
    MESSAGE_BROKEN = "message_broken"
    DATA_BROKEN = "data_broken"
    ACCESSES_BROKEN = "accesses_broken"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what kind, where in the package, and a word more where there is one."""

    damage: Damage
    path: str = ""
    more: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        parts = (_SAID[self.damage], self.path, self.more)
        return ": ".join(part for part in parts if part)


_SAID: Final = {
    Damage.NO_FOLDER: "there is no such folder",
    Damage.UNSIGNED: "the signature is not there",
    Damage.WRONG_KEY: "it is not signed with this key",
    Damage.NOTE_BROKEN: "the signature is cut or changed",
    Damage.MANIFEST_CHANGED: "the manifest is not the one that was signed",
    Damage.MANIFEST_BROKEN: "the manifest cannot be read",
    Damage.MISSING: "a file is missing",
    Damage.ADDED: "a file was added",
    Damage.CHANGED: "a file was changed",
    Damage.MESSAGE_BROKEN: "the message to the archive does not hold",
    Damage.DATA_BROKEN: "the data cannot be read",
    Damage.ACCESSES_BROKEN: "the extract of the access log does not hold",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. ``statement`` is what was signed, None when that could not be read."""

    statement: Statement | None
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether the package is whole and its signer's."""
        return self.statement is not None and not self.faults


def verify(
    folder: Path, keys: Sequence[VerifierKey], *, log_keys: Sequence[VerifierKey] = ()
) -> Report:
    """Check a package against the keys that may have signed it. Raises only what the disk raises.

    With ``log_keys`` the checkpoints in the extract of the access log must be signed with one of them too;
    without, they are what the package's own signature says.
    """
    if not folder.is_dir():
        return Report(None, (Fault(Damage.NO_FOLDER),))
    statement, fault = _statement(folder, keys)
    if statement is None:
        return Report(None, (fault,) if fault else ())
    digests, fault = _manifest(folder, statement)
    if fault is not None:
        return Report(statement, (fault,))
    faults = _files(folder, digests)
    # What the parts say is looked at only when they are the ones that were signed.
    return Report(statement, tuple(faults or _content(folder, digests, log_keys)))


def _statement(folder: Path, keys: Sequence[VerifierKey]) -> tuple[Statement | None, Fault | None]:
    try:
        note = _text(folder / NOTE)
    except FileNotFoundError:
        return None, Fault(Damage.UNSIGNED, NOTE)
    except ValueError:
        return None, Fault(Damage.NOTE_BROKEN, NOTE)
    try:
        return Statement.signed(note, keys), None
    except NoteError as error:
        told = "none of the given keys signed" in str(error) or "another municipality" in str(error)
        damage = Damage.WRONG_KEY if told else Damage.NOTE_BROKEN
        return None, Fault(damage, NOTE, str(error))
    except PackageError as error:
        return None, Fault(Damage.NOTE_BROKEN, NOTE, str(error))


def _manifest(folder: Path, statement: Statement) -> tuple[dict[str, bytes], Fault | None]:
    try:
        text = _text(folder / MANIFEST)
    except FileNotFoundError:
        return {}, Fault(Damage.MISSING, MANIFEST)
    except ValueError:
        return {}, Fault(Damage.MANIFEST_CHANGED, MANIFEST)
    if hashlib.sha256(text.encode()).digest() != statement.manifest:
        return {}, Fault(Damage.MANIFEST_CHANGED, MANIFEST)
    try:
        digests = package.read_manifest(text)
    except PackageError as error:
        return {}, Fault(Damage.MANIFEST_BROKEN, MANIFEST, str(error))
    if len(digests) != statement.files or not set(package.ALWAYS) <= digests.keys():
        return {}, Fault(Damage.MANIFEST_BROKEN, MANIFEST, "it does not name what it should")
    return digests, None


def _files(folder: Path, digests: dict[str, bytes]) -> list[Fault]:
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        # A link could show another file than the one that is carried along.
        if path.is_symlink() or not path.is_dir()
    }
    named = {*digests, MANIFEST, NOTE}
    faults = [Fault(Damage.MISSING, path) for path in sorted(named - there)]
    faults += [Fault(Damage.ADDED, path) for path in sorted(there - named)]
    for path in sorted(there & digests.keys()):
        file = folder / path
        if file.is_symlink() or not file.is_file() or sha256_of(file) != digests[path]:
            faults.append(Fault(Damage.CHANGED, path))
    return faults


def _content(
    folder: Path, digests: dict[str, bytes], log_keys: Sequence[VerifierKey]
) -> list[Fault]:
    faults: list[Fault] = []
    about = {path: digest for path, digest in digests.items() if path != MESSAGE}
    sizes = {path: (folder / path).stat().st_size for path in about}
    said = structure.faults_of((folder / MESSAGE).read_bytes(), about, sizes)
    faults += [Fault(Damage.MESSAGE_BROKEN, MESSAGE, one) for one in said]
    for path in _JSON:
        try:
            json.loads((folder / path).read_bytes())
        except (ValueError, RecursionError):
            faults.append(Fault(Damage.DATA_BROKEN, path))
    try:
        with (folder / package.ACCESSES).open("rb") as lines:
            extract.check(lines, log_keys)
    except extract.ExtractError as error:
        faults.append(Fault(Damage.ACCESSES_BROKEN, package.ACCESSES, str(error)))
    return faults


def sha256_of(path: Path) -> bytes:
    """Return the SHA-256 of a file (32 bytes), read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.digest()


def _text(path: Path) -> str:
    """Return a short text as it lies there. ``ValueError`` for what is none."""
    # Somebody else's folder: a pipe would be waited for.
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ValueError("no file")
    with path.open("rb") as file:
        content = file.read(_MOST_TEXT + 1)
    if len(content) > _MOST_TEXT:
        raise ValueError("too long")
    return content.decode("utf-8")
