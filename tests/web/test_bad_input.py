"""Whatever is sent to any form, the answer is calm, nothing half is written and nothing is lost."""

import re
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bti.web.forms.text import printable
from tests.web.critic import examine
from tests.web.doors import DOORS, NEVER_LET_IN, again, begin_a_concern, ids_of, kept_sheet
from tests.web.filled import WORDS
from tests.web.multipart import CONTENT_TYPE, multipart
from tests.web.spoilt import DATES, EXTRA_FIELDS, NUMBERS, OTHER_TYPES, TEXTS, spoilt
from tests.web.town import NOBODY
from tests.web.whole_site import DRAFT_TABLES, NETWORK_SESSION, SESSION

# Per form: more finds more, and takes longer than a run of all tests should. `make explore` has the time.
MANY = 30 if settings.get_current_profile_name() == "explore" else 3
CALM = frozenset({200, 204, 303, 400, 401, 404, 405, 409, 413, 422, 429})
REFUSED = frozenset({400, 401, 404, 405, 409, 413, 422, 429})
# What these are for is done without leaving the page.
DONE_ON_THE_SPOT = frozenset(
    {
        "account.new",
        "client.make",
        "slt.feed.make",
        # Looked at: what is saved is said with a button, and tried in test_concern_import.
        "concern_import.new",
        "concern.save_draft",
        "duty.save_draft",
        "report.save_draft",
        "meeting.save_draft",
        "insight.check",
        "insight.selection",
        "reset.carry_out",
    }
)
DRAFTS = ("concern.", "duty.", "report.", "meeting.save_draft", "meeting.write")
# A button is all there is: with a sound token nothing can be wrong about the form.
CHANGES_WITHOUT_AN_ANSWER = frozenset(
    {
        "rules.discard",
        "rules.publish",
        "account.disable",
        "account.end_role",
        "approval.give",
        "approval.refuse",
        "approval.withdraw",
        "client.agree",
        "client.make",
        "client.revoke",
        "client.withdraw",
        "concern.discard",
        "consent.end_place",
        "sharing.open_now",
        "sharing.stop",
        "control.sign",
        "duty.discard",
        "report.discard",
        "report.remove",
        "insight.selection",
        "absence.withdraw",
        "consultation.end_seat",
        "consultation.withdraw",
        "leaving.restore",
        "leaving.suspend",
        "leaving.withdraw",
        "reset.carry_out",
        "slt.feed.end",
        "slt.feed.make",
        "slt.mail.stop",
    }
)
SECRET_FIELDS = frozenset({"old", "new", "again", "password", "code"})


@pytest.fixture(scope="module")
def site(opened_site):
    """The whole site, with a concern about to be saved."""
    begin_a_concern(opened_site)
    opened_site.save()
    return opened_site


@pytest.fixture(autouse=True)
def _put_back(site):
    yield
    site.restore()


@pytest.fixture(scope="module")
def foreign(site):
    """Ids that exist, but in another municipality or in nobody's."""
    ids = [str(one) for state in site.neighbour.ids.values() for one in state.values()]
    units = [str(one) for one in site.neighbour.world.units.values()]
    return tuple(sorted({*ids, *units, str(NOBODY)}))


def send(sheet, pairs, *, token=None, **headers):
    """Send the pairs as a browser does, in their order, whatever bytes they are."""
    proof = token_of(sheet.page) if token is None else token
    pairs = [("csrf_token", proof), *pairs]
    if any(blank.kind == "file" for blank in sheet.fields.values()):
        body, content_type = multipart(pairs), CONTENT_TYPE
    else:
        body = urlencode([(name, _bytes(value)) for name, value in pairs]).encode()
        content_type = "application/x-www-form-urlencoded"
    answer = sheet.client.client.post(
        sheet.address,
        data=body,
        content_type=content_type,
        headers={"Sec-Fetch-Site": "same-origin", **headers},
    )
    return examine(answer)


def token_of(page):
    """The token of the forms of a page."""
    return next(one.get("value") for one in page.all("input", name="csrf_token"))


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def accepted(endpoint, page):
    """Whether the answer says that the thing was done."""
    return page.status in {204, 303} or (page.status == 200 and endpoint in DONE_ON_THE_SPOT)


def standing(page):
    """All that stands in a page: its words, and what is in its fields."""
    values = (one.get("value") or "" for one in page.all("input"))
    boxes = (one.text or "" for one in page.all("textarea"))
    return one_line(" ".join([page.text, *values, *boxes]))


def one_line(text):
    return " ".join(printable(text).split())


def check_escaped(page):
    """What was typed stands as text: it made no element of its own."""
    assert not page.all("b", id="injected")
    assert not page.all("img", src="x")
    assert "alert(1)" not in "".join(one.text or "" for one in page.all("script"))


def check_kept(sheet, pairs, page):
    """What was typed is still there, but for secrets."""
    there = standing(page)
    seen = set()
    for name, value in pairs:
        first, known = name not in seen, sheet.fields.get(name)
        seen.add(name)
        if not first or known is None or isinstance(value, bytes) or name in SECRET_FIELDS:
            continue
        if known.is_text or known.kind == "date":
            assert any(one in there for one in spellings(str(value))), f"{name} lost: {value!r}"


def spellings(value):
    """How a text may be given back: a day that was understood comes in the browser's form."""
    yield one_line(value)
    with suppress(ValueError):
        yield datetime.strptime(value, "%d.%m.%Y").date().isoformat()  # noqa: DTZ007 - a calendar day has no zone


def untouched(endpoint):
    """The tables a refusal may write to: a draft is what keeps a refused concern from being lost."""
    return DRAFT_TABLES if endpoint.startswith(DRAFTS) else frozenset()


def check(site, endpoint, sheet, pairs, page, before):
    """The whole promise about one answer."""
    assert page.status in CALM
    check_escaped(page)
    location = page.response.headers.get("Location", "/")
    assert re.match(r"/(?!/)", location), location
    if accepted(endpoint, page):
        if page.status == 303:
            after = sheet.client.get(location)
            assert after.status < 500
            check_escaped(after)
        return
    assert site.written(untouched(endpoint)) == before
    if page.status in {200, 401, 409, 422}:
        check_kept(sheet, pairs, page)


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_a_spoilt_form_is_refused_calmly_or_taken_whole(site, foreign, endpoint):
    sheet = kept_sheet(site, endpoint)
    site.save()
    before = site.written(untouched(endpoint))

    @settings(max_examples=MANY)
    @given(pairs=spoilt(sheet, foreign))
    def every(pairs):
        try:
            fresh = again(site, endpoint, sheet)
            check(site, endpoint, fresh, pairs, send(fresh, pairs), before)
        finally:
            site.restore()

    every()


def test_every_form_of_the_product_is_tried_here(site):
    writing = {rule.endpoint for rule in site.app.url_map.iter_rules() if "POST" in rule.methods}
    # What systems send is no form: test_api tries each call with what is no JSON and what does not fit.
    assert {one for one in writing if not one.startswith("api.")} == set(DOORS)


@pytest.mark.parametrize("endpoint", sorted(set(DOORS) - NEVER_LET_IN))
def test_a_sound_form_is_taken(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    page = send(sheet, flat(sheet.answers))
    site.restore()
    assert accepted(endpoint, page), page.text


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_a_form_with_another_proof_than_ours_writes_nothing(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    pairs = flat(sheet.answers)
    stolen = token_of(site.client("odd").get("/help"))
    before = site.written()
    for token in ("", "forged", f"{token_of(sheet.page)}x", stolen):
        page = send(sheet, pairs, token=token)
        assert page.status == 400
        check_kept(sheet, pairs, page)
    foreign_page = send(sheet, pairs, **{"Sec-Fetch-Site": "cross-site"})
    assert foreign_page.status == 400
    assert WORDS not in standing(foreign_page)
    assert send(sheet, pairs, Origin="https://evil.example").status == 400
    assert site.written() == before
    site.restore()


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_a_form_sent_after_the_session_ended_is_given_back(site, endpoint):
    if DOORS[endpoint].who == "":
        return
    sheet = kept_sheet(site, endpoint)
    pairs = flat(sheet.answers)
    before = site.written(untouched(endpoint))
    sheet.client.client.delete_cookie(SESSION)
    sheet.client.client.delete_cookie(NETWORK_SESSION)
    page = send(sheet, pairs)
    assert page.status == 400
    check_kept(sheet, pairs, page)
    assert site.written(untouched(endpoint)) == before
    site.restore()


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_a_form_from_before_somebody_else_saved_is_given_back(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    if not sheet.answers.get("version"):
        return
    before = site.written()
    pairs = flat({**sheet.answers, "version": str(int(str(sheet.answers["version"])) - 1)})
    page = send(sheet, pairs)
    assert page.status == 409
    check_kept(sheet, pairs, page)
    assert site.written() == before
    site.restore()


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_sending_twice_does_it_once(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    send(sheet, flat(sheet.answers))
    once = site.counted()
    page = send(sheet, flat(sheet.answers))
    assert page.status in CALM
    twice = site.counted()
    site.restore()
    assert twice == once


@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_fields_nobody_asked_for_change_nothing(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    extras = [(name, value) for name, value in EXTRA_FIELDS if name not in {*sheet.fields, "go"}]
    before = site.written()
    fresh = again(site, endpoint, sheet)
    send(fresh, flat(sheet.answers))
    plain = changed(before, site.written())
    site.restore()
    send(again(site, endpoint, sheet), [*flat(sheet.answers), *extras])
    assert changed(before, site.written()) == plain
    assert not site.rows_of(NOBODY)
    site.restore()


# How much is read is the application's to say, and a form's only where it takes files.
@pytest.mark.parametrize(
    "endpoint", sorted({*sorted(DOORS)[::8], "attachment.new", "slt.appendix.new"})
)
def test_a_form_of_thousands_of_fields_is_refused_or_ignored(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    before = site.written(untouched(endpoint))
    flood = [(f"field{number}", "x") for number in range(5000)]
    assert send(sheet, [*flat(spoil_all(sheet)), *flood]).status in CALM
    # In a form that takes files, fields may be as large in all, but none of them.
    too_big = [("seen", "x" * 1_100_000)]
    assert send(again(site, endpoint, sheet), too_big).status == 413
    if endpoint in CHANGES_WITHOUT_AN_ANSWER:
        site.restore()
        return
    assert site.written(untouched(endpoint)) == before
    site.restore()


def test_an_unused_method_is_not_allowed(site):
    client = site.client("ingrid").client
    before = site.written()
    ids = {**site.home.ids["middle"], "step": "seen"}
    used = defaultdict(set)
    for rule in site.app.url_map.iter_rules():
        used[site.address_of(rule, ids)] |= rule.methods
    for address, methods in used.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            answer = client.open(address, method=method)
            assert answer.status_code == 405, (address, method)
            assert set(answer.headers["Allow"].split(", ")) == methods
    assert site.written() == before


def flat(answers):
    """Pairs as a browser sends them."""
    return [
        (name, one)
        for name, value in answers.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def spoil_all(sheet):
    """Something in every field that no field takes."""
    return dict.fromkeys(sheet.answers, "\x00")


def changed(before, after):
    """The tables where something is different."""
    return {name for name in before if before[name] != after[name]}


# -- addresses -------------------------------------------------------------------------------------

QUERIES = ("show", "names", "page", "all", "next", "left", "language", "from_day", "to_day", "who")
READERS = ("ingrid", "hege", "anne", "asta", "network", "")


@pytest.mark.parametrize("who", READERS)
def test_nonsense_behind_an_address_is_answered_calmly(site, who):
    client = site.client(who)
    addresses = readable(site, who)
    before = site.written()

    @settings(max_examples=MANY * 2)
    @given(
        address=st.sampled_from(addresses),
        query=st.lists(
            st.tuples(
                st.sampled_from(QUERIES),
                st.one_of(st.sampled_from((*TEXTS, *DATES, *NUMBERS, *OTHER_TYPES)), st.text()),
            ),
            max_size=4,
        ),
    )
    def every(address, query):
        pairs = [(name, _bytes(value)) for name, value in query]
        page = client.get(f"{address}?{urlencode(pairs)}")
        assert page.status in {200, 302, 303, 400, 404, 422}
        check_escaped(page)
        assert re.match(r"/(?!/)", page.response.headers.get("Location", "/"))

    every()
    assert site.written() == before
    site.restore()


def readable(site, who):
    """The addresses that give this person a page."""
    ids = {**site.home.ids["late"], "step": "seen"}
    rules = [rule for rule in site.app.url_map.iter_rules() if "GET" in rule.methods]
    found = {site.address_of(rule, ids) for rule in rules if rule.endpoint != "static_file"}
    client = site.client(who).client
    return sorted(address for address in found if client.get(address).status_code == 200)


@given(tail=st.text(min_size=1, max_size=30))
@settings(max_examples=MANY * 4)
def test_an_address_made_of_anything_is_answered_calmly(site, tail):
    answer = site.client("ingrid").client.get("/cases/" + quote(tail, errors="replace"))
    assert answer.status_code in {302, 308, 404}


# -- letters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", sorted(set(DOORS) - NEVER_LET_IN))
def test_every_letter_that_was_written_is_kept(site, endpoint):
    sheet = kept_sheet(site, endpoint)
    given = SECRET_FIELDS | {*DOORS[endpoint].answers, *DOORS[endpoint].known}
    written = {
        name: f"{WORDS} {number}"
        for number, (name, blank) in enumerate(sheet.fields.items())
        if blank.is_text and name not in given
    }
    page = send(sheet, flat({**sheet.answers, **written}))
    assert accepted(endpoint, page), page.text
    after = [sheet.client.follow(page) if page.status == 303 else page]
    if endpoint.startswith(DRAFTS) and sheet.fields:
        form = DOORS[endpoint].form or DOORS[endpoint].page or endpoint
        after.append(sheet.client.get(site.address(form, ids_of(site, endpoint))))
    kept = (
        site.reviewed()
        + " ".join(standing(one) for one in after)
        + " ".join(
            site.kept_in(ids_of(site, endpoint)["case_id"], who) for who in ("ingrid", "hege")
        )
    )
    site.restore()
    assert {name for name, text in written.items() if text not in kept} <= ONLY_FOR_NO[endpoint]


# A reason for a no goes nowhere with a yes, and who was there is asked where somebody was told.
ONLY_FOR_NO = defaultdict(
    frozenset,
    {"case.conversation": frozenset({"reason"}), "consent.answer": frozenset({"present"})},
)
