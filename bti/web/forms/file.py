"""A file in a form: how a browser chooses one, and the field for a file that is small enough for memory."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import widgets as plain
from wtforms.fields.core import Field

from bti.web import uploads
from bti.web.forms.widgets import Drawn


class FileInput(Drawn, plain.FileInput):
    """The browser's own way to choose a file."""


class MemoryFileField(Field):
    """One small file; data is who has taken it, None if none was chosen."""

    shape = "line"
    widget: Any = FileInput()
    data: uploads.InMemory | None

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - WTForms'
        """Ask the request: a file is no part of the form's texts."""
        super().process(formdata, *args, **kwargs)
        taker = uploads.received(self.name) if request.method == "POST" else None
        self.data = taker if isinstance(taker, uploads.InMemory) else None
