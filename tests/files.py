"""Small files of every kind that may be attached, made here: nobody's paper, no program's output."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from bti.domain.file_kinds import MIME, FileKind


def pdf(text: str = "Hei") -> bytes:
    """A page with a line of text."""
    drawn = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 5 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(out))
    )


def png(width: int = 2, height: int = 2) -> bytes:
    """A grey picture; a large one says so in its head and has no more pixels than a small one."""
    rows = b"".join(b"\0" + bytes([128]) * min(width, 64) for _ in range(min(height, 64)))
    head = struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def jpeg(width: int = 2, height: int = 2, before: bytes = b"") -> bytes:
    """A picture's markers up to its frame, with anything between; no decoder has to like the rest."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        + before
        + b"\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"
    )


def archive(parts: dict[str, bytes], stored: str = "") -> bytes:
    """A zip archive of these parts; the one named ``stored`` comes unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            how = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            made.writestr(name, content, compress_type=how)
    return out.getvalue()


def office(part: str = "word/document.xml", **more: bytes) -> bytes:
    """A Word or Excel document, as far as its table of contents goes."""
    parts = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<Relationships/>", part: b"<d/>"}
    return archive(parts | more)


def open_document(kind: FileKind = FileKind.ODT, mime: str = "") -> bytes:
    """An Open Document: its kind stands first and unpacked."""
    first = (mime or MIME[kind]).encode()
    parts = {"mimetype": first, "content.xml": b"<d/>", "META-INF/manifest.xml": b"<m/>"}
    return archive(parts, stored="mimetype")


SAMPLES = {
    FileKind.PDF: pdf(),
    FileKind.PNG: png(),
    FileKind.JPEG: jpeg(),
    FileKind.DOCX: office(),
    FileKind.XLSX: office("xl/workbook.xml"),
    FileKind.ODT: open_document(FileKind.ODT),
    FileKind.ODS: open_document(FileKind.ODS),
}
"""One of each kind."""
