"""What the broker's process does in its own name, and whose sessions it remembers."""

import pytest
from sqlalchemy.exc import OperationalError

from bti.crypto.errors import Locked, SealError
from bti.domain.errors import AccessDenied, Unavailable
from bti.keyd import handler as handling
from bti.keyd.local import LocalBroker
from tests.unit.domain.samples import NURSE, SCHOOL, TEACHER, an_id

PROOF, THEIRS, OTHERS = (one.bytes * 2 for one in (TEACHER, NURSE, an_id(34)))


@pytest.fixture
def town(built):
    """Three people of the school's."""
    for account in (TEACHER, NURSE, an_id(34)):
        built.person(account, SCHOOL)
    yield built
    built.begin_anew()


@pytest.fixture(autouse=True)
def _opened(monkeypatch):
    """Every opening is answered: what is tried here comes before it."""
    monkeypatch.setattr(handling, "REQUESTS", {"open": lambda *_, **__: {"opened": 1}})


def test_the_broker_acts_as_the_operator_and_under_a_name_of_its_own(apart, monkeypatch):
    told = []

    def seen(work):
        told.append((work.operator, work.verbs.by().who))
        # No verb makes itself more than its caller is.
        with pytest.raises(AttributeError):
            work.operator = False
        return {"settled": 2}

    monkeypatch.setattr(handling, "REQUESTS", {"sweep": seen})
    assert apart.handler.sweep() == 2
    assert told == [(True, "system:keyd")]


@pytest.mark.parametrize(
    "fault",
    [AccessDenied("x"), SealError(), Locked("core"), OperationalError("", {}, None), Unavailable()],
)
def test_whose_session_it_is_may_be_unknown_and_the_request_is_answered(apart, monkeypatch, fault):
    def unknown(*_):
        raise fault

    monkeypatch.setattr(LocalBroker, "owner_of", unknown)
    assert apart.ask("open", PROOF)["ok"]["opened"] == 1


def test_owners_are_asked_for_once_and_forgotten_when_there_are_too_many(apart, monkeypatch):
    asked, owner_of = [], LocalBroker.owner_of
    monkeypatch.setattr(handling, "_KNOWN", 2)
    monkeypatch.setattr(
        LocalBroker, "owner_of", lambda *given: asked.append(given[2]) or owner_of(*given)
    )
    for proof in (PROOF, PROOF, THEIRS, PROOF, THEIRS, OTHERS, OTHERS, PROOF):
        assert apart.ask("open", proof)["ok"]["opened"] == 1
    assert asked == [PROOF, THEIRS, OTHERS, PROOF]
