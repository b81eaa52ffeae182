"""Shares are taken one by one; what became of them is told at once and owed to the log until it is entered."""

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from bti.audit.actions import Action
from bti.audit.guard import RolledBackError
from bti.crypto.errors import ProviderUnavailable, SealError, Trouble
from bti.crypto.unsealing_provider import Progress
from bti.domain.errors import AccessDenied, Unavailable
from bti.keyd.peers import Peer, Side
from bti.keyd.unsealing import MOST_ENTERED, Door, Owed, Unsealing, enter, told
from bti.keyd.wire import Request
from tests.unit.domain.samples import OTHER_TENANT, TENANT

PEER = Peer(1007, 1, Side.ADMIN)
CLOSED = Progress(opened=False, given=0, needed=2, refused=0)
TOLD = {"opened": False, "given": 0, "needed": 2, "refused": 0, "refused_now": False, "trouble": ""}


class Keeper:
    """A provider that opens with two right shares."""

    def __init__(self) -> None:
        self.now = CLOSED
        self.fault = None

    def progress(self):
        return self.now

    def offer_share(self, share):
        if self.fault is not None:
            raise self.fault
        if share != "right":
            self.now = replace(self.now, refused=self.now.refused + 1)
            return self.now
        given = self.now.given + 1
        self.now = replace(self.now, given=given, opened=given >= self.now.needed)
        return self.now


@pytest.fixture
def keeper():
    return Keeper()


@pytest.fixture
def entered():
    return []


@pytest.fixture
def unsealing(keeper, entered):
    return Unsealing(keeper, entered.append)


def give(unsealing, share="right"):
    return unsealing.answer(PEER, Request("unseal", "operator", {"share": share}))["ok"]


def raised(faults):
    """Raise the next fault, while there is one."""
    if faults:
        raise faults.pop()


def test_how_far_it_has_come_is_told_and_nothing_is_owed_for_asking(unsealing, entered):
    assert unsealing.answer(PEER, Request("unsealing", "operator", {})) == {"ok": TOLD}
    assert entered == []


def test_right_shares_open_the_keys_and_that_is_entered_once(unsealing, entered, caplog):
    assert give(unsealing) == TOLD | {"given": 1}
    assert (entered, caplog.text) == ([], "")
    assert give(unsealing) == TOLD | {"given": 2, "opened": True}
    assert entered == [Owed(refused=0, opened=True)]
    assert "given by uid 1007" in caplog.text
    caplog.clear()
    give(unsealing)
    assert (len(entered), caplog.text) == (1, "")


def test_a_wrong_share_is_told_as_one_and_entered(unsealing, entered, caplog):
    give(unsealing)
    assert give(unsealing, "wrong") == TOLD | {"given": 1, "refused": 1, "refused_now": True}
    assert entered == [Owed(refused=1, opened=False)]
    assert "uid 1007 gave a share that was refused" in caplog.text
    assert give(unsealing, "wrong")["refused"] == 2
    assert entered == [Owed(refused=1, opened=False)] * 2
    assert give(unsealing)["refused_now"] is False


def test_where_shares_cannot_be_tried_the_trouble_is_told_and_nothing_counted(
    unsealing, keeper, entered, caplog
):
    keeper.fault = ProviderUnavailable(Trouble.UNREACHABLE)
    assert give(unsealing) == TOLD | {"trouble": "unreachable"}
    assert "could not be tried: unreachable" in caplog.text
    keeper.fault = None
    unsealing.settle()
    assert entered == []


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("", {}, None),
        SealError(),
        AccessDenied("access.no_log_key"),
        Unavailable(),
        RolledBackError("x"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_cannot_be_entered_stays_owed_and_is_entered_together(keeper, fault):
    entered, faults = [], [fault] * 2
    unsealing = Unsealing(keeper, lambda owed: raised(faults) or entered.append(owed))
    for share in ("wrong", "wrong"):
        give(unsealing, share)
    assert entered == []
    unsealing.settle()
    unsealing.settle()
    assert entered == [Owed(refused=2, opened=False)]


def test_that_the_keys_were_opened_stays_owed_too(keeper):
    entered, faults = [], [SealError()]
    unsealing = Unsealing(keeper, lambda owed: raised(faults) or entered.append(owed))
    give(unsealing)
    give(unsealing)
    unsealing.settle()
    unsealing.settle()
    assert entered == [Owed(refused=0, opened=True)]
    with pytest.raises(FrozenInstanceError):
        entered[0].refused = 1


def test_the_small_door_takes_shares_and_nothing_else(unsealing):
    door = Door(unsealing)
    refused = {"code": "denied", "rule": "peer.verb", "case": None, "entered": False}
    for verb in ("status", "open", "sign"):
        assert door.answer(PEER, Request(verb, "operator", {}), 0) == {"no": refused}
    assert door.counts == {"not_allowed": 3}
    assert door.answer(PEER, Request("unsealing", "operator", {}), 0)["ok"] == TOLD
    wrong = Request("unseal", "operator", {"share": "wrong"})
    assert door.answer(PEER, wrong, 0)["ok"]["refused_now"] is True
    assert door.counts == {"not_allowed": 3}


def test_what_is_owed_is_entered_by_the_sweep_of_the_small_door(keeper):
    entered, faults = [], [SealError()]
    door = Door(Unsealing(keeper, lambda owed: raised(faults) or entered.append(owed)))
    door.answer(PEER, Request("unseal", "operator", {"share": "wrong"}), 0)
    assert entered == []
    assert door.sweep() == 0
    assert entered == [Owed(refused=1)]


def test_where_keys_are_never_closed_nothing_is_to_be_given():
    assert told(None) == TOLD | {"opened": True, "needed": 0}
    assert told(replace(CLOSED, given=1), refused_now=True) == TOLD | {
        "given": 1,
        "refused_now": True,
    }


def entries(rows, owed):
    found = []
    recorder = SimpleNamespace(record=lambda act, **given: found.append((act, given)))
    enter(rows, recorder, owed)
    return found


@pytest.fixture
def towns(rows):
    for tenant in (OTHER_TENANT, TENANT):
        rows.put("municipalities", id=tenant, number=tenant.hex[-1], name=tenant.hex)
    return rows


def test_every_municipality_is_told_in_its_own_log(towns):
    found = entries(towns, Owed(refused=2, opened=True))
    acts = [Action.KEY_SHARE_REFUSE, Action.KEY_SHARE_REFUSE, Action.KEY_START_OPEN]
    assert [(act, given["tenant"]) for act, given in found] == [
        (act, tenant) for tenant in (TENANT, OTHER_TENANT) for act in acts
    ]
    for act, given in found:
        assert given["by"].who == "system:unseal"
        assert [(one.kind, one.id) for one in given["about"]] == [("tenant", given["tenant"])]
        refusal = {"allowed": False, "rule": "unseal.share"}
        rest = refusal if act is Action.KEY_SHARE_REFUSE else {}
        assert given.keys() - {"tenant", "by", "about"} == rest.keys()
        assert {name: given[name] for name in rest} == rest


def test_a_flood_of_wrong_shares_does_not_fill_the_log(towns):
    assert MOST_ENTERED == 100
    assert len(entries(towns, Owed(refused=101))) == 2 * 100
    assert len(entries(towns, Owed(refused=99))) == 2 * 99
    assert entries(towns, Owed()) == []
