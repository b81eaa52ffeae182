"""The negative control: a page with an injection and a script hole, to see that the tools find them.

Runs alone, on 127.0.0.1, for as long as the control lasts. Nothing of the product is in it.
"""

import html
import os
import sqlite3
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

from waitress import serve  # type: ignore[import-untyped]  # it ships no annotations

_MOST = 10_000


def application(
    environ: dict[str, object], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Answer: /item takes SQL from the address, /say repeats what it is told, both without care."""
    path, asked = str(environ["PATH_INFO"]), parse_qs(str(environ["QUERY_STRING"]))
    if path == "/item":
        body, status = _item(asked.get("id", ["1"])[0])
    elif path == "/say":
        body, status = f"<p>{asked.get('word', [''])[0]}</p>", "200 OK"
    else:
        body = '<a href="/item?id=1">one</a> <form action="/say"><input name="word"></form>'
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


if __name__ == "__main__":
    serve(application, host="127.0.0.1", port=int(os.environ["SCAN_PORT"]))
