"""Find every kind of page and form that somebody reaches, once for each rule and set of parameters."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from scan.visitor import Form, Visitor, read

#: Addresses that are not followed, sent or attacked, and why.
LEFT_ALONE = {
    "/sign-out": "ends the session that the scan needs",
    "/network/sign-out": "as above",
    "/sign-in/demo": "changes who is signed in",
    "/network/sign-in/demo": "as above",
    "/role": "gives another session",
    "/static/": "files; nothing is read from the request",
}
_MOST_PAGES = 150
_EACH_SHAPE = 2
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b\d{2,}\b")


@dataclass(frozen=True, slots=True)
class Target:
    """An address with parameters, as a tool gets it. ``shape`` is the same for the same handler.

    ``page`` is where the form stands, ``known`` are fields that have been tried.
    """

    method: str
    address: str
    fields: tuple[tuple[str, str], ...]
    shape: str
    known: frozenset[str] = frozenset()
    page: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """What one person reaches."""

    pages: tuple[str, ...]
    targets: tuple[Target, ...]
    forms: int


def shape(method: str, address: str, names: tuple[str, ...] = ()) -> str:
    """Return a name for all addresses that differ in ids and values only."""
    parts = urlsplit(address)
    asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    kind = f"{method} {_ID.sub('ID', parts.path)}"
    return f"{kind}?{','.join(sorted(asked | set(names)))}".rstrip("?")


def left_alone(address: str) -> bool:
    """Whether an address is on the list of those that are not touched."""
    path = urlsplit(address).path
    return any(path == one or (one.endswith("/") and path.startswith(one)) for one in LEFT_ALONE)


def crawl(visitor: Visitor, start: str) -> Reached:
    """Follow every link from ``start``. Forms are read, not sent."""
    waiting = deque([start])
    seen: dict[str, int] = {}
    pages: list[str] = []
    targets: dict[str, Target] = {}
    forms = 0
    while waiting and len(pages) < _MOST_PAGES:
        address = waiting.popleft()
        kind = shape("GET", address)
        if left_alone(address) or seen.get(kind, 0) >= _EACH_SHAPE or address in pages:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        page = visitor.get(address)
        if page.address:
            waiting.append(urlsplit(page.address).path)
        if page.status != HTTPStatus.OK or page.kind != "text/html":
            continue
        pages.append(address)
        _add(targets, Form(address, "GET", ()), address)
        links, found = read(page.body, address)
        waiting.extend(links)
        for form in found:
            forms += 1
            _add(targets, form, address)
    return Reached(tuple(pages), tuple(targets.values()), forms)


def _add(targets: dict[str, Target], form: Form, page: str) -> None:
    if left_alone(form.action):
        return
    action, fields = form.action.partition("#")[0], form.fields
    kind = shape(form.method, action, tuple(name for name, _ in fields))
    if "?" in kind:
        targets.setdefault(kind, Target(form.method, action, fields, kind, page=page))
