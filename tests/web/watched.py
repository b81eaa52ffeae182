"""What a town has for those who look after it: people who leave or were shut out, and a month's control."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from bti.domain.codes import Role
from bti.domain.control import month_before
from bti.domain.errors import AccessDenied
from bti.workflows import (
    absence,
    account,
    bait,
    case,
    consultation,
    consultation_seat,
    control,
    first_sign_in,
    leaving,
)
from bti.workflows.actor import SystemActor
from tests.approvals import freshly
from tests.world import SECRET, add_person

if TYPE_CHECKING:
    from tests.world import World

#: Came near a bait case, and was shut out at once.
BAITED: Final = "liv"
#: Whose access an administrator has cut.
CUT: Final = "tone"
#: Has signed in once, with what somebody else made.
NEWCOMER: Final = "nils"
#: Plans to leave, with batons in hand.
LEAVER: Final = "ingrid"
#: Sign in last: their pages ask for a fresh proof, or show more than one session.
FRESH: Final = ("ingrid", "kari", "per", "siv", "vera", "anne", "asta")
_TO_THE_NIGHT: Final = timedelta(hours=13)
_TO_THE_MORNING: Final = timedelta(hours=11)


def a_night_and_a_bait(world: World) -> None:
    """Per writes three cases at night, which the control finds; one is a bait, and Liv opens it."""
    world.clock.advance(_TO_THE_NIGHT)
    night = world.clock.now()
    doorway = world.runtime.doorway
    one, *_ = bait.plant(doorway, world.actor("per"), SystemActor("test"))
    world.clock.advance(_TO_THE_MORNING)
    add_person(world, BAITED, "Liv Strøm", "Miljøterapeut", "child_welfare", Role.STAFF)
    with pytest.raises(AccessDenied):
        world.run(BAITED, case.show_case, case_id=one)
    world.clock.advance(timedelta(days=30))
    world.system(control.run, tenant_id=world.tenant_id, month=f"{night:%Y-%m}")


def people_on_their_way(world: World) -> bytes:
    """Ingrid leaves, Per is away for a day, Tone's access is cut, Nils has just come; returns the secret of Nils' own app."""
    last_day = (world.clock.now() + timedelta(days=30)).date()
    world.run("asta", leaving.plan, account_id=world.accounts[LEAVER], leaves_on=last_day)
    me, next_one = world.accounts["per"], world.accounts["siv"]
    away = absence.PlanAbsence(me, next_one, last_day, last_day)
    world.run("per", absence.plan, command=away)
    cut = add_person(world, CUT, "Tone Vik", "Miljøterapeut", "leisure", Role.STAFF)
    world.run("asta", leaving.suspend, account_id=cut)
    _newcomer(world)
    return world.run(NEWCOMER, first_sign_in.show).totp_secret


def asked_without_names(world: World) -> dict[str, uuid.UUID]:
    """Ingrid has asked the team Kari sits in: one question waits, one is answered, one came back. Returns their ids."""
    named = consultation_seat.NameMember("resource", world.accounts["kari"], "Helsesykepleier")
    found = {"seat_id": world.run("asta", consultation_seat.name_member, command=named)}
    words = consultation.Words("Et barn i barneskolen er trist. Hva kan vi gjøre?", "")
    for name in ("question_id", "answered", "returned"):
        found[name] = world.run(
            "ingrid", consultation.ask, team="resource", words=words, submission=uuid.uuid4()
        )
    given = {"question_id": found["answered"], "version": None}
    world.run("kari", consultation.answer, words=words, **given)
    world.run("kari", consultation.send_back, question_id=found["returned"], version=None)
    return found


def last_month(world: World) -> None:
    """The control of last month was made; nothing was found."""
    month = month_before(world.clock.now())
    assert world.system(control.run, tenant_id=world.tenant_id, month=month) == 0


def fresh_tokens(world: World) -> dict[str, str]:
    """Everybody's sign-in, those last who must have proven themselves lately."""
    for who in FRESH:
        world.token(who)
        freshly(world, who)
    return {who: world.token(who) for who in FRESH}


def _newcomer(world: World) -> uuid.UUID:
    made = world.system(
        account.create_account,
        tenant_id=world.tenant_id,
        username=NEWCOMER,
        name="Nils Bakke",
        title="Kontaktlærer",
        secret=SECRET,
        must_renew=True,
    )
    world.accounts[NEWCOMER] = made.account_id
    world.seeds[NEWCOMER] = made.totp_secret
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=made.account_id,
        unit_id=world.units["school"],
        role=Role.STAFF,
    )
    return made.account_id
