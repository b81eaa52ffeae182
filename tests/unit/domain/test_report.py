"""A report to child welfare: what is refused, what its form holds, and that only a confirmation ends the wait."""

import copy
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bti.domain.codes import Sector
from bti.domain.duties import CaseLetter, Channel, Duty, DutyRecord, GuardiansKnow, state
from bti.domain.errors import RuleBroken
from bti.domain.report import (
    Address,
    Informed,
    Report,
    ReportedChild,
    ReportedGuardian,
    Reporter,
    Told,
    check_receipt,
    check_report,
)
from bti.domain.report_form import FORM, Recipient, Wording, as_form, faults, reason_of
from tests.unit.domain.samples import NOON, TODAY

HERE = Recipient("3020", "Lindvik kommune")
WORDS = Wording(
    unknown="Ikke kjent", not_told="Ikke orientert", unsafe="Kan være farlig", ground="§ 13-2 a"
)
WRITER = Reporter(
    name="Ingrid Solberg",
    role="Lærer",
    phone="12 34 56 78",
    email="ingrid.solberg@lindvik.example",
    body="Lindvik ungdomsskole",
)
PLAIN = Report(
    letter=CaseLetter.A,
    child=ReportedChild(name="Oda Vik", informed=Informed(told=Told.NO)),
    guardians=(),
    reporter=WRITER,
    what="Blåmerker på begge armer.",
)

words = st.text(max_size=40)
said = words.filter(lambda text: text.strip())
informed = st.builds(Informed, told=st.sampled_from(Told), reason=words)
addresses = st.builds(Address, line=words, postcode=words, place=words)
reports = st.builds(
    Report,
    letter=st.sampled_from(CaseLetter),
    child=st.builds(
        ReportedChild,
        name=said,
        unborn=st.booleans(),
        phone=words,
        address=addresses,
        informed=informed,
    ),
    guardians=st.lists(
        st.builds(ReportedGuardian, name=words, phone=words, informed=informed), max_size=2
    ).map(tuple),
    reporter=st.builds(
        Reporter,
        name=said,
        role=said,
        phone=st.from_regex(r"\+?[0-9]{2,8}( [0-9]{2}){0,3}", fullmatch=True),
        email=st.sampled_from(["a@b.no", "lærer@skole.no", "per_å-b.c@d-e.kommune.no"]),
        body=said,
        organisation_number=words,
        address=addresses,
    ),
    what=said,
    history=words,
    views=words,
    interpreter=words,
    helpers=words,
)


def form_of(report):
    return as_form(report, HERE, WORDS, NOON)


def places(form, path=()):
    """Every key of a form, as the way to it."""
    for name, value in form.items() if isinstance(form, dict) else enumerate(form):
        yield (*path, name)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, name))


def held(form, path):
    for step in path[:-1]:
        form = form[step]
    return form


@given(reports)
def test_whatever_may_be_kept_is_in_the_form_and_survives_as_a_file(report):
    form = form_of(check_report(report, sector=Sector.SCHOOL))
    assert faults(form) == ()
    assert json.loads(json.dumps(form)) == form


@given(reports, st.data())
def test_a_form_that_is_spoilt_anywhere_is_noticed_without_repeating_what_it_says(report, data):
    form = form_of(report)
    path = data.draw(st.sampled_from(sorted(places(form), key=str)))
    spoilt = copy.deepcopy(form)
    held(spoilt, path)[path[-1]] = data.draw(st.sampled_from([None, 7, {"hemmelig": "navn"}]))
    found = faults(spoilt)
    assert found
    assert "navn" not in {one.rpartition(": ")[2] for one in found}


@pytest.mark.parametrize("path", sorted(places(form_of(PLAIN)), key=str), ids=str)
def test_what_must_stand_in_the_form_is_missed(path):
    form = form_of(PLAIN)
    part = FORM
    for step in path:
        part = part if isinstance(step, int) else part.parts[step]
    if isinstance(path[-1], int):
        return
    del held(form, path)[path[-1]]
    assert bool(faults(form)) is part.needed


def test_a_key_the_form_does_not_have_is_a_fault():
    assert faults({**form_of(PLAIN), "samtykke": "ja"}) == ("samtykke: not in the form",)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"bydelsnummer": "0"}, "bydelsnummer"),
        ({"kommunenummer": "302"}, "kommunenummer"),
        ({"sendingstidspunkt": "2026-11-22T11:00:00Z"}, "sendingstidspunkt"),
        ({"leveringskanal": "to\nlinjer"}, "leveringskanal"),
        ({"foresatte": []}, "foresatte"),
        ({"foresatte": "ingen"}, "foresatte"),
        ({"offentligBarn": []}, "offentligBarn"),
    ],
)
def test_what_is_written_otherwise_than_the_form_has_it_is_a_fault(changes, where):
    found = faults({**form_of(PLAIN), **changes})
    assert [one.partition(":")[0] for one in found] == [where]


def test_three_guardians_are_one_too_many_for_the_rule_and_for_the_form():
    three = (ReportedGuardian(name="Berit Vik", informed=Informed(told=Told.NO)),) * 3
    with pytest.raises(RuleBroken, match=r"report\.too_many_guardians"):
        check_report(replace(PLAIN, guardians=three), sector=Sector.SCHOOL)
    assert faults(form_of(replace(PLAIN, guardians=three))) == ("foresatte: too many",)


def test_the_hour_is_norways_and_the_ground_stands_before_what_is_said():
    form = form_of(PLAIN)
    assert form["sendingstidspunkt"] == "2026-11-22T12:00:00"
    assert form["melding"]["melding"].startswith(f"{WORDS.ground}\n\n{PLAIN.what}")
    assert form["bydelsnummer"] == "00"
    assert form["foresatte"][0]["personnavn"] == WORDS.unknown


@given(informed)
def test_a_reason_stands_on_one_line_for_those_who_were_not_told_and_for_nobody_else(one):
    reason = reason_of(one, WORDS)
    assert bool(reason) is (one.told is not Told.YES)
    assert len(reason.splitlines()) <= 1
    if one.told is Told.UNSAFE and not one.reason.strip():
        assert reason == WORDS.unsafe


@given(reports)
def test_the_form_says_of_each_whether_and_why_not_they_were_told(report):
    form = form_of(report)
    people = [*form["offentligBarn"], *form["foresatte"]]
    for written, one in zip(people, [report.child, *report.guardians], strict=False):
        assert written["orientert"] is (one.informed.told is Told.YES)
        assert written["orientertGrunn"] == reason_of(one.informed, WORDS)
    assert len(people) == 1 + max(1, len(report.guardians))


@given(st.lists(st.sampled_from(Told), max_size=2))
def test_the_record_says_the_most_careful_of_what_is_true_of_the_guardians(told):
    guardians = tuple(ReportedGuardian(name="x", informed=Informed(told=one)) for one in told)
    known = replace(PLAIN, guardians=guardians).guardians_know
    if Told.UNSAFE in told:
        assert known is GuardiansKnow.UNSAFE
    else:
        assert (known is GuardiansKnow.YES) is (set(told) == {Told.YES})


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (replace(PLAIN, what=" "), "report.nothing_said"),
        (replace(PLAIN, child=replace(PLAIN.child, name=" ")), "report.no_child"),
        (
            replace(PLAIN, child=replace(PLAIN.child, unborn=True, national_id="1")),
            "report.number_of_unborn",
        ),
        (replace(PLAIN, reporter=replace(WRITER, role="")), "report.no_reporter"),
        (replace(PLAIN, reporter=replace(WRITER, name="")), "report.no_reporter"),
        (replace(PLAIN, reporter=replace(WRITER, phone="ring meg")), "report.phone"),
        (replace(PLAIN, reporter=replace(WRITER, email="ingrid")), "report.email"),
    ],
)
def test_a_slip_in_a_report_is_named(report, code):
    with pytest.raises(RuleBroken) as broken:
        check_report(report, sector=Sector.SCHOOL)
    assert broken.value.code == code


def test_a_kindergarten_has_no_letter_e():
    with pytest.raises(RuleBroken, match=r"duty\.letter_not_in_law"):
        check_report(replace(PLAIN, letter=CaseLetter.E), sector=Sector.KINDERGARTEN)


@given(st.integers(0, 60), st.none() | st.integers(0, 60))
def test_a_receipt_never_changes_where_a_report_stands(days, received_after):
    record = DutyRecord(
        duty=Duty.REPORT_CHILD_WELFARE,
        letter=CaseLetter.A,
        reported_on=TODAY,
        channel=Channel.PORTAL,
        guardians_know=GuardiansKnow.NO,
    )
    received = None if received_after is None else TODAY + timedelta(days=received_after)
    on = TODAY + timedelta(days=days)
    assert state(replace(record, received_on=received), on) is state(record, on)


@given(st.integers(-3, 3), st.integers(-3, 3))
def test_a_receipt_is_from_a_day_between_the_report_and_today(reported, received):
    day = TODAY + timedelta(days=received)
    sent = TODAY + timedelta(days=reported)
    if sent <= day <= TODAY:
        assert check_receipt(reported_on=sent, received_on=day, today=TODAY) == day
    else:
        with pytest.raises(RuleBroken):
            check_receipt(reported_on=sent, received_on=day, today=TODAY)
