"""The next period of a plan, in the database and on the pages."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bti.slt.models import PlanMeasureRow
from bti.slt.perform import AccessDenied
from bti.slt.plan import Decision, EvaluationKind, Unit, Wanted
from bti.slt.plan_change import (
    EvaluateMeasure,
    FollowIndicator,
    PlanRefusedError,
    evaluate_measure,
    follow_indicator,
    import_plan,
)
from bti.slt.plan_file import load
from bti.slt.plan_next import NextPeriod, roll_over, suggested
from bti.slt.plan_show import show_history, show_plan
from tests.integration.slt.samples import Network
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan import neighbour, olav, the  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill

CARRY = {str(number): Decision.CARRY_ON for number in range(1, 40)}
DECISIONS = {**CARRY, "2": Decision.CHANGE, "12": Decision.END}
WANTED = NextPeriod("SLT-plan 2027–2030", date(2027, 1, 1), date(2030, 12, 31), DECISIONS, "")


@pytest.fixture
def plan_id(network: Network):
    return import_plan(network.runtime, load("vaaler-2023"), "9901")


def test_what_goes_on_what_changes_and_what_ends_stands_in_both_plans(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,
):
    before = show_plan(network.runtime, olav, plan_id, Wanted()).stored
    new_id = roll_over(network.runtime, olav, plan_id, WANTED)
    after = show_plan(network.runtime, olav, new_id, Wanted()).stored
    assert show_plan(network.runtime, olav, plan_id, Wanted()).stored == before
    assert after.previous_id == plan_id
    assert "12" not in after.measure_ids
    assert (after.carried["1"], after.carried["2"]) == ("carry_on", "change")
    (begun,) = show_history(network.runtime, olav, new_id).changes
    assert (begun.part, begun.old, begun.new) == ("rolled_over", before.plan.title, WANTED.title)
    told = {c.measure_id: c.new for c in show_history(network.runtime, olav, plan_id).changes}
    assert told[before.measure_ids["12"]] == "end"
    assert told[before.measure_ids["2"]] == "change"
    with network.runtime.sessions() as session, session.begin():
        row = session.get(PlanMeasureRow, after.measure_ids["2"])
        assert row.carried_from_id == before.measure_ids["2"]
        every = select(PlanMeasureRow.id).where(PlanMeasureRow.carried == "")
        assert set(session.scalars(every)) == set(before.measure_ids.values())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first_day": date(2023, 1, 1)}, "plan.period"),
        ({"last_day": date(2026, 12, 31)}, "plan.period"),
        ({"first_day": date(2031, 1, 1)}, "plan.period"),
        ({"decisions": {"1": Decision.CHANGE}}, "plan.decided"),
        ({"decisions": {**CARRY, "40": Decision.CHANGE}}, "plan.decided"),
        ({"decisions": dict.fromkeys(CARRY, Decision.END)}, "plan.empty"),
        ({"title": "Planen til Kari Nordmann"}, "plan.names"),
        ({"first_day": date(2025, 1, 1)}, "plan.exists"),
    ],
)
def test_a_period_that_cannot_be_is_refused_and_nothing_is_begun(
    side,  # noqa: F811 - the fixture above
    changes,
    code,
):
    who = side.signed_in()[1]
    plan_id = import_plan(side.runtime, load("vaaler-2023"), "9901")
    import_plan(side.runtime, load("moss-2025"), "9901")
    with pytest.raises(PlanRefusedError) as refused:
        roll_over(side.runtime, who, plan_id, replace(WANTED, **changes))
    assert refused.value.code == code
    assert len(show_plan(side.runtime, who, None, Wanted()).periods) == 2


def test_a_plan_is_rolled_over_once_and_by_its_own_municipality(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,
):
    with pytest.raises(AccessDenied):
        roll_over(network.runtime, neighbour(network), plan_id, WANTED)
    roll_over(network.runtime, olav, plan_id, WANTED)
    again = replace(WANTED, first_day=date(2027, 2, 1))
    with pytest.raises(PlanRefusedError, match=r"plan\.rolled"):
        roll_over(network.runtime, olav, plan_id, again)


def test_a_number_is_followed_anew_where_others_ended_with_their_measures(side):  # noqa: F811 - fixture
    who = side.signed_in()[1]
    first = import_plan(side.runtime, load("vaaler-2023"), "9901")
    for number in ("12", "2"):
        measure_id = the(side, who, first, number).measure_id
        wanted = FollowIndicator(measure_id, f"Tall {number}", Unit.COUNT, "", "", None, None, "")
        follow_indicator(side.runtime, who, first, wanted)
    second = roll_over(side.runtime, who, first, WANTED)
    measure_id = the(side, who, second, "2").measure_id
    wanted = FollowIndicator(measure_id, "Tall til", Unit.COUNT, "", "", None, None, "")
    for _ in range(2):
        follow_indicator(side.runtime, who, second, wanted)
    names = [one.name for one in the(side, who, second, "2").indicators]
    assert names == ["Tall 2", "Tall til", "Tall til"]


def test_the_page_proposes_what_was_decided_and_takes_one_choice_for_the_rest(client, side):  # noqa: F811 - fixtures
    who = side.signed_in()[1]
    plan_id = import_plan(side.runtime, load("vaaler-2023"), "9901")
    found = EvaluateMeasure(
        measure_id=the(side, who, plan_id).measure_id,
        kind=EvaluationKind.EFFECT,
        on=date(2026, 5, 1),
        finding="Ingen avtale.",
        decision=Decision.END,
        why="",
        reason="",
    )
    evaluate_measure(side.runtime, who, plan_id, found)
    assert suggested(side.runtime, who, plan_id) == {"12": Decision.END}
    _enter(client, side)
    address = f"/network/plan/{plan_id}/next"
    given = fill(client.get(address), title="SLT-plan 2027–2030")
    assert (given["first_day"], given["measure-12"]) == ("2027-01-01", "end")
    page = client.post(address, given)
    assert page.status == 422
    assert "Decide about every measure." in page.text
    page = client.follow(client.post(address, {**given, "others": "carry_on"}))
    assert page.heading == "SLT-plan 2027–2030"
    assert "38 measures." in page.text
    assert "From the plan before: Carry on." in measure_page(client, page).text


def measure_page(client, page):  # noqa: F811 - not the fixture
    link = next(a for a in page.all("a") if "Robust ungdom" in "".join(a.itertext()))
    return client.get(link.get("href"))
