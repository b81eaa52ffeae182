from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.identity.password import PasswordRefusedError
from bti.identity.totp import code_at
from bti.slt.account import AccountRefusedError, create_account
from bti.slt.models import SltAccount, SltEvent, SltSession, SltThrottle
from bti.slt.sign_in import SignedIn, SignInRefused, sign_in, sign_out, who_is
from tests.integration.slt.samples import CHEAP, Network, a_coordinator


def _events(network: Network) -> list[tuple[str, str | None]]:
    with network.runtime.sessions() as session, session.begin():
        rows = session.execute(select(SltEvent.kind, SltEvent.code)).all()
    return [(kind, code) for kind, code in rows]


def test_the_right_password_and_code_open_a_session(network: Network):
    outcome = sign_in(network.runtime, network.attempt(username="  Olav.Lien "))
    assert isinstance(outcome, SignedIn)
    who = who_is(network.runtime, outcome.token)
    assert who is not None
    assert (who.name, who.municipality_number) == ("Olav Lien", "9901")
    assert ("sign_in:accept", None) in _events(network)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "svevende blåklokke under golvet"},
        {"password": "x" * 5000},
        {"password": "\ud800"},
        {"code": "000000"},
        {"code": ""},
        {"username": "kari.nordmann"},
        {"username": "olav.lien\x00"},
        {"username": ""},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same_and_recorded(network: Network, wrong):
    assert sign_in(network.runtime, network.attempt(**wrong)) == SignInRefused("sign_in.wrong")
    assert ("sign_in:refuse", "sign_in.wrong") in _events(network)


def test_a_code_works_once(network: Network):
    attempt = network.attempt()
    assert isinstance(sign_in(network.runtime, attempt), SignedIn)
    assert isinstance(sign_in(network.runtime, attempt), SignInRefused)


def test_a_code_works_once_also_when_two_use_it_at_the_same_moment(network: Network):
    attempt = network.attempt()
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: sign_in(network.runtime, attempt), range(4)))
    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1


def test_guessing_is_slowed_down_even_with_the_right_password(network: Network):
    for _ in range(5):
        sign_in(network.runtime, network.attempt(password="feil passord hver gang"))
    refused = sign_in(network.runtime, network.attempt())
    assert isinstance(refused, SignInRefused)
    assert refused.code == "sign_in.wait"
    assert refused.wait > timedelta(0)
    network.clock.advance(refused.wait)
    assert isinstance(sign_in(network.runtime, network.attempt()), SignedIn)


def test_a_success_clears_the_account_but_not_what_others_did_from_the_address(network: Network):
    for turn in range(3):
        sign_in(network.runtime, network.attempt(username=f"gjetting{turn}"))
    network.signed_in()
    with network.runtime.sessions() as session, session.begin():
        counts = sorted(session.scalars(select(SltThrottle.failures)))
    assert counts == [0, 1, 1, 1, 3]


def test_a_session_ends_after_idle_time_and_after_the_absolute_limit(network: Network):
    token, _ = network.signed_in()
    network.clock.advance(timedelta(minutes=19))
    assert who_is(network.runtime, token) is not None
    network.clock.advance(timedelta(minutes=20))
    assert who_is(network.runtime, token) is None
    token, _ = network.signed_in()
    for _ in range(31):
        network.clock.advance(timedelta(minutes=15))
        assert who_is(network.runtime, token) is not None
    network.clock.advance(timedelta(minutes=15))
    assert who_is(network.runtime, token) is None


def test_signing_out_ends_the_session_and_twice_is_harmless(network: Network):
    token, _ = network.signed_in()
    sign_out(network.runtime, token)
    sign_out(network.runtime, token)
    assert who_is(network.runtime, token) is None
    assert _events(network).count(("sign_in:end", None)) == 1


def test_a_closed_account_loses_its_sessions_and_cannot_sign_in(network: Network):
    token, who = network.signed_in()
    with network.runtime.sessions() as session, session.begin():
        session.get_one(SltAccount, who.account_id).active = False
    assert who_is(network.runtime, token) is None
    assert sign_in(network.runtime, network.attempt()) == SignInRefused("sign_in.wrong")


def test_neither_token_password_nor_secret_stands_in_the_database(network: Network):
    token, who = network.signed_in()
    with network.runtime.sessions() as session, session.begin():
        account = session.get_one(SltAccount, who.account_id)
        kept = b"".join(
            [
                account.password_hash.encode(),
                account.totp_sealed,
                *session.scalars(select(SltSession.token_digest)),
            ]
        )
    assert token.encode() not in kept
    assert network.olav.totp_secret not in kept


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "account.taken"),
        ({"username": "OLAV.LIEN"}, "account.taken"),
        ({"username": "to ord"}, "account.username"),
        ({"username": "x" * 61}, "account.username"),
        ({"username": "a\x00b"}, "account.username"),
        ({"username": "ny", "display_name": " "}, "account.name"),
        ({"username": "ny", "municipality_number": "99"}, "account.municipality"),
        ({"username": "ny", "municipality_number": "٩٩٠١"}, "account.municipality"),
        ({"username": "ny", "language": "sv"}, "account.language"),
    ],
)
def test_an_account_that_does_not_fit_is_refused(network: Network, changes, code: str):
    with pytest.raises(AccountRefusedError) as refusal:
        create_account(network.runtime, a_coordinator(**changes))
    assert refusal.value.code == code


def test_a_guessable_password_is_refused(network: Network):
    with pytest.raises(PasswordRefusedError):
        create_account(network.runtime, a_coordinator(username="ny", password="kort"))


def test_the_one_time_code_secret_is_bound_to_its_account(network: Network):
    other = create_account(network.runtime, a_coordinator(username="berit.moe"))
    with network.runtime.sessions() as session, session.begin():
        berit = session.get_one(SltAccount, other.id)
        sealed = session.get_one(SltAccount, network.olav.id).totp_sealed
        opened = network.runtime.box.open(sealed, account_id=network.olav.id)
        assert opened == network.olav.totp_secret
        with pytest.raises(Exception, match="does not hold"):
            network.runtime.box.open(sealed, account_id=berit.id)
    assert code_at(opened, network.clock.now())
    assert CHEAP.cost.passes == 1
