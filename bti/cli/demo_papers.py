"""Two small papers for the demonstration, made here: nobody's file, and nothing to ship."""

from __future__ import annotations

import struct
import zlib
from typing import Final

_WIDE, _HIGH = 240, 160
_SKY, _SUN, _ROAD, _HOUSE = b"\xdc\xeb\xf7", b"\xf5\xb9\x42", b"\x8a\x8f\x94", b"\xb8\x4a\x3f"
_GROUND: Final = 125
_WALLS, _STOREYS = range(40, 110), range(70, _GROUND)
_PDF_LINE: Final = 22


def pdf(lines: tuple[str, ...]) -> bytes:
    """A page with a few lines of text (PDF 1.7, one of the fourteen standard fonts)."""
    text = " T* ".join(f"({_escaped(line)}) Tj" for line in lines)
    drawn = f"BT /F1 14 Tf {_PDF_LINE} TL 72 760 Td {text} ET".encode("cp1252")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 5 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>",
    )
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(out))
    )


def drawing() -> bytes:
    """A child's drawing, more or less: a house, a road and the sun (PNG)."""
    rows = b"".join(
        b"\0" + b"".join(_point(across, down) for across in range(_WIDE)) for down in range(_HIGH)
    )
    head = struct.pack(">2L5B", _WIDE, _HIGH, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _point(across: int, down: int) -> bytes:
    if (across - 195) ** 2 + (down - 35) ** 2 < 22**2:
        return _SUN
    if across in _WALLS and down in _STOREYS:
        return _HOUSE
    return _ROAD if down > _GROUND + (across // 12) % 3 else _SKY


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
