"""The ways to answer: for another, too late, about oneself, and what a child keeps for itself."""

import uuid
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bti import profiles
from bti.db.models import ConsentAnswer, ConsentCell
from bti.domain.codes import InfoType, Kept
from bti.domain.compartments import service_compartment
from bti.domain.consent import ConsentStatus, Form
from bti.domain.errors import AccessDenied, RuleBroken
from bti.profiles.loader import legal_bases_from
from bti.workflows import audit_check, consent, consent_block, consent_lines, worklist
from bti.workflows.consent import SignedBy
from bti.workflows.errors import NotFound
from bti.workflows.worklist_rows import TaskKind
from tests.integration.workflows.cases import (
    agreed,
    ask,
    compartments,
    guardians,
    heard,
    holds_together,
    invite,
    log_open,
    new_case,
    offered,
    rows,
    say,
    section,
    write,
)

TODAY = date(2026, 9, 1)


def page(world, case_id, consent_id):
    return world.run("ingrid", consent.show, case_id=case_id, consent_id=consent_id)


def tasks(world):
    return {task.kind for task in world.run("ingrid", worklist.my_day).tasks}


def test_one_holder_signs_for_the_other_under_a_power_of_attorney_that_holds(world):
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps")
    who = guardians(world, case_id)
    mandate = SignedBy(
        person_id=who["Tor"], valid_from=TODAY, valid_to=TODAY, reference="Arkiv 26/114"
    )
    assert say(world, case_id, consent_id, who["Tor"]) is ConsentStatus.ASKED
    standing = say(world, case_id, consent_id, who["Maria"], form=Form.PAPER, mandate=mandate)
    assert standing is ConsentStatus.COMPLETE
    signed = {one.name: one.signed_by for one in page(world, case_id, consent_id).signers}
    assert signed == {"Maria Hansen": "Tor Berg", "Tor Berg": ""}
    world.clock.advance(timedelta(days=2))
    again = ask(world, case_id, unit="health")
    with pytest.raises(RuleBroken, match=r"consent\.mandate_expired"):
        say(world, case_id, again, who["Maria"], mandate=mandate)
    holds_together(world)


def test_an_answer_after_the_last_day_is_kept_and_opens_nothing(world):
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps", valid_to=date(2026, 10, 1))
    world.clock.advance(timedelta(days=40))
    for person_id in guardians(world, case_id).values():
        assert say(world, case_id, consent_id, person_id) is ConsentStatus.EXPIRED
    assert (len(rows(world, ConsentAnswer)), rows(world, ConsentCell)) == (2, [])
    shown = page(world, case_id, consent_id)
    assert shown.late
    assert [one.answer for one in shown.signers] == ["yes", "yes"]
    holds_together(world)


def test_a_parents_own_secrets_need_that_parents_yes_although_they_decide_nothing(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True), ("Tor Berg", False)))
    who = guardians(world, case_id)
    consent_id = ask(
        world,
        case_id,
        unit="pps",
        info_types=frozenset({InfoType.FAMILY}),
        about=frozenset({who["Tor"]}),
    )
    assert say(world, case_id, consent_id, who["Maria"]) is ConsentStatus.ASKED
    assert rows(world, ConsentCell) == []
    why = {
        one.name: (one.role, one.why[0].code) for one in page(world, case_id, consent_id).signers
    }
    assert why["Tor Berg"] == ("self", "fvl-13a")
    assert say(world, case_id, consent_id, who["Tor"]) is ConsentStatus.COMPLETE


@pytest.mark.parametrize(
    ("kept", "code"),
    [(Kept.SOMETHING, "consent.kept_from_guardians"), (None, "consent.hearing_missing")],
)
def test_what_a_child_of_thirteen_keeps_from_the_guardians_stops_the_question(world, kept, code):
    case_id = new_case(world)
    one = heard(world)
    with pytest.raises(RuleBroken, match=code.replace(".", r"\.")):
        ask(
            world,
            case_id,
            unit="pps",
            heard=consent.Heard(on=one.on, method=one.method, weight=one.weight, kept=kept),
        )
    assert section(world, case_id).rows == ()


def test_a_consent_that_ends_on_a_birthday_is_reminded_of_before_it(world):
    case_id = new_case(world, born=date(2011, 11, 20))
    agreed(world, case_id, unit="health", info_types=frozenset({InfoType.WELLBEING}))
    (cell, _) = rows(world, ConsentCell)
    assert cell.valid_to.date() == date(2026, 11, 19)
    world.clock.advance(timedelta(days=49))
    assert TaskKind.CONSENT_ENDING not in tasks(world)
    world.clock.advance(timedelta(days=2))
    assert TaskKind.CONSENT_ENDING in tasks(world)


def test_one_flow_is_taken_back_and_the_rest_goes_on_with_a_receipt_of_what_stopped(world):
    case_id = new_case(world)
    types = frozenset({InfoType.ATTENDANCE, InfoType.WELLBEING})
    consent_id = agreed(world, case_id, unit="pps", info_types=types)
    invite(world, case_id)
    school = world.units["school"]
    wellbeing, attendance = (
        service_compartment(school, one) for one in (InfoType.WELLBEING, InfoType.ATTENDANCE)
    )
    for one in types:
        write(world, "ingrid", case_id, one, one.value)
    assert {wellbeing, attendance} <= compartments(world, "nina", case_id)

    log_open(world, case_id)
    offered(world, case_id, "nina", "pps")
    maria = guardians(world, case_id)["Maria"]
    back = {"case_id": case_id, "consent_id": consent_id, "person_id": maria}
    world.run("ingrid", consent.withdraw, **back, cells=frozenset({"wellbeing:out"}))

    assert compartments(world, "nina", case_id) & {wellbeing, attendance} == {attendance}
    shown = page(world, case_id, consent_id)
    assert shown.row.status is ConsentStatus.COMPLETE
    assert {one.name for one in shown.flows} == {"wellbeing:in", "attendance:out", "attendance:in"}
    (receipt,) = shown.receipts
    assert [(one.name, one.giver, one.taker) for one in receipt.stopped] == [
        ("wellbeing:out", "Lindvik ungdomsskole", "PP-tjenesten")
    ]
    assert (receipt.person, receipt.written_by) == ("Maria Hansen", "Ingrid Solberg")
    assert (receipt.places, receipt.log_rests) == (0, False)
    assert {one.answer for one in shown.signers} == {"yes"}

    world.clock.advance(timedelta(minutes=1))
    again = world.run("ingrid", consent.withdraw, **back, cells=frozenset({"wellbeing:out"}))
    assert again == world.run(
        "ingrid", consent.withdraw, **back, cells=frozenset({"wellbeing:out"})
    )
    world.run("ingrid", consent.withdraw, **back)
    newest, _ = page(world, case_id, consent_id).receipts
    assert {one.name for one in newest.stopped} == {
        "wellbeing:in",
        "attendance:out",
        "attendance:in",
    }
    assert newest.places == 1
    assert newest.offer
    holds_together(world)


def test_a_decision_of_the_county_governor_overrides_every_yes_until_the_family_is_asked_anew(
    world,
):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, unit="pps")
    invite(world, case_id)
    about = {"case_id": case_id, "consent_id": consent_id}

    def decide(lift, reference="Statsforvalteren 26/7"):
        sent = {"submission": uuid.uuid4(), "reference": reference, "lift": lift}
        world.run("ingrid", consent_block.decide, **about, **sent)

    with pytest.raises(RuleBroken, match=r"consent\.decision_unnamed"):
        decide(lift=False, reference=" ")
    decide(lift=False)
    decide(lift=False)
    shown = page(world, case_id, consent_id)
    assert (shown.row.status, shown.blocked) == (ConsentStatus.BLOCKED, True)
    assert [law.code for law in shown.stands] == ["hol-12-1", "sostjl-44"]
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    with pytest.raises(RuleBroken, match=r"consent\.blocked_still"):
        ask(world, case_id, unit="pps")

    world.clock.advance(timedelta(days=1))
    decide(lift=True)
    assert page(world, case_id, consent_id).row.status is ConsentStatus.BLOCKED
    assert all(cell.withdrawn_at is not None for cell in rows(world, ConsentCell))
    agreed(world, case_id, unit="pps")
    holds_together(world)


def test_what_an_authority_has_stopped_flows_by_no_other_question_either(world):
    case_id = new_case(world)
    first, second = (agreed(world, case_id, unit="pps") for _ in range(2))
    waiting = ask(world, case_id, unit="pps", direction=consent.Way.OUT)
    elsewhere = agreed(world, case_id, unit="health")
    world.run(
        "ingrid",
        consent_block.decide,
        case_id=case_id,
        consent_id=first,
        submission=uuid.uuid4(),
        reference="Statsforvalteren 26/7",
        lift=False,
    )
    for person_id in guardians(world, case_id).values():
        assert say(world, case_id, waiting, person_id) is ConsentStatus.NEEDS_RENEWAL
    live = {cell.consent_id for cell in rows(world, ConsentCell) if cell.withdrawn_at is None}
    assert live == {elsewhere}
    assert page(world, case_id, second).row.status is ConsentStatus.NEEDS_RENEWAL
    holds_together(world)


def test_a_flow_that_is_not_in_the_consent_is_not_read_as_all_of_it(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, unit="pps")
    maria = guardians(world, case_id)["Maria"]
    with pytest.raises(NotFound):
        world.run(
            "ingrid",
            consent.withdraw,
            case_id=case_id,
            consent_id=consent_id,
            person_id=maria,
            cells=frozenset({"health:out"}),
        )
    assert all(cell.withdrawn_at is None for cell in rows(world, ConsentCell))


def test_a_new_act_is_cited_from_its_day_and_an_older_question_keeps_its_own(
    world, monkeypatch, tmp_path
):
    path = tmp_path / "legal_bases.toml"
    shipped = Path(profiles.__file__).with_name(path.name).read_text(encoding="utf-8")
    path.write_text(
        shipped.replace("[acts.barnelova-2025]", "[acts.barnelova-2025]\nin_force = 2026-10-01"),
        encoding="utf-8",
    )
    bases = legal_bases_from(path)
    monkeypatch.setattr(consent_lines, "legal_bases", lambda: bases)
    case_id = new_case(world)
    before = ask(world, case_id, unit="pps")
    world.clock.advance(timedelta(days=30))
    after = ask(world, case_id, unit="pps")

    def cited(consent_id):
        signers = page(world, case_id, consent_id).signers
        return {law.reference["nb"] for one in signers for law in one.why}

    assert (cited(before), cited(after)) == ({"barnelova § 30"}, {"barnelova (2025) § 6-5"})


def test_an_answer_that_was_moved_to_another_person_is_named_by_the_control_of_the_log(world):
    case_id = new_case(world)
    agreed(world, case_id)
    moved, other = rows(world, ConsentAnswer)
    with world.as_administrator() as database:
        database.execute(
            update(ConsentAnswer.__table__)
            .where(ConsentAnswer.id == moved.id)
            .values(person_id=other.person_id)
        )
    found = world.system(audit_check.verify, tenant_id=world.tenant_id)
    assert found.findings == (f"changed: consent_answers {moved.id}",)
