"""Coordinator, body member and politiråd reader over one meeting, in bokmål and nynorsk."""

from __future__ import annotations

import gettext
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from bti import paths
from bti.identity import totp
from bti.slt.account import NewAccount, create_account
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load
from bti.slt.plan_change import import_plan
from bti.slt.plan_file import load as load_plan
from bti.slt.role import NetworkRole
from bti.slt.seat import give_seat
from tests.browser.journeys import insight
from tests.browser.visitor import nb
from tests.world import SECRET

if TYPE_CHECKING:
    from tests.browser.visitor import House, Visitor

_NN = gettext.translation("messages", str(paths.TRANSLATIONS), ["nn"])
nn = _NN.gettext
_LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk"}
# Where the links of a page lead, without files.
_LINKS_WITHIN = """within => [...within.querySelectorAll('a[href^="/network"]:not([download])')]
.map(a => a.getAttribute("href").split(/[?#]/)[0]).filter(path => !/\\.[a-z]+$/.test(path))"""
_LINKS = f"({_LINKS_WITHIN})(document)"
# What tells one meeting, measure or half-year from another in an address.
_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9]{4}(H[12])?\b|(?<=/areas/)[^/]+")


def test_a_meeting_is_written_read_and_followed_up_by_those_it_concerns(house: House):
    import_bodies(house.door.network, load("nordre_land"), "9901")
    olav = insight.coordinator(house, house.door.coordinator).visit("/network/bodies")
    olav.follow("Styringsgruppe/politiråd").follow(nb("New meeting"))
    held = house.today - timedelta(days=3)
    olav.fill(held_on=held.isoformat(), title="Høstmøtet", agenda="Planen\nLys i parken")
    olav.choose(present="Ordfører").fill(minutes="Gutten på 14 i 9B går omveier.")
    olav.send(nb("Save"), 422).sees("9B", nb("May this name somebody?"))
    assert olav.field("minutes").input_value() == "Gutten på 14 i 9B går omveier."
    olav.fill(minutes="Parken er mørk, og Solvang er lys.").send(nb("Save"), 422)
    olav.fill(reason="Solvang er en gate.").send(nb("Save"))
    olav.sees(nb("Kept because: %(reason)s", reason="Solvang er en gate."))
    olav.follow(nb("New action")).choose(responsible="Ordfører")
    olav.fill(what="Be om lys", due=(held + timedelta(days=90)).isoformat()).send(nb("Save"))
    olav.send(nb("Share with the body")).send(nb("Finish the minutes"))
    olav.sees(nb("The minutes are finished. They are corrected by an addition alone."))
    meeting = olav.path
    report = _reports(olav)

    house.width = 390
    mayor = _enters(house, "mina", NetworkRole.MEMBER, "nn", seat="Ordfører")
    assert mayor.heading == nn("Bodies")
    mayor.follow("Styringsgruppe/politiråd").follow(nn("Follow up"))
    mayor.choose(status="started").fill(note="Bestilt.").send(nn("Save"))
    mayor.sees("Bestilt.", "Solvang er en gate.")
    mayor.visit("/network/plan", 404).visit(f"{meeting}/additions/new", 404)

    reader = _enters(house, "rolf", NetworkRole.COUNCIL_READER, "nb")
    reader.sees(nb("Children by level"))
    reader.visit(meeting).sees("Parken er mørk", nb("Begun"))
    assert reader.page.locator(f'main a:has-text("{nb("Follow up")}")').count() == 0
    reader.visit("/network/plan").visit("/network/bodies/new", 404)
    reader.visit("/network/report").follow(nb("First half of %(year)s", year=2026)[:6])
    assert reader.path == report

    house.width = 1440
    import_plan(house.door.network, load_plan("vaaler-2023"), "9901")
    seen: set[str] = set()
    for visitor, language in ((olav, "nn"), (mayor, "nb"), (reader, "nn")):
        _reads_everything(visitor, language, seen)


def _reports(olav: Visitor) -> str:
    """What the meeting waits for becomes a report: written, looked at, made, and taken as a file."""
    olav.visit("/network/report").follow(nb("New report"))
    olav.fill(foreword="Møtet må ta stilling til lys.", what_1="Bruke penger på lys", sum_1="9 000")
    olav.page.locator('main [name="body_1"]').select_option(label="Styringsgruppe/politiråd")
    olav.send(nb("Save and look at it")).sees("Be om lys", nb("Fact sheet for the press"))
    olav.send(nb("Make the report")).sees(nb("Content as JSON"))
    file = olav.context.request.get(f"{olav.page.url}/report.pdf")
    assert file.body().startswith(b"%PDF-")
    return olav.path


def _reads_everything(visitor: Visitor, language: str, seen: set[str]) -> None:
    """One page of each kind that links lead to, in another language: each is there and looked over.

    Of what somebody else has ``seen``, only what stands in the menu is read once more.
    """
    visitor.visit("/network/bodies")
    visitor.page.get_by_role("button", name=_LANGUAGES[language]).click()
    waiting = visitor.page.locator("header").first.evaluate(_LINKS_WITHIN)
    kinds = {"", *seen, *waiting}
    while waiting:
        visitor.visit(waiting.pop())
        assert visitor.page.locator("html").get_attribute("lang") == language
        for address in visitor.page.evaluate(_LINKS):
            kind = _NUMBERS.sub("*", address)
            # A second one of a kind says no more.
            if kind not in kinds:
                kinds.add(kind)
                waiting.append(address)
    seen |= kinds


def _enters(
    house: House, username: str, role: NetworkRole, language: str, *, seat: str = ""
) -> Visitor:
    """Somebody new signs in by the form and stands on the start page of the role."""
    network = house.door.network
    new = NewAccount(username, "Rita Rud", "9901", "Lindvik kommune", SECRET, language, role)
    made = create_account(network, new)
    if seat:
        give_seat(network, username, "steering", seat)
    visitor = house.stranger().visit("/network/sign-in")
    code = totp.code_at(made.totp_secret, house.world.clock.now())
    visitor.fill(username=username, password=SECRET, code=code).send(nb("Sign in"))
    house.keep(username, visitor)
    return visitor
