"""Why somebody must answer, one flow taken back, and sharing without consent, in a browser with axe."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from bti.domain.codes import InfoType
from tests.browser.visitor import nb
from tests.integration.workflows.cases import agreed, ask, guardians, new_case, say

if TYPE_CHECKING:
    from tests.browser.visitor import House


def test_a_family_is_asked_answers_late_takes_one_flow_back_and_something_is_told_without_it(
    house: House,
):
    house.width = 390
    world = house.world
    case_id = new_case(world)
    both = frozenset({InfoType.ATTENDANCE, InfoType.WELLBEING})
    given = agreed(world, case_id, unit="pps", info_types=both)
    waits = ask(world, case_id, unit="health", valid_to=date(2026, 9, 5))
    say(world, case_id, waits, guardians(world, case_id)["Tor"])
    ingrid = house.visitor("ingrid").visit(f"/cases/{case_id}/consent/ask")
    ingrid.sees(nb("Is there something the child wants kept from the guardians?"))

    ingrid.visit(f"/cases/{case_id}/consent/{given}")
    ingrid.sees(
        "Den som har foreldreansvar, bestemmer for barnet.", nb("The child is heard first:")
    )
    ingrid.follow(nb("Take it back"))
    ingrid.field("person").first.check()
    ingrid.field("cells").first.check()
    ingrid.send(nb("Yes, take it back")).sees(nb("What was taken back"))
    ingrid.follow(nb("Write down that the county governor keeps this secret"))
    ingrid.send(nb("Write it down"), 422)
    ingrid.fill(reference="Statsforvalteren 26/114")
    ingrid.send(nb("Write it down")).sees(nb("The county governor has said no"))

    ingrid.visit(f"/cases/{case_id}").follow(nb("Sharing without consent"))
    ingrid.send(nb("Write it down"), 422)
    ingrid.choose(gate="life_health", info_types="attendance").pick("to_unit", "PP-tjenesten")
    ingrid.fill(
        necessity="Ingen svarer, og barnet må følges til legen i morgen tidlig.",
        proportionality="Bare fraværet, i noen dager, og bare til den som følger.",
        until="2026-09-05",
    )
    ingrid.send(nb("Write it down")).sees(nb("Written down, and not open yet"))

    world.clock.advance(timedelta(days=6))
    world.forget("ingrid")
    house.inside.clear()
    ingrid = house.visitor("ingrid").visit(f"/cases/{case_id}/consent/{waits}")
    ingrid.sees(nb("This question is over")).follow(f"{nb('Write the answer')} Maria Hansen")
    ingrid.choose(answer="yes", form="paper").send(nb("Save the answer"))
    ingrid.sees(nb("This question is over"))
