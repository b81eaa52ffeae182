"""One municipality's case in a browser, on a telephone without script, from level 0 up to 3 and down until it is closed."""

from __future__ import annotations

import gettext
from typing import TYPE_CHECKING

from bti import paths
from bti.domain.codes import InfoType
from bti.domain.consent import Scope
from tests.integration.workflows.cases import new_case
from tests.story import Story
from tests.web.walk import WALKS, follow_profile

if TYPE_CHECKING:
    from tests.browser.visitor import House

nn = gettext.translation("messages", str(paths.TRANSLATIONS), ["nn"]).gettext
SHARED = frozenset({InfoType.MEASURES})


def test_a_case_in_aukra_goes_up_and_down_and_is_closed_in_nynorsk(house: House):
    house.width = 390
    language, *levels = WALKS["aukra"]
    follow_profile(house.world, "aukra", language)
    family = house.stranger().visit("/families/9901")
    family.sees(nn("When somebody is worried about your child"), "barnekoordinator", "BTI-team")
    family.context.close()
    # The pages of a case are looked over for access in the journeys.
    house.scripted = False
    story = Story(house.world, case_id=new_case(house.world, guardians=(("Maria Hansen", True),)))
    case = f"/cases/{story.case_id}"
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    ingrid = house.visitor("ingrid").visit(case)
    ingrid.page.get_by_role("button", name="Nynorsk").click()
    ingrid.visit(case).sees(*levels[0], nn("What to do now"))
    ingrid.follow(nn("Open the log"))
    ingrid.fill(background="Vi ser det.", goal="På skolen kvar dag", title="Ein fast vaksen")
    ingrid.choose(arena="school", kind="adult").send(nn("Open the log and take the baton"))
    ingrid.sees(*levels[1])
    story.evaluate()
    story.bring_in("pps", "nina", SHARED)
    decide(house, case, "2").sees(*levels[2])
    story.consent_to(Scope.BRING_IN_SERVICE, house.world.units["team"], SHARED)
    house.visitor("ingrid").visit(f"{case}/referral/new")
    ingrid.fill(why="Det er ikkje nok.", question="Kven samordnar?")
    ingrid.choose(danger="no").send(nn("Bring it to the team"))
    hege = house.visitor("hege").visit(f"{case}/referral")
    hege.page.get_by_role("button", name="Nynorsk").click()
    hege.visit(f"{case}/referral").send(nn("Take the case"))
    house.visitor("ingrid").visit(case).sees(*levels[3])
    decide(house, case, "2")
    decide(house, case, "1")
    decide(house, case, "close", cause="goal_reached").sees(nn("The case is closed"))


def decide(house: House, case: str, to: str, **more: str):
    """Choose the way on, and come back to the case."""
    visitor = house.visitor("ingrid").visit(f"{case}/decide").choose(to=to, **more)
    visitor.fill(reason="Vi er einige.").send(nn("Save the decision"))
    assert visitor.path == case
    return visitor
