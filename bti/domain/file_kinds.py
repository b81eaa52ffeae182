"""What a file is, told by its own bytes: an exact list of kinds, and everything else refused.

Looks at the beginning and the end only and never unpacks anything. Whether a file is harmless to the
program that opens it is not decided here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bti.domain.errors import RuleBroken

HEAD_BYTES: Final = 256 * 1024
TAIL_BYTES: Final = 256 * 1024
"""How much of the beginning and of the end is looked at."""

MOST_PIXELS: Final = 100_000_000
"""Of a picture. A page scanned at 600 dpi has 35 million; a picture bomb has thousands of millions."""

MOST_UNPACKED: Final = 512 * 1024 * 1024
MOST_TIMES_SMALLER: Final = 200
MOST_PARTS: Final = 4000
"""Of a document that is a zip archive: what it says it unpacks to, how tightly, into how many parts."""


class FileKind(StrEnum):
    """The kinds of file that are taken. The value is the ending of the name."""

    PDF = "pdf"
    JPEG = "jpg"
    PNG = "png"
    DOCX = "docx"
    XLSX = "xlsx"
    ODT = "odt"
    ODS = "ods"


MIME: Final[Mapping[FileKind, str]] = MappingProxyType(
    {
        FileKind.PDF: "application/pdf",
        FileKind.JPEG: "image/jpeg",
        FileKind.PNG: "image/png",
        FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileKind.ODT: "application/vnd.oasis.opendocument.text",
        FileKind.ODS: "application/vnd.oasis.opendocument.spreadsheet",
    }
)

_PDF: Final = (b"%PDF-1.", b"%PDF-2.")
_PDF_END: Final = b"%%EOF"
_PDF_END_WITHIN: Final = 1024
_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_ZIP: Final = b"PK\x03\x04"
_ZIP_END: Final = struct.Struct("<4s4H2LH")
_ZIP_END_SIGN: Final = b"PK\x05\x06"
_ZIP_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_ZIP_ENTRY_SIGN: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
# Inside an Open Document the kind stands first, unpacked, so that it can be read without unpacking.
_OPEN_DOCUMENT: Final = struct.Struct("<26sHH")
_OFFICE_PARTS: Final = {"word/document.xml": FileKind.DOCX, "xl/workbook.xml": FileKind.XLSX}
_MACROS: Final = ("vbaproject.bin", "basic/script-lc.xml")
# JPEG markers that begin a frame, and those that stand alone.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN: Final = 0xDA


@dataclass(frozen=True, slots=True)
class _Part:
    """A line of a zip archive's table of contents."""

    name: str
    unpacked: int


def recognise(head: bytes, tail: bytes, size: int) -> FileKind:
    """Say what kind a file of ``size`` bytes is, from its first and last quarter of a mebibyte.

    Raises ``RuleBroken``: attachment.empty; attachment.kind for what is not on the list (SVG, HTML and
    archives are not); attachment.broken for a beginning without its end, or two kinds in one file;
    attachment.macros; attachment.bomb for what would unpack beyond reason.
    """
    if size == 0:
        raise RuleBroken("attachment.empty")
    if head.startswith(_ZIP):
        return _document(head, tail, size)
    kind = _plain_kind(head, tail)
    if _ZIP_END_SIGN in tail:
        # An archive hidden behind a picture or a PDF: some programs read files from the end.
        raise RuleBroken("attachment.broken")
    return kind


def _plain_kind(head: bytes, tail: bytes) -> FileKind:
    if head.startswith(_PDF):
        if _PDF_END not in tail[-_PDF_END_WITHIN:]:
            raise RuleBroken("attachment.broken")
        return FileKind.PDF
    if head.startswith(_PNG):
        if not tail.endswith(_PNG_END):
            raise RuleBroken("attachment.broken")
        _check_pixels(*_size_of_png(head))
        return FileKind.PNG
    if head.startswith(_JPEG):
        _check_pixels(*_size_of_jpeg(head))
        return FileKind.JPEG
    raise RuleBroken("attachment.kind")


def _check_pixels(width: int, height: int) -> None:
    if width * height == 0:
        raise RuleBroken("attachment.broken")
    if width * height > MOST_PIXELS:
        raise RuleBroken("attachment.bomb")


def _size_of_png(head: bytes) -> tuple[int, int]:
    sides = head[len(_PNG) : len(_PNG) + 8]
    return int.from_bytes(sides[:4], "big"), int.from_bytes(sides[4:], "big")


def _size_of_jpeg(head: bytes) -> tuple[int, int]:
    """Walk from marker to marker to the frame, which says how large the picture is."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - begins every marker (ITU-T T.81, B.1.1.2)
        marker = head[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a marker may be preceded by any number of these
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        elif marker == _SCAN:
            break
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    raise RuleBroken("attachment.broken")


def _document(head: bytes, tail: bytes, size: int) -> FileKind:
    parts = list(_contents(tail, size))
    names = {part.name.lower() for part in parts}
    if any(name.endswith(_MACROS) for name in names):
        raise RuleBroken("attachment.macros")
    if sum(part.unpacked for part in parts) > min(MOST_UNPACKED, size * MOST_TIMES_SMALLER):
        raise RuleBroken("attachment.bomb")
    kinds = {kind for part, kind in _OFFICE_PARTS.items() if part in names}
    if "[content_types].xml" in names and len(kinds) == 1:
        return kinds.pop()
    if "content.xml" in names:
        return _open_document(head)
    raise RuleBroken("attachment.kind")


def _open_document(head: bytes) -> FileKind:
    """Read the kind from the first part, which is named mimetype and not packed (ODF 1.3, part 2, 3.3)."""
    _, name_length, extra_length = _OPEN_DOCUMENT.unpack_from(head)
    name = head[_OPEN_DOCUMENT.size : _OPEN_DOCUMENT.size + name_length]
    begins = _OPEN_DOCUMENT.size + name_length + extra_length
    for kind in (FileKind.ODT, FileKind.ODS):
        mime = MIME[kind].encode()
        # What follows the kind must be the next part: "...text-template" begins alike.
        if name == b"mimetype" and head[begins:].startswith(mime + b"PK"):
            return kind
    raise RuleBroken("attachment.kind")


def _contents(tail: bytes, size: int) -> Iterator[_Part]:
    """Read the table of contents at the end of a zip archive, and nothing it points to.

    It must fill the file to its last byte and begin where it says: what stands before or after it would
    be a second file in the first.
    """
    if len(tail) < _ZIP_END.size:
        raise RuleBroken("attachment.broken")
    sign, disk, _, _, count, length, begins, comment = _ZIP_END.unpack_from(
        tail, len(tail) - _ZIP_END.size
    )
    if sign != _ZIP_END_SIGN or disk or comment or begins + length + _ZIP_END.size != size:
        raise RuleBroken("attachment.broken")
    if count > MOST_PARTS or length > len(tail) - _ZIP_END.size:
        raise RuleBroken("attachment.bomb")
    table = tail[-_ZIP_END.size - length : -_ZIP_END.size]
    at = 0
    for _ in range(count):
        if len(table) < at + _ZIP_ENTRY.size:
            raise RuleBroken("attachment.broken")
        part, at = _part(table, at)
        yield part
    if at != len(table):
        raise RuleBroken("attachment.broken")


def _part(table: bytes, at: int) -> tuple[_Part, int]:
    sign, _, _, flags, *_, unpacked, name_length, extra_length, note_length, _, _, _, _ = (
        _ZIP_ENTRY.unpack_from(table, at)
    )
    begins = at + _ZIP_ENTRY.size
    name = table[begins : begins + name_length].decode("utf-8", "replace")
    if sign != _ZIP_ENTRY_SIGN or flags & _ENCRYPTED or _leads_out(name):
        raise RuleBroken("attachment.broken")
    return _Part(name, unpacked), begins + name_length + extra_length + note_length


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name
