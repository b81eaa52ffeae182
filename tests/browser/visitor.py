"""A person with a browser. Every page reached is looked over: axe, the console and the width."""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bti import paths
from bti.clock import norwegian_date
from bti.identity import totp
from tests.world import SECRET

if TYPE_CHECKING:
    from datetime import date

    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Locator,
        Page,
        Response,
    )

    from bti.slt.runtime import SltRuntime
    from tests.world import World

AXE = Axe()
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": [
            "wcag2a",
            "wcag2aa",
            "wcag21a",
            "wcag21aa",
            "wcag22a",
            "wcag22aa",
            "best-practice",
        ],
    },
}
SESSION_COOKIE = "st_session"
DESK, PHONE, HEIGHT = 1440, 390, 900
# A form that was refused answers 422, and the browser notes it. It is the page that was meant.
_REFUSAL = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d ")

_NB = gettext.translation("messages", str(paths.TRANSLATIONS), ["nb"], fallback=True)


def nb(text: str, **facts: object) -> str:
    """The text in bokmål, as the page shows it."""
    return _NB.gettext(text) % facts if facts else _NB.gettext(text)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the site answers, the coordinator's code generator, and the network side behind it."""

    address: str
    network_seed: bytes
    coordinator: str
    network: SltRuntime


@dataclass(slots=True)
class House:
    """The running site, and the visitors in it.

    People act at `width`, or on the phone where they are among `on_phone`; every page they reach is
    looked over at each of `looked_at`.
    """

    world: World
    browser: Browser
    door: Door
    width: int = DESK
    scripted: bool = True
    on_phone: frozenset[str] = frozenset()
    looked_at: tuple[int, ...] = ()
    inside: dict[str, Visitor] = field(default_factory=dict)
    shapes: set[tuple[int, str]] = field(default_factory=set)

    @property
    def today(self) -> date:
        """Today in Norway, by the world's clock."""
        return norwegian_date(self.world.clock.now())

    def stranger(self, name: str = "") -> Visitor:
        """Somebody who is not signed in."""
        width = PHONE if name in self.on_phone else self.width
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            locale="nb-NO",
            timezone_id="Europe/Oslo",
            java_script_enabled=self.scripted,
            base_url=self.door.address,
            reduced_motion="reduce",
        )
        return Visitor(self, context, context.new_page(), width)

    def visitor(self, name: str) -> Visitor:
        """A colleague, signed in: by cookie, because the form has a test of its own."""
        found = self.inside.get(name)
        if found is None:
            found = self.inside[name] = self.stranger(name)
        token = self.world.token(name)
        found.context.add_cookies(
            [{"name": SESSION_COOKIE, "value": token, "url": self.door.address}]
        )
        return found

    def keep(self, name: str, visitor: Visitor) -> None:
        """Remember somebody who signed in by the form."""
        self.inside[name] = visitor

    def code(self, name: str) -> str:
        """The next one-time code of a colleague; each is taken once."""
        self.world.clock.advance(timedelta(seconds=totp.STEP_SECONDS * 2))
        return totp.code_at(self.world.seeds[name], self.world.clock.now())

    def network_code(self) -> str:
        """The next one-time code of the coordinator."""
        self.world.clock.advance(timedelta(seconds=totp.STEP_SECONDS * 2))
        return totp.code_at(self.door.network_seed, self.world.clock.now())

    def days_pass(self, days: int) -> None:
        """Let time go by; everybody's session ends."""
        self.world.clock.advance(timedelta(days=days))

    def close(self) -> None:
        """Send everybody home."""
        for visitor in self.inside.values():
            visitor.context.close()


class Visitor:
    """One person's browser. Methods that move end by looking over the page that came."""

    def __init__(self, house: House, context: BrowserContext, page: Page, width: int) -> None:
        self.house = house
        self.width = width
        self.context = context
        self.page = page
        self.status = 0
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("response", self._answered)

    # -- moving ------------------------------------------------------------------------------------

    def visit(self, path: str, status: int = 200) -> Visitor:
        """Go to an address."""
        self.page.goto(path)
        return self.look(status)

    def follow(self, text: str, within: str = "main") -> Visitor:
        """Follow the first link with this text."""
        return self.press(self.page.locator(within).get_by_role("link", name=text).first)

    def send(self, text: str, status: int = 200) -> Visitor:
        """Press the button with just this text."""
        button = self.page.locator("main").get_by_role("button", name=text, exact=True)
        return self.press(button.first, status)

    def press(self, what: Locator, status: int = 200) -> Visitor:
        """Press something that leads to another page."""
        with self.page.expect_navigation():
            what.click()
        return self.look(status)

    # -- filling in --------------------------------------------------------------------------------

    def field(self, name: str) -> Locator:
        """The control with this name in the page's main part."""
        return self.page.locator(f'main [name="{name}"]')

    def fill(self, **values: str) -> Visitor:
        """Write in text fields and date fields."""
        for name, text in values.items():
            self.field(name).fill(text)
        return self

    def choose(self, **values: str) -> Visitor:
        """Choose among radio buttons, tick boxes of a group, or rows of a list, by value."""
        for name, value in values.items():
            control = self.field(name)
            if control.first.evaluate("one => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                self.page.locator(f'main [name="{name}"][value="{value}"]').check()
        return self

    def pick(self, name: str, text: str) -> Visitor:
        """Choose the row of a list whose text holds this."""
        row = self.field(name).locator("option").filter(has_text=text)
        self.field(name).select_option(row.get_attribute("value"))
        return self

    def tick(self, name: str) -> Visitor:
        """Tick a single box."""
        self.field(name).check()
        return self

    # -- reading -----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is read in the page's main part."""
        return self.page.locator("main").inner_text()

    @property
    def path(self) -> str:
        """The address without the host."""
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        """The page's own heading."""
        return self.page.locator("h1").inner_text()

    def sees(self, *texts: str) -> Visitor:
        """The texts stand in the page."""
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)
        return self

    def does_not_see(self, *texts: str) -> Visitor:
        """The texts stand nowhere in what was sent, not even unseen."""
        source = self.page.content()
        for text in texts:
            assert text not in source, text
        return self

    # -- looking over ------------------------------------------------------------------------------

    def look(self, status: int = 200) -> Visitor:
        """Fail for anything wrong with this page."""
        assert self.status == status, f"{self.status} at {self.page.url}: {self._excerpt()}"
        assert not self.complaints, f"{self.page.url}: {self.complaints}"
        for width in self.house.looked_at or (self.width,):
            self._look_at(width)
        self._turn_to(self.width)
        return self

    def _look_at(self, width: int) -> None:
        self._turn_to(width)
        wider = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, f"{self.page.url} is {wider} px too wide at {width}"
        if self.house.scripted:
            self._check_access(width)

    def _turn_to(self, width: int) -> None:
        if self.page.viewport_size != {"width": width, "height": HEIGHT}:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def _check_access(self, width: int) -> None:
        """Axe, once for each thing a page can look like; it needs the page's own script engine."""
        shape = (width, self.page.evaluate(_SHAPE))
        if shape in self.house.shapes:
            return
        # Only the rule of turned screens reads the style sheets, and they are the same on each page.
        first = not self.house.shapes
        self.house.shapes.add(shape)
        found = AXE.run(self.page, options={**RULES, "preload": first})
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"

    def _excerpt(self) -> str:
        return self.page.locator("body").inner_text()[:600]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _REFUSAL.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.status = response.status
        elif response.status >= 400:
            self.complaints.append(f"{response.status} for {response.url}")


# What axe judges is the structure: two pages with the same elements and classes need one look, and
# what is repeated is looked at as two of it, be they two or twenty.
_SHAPE = """() => {
    const shape = one => {
        const inner = [];
        for (const child of one.children) {
            const found = shape(child), last = inner.length - 1;
            if (!(last > 0 && inner[last] === found && inner[last - 1] === found)) inner.push(found);
        }
        return one.tagName + "." + one.className
            + (one.getAttribute("aria-describedby") ? "d" : "")
            + (one.dataset.color ?? "") + (one.dataset.variant ?? "") + "(" + inner.join(",") + ")";
    };
    return shape(document.body);
}"""


def sign_in(house: House, name: str) -> Visitor:
    """Sign in by the form, with password and code."""
    visitor = house.stranger(name).visit("/sign-in")
    visitor.fill(username=name, password=SECRET, code=house.code(name))
    visitor.send(nb("Sign in"))
    house.keep(name, visitor)
    return visitor
