"""Tokens of SoftHSM in a folder of the test run, with a real PKCS#11 library before them.

SoftHSM comes from the system's package (tools/needs-softhsm). Without it the tests fail; they never skip.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pkcs11

from bti.crypto.pkcs11_provider import Pkcs11Provider

PIN = "7391-fjellrev"
SO_PIN = "5511-overoppsyn"
LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
CONFIG = """
directories.tokendir = {folder}
objectstore.backend = file
log.level = ERROR
slots.removable = false
"""


class NoSoftHsmError(Exception):
    """SoftHSM is not installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SoftTokens:
    """The tokens of this run. ``module`` is the library, ``folder`` holds the tokens' files."""

    module: Path
    folder: Path
    made: set[str] = field(default_factory=set)

    def provider(self, label: str, pin: str = PIN, **more) -> Pkcs11Provider:
        """A provider for one token."""
        return Pkcs11Provider(self.module, label, lambda: pin, **more)

    def add(self, label: str) -> str:
        """Make an empty token. The library finds it when it is initialised the next time."""
        subprocess.run(
            [
                *("softhsm2-util", "--init-token", "--free", "--label", label),
                *("--pin", PIN, "--so-pin", SO_PIN),
            ],
            check=True,
            capture_output=True,
        )
        self.made.add(label)
        self.restart()
        return label

    def restart(self) -> None:
        """What a restart of the module is to the program: every session and handle is gone."""
        library = pkcs11.lib(str(self.module))
        library.finalize()
        library.initialize()

    def unplug(self) -> None:
        """Take all tokens away."""
        self.folder.rename(self._away())
        self.folder.mkdir()
        self.restart()

    def plug_in(self) -> None:
        """Put them back."""
        if self._away().exists():
            shutil.rmtree(self.folder)
            self._away().rename(self.folder)
            self.restart()

    def _away(self) -> Path:
        return self.folder.with_name("away")


def make_tokens(folder: Path) -> SoftTokens:
    """Set SoftHSM up for this process, with no token yet."""
    module = next((Path(path) for path in LIBRARIES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise NoSoftHsmError("SoftHSM 2 is not installed: run tools/needs-softhsm")
    tokens = folder / "tokens"
    tokens.mkdir(parents=True)
    config = folder / "softhsm2.conf"
    config.write_text(CONFIG.format(folder=tokens), encoding="utf-8")
    os.environ["SOFTHSM2_CONF"] = str(config)
    return SoftTokens(module, tokens)
