"""A case goes to another service with its child: asked by the one, taken by the other, out of the first."""

import uuid
from datetime import date

import pytest

from bti.db.models import BatonOffer, Case, ConsentCell, Participant
from bti.domain.codes import InfoType
from bti.domain.consent import ConsentStatus
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.extract import LeftOut
from bti.domain.protection import AddressGrade, ProtectedPerson
from bti.workflows import baton, case, consent, insight, move, protection
from bti.workflows.case_file import Kind
from bti.workflows.errors import NotFound
from tests.integration.workflows import cases
from tests.integration.workflows.cases import holder, rows
from tests.integration.workflows.states import today

MEASURES = frozenset({InfoType.MEASURES})
DRAWS, SLEEPS, OWN = "Tegner dagen sin.", "Sover dårlig.", "Vårt eget."


@pytest.fixture
def case_id(world):
    """A case in the kindergarten with its log, and three things written; measures are open to the school."""
    made = cases.new_case(world, "mona", born=date(2020, 5, 4))
    cases.log_open(world, made, "mona")
    for kind, words in (
        (InfoType.MEASURES, DRAWS),
        (InfoType.HEALTH, SLEEPS),
        (InfoType.OWN, OWN),
    ):
        cases.write(world, "mona", made, kind, words)
    agree(world, made, "school", MEASURES)
    return made


def asked_about(world, case_id, unit, kinds):
    return cases.ask(world, case_id, "mona", unit, info_types=kinds)


def agree(world, case_id, unit, kinds):
    consent_id = asked_about(world, case_id, unit, kinds)
    for person in cases.guardians(world, case_id, "mona").values():
        cases.say(world, case_id, consent_id, person, who="mona")
    return consent_id


def proposed(world, case_id, to="per", unit="school", who="mona", **more):
    values = {
        "case_id": case_id,
        "submission": uuid.uuid4(),
        "version": None,
        "to_id": world.accounts[to],
        "to_unit_id": world.units[unit],
        "talked_on": today(world),
        "message": "Han trenger en fast voksen.",
    }
    return world.run(who, move.propose, command=move.ProposeMove(**{**values, **more}))


def accept(world, case_id, offer_id, who="per"):
    world.run(who, move.accept, case_id=case_id, offer_id=offer_id)


def owner(world, case_id):
    return rows(world, Case, Case.id == case_id)[0].unit_id


def words_of(lines):
    return {words for line in lines for _, words in line.parts}


def test_the_case_goes_to_the_school_with_what_consent_opens_and_the_kindergarten_is_out(
    world, case_id
):
    school = world.units["school"]
    shown = world.run("mona", move.preview, case_id=case_id, to_unit_id=school)
    assert words_of(shown.lines) == {DRAWS}
    assert dict(shown.out) == {LeftOut.OWN: 1, LeftOut.NO_CONSENT: 1}
    offer_id = proposed(world, case_id)

    # Until somebody there has said yes, nothing has moved, and they know whom it is about and no more.
    assert (owner(world, case_id), holder(world, case_id)) == (
        world.units["kindergarten"],
        world.accounts["mona"],
    )
    page = world.run("per", move.answer_page, case_id=case_id, offer_id=offer_id)
    assert (page.child, page.counts) == ("Jonas", ((InfoType.MEASURES, 1),))
    for who in ("per", "siv"):
        with pytest.raises(AccessDenied):
            world.run(who, case.show_case, case_id=case_id)

    accept(world, case_id, offer_id)
    accept(world, case_id, offer_id)
    assert (owner(world, case_id), holder(world, case_id)) == (school, world.accounts["per"])
    with pytest.raises(AccessDenied):
        world.run("mona", case.show_case, case_id=case_id)
    assert not [one for one in rows(world, Participant) if one.revoked_at is None]
    assert cases.texts(world, "per", case_id) == {DRAWS}
    assert cases.texts(world, "siv", case_id) == {DRAWS}
    sent = world.run("per", move.package, case_id=case_id, offer_id=offer_id)
    assert (words_of(sent.lines), sent.sent) == ({DRAWS}, 1)
    assert (sent.from_service, sent.to_service) == ("Solbakken barnehage", "Lindvik ungdomsskole")

    happened = world.run("siv", case.show_case, case_id=case_id).happenings
    assert [one.text for one in happened if one.kind is Kind.MOVE] == [
        "Solbakken barnehage – Lindvik ungdomsskole"
    ]
    seen = world.run("siv", insight.case_accesses, case_id, whole=True).rows
    assert {"case:move:propose", "case:move:accept"} <= {one.action for one in seen}
    cases.holds_together(world)


def test_a_no_has_a_reason_that_the_one_who_asked_reads_and_all_stays(world, case_id):
    offer_id = proposed(world, case_id)
    for reason, code in ((" ", r"move\.reason_missing"), ("Vi mangler en lærer.", None)):
        if code is None:
            world.run("per", move.decline, case_id=case_id, offer_id=offer_id, reason=reason)
            continue
        with pytest.raises(RuleBroken, match=code):
            world.run("per", move.decline, case_id=case_id, offer_id=offer_id, reason=reason)
    page = world.run("mona", move.move_page, case_id=case_id)
    assert (page.declined.service, page.declined.reason) == (
        "Lindvik ungdomsskole",
        "Vi mangler en lærer.",
    )
    assert owner(world, case_id) == world.units["kindergarten"]
    with pytest.raises(RuleBroken, match=r"baton\.no_offer"):
        accept(world, case_id, offer_id)
    with pytest.raises(AccessDenied):
        world.run("per", case.show_case, case_id=case_id)
    # Asked again and accepted: a no is not for ever.
    accept(world, case_id, proposed(world, case_id))
    cases.holds_together(world)


def test_what_was_agreed_with_others_stays_and_what_waits_is_asked_anew_by_the_new_service(
    world, case_id
):
    both = agree(world, case_id, "pps", MEASURES)
    cases.invite(world, case_id, "nina", "pps", by="mona")
    waiting = asked_about(world, case_id, "health", MEASURES)
    accept(world, case_id, proposed(world, case_id))

    kindergarten = world.units["kindergarten"]
    cells = [one for one in rows(world, ConsentCell) if one.withdrawn_at is None]
    assert {(one.from_unit_id, one.to_unit_id) for one in cells} == {
        (kindergarten, world.units["school"]),
        (kindergarten, world.units["pps"]),
    }
    assert cases.texts(world, "nina", case_id) == {DRAWS}
    stands = {
        one: world.run("per", consent.show, case_id=case_id, consent_id=one).row.status
        for one in (both, waiting)
    }
    assert stands == {both: ConsentStatus.COMPLETE, waiting: ConsentStatus.NEEDS_RENEWAL}
    # The new service asks for itself, and its answers open cells of its own.
    asked = cases.ask(world, case_id, "per", "pps", info_types=MEASURES)
    for person in cases.guardians(world, case_id).values():
        cases.say(world, case_id, asked, person, who="per")
    cases.write(world, "per", case_id, InfoType.MEASURES, "Fast voksen.")
    assert cases.texts(world, "nina", case_id) == {DRAWS, "Fast voksen."}
    cases.holds_together(world)


def test_only_the_service_that_has_the_case_moves_it_and_only_where_consent_leads(world, case_id):
    for changed, code in (
        ({"to": "kari", "unit": "health"}, r"baton\.no_consent"),
        ({"to": "mona", "unit": "kindergarten"}, r"move\.same_service"),
        ({"to": "hege", "unit": "team"}, r"move\.no_home"),
        ({"talked_on": None}, r"move\.not_talked"),
        ({"talked_on": date(2027, 1, 1)}, r"move\.day_in_future"),
    ):
        with pytest.raises(RuleBroken, match=code):
            proposed(world, case_id, **changed)
    # The holder of another service has the baton and not the case.
    agree(world, case_id, "pps", MEASURES)
    given = cases.offered(world, case_id, "nina", "pps", "mona")
    world.run("nina", baton.accept, case_id=case_id, offer_id=given)
    with pytest.raises(NotFound):
        proposed(world, case_id, who="nina")
    with pytest.raises(NotFound):
        world.run("nina", move.move_page, case_id=case_id)


def test_neither_offer_is_answered_as_if_it_were_the_other(world, case_id):
    plain = cases.offered(world, case_id, "per", "school", "mona")
    with pytest.raises(RuleBroken, match=r"baton\.no_offer"):
        accept(world, case_id, plain)
    with pytest.raises(NotFound):
        world.run("per", move.answer_page, case_id=case_id, offer_id=plain)
    world.run("mona", baton.withdraw, case_id=case_id, offer_id=plain)
    offer_id = proposed(world, case_id)
    for answer, more in ((baton.accept, {}), (baton.decline, {"reason": "Nei."})):
        with pytest.raises(RuleBroken, match=r"baton\.moves_case"):
            world.run("per", answer, case_id=case_id, offer_id=offer_id, **more)
    world.run("mona", baton.withdraw, case_id=case_id, offer_id=offer_id)
    assert owner(world, case_id) == world.units["kindergarten"]
    assert not [one for one in rows(world, BatonOffer) if one.open_slot]


def test_a_case_with_a_protected_address_goes_to_nobody_who_is_not_named(world, case_id):
    offer_id = proposed(world, case_id)
    command = protection.Protect(
        case_id=case_id,
        version=None,
        grade=AddressGrade.CONFIDENTIAL,
        of=ProtectedPerson.CHILD,
        until=date(2027, 3, 1),
    )
    world.run("mona", protection.protect, command)
    with pytest.raises((AccessDenied, RuleBroken)):
        accept(world, case_id, offer_id)
    with pytest.raises(RuleBroken, match=r"protection\."):
        proposed(world, case_id)
