"""The verifier as one file that runs alone: a zip archive of these modules, which Python starts."""

import os
from importlib.resources import files
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

NAME = "verify.pyz"
"""What the file is called beside an export."""

_START = "from bti.audit.verify.command import main\n\nraise SystemExit(main())\n"
_ALWAYS = (1980, 1, 1, 0, 0, 0)  # the same modules give the same bytes, whenever they are packed
_PACKAGES = ("bti", "bti.audit", "bti.audit.verify")


def write_alone(path: Path) -> None:
    """Write the archive; `python FILE DIR --key KEY` then runs it. FileExistsError if it is there."""
    # Its owner's alone like the rest of an export, though it holds no secret.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(_contents().items()):
            archive.writestr(ZipInfo(name, _ALWAYS), content, ZIP_DEFLATED)


def _contents() -> dict[str, bytes]:
    found = {"__main__.py": _START.encode()}
    for package in _PACKAGES:
        whole = package == _PACKAGES[-1]
        for module in files(package).iterdir():
            if module.name.endswith(".py") and (whole or module.name == "__init__.py"):
                found[f"{package.replace('.', '/')}/{module.name}"] = module.read_bytes()
    return found
