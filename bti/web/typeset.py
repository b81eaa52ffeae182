"""Files by Typst, for both sides: what is written goes in as data and is only ever text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import typst

from bti.paths import TEMPLATES

#: Both at once: an archive's format (ISO 19005-2) and one a screen reader can follow (ISO 14289-1).
STANDARDS: Final = ("a-2a", "ua-1")
PDF: Final = "application/pdf"
_PAPER: Final = TEMPLATES / "paper"
_SHARP: Final = 150.0

CannotTypeset = typst.TypstError
"""A letter that none of the file's fonts has."""


def pdf(template: str, sheet: Mapping[str, object]) -> bytes:
    """A tagged PDF of a template in ``templates/paper``; the same content gives the same bytes.

    Raises ``CannotTypeset``.
    """
    made: bytes = typst.compile(
        str(_PAPER / template),
        root=str(_PAPER),
        format="pdf",
        # The same file on each machine, whatever fonts are installed there.
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
        pdf_standards=list(STANDARDS),
    )
    return made


def png(svg: str) -> bytes:
    """A drawing as a picture, for programs that show no SVG. Raises ``CannotTypeset``."""
    made: bytes = typst.compile(
        str(_PAPER / "drawing.typ"),
        root=str(_PAPER),
        format="png",
        ppi=_SHARP,
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps({"svg": svg})},
    )
    return made
