"""A test client that examines every answer it gets, so that no test has to remember to."""

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

from bti.web import headers
from bti.web.i18n import COOKIE

_NO_LABEL_NEEDED = frozenset({"hidden", "submit", "button", "image", "reset"})
_LANGUAGES = frozenset({"nb", "nn", "en"})
# As our templates write them: what a person types may hold braces of its own.
# A signed token as the forms carry it, and what stands for it while a page is parsed.
_TOKEN = re.compile(r'(?<=name="csrf_token" value=")[A-Za-z0-9_.-]+(?=")')
_STAND_IN = "a-token"
UNFILLED = re.compile(r"%\([a-z_]+\)s|\{\{ [a-z_]|\{%-? [a-z]")


class CriticError(AssertionError):
    """An answer that no page of ours may give."""


@dataclass(frozen=True, slots=True)
class Page:
    """An examined answer. `dom` is None for what is not HTML."""

    response: TestResponse
    dom: Element | None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """Everything a reader sees or hears, with single spaces."""
        return "" if self.dom is None else _words(self.dom)

    @property
    def heading(self) -> str:
        """The text of the h1."""
        return _words(self.all("h1")[0])

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements with this tag and these attribute values (class_ for class)."""
        if self.dom is None:
            return []
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.dom.iter(tag)
            if all(element.get(name) == value for name, value in wanted.items())
        ]

    def form(self, action: str) -> dict[str, str]:
        """The values a browser would send from the form with this action, without its buttons."""
        found = self.all("form", action=action)
        if len(found) != 1:
            raise CriticError(f"{len(found)} forms with action {action}")
        return dict(_sent(found[0]))


class CriticClient:
    """Flask's test client with an opinion. Keeps cookies; sends the token of the last page."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client = app.test_client()
        # English is the source: texts are asserted as the code has them, catalogues or not.
        if language:
            self.client.set_cookie(COOKIE, language)
        self._token = ""

    def get(self, path: str, **kwargs: object) -> Page:
        """Fetch and examine."""
        return self._examined(self.client.get(path, **kwargs))

    def post(self, path: str, data: Mapping[str, object] | None = None, **kwargs: object) -> Page:
        """Send a form and examine the answer. The token is added unless `data` has one."""
        sent = {"csrf_token": self._token, **(data or {})}
        return self._examined(self.client.post(path, data=sent, **kwargs))

    def follow(self, page: Page) -> Page:
        """Fetch where a redirect points."""
        if not 300 <= page.status < 400:
            raise CriticError(f"no redirect but {page.status}")
        return self.get(page.response.headers["Location"])

    def _examined(self, response: TestResponse) -> Page:
        page = examine(response)
        tokens = [found.get("value", "") for found in page.all("input", name="csrf_token")]
        self._token = tokens[0] if tokens else self._token
        return page


def examine(response: TestResponse) -> Page:
    """Raise CriticError with every fault of the answer at once, else return it as a page."""
    faults = list(_header_faults(response))
    dom = None
    if response.mimetype == "text/html" and response.data and not 300 <= response.status_code < 400:
        page = response.get_data(as_text=True)
        dom, found = _parsed(_TOKEN.sub(_STAND_IN, page))
        dom = _with_tokens(dom, _TOKEN.findall(page))
        faults.extend(found)
    if faults:
        raise CriticError(f"{response.request.path}: " + "; ".join(faults))
    return Page(response, dom)


@lru_cache(maxsize=200)
def _parsed(page: str) -> tuple[Element, tuple[str, ...]]:
    """A page's elements and its faults. Many answers differ in their form tokens alone."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    dom = parser.parse(page)
    faults = [f"line {where[0]}: {code} {facts}" for where, code, facts in parser.errors]
    return dom, (*faults, *_page_faults(dom))


def _with_tokens(dom: Element, tokens: list[str]) -> Element:
    """A copy of the elements with the tokens that stood in this answer."""
    own = copy.deepcopy(dom)
    waiting = iter(tokens)
    for found in own.iter("input"):
        if found.get("value") == _STAND_IN:
            found.set("value", next(waiting))
    return own


def goes_to(page: Page) -> str:
    """Return where a page that was accepted sends the browser."""
    assert page.status == 303, page.text
    return page.response.headers["Location"]


def value_of(page: Page, name: str) -> str | None:
    """Return what stands in the field of this name."""
    [found] = page.all("input", name=name) or page.all("textarea", name=name)
    return found.get("value") if found.tag == "input" else (found.text or "").lstrip("\n")


def html(page: Page) -> str:
    """Return the page without its form tokens, which hold the second they were made in."""
    return re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page.response.get_data(as_text=True))


def _header_faults(response: TestResponse) -> Iterator[str]:
    expected = dict(headers.FIXED)
    policy = "Content-Security-Policy"
    if response.headers.get(policy) == headers.DOWNLOAD_POLICY:
        # For what somebody has sent us: never shown, always saved.
        expected[policy] = headers.DOWNLOAD_POLICY
        if not response.headers.get("Content-Disposition", "").startswith("attachment;"):
            yield "the policy of a download on a page"
    for name, value in expected.items():
        if response.headers.get(name) != value:
            yield f"{name} is {response.headers.get(name)!r}"
    if not response.request.path.startswith("/static/"):
        if response.headers.get("Cache-Control") != "no-store":
            yield "may be stored by the browser"
        if "Cookie" not in response.headers.get("Vary", ""):
            yield "does not vary by cookie"
    for cookie in response.headers.getlist("Set-Cookie"):
        if "HttpOnly" not in cookie or "SameSite=Lax" not in cookie:
            yield f"cookie without its guards: {cookie.partition('=')[0]}"


def _page_faults(dom: Element) -> Iterator[str]:
    if dom.get("lang") not in _LANGUAGES:
        yield f"html lang is {dom.get('lang')!r}"
    yield from _heading_faults(dom)
    yield from _id_faults(dom)
    yield from _inline_faults(dom)
    yield from _form_faults(dom)
    yield from _label_faults(dom)
    unfilled = UNFILLED.search(_words(dom))
    if unfilled:
        yield f"unfilled text {unfilled.group()!r}"


def _heading_faults(dom: Element) -> Iterator[str]:
    headings = [_words(found) for found in dom.iter("h1")]
    title = next((_words(found) for found in dom.iter("title")), "")
    if len(headings) != 1 or not headings[0]:
        yield f"{len(headings)} h1"
    elif not title.startswith(headings[0]):
        yield f"title {title!r} does not start with h1 {headings[0]!r}"


def _id_faults(dom: Element) -> Iterator[str]:
    counted = Counter(found.get("id") for found in dom.iter() if found.get("id"))
    yield from (f"id {name} used {times} times" for name, times in counted.items() if times > 1)
    for found in dom.iter():
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for name in (found.get(attribute) or "").split():
                if name not in counted:
                    yield f"{attribute} points to {name}, which is not there"
        href = found.get("href") or ""
        if found.tag == "a" and href.startswith("#") and href[1:] not in counted:
            yield f"link to {href}, which is not there"


def _inline_faults(dom: Element) -> Iterator[str]:
    for found in dom.iter():
        if found.tag == "style" or found.get("style") is not None:
            yield f"inline style in {found.tag}"
        if found.tag == "script" and (not found.get("src") or (found.text or "").strip()):
            yield "inline script"
        yield from (f"{name} in {found.tag}" for name in found.attrib if str(name).startswith("on"))
        # A link somebody follows, which does not tell where they came from. Nothing is fetched.
        if found.tag == "a" and found.get("rel") == "external noreferrer":
            continue
        address = found.get("href") or found.get("src") or found.get("action") or ""
        if address.lower().startswith(("javascript:", "http:", "https:", "//")):
            yield f"address outside: {address}"


def _form_faults(dom: Element) -> Iterator[str]:
    for form in dom.iter("form"):
        if not form.get("action"):
            yield "form without action"
        tokens = [found for found in form.iter("input") if found.get("name") == "csrf_token"]
        if form.get("method", "get").lower() == "post" and len(tokens) != 1:
            yield f"form {form.get('action')} has {len(tokens)} tokens"
        if form.get("method", "get").lower() == "get" and tokens:
            yield f"form {form.get('action')} would put its token in the address"


def _label_faults(dom: Element) -> Iterator[str]:
    labelled = {found.get("for") for found in dom.iter("label")}
    inside = {id(field) for label in dom.iter("label") for field in label.iter()}
    for tag in ("input", "select", "textarea"):
        for field in dom.iter(tag):
            if tag == "input" and field.get("type", "text") in _NO_LABEL_NEEDED:
                continue
            named = field.get("aria-label") or field.get("aria-labelledby") or id(field) in inside
            if not named and field.get("id") not in labelled:
                yield f"{tag} {field.get('name')} has no label"
    for tag in ("a", "button", "summary"):
        for found in dom.iter(tag):
            if not _words(found) and not found.get("aria-label"):
                yield f"{tag} without a name"


def _sent(form: Element) -> Iterator[tuple[str, str]]:
    for field in form.iter():
        name = field.get("name")
        if not name or not isinstance(field.tag, str):
            continue
        if field.tag == "textarea":
            yield name, field.text or ""
        elif field.tag == "select":
            chosen = [row for row in field.iter("option") if row.get("selected") is not None]
            rows = chosen or list(field.iter("option"))
            if rows:
                yield name, rows[0].get("value", _words(rows[0]))
        elif field.tag == "input":
            ticked = field.get("checked") is not None
            if field.get("type") not in {"radio", "checkbox"} or ticked:
                yield name, field.get("value", "")


def _words(element: Element) -> str:
    return " ".join("".join(str(text) for text in element.itertext()).split())
