"""The negative control: a page with an injection and a script hole, to see that the tools find them.

Runs alone, on 127.0.0.1, for as long as the control lasts. Nothing of the product is in it.
"""

import html
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO, cast
from urllib.parse import parse_qs

from waitress import serve  # type: ignore[import-untyped]  # it ships no annotations

_MOST = 10_000
_LONGEST_S = 20
_PAUSE = re.compile(r"from\s+pg_sleep\((\d+)\)", re.IGNORECASE)


def application(
    environ: dict[str, object], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Answer: /item takes SQL from the address, /say repeats what it is told, /wait shows nothing of what it does."""
    path, asked = str(environ["PATH_INFO"]), parse_qs(str(environ["QUERY_STRING"]))
    if path == "/item":
        body, status = _item(asked.get("id", ["1"])[0])
    elif path == "/wait":
        _wait(_sent(environ).get("id", ["1"])[0])
        body, status = "<p>Thank you.</p>", "200 OK"
    elif path == "/say":
        body, status = f"<p>{asked.get('word', [''])[0]}</p>", "200 OK"
    else:
        body = (
            '<a href="/item?id=1">one</a> <form action="/say"><input name="word"></form>'
            '<form action="/wait" method="post"><input name="id" value="1"></form>'
        )
        status = "200 OK"
    start_response(status, [("Content-Type", "text/html; charset=utf-8")])
    return [f"<!doctype html><title>Control</title>{body}".encode()[:_MOST]]


def _item(wanted: str) -> tuple[str, str]:
    store = sqlite3.connect(":memory:")
    store.execute("create table item (id integer, name text)")
    store.executemany("insert into item values (?, ?)", [(1, "first"), (2, "second")])
    try:
        rows = store.execute(f"select name from item where id = {wanted}").fetchall()  # noqa: S608 - the hole
    except sqlite3.Error as fault:
        return f"<p>sqlite3.OperationalError: {html.escape(str(fault))}</p>", "500 Error"
    finally:
        store.close()
    return "".join(f"<p>{html.escape(str(name))}</p>" for (name,) in rows), "200 OK"


def _sent(environ: dict[str, object]) -> dict[str, list[str]]:
    length = int(str(environ.get("CONTENT_LENGTH") or 0))
    body = cast("BinaryIO", environ["wsgi.input"]).read(min(length, _MOST))
    return parse_qs(body.decode("utf-8", "replace"))


def _wait(wanted: str) -> None:
    """A hole that only time shows: PostgreSQL's pause, put into SQLite, and one answer whatever happens."""
    asked = _PAUSE.sub(r"FROM (SELECT PG_SLEEP(\1))", wanted)
    store = sqlite3.connect(":memory:")
    store.create_function(
        "PG_SLEEP", 1, lambda seconds: time.sleep(min(float(seconds), _LONGEST_S))
    )
    with suppress(sqlite3.Error, ValueError):
        store.execute(f"select 1 where 1 = {asked}").fetchall()
    store.close()


if __name__ == "__main__":
    serve(application, host="127.0.0.1", port=int(os.environ["SCAN_PORT"]))
