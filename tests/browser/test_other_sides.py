"""What is beside the walk: danger, the network side, the keyboard, and what scripts add."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.journeys import danger, insight
from tests.browser.visitor import House, nb
from tests.story import Story
from tests.world import SECRET

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


WARNING = nb("You will soon be signed out because you have not done anything for a while.")
OVER = nb(
    "You have been signed out. Copy what you have written before you leave the page, "
    "and sign in again."
)


def test_a_report_of_danger_needs_no_case_and_leaves_no_trace_for_others(house_each_way: House):
    house = house_each_way
    story = Story(house.world)
    story.wonder()
    per = house.visitor("per").visit("/guide")
    record = danger.report(per)
    per.visit("/worklist").sees(nb("Write down whether you have had an answer"))
    danger.is_no_trace(house.visitor("siv"), record)
    danger.is_no_trace(house.visitor("ingrid"), record, f"/cases/{story.case_id}/accesses")
    danger.confirm(per, record)


def test_the_coordinator_sees_numbers_and_no_case(house_each_way: House):
    house = house_each_way
    story = Story(house.world)
    story.wonder()
    olav = insight.coordinator(house, house.door.coordinator)
    insight.numbers(olav)
    for closed in (f"/cases/{story.case_id}", "/worklist", "/concern/new", "/insight", "/danger"):
        olav.visit(closed, 404).does_not_see(story.marks.made[0])
    ingrid = house.visitor("ingrid").visit("/network/", 404)
    ingrid.does_not_see(nb("Children by level"))


def test_the_keyboard_alone_is_enough_from_sign_in_to_a_new_concern(house: House):
    page = house.stranger().visit("/sign-in").page
    page.keyboard.press("Tab")
    _focus_is_seen(page)
    for name, typed in (("username", "ingrid"), ("password", SECRET), ("code", "")):
        _tab_to(page, f'[name="{name}"]')
        page.keyboard.type(typed or house.code("ingrid"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/worklist")
    # The first stop is the way past the menu.
    page.keyboard.press("Tab")
    assert _focused(page, "one.className") == "ds-skip-link"
    _focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    _tab_to(page, 'main a[href="/concern/new"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    _tab_to(page, '[name="danger"]')
    page.keyboard.press("Space")
    assert page.locator('[name="danger"][value="no"]').is_checked()
    _tab_to(page, '[name="child_name"]')
    page.keyboard.type("Jonas Berg Hansen")
    _tab_to(page, "main form[data-draft-url] button:not([name])")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    # What was wrong is read first, and leads to its field.
    expect(page.locator("#errors")).to_be_focused()
    page.keyboard.press("Tab")
    _focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#birth_date")).to_be_focused()
    assert page.locator('[name="child_name"]').input_value() == "Jonas Berg Hansen"


def test_a_draft_that_could_not_be_sent_is_sent_when_the_line_is_back(house: House):
    ingrid = house.visitor("ingrid").visit("/concern/new")
    page, status = ingrid.page, ingrid.page.locator("[data-draft-status]")
    page.clock.install()
    page.reload()
    page.route("**/concern/draft/*", lambda route: route.abort())
    ingrid.fill(seen="Han sitter alene.")
    _says(status, nb("You have changes that are not saved yet"))
    page.clock.run_for(2_000)
    _says(status, nb("No connection. We keep trying, do not close the page."))
    page.unroute("**/concern/draft/*")
    with page.expect_response("**/concern/draft/seen"):
        page.clock.run_for(11_000)
    _says(status, nb("Draft saved at %(time)s", time=""))
    assert ingrid.complaints, "the browser notes the lost line itself"
    ingrid.complaints.clear()
    ingrid.visit("/concern/new")
    assert ingrid.field("seen").input_value() == "Han sitter alene."


def test_a_draft_outlives_the_session_it_was_typed_in(house: House):
    ingrid = house.visitor("ingrid").visit("/concern/new")
    page, status = ingrid.page, ingrid.page.locator("[data-draft-status]")
    page.clock.install()
    page.reload()
    idle = house.world.runtime.settings.session_idle_minutes
    house.world.clock.advance(timedelta(minutes=idle + 5))
    ingrid.fill(seen="Han sitter alene.")
    with page.expect_response("**/concern/draft/seen"):
        page.clock.run_for(2_000)
    _says(status, nb("Draft saved at %(time)s", time=""))
    ingrid.visit("/concern/new")
    assert ingrid.path == "/sign-in"
    ingrid.sees(
        nb("You were signed out because you had not done anything for a while. Your draft is kept.")
    )
    house.visitor("ingrid").visit("/concern/new")
    assert ingrid.field("seen").input_value() == "Han sitter alene."


def test_the_page_warns_before_the_session_ends_and_can_be_told_to_stay(house: House):
    ingrid = house.visitor("ingrid")
    ingrid.page.clock.install()
    ingrid.visit("/worklist")
    box = ingrid.page.locator("[data-session]")
    expect(box).to_be_hidden()
    idle = house.world.runtime.settings.session_idle_minutes
    ingrid.page.clock.fast_forward((idle - 1) * 60_000)
    expect(box).to_contain_text(WARNING)
    ingrid.look()
    with ingrid.page.expect_response("**/extend") as answer:
        box.get_by_role("button", name=nb("Stay signed in")).click()
    assert answer.value.status == 204
    expect(box).to_be_hidden()
    ingrid.page.clock.fast_forward((idle + 1) * 60_000)
    expect(box).to_contain_text(OVER)
    expect(box.get_by_role("button")).to_be_hidden()
    ingrid.look()


def _says(status: Locator, text: str) -> None:
    expect(status).to_contain_text(text)


def _focused(page: Page, what: str) -> str:
    return page.evaluate(f"(one => {what})(document.activeElement)")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has focus; a person gives up before that many."""
    for _ in range(60):
        page.keyboard.press("Tab")
        _focus_is_seen(page)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"the keyboard never reached {selector}")


def _focus_is_seen(page: Page) -> None:
    """Something marks the element: an outline or a shadow, and it is on the screen."""
    seen = page.evaluate(_MARKED)
    assert seen, f"focus cannot be seen on {_focused(page, 'one.outerHTML')[:200]}"


_MARKED = """() => {
    const one = document.activeElement;
    if (one === document.body) return true;
    // The calendar button inside a date field belongs to the browser, which marks it itself.
    if (one.type === "date" && !one.matches(":focus-visible")) return true;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
        || style.boxShadow !== "none";
    return marked && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
}"""
