"""Two people who agree, for tests of acts that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.domain.approval import TWO_PEOPLE, ApprovalAct
from bti.workflows import approval
from tests.world import PEOPLE

if TYPE_CHECKING:
    import uuid

    from bti.domain.approval import Params
    from tests.world import World


def two_say_yes(
    world: World, act: ApprovalAct, params: Params, *, asker: str = "", giver: str = ""
) -> uuid.UUID:
    """Return an approval that one has asked for and another has given: the first who may."""
    asked_by = asker or _first(TWO_PEOPLE[act].ask, "")
    given_by = giver or _first(TWO_PEOPLE[act].give, asked_by)
    freshly(world, asked_by)
    approval_id = world.run(asked_by, approval.ask, act, params)
    freshly(world, given_by)
    world.run(given_by, approval.give, approval_id=approval_id)
    return approval_id


def freshly(world: World, who: str) -> None:
    """Sign in anew, so that the second factor is fresh."""
    world.forget(who)
    world.token(who)


def _first(roles: frozenset[str], but: str) -> str:
    return next(name for name, person in PEOPLE.items() if person[3] in roles and name != but)
