"""A document of the network side as an answer: PDF, ODT, or the content itself as JSON."""

from __future__ import annotations

from typing import Final

from flask import make_response, render_template
from werkzeug.wrappers import Response

from bti.slt.document import Document
from bti.web import document_odt, document_pdf, typeset

_JSON: Final = "application/json"
_UNFINISHED: Final = 422


def as_file(document: Document, ending: str, digest: str = "", text: str = "") -> Response:
    """The file with an ending (``pdf``, ``odt`` or ``json``); ``digest`` is of ``text``, which is the content.

    Where a letter is not in the fonts of the file, the answer is a page that says so.
    """
    try:
        content, kind = _made(document, ending, digest, text)
    except typeset.CannotTypeset:
        return make_response(render_template("slt/report/failed.html"), _UNFINISHED)
    response = make_response(content)
    response.headers["Content-Type"] = kind
    name = f"{document.name}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _made(document: Document, ending: str, digest: str, text: str) -> tuple[bytes, str]:
    if ending == "pdf":
        return document_pdf.pdf(document, digest), typeset.PDF
    if ending == "odt":
        return document_odt.odt(document, digest), document_odt.ODT
    return text.encode(), _JSON
