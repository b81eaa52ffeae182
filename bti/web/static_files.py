"""Our own stylesheet, scripts and the vendored ones, served with the content's hash in the address.

The address changes when the content does, so the browser may keep a file for ever.
"""

import hashlib
from functools import partial
from pathlib import Path
from typing import Final

from flask import Flask, abort, request, send_from_directory, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

ENDPOINT: Final = "static_file"
_HASH_LETTERS: Final = 16
_KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"


class StaticFiles:
    """The folder of static files and the hash of each, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._versions: dict[str, str] = {}

    def version(self, name: str) -> str:
        """The first 16 hexadecimal digits of the file's SHA-256. Raises FileNotFoundError."""
        known = self._versions.get(name)
        if known is not None:
            return known
        place = safe_join(str(self._folder), name)
        if place is None or not Path(place).is_file():
            raise FileNotFoundError(name)
        found = hashlib.sha256(Path(place).read_bytes()).hexdigest()[:_HASH_LETTERS]
        self._versions[name] = found
        return found

    def url(self, name: str) -> str:
        """The address of a static file, for templates.

        A vendored file that has not been installed gets an address without version: the page must
        stand without its looks, too.
        """
        try:
            version = self.version(name)
        except FileNotFoundError:
            if name.startswith("vendor/"):
                return url_for(ENDPOINT, name=name)
            raise
        return url_for(ENDPOINT, name=name, v=version)

    def serve(self, name: str) -> Response:
        """Answer with the file, or 404."""
        response = send_from_directory(self._folder, name)
        asked_for = request.args.get("v")
        kept = asked_for is not None and asked_for == self.version(name)
        # Without the right version the address is not tied to the content: ask every time.
        response.headers["Cache-Control"] = _KEPT_FOR_EVER if kept else "no-cache"
        return response


def register(app: Flask, folder: Path) -> None:
    """Serve `folder` under /static and give templates `static_url(name)`."""
    files = StaticFiles(folder)
    app.add_url_rule("/static/<path:name>", ENDPOINT, partial(_serve, files), methods=["GET"])
    app.jinja_env.globals["static_url"] = files.url


def _serve(files: StaticFiles, name: str) -> Response:
    if "\0" in name:
        abort(404)
    return files.serve(name)
