"""Plans in the network database: taken in whole, changed on record, closed to everybody else."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from bti.identity.totp import code_at
from bti.slt.account import create_account
from bti.slt.models import PlanMeasureRow, SltEvent
from bti.slt.perform import AccessDenied, Context
from bti.slt.plan import (
    UNKNOWN,
    Decision,
    EvaluationKind,
    Mapped,
    MeasureStatus,
    PreventionLevel,
    Unit,
    Wanted,
)
from bti.slt.plan_change import (
    ChangeMeasure,
    EvaluateMeasure,
    FollowIndicator,
    NoteReading,
    PlanRefusedError,
    change_measure,
    evaluate_measure,
    follow_indicator,
    import_plan,
    note_reading,
)
from bti.slt.plan_file import load, shipped
from bti.slt.plan_follow_up import Missing
from bti.slt.plan_rows import add_change
from bti.slt.plan_show import show_follow_up, show_history, show_measure, show_plan
from bti.slt.sign_in import Coordinator, SignedIn, sign_in, who_is
from tests.integration.slt.samples import Network, a_coordinator

EVERYTHING = Wanted()
#: For rules that no database has a hand in.
ON_ONE_ENGINE = pytest.mark.parametrize("network_url", ["sqlite"], indirect=True)


@pytest.fixture
def olav(network: Network) -> Coordinator:
    return network.signed_in()[1]


@pytest.fixture
def plan_id(network: Network):
    return import_plan(network.runtime, load("vaaler-2023"), "9901")


def the(network, olav, plan_id, number="12"):
    stored = show_plan(network.runtime, olav, plan_id, EVERYTHING).stored
    return show_measure(network.runtime, olav, plan_id, stored.measure_ids[number])


def wanted_of(page, **changes):
    measure = page.measure
    as_it_is = ChangeMeasure(
        measure_id=page.measure_id,
        version=page.version,
        title=measure.title,
        description=measure.description,
        actions=measure.actions,
        responsible=measure.responsible,
        when=measure.when,
        status=next(iter(measure.status.values), None),
        levels=measure.level.values,
        strand=next(iter(measure.strand.values), None),
        confirmed=False,
        reason="",
    )
    return replace(as_it_is, **changes)


def neighbour(network):
    made = create_account(
        network.runtime,
        a_coordinator(username="kari", municipality_number="9902", municipality_name="Furuvik"),
    )
    code = code_at(made.totp_secret, network.clock.now())
    outcome = sign_in(network.runtime, network.attempt(username="kari", code=code))
    assert isinstance(outcome, SignedIn)
    return who_is(network.runtime, outcome.token)


def test_every_shipped_plan_is_read_back_as_it_was_written(network: Network, olav):
    for key in shipped():
        plan_id = import_plan(network.runtime, load(key), "9901")
        assert show_plan(network.runtime, olav, plan_id, EVERYTHING).stored.plan == load(key)
    assert len(show_plan(network.runtime, olav, None, EVERYTHING).periods) == 4


@ON_ONE_ENGINE
def test_a_plan_is_not_written_over_nor_taken_in_for_nobody(network: Network, plan_id):
    with pytest.raises(PlanRefusedError, match=r"plan\.exists"):
        import_plan(network.runtime, load("vaaler-2023"), "9901")
    with pytest.raises(PlanRefusedError, match=r"plan\.municipality"):
        import_plan(network.runtime, load("vaaler-2023"), "4444")


@ON_ONE_ENGINE
def test_a_plan_that_names_somebody_needs_a_reason(network: Network, olav):
    plan = replace(load("moss-2025"), revision="Ring Kari Nordmann på 91 23 45 67.")
    with pytest.raises(PlanRefusedError) as refused:
        import_plan(network.runtime, plan, "9901")
    assert refused.value.found == ("Kari", "Nordmann", "91 23 45 67")
    plan_id = import_plan(network.runtime, plan, "9901", reason="Står i den vedtatte planen")
    (change,) = show_history(network.runtime, olav, plan_id).changes
    assert (change.part, change.account_id) == ("imported", None)
    assert change.reason == "Står i den vedtatte planen"


def test_another_municipality_sees_no_plan_and_changes_none(network: Network, olav, plan_id):
    kari = neighbour(network)
    page = the(network, olav, plan_id)
    assert show_plan(network.runtime, kari, None, EVERYTHING).stored is None
    for tried in (
        lambda: show_plan(network.runtime, kari, plan_id, EVERYTHING),
        lambda: show_measure(network.runtime, kari, plan_id, page.measure_id),
        lambda: show_follow_up(network.runtime, kari, plan_id, 2026),
        lambda: show_history(network.runtime, kari, plan_id),
        lambda: change_measure(network.runtime, kari, plan_id, wanted_of(page, title="Mitt")),
    ):
        with pytest.raises(AccessDenied):
            tried()
    own = import_plan(network.runtime, load("moss-2025"), "9902")
    with pytest.raises(AccessDenied):
        show_measure(network.runtime, kari, own, page.measure_id)
    assert the(network, olav, plan_id).measure == page.measure


def test_a_change_is_kept_with_who_when_from_what_to_what(network: Network, olav, plan_id):
    page = the(network, olav, plan_id)
    assert page.measure.status == Mapped(
        (MeasureStatus.PLANNED,), "ikke fått til en avtale", inferred=True
    )
    wanted = wanted_of(
        page, status=MeasureStatus.STARTED, responsible=("SLT-koordinator", "Kultur")
    )
    assert change_measure(network.runtime, olav, plan_id, wanted)
    after = the(network, olav, plan_id)
    assert after.measure.status == Mapped((MeasureStatus.STARTED,))
    assert after.version == page.version + 1
    told = {(c.part, c.old, c.new) for c in after.changes}
    assert told == {
        ("status", "planned inferred", "started"),
        ("status_own", "ikke fått til en avtale", ""),
        ("responsible", "SLT-koordinator", "SLT-koordinator\nKultur"),
    }
    assert {(c.account_id, c.at) for c in after.changes} == {(olav.account_id, network.clock.now())}


@ON_ONE_ENGINE
def test_what_was_inferred_is_confirmed_and_the_documents_word_stays(
    network: Network, olav, plan_id
):
    page = the(network, olav, plan_id)
    assert change_measure(network.runtime, olav, plan_id, wanted_of(page, confirmed=True))
    after = the(network, olav, plan_id).measure
    assert after.status == Mapped((MeasureStatus.PLANNED,), "ikke fått til en avtale")
    assert after.level == Mapped((PreventionLevel.UNIVERSAL,))
    assert after.strand == Mapped()


@ON_ONE_ENGINE
def test_the_same_again_changes_nothing_and_whoever_is_late_is_told(
    network: Network, olav, plan_id
):
    page = the(network, olav, plan_id)
    assert not change_measure(network.runtime, olav, plan_id, wanted_of(page))
    assert change_measure(network.runtime, olav, plan_id, wanted_of(page, when="Høsten"))
    for version in (page.version, None):
        late = wanted_of(page, version=version, when="Våren")
        with pytest.raises(PlanRefusedError, match=r"plan\.changed"):
            change_measure(network.runtime, olav, plan_id, late)
    assert the(network, olav, plan_id).measure.when == "Høsten"


@ON_ONE_ENGINE
def test_a_text_that_names_somebody_is_kept_for_a_reason_alone(network: Network, olav, plan_id):
    page = the(network, olav, plan_id)
    named = wanted_of(page, description="Kari Nordmann kjører ungdommen til klubben.")
    with pytest.raises(PlanRefusedError) as refused:
        change_measure(network.runtime, olav, plan_id, named)
    assert refused.value.found == ("Kari", "Nordmann")
    assert the(network, olav, plan_id).changes == ()
    assert change_measure(
        network.runtime, olav, plan_id, replace(named, reason="Frivillig, har sagt ja")
    )
    after = the(network, olav, plan_id)
    assert [c.reason for c in after.changes] == ["Frivillig, har sagt ja"]
    # What stands there has been asked about; a word of the plan's own is no news, a new one is.
    again = wanted_of(after, when="Fredager med Ungdomsklubben og Røde Kors")
    assert change_measure(network.runtime, olav, plan_id, again)
    new = wanted_of(the(network, olav, plan_id), when="Fredager med Tryggheim")
    with pytest.raises(PlanRefusedError) as refused:
        change_measure(network.runtime, olav, plan_id, new)
    assert refused.value.found == ("Tryggheim",)


def test_two_who_change_different_measures_at_once_both_stand_in_the_history(
    network: Network, olav, plan_id
):
    wanted = wanted_of(the(network, olav, plan_id), when="Høsten")
    with ThreadPoolExecutor(1) as other:
        with network.runtime.sessions() as session, session.begin():
            context = Context(session, network.clock.now(), network.runtime.box)
            add_change(context, plan_id, "title", "Først")
            session.flush()
            late = other.submit(change_measure, network.runtime, olav, plan_id, wanted)
            # Long enough for the other to come to the history; the answer is the same without.
            time.sleep(0.1)
        assert late.result()
    changes = show_history(network.runtime, olav, plan_id).changes
    assert [one.new for one in changes] == ["Høsten", "Først", "vaaler-2023"]


@ON_ONE_ENGINE
def test_an_evaluation_has_a_day_a_finding_and_a_decision(network: Network, olav, plan_id):
    page = the(network, olav, plan_id)
    found = EvaluateMeasure(
        measure_id=page.measure_id,
        kind=EvaluationKind.PROCESS,
        on=date(2026, 3, 1),
        finding="Avtalen kom ikke på plass.",
        decision=Decision.END,
        why="",
        reason="",
    )
    for day in (date(2022, 12, 31), date(2099, 1, 1)):
        with pytest.raises(PlanRefusedError, match=r"plan\.day"):
            evaluate_measure(network.runtime, olav, plan_id, replace(found, on=day))
    evaluate_measure(network.runtime, olav, plan_id, found)
    after = the(network, olav, plan_id)
    assert [(e.decision, e.on) for e in after.evaluations] == [(Decision.END, date(2026, 3, 1))]
    assert [(c.part, c.new) for c in after.changes] == [("evaluation", "process end")]
    year = show_follow_up(network.runtime, olav, plan_id, 2026).follow_up
    assert year.evaluated == 1
    row = next(one for one in year.rows if one.measure.number == "12")
    assert row.missing == (Missing.NOT_ENDED,)
    before = show_follow_up(network.runtime, olav, plan_id, 2025).follow_up
    assert before.evaluated == 0
    with pytest.raises(AccessDenied):
        show_follow_up(network.runtime, olav, plan_id, 2027)


def test_an_indicator_has_baseline_target_and_readings_that_are_put_right_on_record(
    network: Network, olav, plan_id
):
    page = the(network, olav, plan_id)
    wanted = FollowIndicator(
        page.measure_id, "Besøk", Unit.COUNT, "", "Klubben", Decimal("12.5"), None, ""
    )
    follow_indicator(network.runtime, olav, plan_id, wanted)
    (indicator,) = the(network, olav, plan_id).indicators
    assert (indicator.baseline, indicator.target) == (Decimal("12.5"), None)
    missing = show_follow_up(network.runtime, olav, plan_id, 2026).follow_up.rows[11].missing
    assert Missing.READING in missing
    for value in (Decimal(14), Decimal("15.25"), Decimal("15.25")):
        note_reading(network.runtime, olav, plan_id, NoteReading(indicator.code, "2026-03", value))
    note_reading(network.runtime, olav, plan_id, NoteReading(indicator.code, "2025", Decimal(9)))
    after = the(network, olav, plan_id)
    readings = [(r.on, r.value) for r in after.indicators[0].readings]
    assert readings == [("2025", Decimal(9)), ("2026-03", Decimal("15.25"))]
    assert [(c.old, c.new) for c in after.changes if c.part == "reading"] == [
        ("", "Besøk: 2025: 9"),
        ("Besøk: 2026-03: 14", "Besøk: 2026-03: 15.25"),
        ("", "Besøk: 2026-03: 14"),
    ]
    for on in ("2099", "i fjor"):
        with pytest.raises(PlanRefusedError, match=r"plan\.time"):
            note_reading(
                network.runtime, olav, plan_id, NoteReading(indicator.code, on, Decimal(1))
            )
    with pytest.raises(AccessDenied):
        note_reading(network.runtime, olav, plan_id, NoteReading("none", "2026", Decimal(1)))


@ON_ONE_ENGINE
def test_lists_show_what_is_asked_for_and_what_is_not_said(network: Network, olav, plan_id):
    def numbers(**asked):
        page = show_plan(network.runtime, olav, plan_id, Wanted(**asked))
        return [one.number for one in page.shown]

    assert len(numbers()) == 39
    assert numbers(area="5") == ["33", "34"]
    assert numbers(status="planned") == ["12"]
    assert len(numbers(status=UNKNOWN)) == 38
    assert numbers(level="universal", responsible="Helse") == ["1", "19"]
    assert len(numbers(strand=UNKNOWN)) == 39
    assert numbers(level="no such level") == []


def test_history_and_evaluations_cannot_be_changed_or_taken_away(network: Network, olav, plan_id):
    page = the(network, olav, plan_id)
    change_measure(network.runtime, olav, plan_id, wanted_of(page, when="Høsten"))
    found = EvaluateMeasure(
        page.measure_id, EvaluationKind.EFFECT, date(2026, 1, 1), "Nei", Decision.CHANGE, "", ""
    )
    evaluate_measure(network.runtime, olav, plan_id, found)
    for statement in (
        "UPDATE plan_changes SET new = ''",
        "DELETE FROM plan_changes",
        "UPDATE plan_evaluations SET finding = ''",
        "DELETE FROM plan_evaluations",
    ):
        with (
            pytest.raises(DatabaseError, match="frozen"),
            network.runtime.engine.begin() as connection,
        ):
            connection.execute(text(statement))


@ON_ONE_ENGINE
def test_reading_and_changing_a_plan_stand_in_the_access_log(network: Network, olav, plan_id):
    page = the(network, olav, plan_id)
    change_measure(network.runtime, olav, plan_id, wanted_of(page, when="Høsten"))
    with network.runtime.sessions() as session, session.begin():
        kinds = list(session.scalars(select(SltEvent.kind).where(SltEvent.code == "vaaler-2023")))
        assert sorted(kinds) == ["plan:change", "plan:import", "plan:read", "plan:read"]
        assert session.scalar(select(PlanMeasureRow.timing).where(PlanMeasureRow.number == "12"))
