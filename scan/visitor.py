"""Somebody at a browser without script: cookies, links and forms. Speaks with 127.0.0.1 only."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

_TIMEOUT_S = 300
#: What is filled in where a form asks for something. Long enough for a reason.
_FILL = {
    "date": "2026-01-15",
    "number": "1",
    "email": "someone@example.no",
    "tel": "22334455",
    "file": "",
    "password": "not-the-password",
}
#: What some fields ask for, so that the form around them is taken and its other fields get to their handler.
_BY_NAME = {
    "at_time": "12:00",
    "known_time": "12:00",
    "last_day": "2027-01-15",
    "national_id": "15891700005",
    "number": "",
    "phone": "22334455",
}
_WORDS = "zq something that was seen at school in June"
_CHOSEN = frozenset({"radio", "checkbox"})


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it stands: where it goes, how, and what would be sent."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    status: int
    address: str
    body: str
    kind: str


class Visitor:
    """Asks one server, keeps its cookies."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cookies: dict[str, str] = {}

    @property
    def base(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._port}"

    def cookie_line(self) -> str:
        """The cookies as a header has them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str) -> Page:
        """Ask for a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: tuple[tuple[str, str], ...]) -> Page:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> Page:
        line = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        headers = {"Cookie": self.cookie_line()} if self.cookies else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self._keep(value)
            text = answer.read().decode("utf-8", "replace")
            return Page(
                answer.status,
                answer.headers.get("Location", ""),
                text,
                answer.headers.get_content_type(),
            )
        finally:
            line.close()

    def _keep(self, header: str) -> None:
        for name, one in SimpleCookie(header).items():
            if one.value and one["max-age"] != "0":
                self.cookies[name] = one.value
            else:
                self.cookies.pop(name, None)


@dataclass
class _Found:
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here
        self._action = ""
        self._method = ""
        self._fields: dict[str, str] | None = None
        self._select = ""
        self._area = ""
        self.found = _Found()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.found.links.append(urljoin(self._here, given["href"]))
        elif tag == "form":
            self._action = urljoin(self._here, given.get("action") or self._here)
            self._method = given.get("method", "get").upper()
            self._fields = {}
        elif self._fields is not None:
            self._field(tag, given, self._fields)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._fields is not None:
            form = Form(self._action, self._method, tuple(self._fields.items()))
            self.found.forms.append(form)
            self._fields = None
        elif tag == "select":
            self._select = ""

    def _field(self, tag: str, given: dict[str, str], fields: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self._select = name
            fields.setdefault(name, "")
        elif tag == "option" and self._select and not fields[self._select]:
            fields[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            fields[name] = _WORDS
        elif tag == "button" and name:
            fields.setdefault(name, given.get("value", ""))
        elif tag == "input" and name:
            if kind == "hidden":
                # As it stands, empty too: a version that no row has yet is no words.
                fields[name] = given.get("value", "")
            elif kind in _CHOSEN:
                fields.setdefault(name, given.get("value", "on"))
            else:
                fields[name] = given.get("value") or _BY_NAME.get(name, _FILL.get(kind, _WORDS))


def read(body: str, here: str) -> tuple[list[str], list[Form]]:
    """Return the links (paths of the same site) and the forms of a page."""
    reader = _Reader(here)
    reader.feed(body)
    links = [one for one in reader.found.links if not urlsplit(one).netloc]
    return links, reader.found.forms
