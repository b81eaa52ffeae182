"""`bti demo` with a list of its answers: a line "STATUS METHOD PATH LEADS-TO" for each request."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bti.cli.serve import build, listen
from bti.cli.wiring import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def listed(app: WSGIApplication, write: Callable[[str], object]) -> WSGIApplication:
    """Return the application, telling ``write`` of each answer when its status is known."""

    def listing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            path = "".join(environ["PATH_INFO"].split()) or "/"
            to = next((value for name, value in headers if name == "Location"), "")
            write(f"{status[:3]} {environ['REQUEST_METHOD']} {path} {to.partition('?')[0]}\n")
            return start_response(status, headers, *rest)  # type: ignore[arg-type]  # handed on as it came

        return app(environ, start)  # type: ignore[arg-type]  # see above

    return listing


def main() -> None:
    """Serve until stopped. The list is written line by line, as the process is ended from outside."""
    chosen = settings()
    with ExitStack() as stack:
        answers = stack.enter_context(
            Path(os.environ["SCAN_ANSWERS"]).open(
                "a", encoding="utf-8", errors="replace", buffering=1
            )
        )
        app = build(chosen, stack)
        app.wsgi_app = listed(app.wsgi_app, answers.write)  # type: ignore[assignment, method-assign]  # Flask says to wrap so
        server = listen(app, chosen)
        stack.callback(server.close)
        server.run()


if __name__ == "__main__":
    main()
