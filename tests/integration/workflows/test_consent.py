import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.db.models import (
    BatonOffer,
    Case,
    Consent,
    ConsentAnswer,
    ConsentCell,
)
from bti.domain.codes import InfoType, NotHeardReason
from bti.domain.consent import Answer, ConsentStatus, Form, Scope
from bti.domain.errors import AccessDenied, RuleBroken
from bti.domain.guardians import Source
from bti.workflows import consent, guardian
from bti.workflows.consent import Way
from bti.workflows.errors import Conflict, NotFound
from tests.integration.workflows.cases import (
    ATTENDANCE,
    TEXT,
    agreed,
    ask,
    compartments,
    guardians,
    heard,
    holds_together,
    invite,
    log_open,
    log_status,
    new_case,
    offered,
    rows,
    say,
    section,
    statuses,
    texts,
    write,
)

TODAY = date(2026, 9, 1)


def acts(world):
    with world.looking() as session:
        return list(session.scalars(select(AuditEvent.act).order_by(AuditEvent.idx)))


def test_nothing_opens_before_both_who_share_parental_responsibility_have_said_yes(world):
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps")
    who = guardians(world, case_id)

    assert say(world, case_id, consent_id, who["Maria"]) is ConsentStatus.ASKED
    assert rows(world, ConsentCell) == []
    (row,) = section(world, case_id).rows
    assert (row.given_by, row.waiting_for) == (("Maria",), ("Tor",))

    assert say(world, case_id, consent_id, who["Tor"]) is ConsentStatus.COMPLETE
    found = {(c.from_unit_id, c.to_unit_id, c.info_type) for c in rows(world, ConsentCell)}
    school, pps = world.units["school"], world.units["pps"]
    assert found == {(school, pps, "attendance"), (pps, school, "attendance")}
    (row,) = section(world, case_id).rows
    assert (row.service, row.status, row.shares) == (
        "PP-tjenesten",
        ConsentStatus.COMPLETE,
        (InfoType.ATTENDANCE,),
    )
    assert row.until == date(2027, 9, 1)
    holds_together(world)


def test_a_parent_without_parental_responsibility_is_not_asked(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True), ("Tor Berg", False)))
    consent_id = ask(world, case_id, unit="pps")
    who = guardians(world, case_id)
    with pytest.raises(RuleBroken, match=r"consent\.not_a_signer"):
        say(world, case_id, consent_id, who["Tor"])
    assert say(world, case_id, consent_id, who["Maria"]) is ConsentStatus.COMPLETE


def test_a_youth_of_fifteen_signs_beside_the_guardians(world):
    case_id = new_case(world, born=date(2011, 5, 4))
    consent_id = ask(
        world, case_id, unit="health", info_types=frozenset({InfoType.WELLBEING}), heard=None
    )
    for person_id in guardians(world, case_id).values():
        assert say(world, case_id, consent_id, person_id) is ConsentStatus.ASKED
    page = world.run("ingrid", consent.show, case_id=case_id, consent_id=consent_id)
    (youth,) = [one for one in page.signers if one.is_child]
    assert say(world, case_id, consent_id, youth.person_id) is ConsentStatus.COMPLETE


def test_one_no_is_kept_and_opens_nothing(world):
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps")
    who = guardians(world, case_id)
    say(world, case_id, consent_id, who["Maria"])
    assert say(world, case_id, consent_id, who["Tor"], Answer.NO) is ConsentStatus.REFUSED
    assert rows(world, ConsentCell) == []
    assert len(rows(world, ConsentAnswer)) == 2
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.REFUSED


def test_a_refusal_may_become_a_yes_and_both_answers_stay(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    consent_id = ask(world, case_id, unit="pps")
    (maria,) = guardians(world, case_id).values()
    say(world, case_id, consent_id, maria, Answer.NO)
    world.clock.advance(timedelta(days=1))
    assert say(world, case_id, consent_id, maria) is ConsentStatus.COMPLETE
    assert len(rows(world, ConsentAnswer)) == 2


def test_only_what_everybody_agreed_to_is_shared(world):
    case_id = new_case(world)
    types = frozenset({InfoType.ATTENDANCE, InfoType.WELLBEING, InfoType.FAMILY})
    consent_id = ask(world, case_id, unit="pps", info_types=types, direction=Way.OUT)
    who = guardians(world, case_id)
    say(world, case_id, consent_id, who["Maria"])
    standing = say(world, case_id, consent_id, who["Tor"], Answer.PARTLY, info_types=ATTENDANCE)
    assert standing is ConsentStatus.PARTLY
    (cell,) = rows(world, ConsentCell)
    assert (cell.from_unit_id, cell.info_type) == (world.units["school"], "attendance")


def test_an_oral_yes_binds_only_when_it_is_noted_who_was_there(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    consent_id = ask(world, case_id, unit="pps")
    (maria,) = guardians(world, case_id).values()
    with pytest.raises(RuleBroken, match=r"consent\.oral_not_minuted"):
        say(world, case_id, consent_id, maria, form=Form.ORAL)
    assert rows(world, ConsentAnswer) == []
    standing = say(
        world,
        case_id,
        consent_id,
        maria,
        form=Form.ORAL,
        minuted_by=world.accounts["ingrid"],
        present="Maria, Ingrid, Siv",
        interpreter="Ada, polsk",
    )
    assert standing is ConsentStatus.COMPLETE
    (line,) = world.run("ingrid", consent.show, case_id=case_id, consent_id=consent_id).signers
    assert (line.minuted_by, line.present, line.interpreter) == (
        "Ingrid Solberg",
        "Maria, Ingrid, Siv",
        "Ada, polsk",
    )


def test_nobody_is_asked_before_the_child_is_heard_or_it_says_why_not(world):
    case_id = new_case(world)
    with pytest.raises(RuleBroken, match=r"consent\.hearing_missing"):
        ask(world, case_id, unit="pps", heard=None)
    with pytest.raises(RuleBroken, match=r"consent\.hearing_missing"):
        ask(world, case_id, unit="pps", heard=heard(world, weight=" "))
    why_not = consent.Heard(on=TODAY, not_heard=NotHeardReason.UNSAFE, words="Utrygt hjemme.")
    assert ask(world, case_id, unit="pps", heard=why_not)


def test_responsibility_that_nobody_checked_stops_the_question_until_it_is_checked(world):
    case_id = new_case(world, guardians=())
    page = world.run("ingrid", guardian.guardian_page, case_id=case_id)
    command = guardian.SaveGuardian(
        case_id=case_id,
        version=page.version,
        name="Maria Hansen",
        relation="mother",
        parental_responsibility=True,
        checked_on=None,
        source=Source.REGISTER,
    )
    with pytest.raises(RuleBroken, match=r"guardian\.not_checked"):
        world.run("ingrid", guardian.save_guardian, command=command)
    with pytest.raises(RuleBroken, match=r"consent\.no_signer"):
        ask(world, case_id, unit="pps")
    checked = guardian.SaveGuardian(
        case_id=case_id,
        version=page.version,
        name="Maria Hansen",
        relation="mother",
        parental_responsibility=True,
        checked_on=TODAY,
        source=Source.REGISTER,
    )
    person_id = world.run("ingrid", guardian.save_guardian, command=checked)
    consent_id = ask(world, case_id, unit="pps")
    assert say(world, case_id, consent_id, person_id) is ConsentStatus.COMPLETE
    holds_together(world)


def test_a_new_holder_of_responsibility_makes_the_consent_ask_again(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    agreed(world, case_id, "pps")
    page = world.run("ingrid", guardian.guardian_page, case_id=case_id)
    world.run(
        "ingrid",
        guardian.save_guardian,
        command=guardian.SaveGuardian(
            case_id=case_id,
            version=page.version,
            name="Tor Berg",
            relation="father",
            parental_responsibility=True,
            checked_on=TODAY,
            source=Source.DOCUMENT,
        ),
    )
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.NEEDS_RENEWAL


def test_opening_the_log_shares_nothing(world):
    case_id = new_case(world)
    agreed(world, case_id)
    assert rows(world, ConsentCell) == []
    assert statuses(world, case_id).opening is ConsentStatus.COMPLETE


def test_the_level_rules_hear_of_each_service(world):
    case_id = new_case(world)
    assert statuses(world, case_id).opening is None
    agreed(world, case_id, "pps")
    ask(world, case_id, unit="health")
    found = {one.unit_id: one.consent for one in statuses(world, case_id).invited}
    assert found == {
        world.units["pps"]: ConsentStatus.COMPLETE,
        world.units["health"]: ConsentStatus.ASKED,
    }


def test_withdrawn_consent_closes_the_case_to_the_service_in_the_same_transaction(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    invite(world, case_id)
    write(world, "ingrid", case_id, InfoType.ATTENDANCE, "Borte i første time")
    assert texts(world, "nina", case_id) == {"Borte i første time"}
    (before,) = rows(world, Case)
    tor = guardians(world, case_id)["Tor"]

    world.run("nina", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=tor)

    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    (after,) = rows(world, Case)
    assert after.access_epoch > before.access_epoch
    assert all(cell.withdrawn_at == world.clock.now() for cell in rows(world, ConsentCell))
    (row,) = section(world, case_id).rows
    assert (row.status, row.shares) == (ConsentStatus.WITHDRAWN, ())
    assert texts(world, "ingrid", case_id) == {"Borte i første time"}
    holds_together(world)


def test_withdrawing_twice_is_the_same_as_once(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    maria = guardians(world, case_id)["Maria"]
    for _ in range(2):
        world.run(
            "ingrid", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=maria
        )
    assert acts(world).count("consent:answer:withdraw") == 1
    with pytest.raises(RuleBroken, match=r"consent\.not_a_signer"):
        world.run(
            "ingrid",
            consent.withdraw,
            case_id=case_id,
            consent_id=consent_id,
            person_id=uuid.uuid4(),
        )


def test_a_service_with_another_live_consent_stays(world):
    case_id = new_case(world)
    first = agreed(world, case_id, "pps")
    agreed(world, case_id, "pps", info_types=frozenset({InfoType.WELLBEING}))
    invite(world, case_id)
    write(world, "ingrid", case_id, InfoType.ATTENDANCE, "fravær")
    write(world, "ingrid", case_id, InfoType.WELLBEING, "trivsel")
    maria = guardians(world, case_id)["Maria"]
    world.run("ingrid", consent.withdraw, case_id=case_id, consent_id=first, person_id=maria)
    assert texts(world, "nina", case_id) == {"trivsel"}


def test_the_log_rests_when_its_consent_falls_and_goes_on_with_a_new_one(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id)
    log_open(world, case_id)
    maria = guardians(world, case_id)["Maria"]
    world.run("siv", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=maria)
    assert log_status(world, case_id) == "suspended"
    assert "log:suspend:write" in acts(world)
    agreed(world, case_id)
    assert log_status(world, case_id) == "active"
    holds_together(world)


def test_an_offer_to_somebody_in_a_service_that_is_shut_out_falls_too(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    log_open(world, case_id)
    offered(world, case_id, "nina", "pps")
    maria = guardians(world, case_id)["Maria"]
    world.run("siv", consent.withdraw, case_id=case_id, consent_id=consent_id, person_id=maria)
    (row,) = rows(world, BatonOffer)
    assert row.open_slot is None


def test_cells_end_by_themselves(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps", valid_to=date(2026, 10, 1))
    invite(world, case_id)
    assert compartments(world, "nina", case_id)
    world.clock.advance(timedelta(days=31))
    with pytest.raises(AccessDenied):
        compartments(world, "nina", case_id)
    (row,) = section(world, case_id).rows
    assert row.status is ConsentStatus.EXPIRED


def test_another_service_is_hidden_from_one_who_was_brought_in(world):
    case_id = new_case(world)
    agreed(world, case_id, "pps")
    hidden = agreed(world, case_id, "child_welfare")
    invite(world, case_id)
    seen = {(row.service, row.masked) for row in section(world, case_id, "nina").rows}
    assert seen == {("PP-tjenesten", False), ("", True)}
    told = [(row.shares, row.until) for row in section(world, case_id, "nina").rows if row.masked]
    assert told == [((), None)]
    named = {row.service for row in section(world, case_id, "siv").rows}
    assert named == {"PP-tjenesten", "Barnevernstjenesten"}
    for act in (
        lambda: world.run("nina", consent.show, case_id=case_id, consent_id=hidden),
        lambda: world.run(
            "nina",
            consent.withdraw,
            case_id=case_id,
            consent_id=hidden,
            person_id=guardians(world, case_id)["Tor"],
        ),
    ):
        with pytest.raises(NotFound):
            act()


def test_one_who_was_brought_in_may_not_ask_or_answer_for_the_family(world):
    case_id = new_case(world)
    consent_id = agreed(world, case_id, "pps")
    invite(world, case_id)
    with pytest.raises(AccessDenied):
        ask(world, case_id, "nina", "health")
    with pytest.raises(AccessDenied):
        say(world, case_id, consent_id, uuid.uuid4(), who="nina")


def test_what_the_family_was_shown_is_kept_whole_with_its_digest(world):
    case_id = new_case(world)
    consent_id = ask(world, case_id, unit="pps", language="nn", interpreter="Ada, polsk")
    page = world.run("ingrid", consent.show, case_id=case_id, consent_id=consent_id)
    assert (page.text, page.text_sha256, page.text_version) == (TEXT.lines, TEXT.sha256, "1")
    assert (page.language, page.interpreter) == ("nn", "Ada, polsk")
    assert consent.ShownText("1", (("Who gets to know?", "Everybody."),)).sha256 != TEXT.sha256
    assert [one.code for one in page.why] == ["fvl-13a", "gdpr-7"]
    assert [one.code for one in page.heard_why] == ["barnelova-31"]
    assert {one.name: [law.code for law in one.why] for one in page.signers} == {
        "Maria Hansen": ["barnelova-30"],
        "Tor Berg": ["barnelova-30"],
    }


def test_sending_twice_is_one_question_and_one_answer(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    sent = uuid.uuid4()
    assert ask(world, case_id, submission=sent) == ask(world, case_id, submission=sent)
    (question,) = rows(world, Consent)
    (maria,) = guardians(world, case_id).values()
    for _ in range(2):
        assert say(world, case_id, question.id, maria, submission=sent) is ConsentStatus.COMPLETE
    assert len(rows(world, ConsentAnswer)) == 1


def test_a_question_made_from_an_old_page_is_a_conflict(world):
    case_id = new_case(world)
    with pytest.raises(Conflict):
        ask(world, case_id, unit="pps", version=99)
    assert rows(world, Consent) == []


@pytest.mark.parametrize("unit", ["administration", "school"])
def test_a_case_is_not_shared_with_its_owner_or_the_administration(world, unit):
    with pytest.raises(NotFound):
        ask(world, new_case(world), unit=unit)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"info_types": frozenset()}, "consent.no_cells"),
        ({"info_types": frozenset({InfoType.OWN})}, "consent.own_not_shareable"),
        ({"valid_to": TODAY}, "consent.validity_past"),
        ({"valid_to": date(2028, 1, 1)}, "consent.validity_too_long"),
    ],
)
def test_a_question_that_may_not_be_put_is_explained(world, more, code):
    with pytest.raises(RuleBroken) as refused:
        ask(world, new_case(world), unit="pps", **more)
    assert refused.value.code == code


def test_a_day_ahead_is_refused(world):
    case_id = new_case(world, guardians=(("Maria Hansen", True),))
    consent_id = ask(world, case_id, scope=Scope.OPEN_LOG)
    (maria,) = guardians(world, case_id).values()
    with pytest.raises(RuleBroken, match=r"consent\.day_in_future"):
        say(world, case_id, consent_id, maria, on=TODAY + timedelta(days=1))


def test_a_consent_of_another_case_is_not_found(world):
    mine, other = new_case(world), new_case(world)
    consent_id = ask(world, other)
    with pytest.raises(NotFound):
        world.run("ingrid", consent.show, case_id=mine, consent_id=consent_id)
    with pytest.raises(AccessDenied):
        ask(world, mine, "kari")
