"""Reading files that hold a secret, with the checks they need. What is in them is others' business.

Each file is opened once and checked through its descriptor, so that what was checked is what is read.
"""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

_MAX_FILE_BYTES = 16_384
_OWN_MODES = (0o400, 0o600)
# systemd lets a service into its credential with an access list, which shows as the group's right to
# read. Nobody else may read, and nobody at all may write except the owner.
_HANDED_FORBIDDEN = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO


class KeyFileRefused(Exception):  # noqa: N818 - says what happened, as callers read it
    """A file with a secret is not safe or not whole. The text says what to do and holds nothing of it."""


def read_own(path: Path, what: str) -> bytes:
    """Read a file of our own: ours, for nobody else (0400 or 0600), in a directory not open to all.

    ``what`` names the file in the refusal ("root key file"). KeyFileRefused for anything else, and
    for a symbolic link, a pipe or a file that is not there.
    """
    check_directory(path.parent, what)
    return _read(path, what, _check_own)


def read_handed(path: Path, what: str) -> bytes:
    """Read a file handed to us by the system (a service credential, a PIN, a token).

    It belongs to us or to root, others cannot read it and nobody else can change it. KeyFileRefused otherwise.
    """
    check_directory(path.parent, what)
    return _read(path, what, _check_handed)


def read_secret_line(path: Path, what: str) -> str:
    """Read a handed file that holds one line of text; the line without its end. KeyFileRefused."""
    try:
        line = read_handed(path, what).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        line = ""
    if not line or not line.isprintable():
        raise KeyFileRefused(f"The {what} {path} must hold one line of text and nothing else.")
    return line


def check_place(path: Path, forbidden_directories: Sequence[Path], what: str) -> None:
    """Refuse a file that would travel with what it opens, in a copy or a backup. KeyFileRefused."""
    directory = path.parent.resolve()
    for forbidden in forbidden_directories:
        if directory.is_relative_to(forbidden.resolve()):
            raise KeyFileRefused(
                f"The {what} {path} lies in {forbidden}, with what it opens. Move it to a place of its own."
            )


def check_directory(directory: Path, what: str) -> None:
    """Refuse a directory that is not there or that anybody may write to. KeyFileRefused."""
    if not directory.is_dir():
        raise KeyFileRefused(
            f"There is no directory {directory} for the {what}. Make it, or create a root key first."
        )
    if directory.stat().st_mode & stat.S_IWOTH:
        raise KeyFileRefused(
            f"Anybody may write to {directory}, so the {what} is not safe there. Run: chmod o-w {directory}"
        )


def _read(path: Path, what: str, check: Callable[[Path, str, os.stat_result], None]) -> bytes:
    try:
        # Not blocking: a named pipe left in its place must be refused, not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as cause:
        if path.is_symlink():
            message = f"The {what} {path} is a symbolic link. Put the file itself there."
        else:
            message = f"The {what} {path} cannot be read ({cause.strerror}). Restore it, or create a root key first."
        raise KeyFileRefused(message) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileRefused(
                f"The {what} {path} is not an ordinary file. Put the file itself there."
            )
        check(path, what, status)
        return os.read(descriptor, _MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _check_own(path: Path, what: str, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        raise KeyFileRefused(
            f"The {what} {path} belongs to user id {status.st_uid}. Run this program as that user."
        )
    if mode not in _OWN_MODES:
        raise KeyFileRefused(
            f"The {what} {path} has mode {mode:04o} and may be read by others. Run: chmod 600 {path}"
        )


def _check_handed(path: Path, what: str, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in {0, os.geteuid()}:
        raise KeyFileRefused(
            f"The {what} {path} belongs to user id {status.st_uid}. It must belong to root or to us."
        )
    if mode & _HANDED_FORBIDDEN:
        raise KeyFileRefused(
            f"The {what} {path} has mode {mode:04o}, which lets others in. Run: chmod 400 {path}"
        )
