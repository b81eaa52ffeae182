"""A plan grows while it is in force: new measures under new numbers, and areas in other words."""

from dataclasses import replace
from datetime import date

import pytest

from bti.slt.perform import AccessDenied
from bti.slt.plan import Decision, Mapped, MeasureStatus, Wanted
from bti.slt.plan_change import ChangeMeasure, PlanRefusedError, import_plan
from bti.slt.plan_extend import WriteArea, add_own_measure, show_area, write_area
from bti.slt.plan_file import load
from bti.slt.plan_next import NextPeriod, roll_over
from bti.slt.plan_show import show_history, show_measure, show_plan
from tests.integration.slt.samples import Network
from tests.integration.slt.test_pages import _enter, app, client, side  # noqa: F401 - fixtures
from tests.integration.slt.test_plan import neighbour, olav, plan_id  # noqa: F401 - fixtures
from tests.integration.slt.test_plan_pages import fill


def a_measure(plan_id, **changes):  # noqa: F811 - not the fixture
    nothing = ChangeMeasure(
        measure_id=plan_id,
        version=None,
        title="Nytt",
        description="",
        actions=(),
        responsible=(),
        when="",
        status=None,
        levels=(),
        strand=None,
        confirmed=False,
        reason="",
    )
    return replace(nothing, **changes)


def an_area(network, who, plan_id, code, **changes):  # noqa: F811 - not the fixture
    page = show_area(network.runtime, who, plan_id, code)
    area = page.area
    wanted = WriteArea(
        code, page.version, area.name, area.challenges, area.goals, area.approach, ""
    )
    return replace(wanted, **changes)


def test_a_new_measure_gets_the_next_number_and_stands_in_the_history(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    wanted = a_measure(plan_id, status=MeasureStatus.STARTED, responsible=("Helse",))
    made = add_own_measure(network.runtime, olav, plan_id, "2", wanted)
    page = show_measure(network.runtime, olav, plan_id, made)
    assert (page.measure.number, page.measure.area) == ("40", "2")
    assert page.measure.status == Mapped((MeasureStatus.STARTED,))
    assert [(c.part, c.new) for c in page.changes] == [("measure", "Nytt")]
    for who, area in ((olav, "9"), (neighbour(network), "2")):
        with pytest.raises(AccessDenied):
            add_own_measure(network.runtime, who, plan_id, area, wanted)
    named = replace(wanted, title="Kari Nordmann kommer")
    with pytest.raises(PlanRefusedError, match=r"plan\.names"):
        add_own_measure(network.runtime, olav, plan_id, "", named)


def test_a_number_that_has_ended_is_not_used_again_and_areas_count_for_themselves(side):  # noqa: F811 - fixture
    who = side.signed_in()[1]
    first = import_plan(side.runtime, load("vaaler-2023"), "9901")
    decisions = dict.fromkeys(map(str, range(1, 39)), Decision.CARRY_ON) | {"39": Decision.END}
    wanted = NextPeriod("Ny", date(2027, 1, 1), date(2030, 1, 1), decisions, "")
    second = roll_over(side.runtime, who, first, wanted)
    made = add_own_measure(side.runtime, who, second, "", a_measure(second))
    assert show_measure(side.runtime, who, second, made).measure.number == "40"
    aukra = import_plan(side.runtime, load("aukra-2026"), "9901")
    for area, number in (("2", "2.5"), ("2", "2.6"), ("4", "4.7")):
        made = add_own_measure(side.runtime, who, aukra, area, a_measure(aukra))
        assert show_measure(side.runtime, who, aukra, made).measure.number == number
    fifth = WriteArea("", None, "Femte", (), (), (), "")
    assert write_area(side.runtime, who, aukra, fifth)
    made = add_own_measure(side.runtime, who, aukra, "5", a_measure(aukra))
    assert show_measure(side.runtime, who, aukra, made).measure.number == "5.1"


def test_an_area_is_changed_on_record_and_whoever_is_late_is_told(
    network: Network,
    olav,  # noqa: F811 - the fixture above
    plan_id,  # noqa: F811 - the fixture above
):
    wanted = an_area(network, olav, plan_id, "1", goals=("Alle fullfører",), name="Gode skoler")
    assert write_area(network.runtime, olav, plan_id, wanted)
    with pytest.raises(PlanRefusedError, match=r"plan\.changed"):
        write_area(network.runtime, olav, plan_id, wanted)
    assert not write_area(network.runtime, olav, plan_id, an_area(network, olav, plan_id, "1"))
    new = WriteArea("", None, "Fritid", ("Lite å gjøre",), (), (), "")
    assert write_area(network.runtime, olav, plan_id, new)
    areas = show_plan(network.runtime, olav, plan_id, Wanted()).stored.plan.areas
    assert [(one.code, one.name) for one in areas][::7] == [("1", "Gode skoler"), ("8", "Fritid")]
    assert (areas[0].goals, areas[0].place) == (
        ("Alle fullfører",),
        "Handlingsdelen, innsatsområde 1",
    )
    told = [(c.part, c.old, c.new) for c in show_history(network.runtime, olav, plan_id).changes]
    assert told[:-1] == [
        ("challenges", "", "Fritid: Lite å gjøre"),
        ("area", "", "Fritid"),
        (
            "goals",
            "Trygge og inkluderende skoler: Elevene er med og fullfører skolen.",
            "Trygge og inkluderende skoler: Alle fullfører",
        ),
        ("area", "Trygge og inkluderende skoler", "Gode skoler"),
    ]
    for who, code in ((olav, "99"), (neighbour(network), "1")):
        with pytest.raises(AccessDenied):
            show_area(network.runtime, who, plan_id, code)


def test_measures_and_areas_are_written_on_pages(client, side):  # noqa: F811 - fixtures
    plan = import_plan(side.runtime, load("vaaler-2023"), "9901")
    _enter(client, side)
    address = f"/network/plan/{plan}"
    form = fill(
        client.get(f"{address}/measures/new"), title="Åpen hall", area="2", status="planned"
    )
    page = client.follow(client.post(f"{address}/measures/new", form))
    assert page.heading == "40. Åpen hall"
    warned = client.post(f"{address}/areas/new", {"name": "Kari Nordmann"})
    assert warned.status == 422
    assert "These words were noticed: Kari, Nordmann." in " ".join(warned.text.split())
    form = fill(client.get(f"{address}/areas/2/edit"), challenges="Mørke kvelder\nFå voksne")
    page = client.follow(client.post(f"{address}/areas/2/edit", form))
    assert "Mørke kvelder" in page.text
    assert client.post(f"{address}/areas/2/edit", form).status == 409
    assert client.get(f"{address}/areas/99/edit").status == 404
