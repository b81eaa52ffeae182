"""Emergency access, a bait case and the monthly control, in a browser; axe looks at every page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bti.domain.errors import AccessDenied
from bti.workflows import bait, case
from bti.workflows.actor import SystemActor
from tests.browser.journeys import oversight
from tests.integration.workflows.cases import new_case
from tests.story import CHILD, Story

if TYPE_CHECKING:
    from tests.browser.visitor import House


def test_a_night_a_bait_and_a_month_are_looked_at_by_somebody_else(house: House):
    world = house.world
    for _ in range(3):
        with pytest.raises(AccessDenied):
            world.run("odd", case.show_case, case_id=new_case(world))
    world.clock.advance(timedelta(days=31))
    story = Story(world)
    story.wonder()
    oversight.open_core(house.visitor("vera"), story.page().number, CHILD.split()[0])
    anne = house.visitor("anne")
    oversight.review(anne)
    one, *_ = bait.plant(world.runtime.doorway, world.actor("per"), SystemActor("test"))
    world.forget("odd")
    house.visitor("odd").visit(f"/cases/{one}", 404)
    oversight.let_in_again(anne, "Odd Ness")
    oversight.control(anne)
