"""What an operator does to the root key of each provider: a new one, and what brings it back when it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bti.cli.wiring import OPERATOR
from bti.crypto.file_provider import OLD
from bti.crypto.private_file import read_secret_line
from bti.crypto.root_files import beside, change_places, prepare_next
from bti.workflows import keys

if TYPE_CHECKING:
    from bti.bootstrap import Runtime
    from bti.settings import Settings

RECOVERED_ELSEWHERE: Final = {
    "cred": "The root key is a credential of the service. Split the file it was made from, where "
    "that lies: set BTI_KEY_PROVIDER=file and BTI_ROOT_KEY_FILE there, and run this again.",
    "pkcs11": "The root key never leaves the hardware module. Its maker's backup, or a second "
    "module with the same key, is what brings it back. `bti provider share` splits the PIN.",
    "transit": "The root key never leaves the key service. Its snapshot and its own recovery "
    "keys are what bring it back.",
    "plugin": "The root key is kept by the plug-in's key service: its own backup brings it back.",
}
"""What takes the place of shares where the root key is not in a file."""


def passphrase_of(settings: Settings) -> str | None:
    """Return what the root key file is locked with, or None. Raises ``KeyFileRefused``."""
    path = settings.root_key_passphrase_file
    return None if path is None else read_secret_line(path, "passphrase file")


def change_root(opened: Runtime) -> str:
    """Give every municipality's keys a new root key and say what was done.

    File: makes the key, moves, and lets the files change places. Others: the new key, or the new
    version of it, has been made where it is kept, and the settings name it. Raises
    ``KeyHeldError``, ``KeyFileRefused``.
    """
    settings = opened.settings
    perform = opened.doorway.perform
    if settings.key_provider != "file":
        ref = perform(keys.newest_root, OPERATOR)
        again = settings.key_provider in {"transit", "plugin"}
        moved = keys.move_all_to_root(opened.doorway, OPERATOR, root_ref=ref, again=again)
        return f"{moved} keys are under {ref}, in its newest version."
    path = settings.case_side().root_key_file
    ref = prepare_next(path, passphrase_of(settings))
    moved = keys.move_all_to_root(opened.doorway, OPERATOR, root_ref=ref)
    change_places(path)
    return (
        f"{moved} keys moved to {ref}. Restart the broker. The root key before it lies in "
        f"{beside(path, OLD)}: delete it when no dump of the key store needs it, after 30 days. "
        "Make new shares now: bti keys export-recovery."
    )
