"""A file from a register: it proposes, a person answers one by one, and a block stops it."""

import uuid
from datetime import date

import pytest

from bti.domain.consent import ConsentStatus
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.guardians import ProposalKind, Source
from bti.domain.national_id import made_up
from bti.workflows import case, proposal
from bti.workflows.errors import Conflict, NotFound
from tests.integration.workflows import cases
from tests.integration.workflows.test_guardian_block import kept_out

CHILD = made_up(date(2013, 5, 4), range(500, 1000))
TWIN = made_up(date(2013, 5, 4), range(600, 1000))
MARIA, TOR, ANNE = (made_up(date(1984, 3, day), range(500)) for day in (2, 9, 16))
HEAD = "stafett-register;1;2026-08-30\n"


def file(*guardians, child=CHILD, name="Jonas Berg Hansen", address="open", head=HEAD):
    rows = "".join(f"guardian;{row}\n" for row in guardians)
    return f"{head}child;{child};{name};{address}\n{rows}"


@pytest.fixture
def case_id(world):
    return cases.new_case(world, number=CHILD)


def read_in(world, case_id, text, who="ingrid", **more):
    values = {"case_id": case_id, "text": text, "submission": uuid.uuid4(), "version": None}
    return world.run(who, proposal.read_in, **{**values, **more})


def answer(world, case_id, batch_id, place, *, accept=True, **more):
    values = {"case_id": case_id, "batch_id": batch_id, "place": place, "version": None}
    world.run("ingrid", proposal.answer, accept=accept, **{**values, **more})


def lines(world, case_id):
    (batch, *_) = world.run("ingrid", proposal.proposal_page, case_id=case_id).batches
    return {(one.kind, one.name or one.now): one for one in batch.lines}


def standing(world, case_id):
    rows = cases.section(world, case_id).rows
    return {one.id for one in rows if one.status is ConsentStatus.COMPLETE}


def guardians(world, case_id):
    return {
        one.name: (one.parental_responsibility, one.checked_on, one.source)
        for one in world.run("ingrid", case.show_case, case_id=case_id).guardians
    }


def test_a_file_changes_nobody_until_each_proposal_is_answered(world, case_id):
    consent_id = cases.agreed(world, case_id, "pps")
    before = guardians(world, case_id)
    batch = read_in(
        world, case_id, file(f"{MARIA};Maria Hansen;mother;yes", f"{ANNE};Anne Vik;other;yes")
    )
    assert guardians(world, case_id) == before
    found = lines(world, case_id)
    assert set(found) == {
        (ProposalKind.CHECKED, "Maria Hansen"),
        (ProposalKind.ADD, "Anne Vik"),
        (ProposalKind.DECIDES_NOT, "Tor Berg"),
    }
    assert found[ProposalKind.CHECKED, "Maria Hansen"].unsure
    places = {key: one.place for key, one in found.items()}
    answer(world, case_id, batch, places[ProposalKind.CHECKED, "Maria Hansen"])
    answer(world, case_id, batch, places[ProposalKind.DECIDES_NOT, "Tor Berg"], accept=False)
    drawn = date(2026, 8, 30)
    assert guardians(world, case_id) == {
        "Maria Hansen": (True, drawn, Source.REGISTER),
        "Tor Berg": before["Tor Berg"],
    }
    # Who must sign is as it was, and so is the consent. With another holder it stops, and is asked anew.
    assert standing(world, case_id) == {consent_id}
    add = places[ProposalKind.ADD, "Anne Vik"]
    answer(world, case_id, batch, add)
    answer(world, case_id, batch, add)
    assert guardians(world, case_id)["Anne Vik"] == (True, drawn, Source.REGISTER)
    assert standing(world, case_id) == set()
    with pytest.raises(RuleBroken, match=r"register\.answered"):
        answer(world, case_id, batch, add, accept=False)
    assert {one.answer for one in lines(world, case_id).values()} == {"accepted", "refused"}
    with pytest.raises(RuleBroken, match=r"register\.nothing_new"):
        read_in(
            world,
            case_id,
            file(
                f"{MARIA};Maria Hansen;mother;yes",
                f"{ANNE};Anne Vik;other;yes",
                f"{TOR};Tor Berg;father;yes",
                head="stafett-register;1;2026-08-19\n",
            ),
        )
    cases.holds_together(world)


def test_a_block_stops_what_a_register_says_also_one_that_was_put_since(world, case_id):
    tor = cases.guardians(world, case_id)["Tor"]
    batch = read_in(world, case_id, file(f"{TOR};Tor Berg;father;yes"))
    kept_out(world, case_id, tor)
    found = lines(world, case_id)
    one = found[ProposalKind.CHECKED, "Tor Berg"]
    assert one.stopped
    with pytest.raises(RuleBroken, match=r"guardian\.blocked"):
        answer(world, case_id, batch, one.place)
    answer(world, case_id, batch, one.place, accept=False)
    assert guardians(world, case_id)["Tor Berg"][2] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (file(child=TWIN), "register.another_child"),
        (file() + f"child;{TWIN};Jonathan Berg Hansen;open\n", "register.several_children"),
        (file(head="stafett-register;1;2027-01-01\n"), "register.day_in_future"),
        (file("12345678901;Maria Hansen;mother;yes"), "national_id."),
        (file(f"{MARIA};Maria Hansen;aunt;yes"), "register.form"),
    ],
    ids=["a twin", "both twins", "tomorrow", "no number", "no relation"],
)
def test_what_is_about_another_or_not_understood_is_refused_whole(world, case_id, text, code):
    with pytest.raises(RuleBroken) as broken:
        read_in(world, case_id, text)
    assert broken.value.code.startswith(code)
    assert world.run("ingrid", proposal.proposal_page, case_id=case_id).batches == ()


def test_outsiders_read_in_nothing_and_an_old_form_is_a_conflict(world, case_id):
    page = world.run("ingrid", proposal.proposal_page, case_id=case_id)
    batch = read_in(world, case_id, file(f"{ANNE};Anne Vik;other;no"))
    with pytest.raises(Conflict):
        answer(world, case_id, batch, 0, version=page.version)
    with pytest.raises(AccessDenied):
        read_in(world, case_id, file(f"{ANNE};Anne Vik;other;no"), who="kari")
    for changed in ({"place": 9}, {"place": -1}, {"batch_id": uuid.uuid4()}):
        with pytest.raises(NotFound):
            answer(world, case_id, **{"batch_id": batch, "place": 0, **changed})
