"""Looks for texts wherever a process or an engine may have left them, however they are written there."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, quote_plus

#: A key for what is written beside a container that was opened.
_INSIDE = "!"
_DEEPEST = 4
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b\x08"


def spellings(text: str) -> frozenset[bytes]:
    """Every form in which a text might lie somewhere, as what is the same wherever it begins."""
    found: set[bytes] = set()
    for plain in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        found |= {plain, plain.hex().encode(), plain.hex().upper().encode()}
        found |= set(_in_base64(plain))
    utf8 = text.encode()
    found |= {quote(text, safe="").encode(), quote_plus(text).encode()}
    found.add("".join(f"%{one:02X}" for one in utf8).encode())
    found.add("".join(f"%{one:02x}" for one in utf8).encode())
    found |= {json.dumps(text)[1:-1].encode(), text.encode("utf-32-le")}
    return frozenset(found)


def _in_base64(data: bytes) -> Iterator[bytes]:
    # Three bytes are four signs: it depends on what stands before, and both ends are shared with others.
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        kept = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield kept
        yield kept.translate(bytes.maketrans(b"+/", b"-_"))


def found(content: dict[str, bytes], texts: Iterable[str]) -> list[tuple[str, str]]:
    """Where any of the texts stands, containers opened: (place, text) for each."""
    forms = [(text, spellings(text)) for text in texts]
    return sorted(
        {
            (place, text)
            for name, data in content.items()
            for place, part in opened(name, data)
            for text, spelt in forms
            if any(form in part for form in spelt)
        }
    )


def opened(name: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """A file, and what is packed in it: members of archives, gzip, and archives behind other bytes."""
    yield name, data
    if depth == _DEEPEST:
        return
    if data.startswith(_GZIP):
        try:
            yield from opened(f"{name}{_INSIDE}", gzip.decompress(data), depth + 1)
        except (OSError, EOFError, zlib.error):
            return
    elif _ZIP in data and zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                inside = archive.read(member)
                yield from opened(f"{name}{_INSIDE}{member.filename}", inside, depth + 1)


def files_below(*folders: Path) -> dict[str, bytes]:
    """Every file below some folders, by its path; its name is searched too."""
    held = {}
    for folder in folders:
        # What is gone when it is read is another test's, on the same server; os.walk passes over such folders.
        below = [
            Path(at, name) for at, inner, files in os.walk(folder) for name in (*inner, *files)
        ]
        for path in below:
            with suppress(FileNotFoundError):
                if path.is_file() and not path.is_socket():
                    held[str(path)] = path.read_bytes()
        held[f"names below {folder}"] = "\n".join(map(str, below)).encode()
    return held


def open_files_of(pid: int) -> dict[str, bytes]:
    """What a process has open and can be read again, files that have no name any more included."""
    held = {}
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
            # A device would be read for ever; what is in memory has a name below /dev too.
            if target.startswith("/") and not target.startswith("/proc") and handle.is_file():
                held[f"{pid}: {target}"] = handle.read_bytes()
        except OSError:
            continue  # closed in the meantime, or a folder
    return held


def told_about(pid: int) -> dict[str, bytes]:
    """What anybody sees of a process in a list: its command line, environment and name."""
    process = Path(f"/proc/{pid}")
    return {
        f"{pid}: {name}": (process / name).read_bytes() for name in ("cmdline", "environ", "comm")
    }


def memory_of(pid: int) -> bytes:
    """Everything a process has in memory that may be written to."""
    held = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - not a path
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            try:
                memory.seek(start)
                held.append(memory.read(end - start))
            except (OSError, ValueError, OverflowError):
                continue  # the kernel's own pages
    return b"".join(held)
