"""A web process that was taken over makes accounts, codes and sessions that nobody has proven."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from bti.crypto.errors import Locked
from bti.db.models import (
    Account,
    AccountPerson,
    MailChoice,
    OwnRecord,
    RoleGrant,
    WebSession,
)
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.domain.approval import StepUpNeeded
from bti.domain.codes import Role
from bti.identity import totp
from bti.keyd.broker import RanOut
from bti.keyd.parcel import receive
from bti.workflows import first_sign_in, leaving, register, sign_in
from tests.approvals import freshly
from tests.keyd_world import asked, remote_world
from tests.lying import BLOB, account_of, granted, proof, refused


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("accounts")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


def test_a_code_is_right_once_although_the_process_that_shows_it_writes_nothing_down(remote):
    world = remote.world
    world.clock.advance(timedelta(minutes=5))
    mona, before = world.accounts["mona"], account_of(remote, "mona")
    code = totp.code_at(world.seeds["mona"], world.clock.now())
    show = {"account": mona.hex, "code": code}
    assert asked(remote, "prove_code", None, **show)["ok"]["right"]
    assert not asked(remote, "prove_code", None, **show)["ok"]["right"]
    # Nor when an older row is put back by whoever can switch the triggers off.
    with world.as_administrator() as connection:
        connection.execute(text("ALTER TABLE accounts DISABLE TRIGGER accounts_forward"))
        stood = {column.name: getattr(before, column.name) for column in Account.__table__.columns}
        connection.execute(Account.__table__.update().where(Account.id == mona).values(stood))
        connection.execute(text("ALTER TABLE accounts ENABLE TRIGGER accounts_forward"))
    assert not asked(remote, "prove_code", None, **show)["ok"]["right"]
    world.clock.advance(timedelta(seconds=totp.STEP_SECONDS))
    show["code"] = totp.code_at(world.seeds["mona"], world.clock.now())
    assert asked(remote, "prove_code", None, **show)["ok"]["right"]


def a_new_account(remote, **changes):
    columns = {
        "id": uuid.uuid4(),
        "tenant_id": remote.world.tenant_id,
        "username_token": b"u" * 16,
        "password_hash": "of the process's own choosing",
        "must_renew": True,
        "active": True,
    }
    return Account(**(columns | changes), profile_ct=Sealed(BLOB), totp_ct=Sealed(BLOB))


def made(remote, credential, row):
    beyond = {"profile_ct": b'{"name":"x"}', "totp_ct": b'"00"'}
    return granted(remote, credential, row, beyond=beyond)


def test_who_is_merely_signed_in_makes_no_account_and_one_proof_makes_one(remote):
    world = remote.world
    asta = proof(remote, "asta")  # signed in this instant, which is as fresh as it gets
    first, second = a_new_account(remote), a_new_account(remote)
    assert refused(made(remote, asta, first), "grant.accounts")
    assert asked(remote, "spend_proof", asta, account=first.id.hex)["ok"]["spent"]
    assert not asked(remote, "spend_proof", asta, account=second.id.hex)["ok"]["spent"]
    assert refused(made(remote, asta, second), "grant.accounts")
    ready = a_new_account(remote, id=first.id, must_renew=False)
    assert refused(made(remote, asta, ready), "grant.accounts")
    assert "ok" in made(remote, asta, first)
    # A new code is a new proof, for a quarter of an hour.
    again = proof(remote, "asta")
    world.clock.advance(timedelta(minutes=15))
    assert not asked(remote, "spend_proof", again, account=second.id.hex)["ok"]["spent"]
    # Nor does somebody else's, or one that is used in the name of who may not make accounts.
    per = proof(remote, "per")
    asked(remote, "spend_proof", per, account=second.id.hex)
    for who in (per, again):
        assert refused(made(remote, who, second), "grant.accounts")


def test_who_a_colleague_is_takes_a_proof_for_exactly_this_one(remote):
    world = remote.world

    def a_person(**changes):
        about = {"account_id": world.accounts["per"], "noted_at": world.clock.now()}
        columns = {"id": uuid.uuid4(), "tenant_id": world.tenant_id, "token": b"t" * 16}
        return AccountPerson(**(columns | about | changes))

    world.clock.advance(timedelta(minutes=5))
    asta = proof(remote, "asta")
    first, second = a_person(), a_person()
    assert refused(granted(remote, asta, first), "grant.account_persons")
    assert asked(remote, "spend_proof", asta, account=first.id.hex)["ok"]["spent"]
    assert refused(granted(remote, asta, second), "grant.account_persons")
    assert refused(granted(remote, None, first), "grant.account_persons")
    assert refused(granted(remote, proof(remote, "siv"), first), "grant.account_persons")
    assert "ok" in granted(remote, asta, first)


def test_each_account_on_the_page_takes_a_proof_of_its_own(remote):
    world = remote.world
    freshly(world, "asta")
    new = {"name": "Nils Ny", "title": "Lærer", "phone": "", "unit_id": world.units["school"]}
    new["role"] = Role.STAFF
    world.run("asta", register.welcome, username="nils", **new)
    with pytest.raises(StepUpNeeded):
        world.run("asta", register.welcome, username="nina2", **new)
    freshly(world, "asta")
    world.run("asta", register.welcome, username="nina2", **new)


@pytest.fixture
def newcomer(remote):
    """Somebody who has signed in with what an administrator made, and nothing more."""
    world = remote.world
    freshly(world, "asta")
    name = f"n{uuid.uuid4().hex[:8]}"
    unit = {"unit_id": world.units["school"], "role": Role.STAFF}
    new = {"username": name, "name": "Nora Ny", "title": "Lærer", "phone": ""}
    welcome = world.run("asta", register.welcome, **new, **unit)
    return welcome, signed_in_first(remote, name, welcome.secret, welcome.totp_secret)


def signed_in_first(remote, name, secret, seed):
    world = remote.world
    entered = sign_in.sign_in(
        world.runtime.doorway,
        tenant_id=world.tenant_id,
        username=name,
        secret=secret,
        code=totp.code_at(seed, world.clock.now()),
        address="198.51.100.8",
    )
    return world.runtime.doorway.perform(sign_in.identify, None, token=entered.token)


def a_full_session(remote, weak, **changes):
    with remote.world.looking() as session:
        row = session.get_one(WebSession, weak.session_id)
        session.expunge(row)
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    values |= {"id": uuid.uuid4(), "token_hash": uuid.uuid4().bytes * 2, "mac": b""}
    values |= {"strength": "password+totp", "proven_at": remote.world.clock.now()} | changes
    return WebSession(**values)


def test_a_first_session_is_not_made_a_full_one_before_the_person_has_made_the_account_theirs(
    remote, newcomer
):
    welcome, weak = newcomer
    world = remote.world
    full = a_full_session(remote, weak)
    assert refused(granted(remote, weak.proof, full), "grant.web_sessions")
    # The row says that it is theirs: written in SQL, as the process's own role may.
    update = Account.__table__.update().where(Account.id == welcome.account_id)
    for own in (True, False):
        with world.runtime.engine.begin() as connection:
            connection.execute(text("SET LOCAL app.everywhere = 'on'"))
            connection.execute(update.values(must_renew=not own))
        answer = granted(remote, weak.proof, full)
        assert refused(answer, "access.forged_row" if own else "grant.web_sessions")


def test_the_secret_that_waits_is_read_in_a_first_session_and_in_no_other(remote, newcomer):
    welcome, weak = newcomer
    world = remote.world
    made = world.runtime.doorway.perform(first_sign_in.show, weak)

    def read(credential):
        vault = Vault()
        receive(vault, asked(remote, "subject", credential)["ok"]["keys"])
        with world.looking() as session:
            session.info["vault"] = vault
            account = session.get_one(Account, welcome.account_id)
            assert account.profile["name"] == "Nora Ny"
            return bytes.fromhex(account.totp_next)

    assert read(weak.proof) == made.totp_secret
    for who in ("asta", "siv", "anne"):
        with pytest.raises(Locked):
            read(proof(remote, who))
    # Whoever changes the account meanwhile keeps what they cannot read.
    before = account_of_id(remote, welcome.account_id).version
    freshly(world, "asta")
    world.run("asta", leaving.suspend, account_id=welcome.account_id)
    assert account_of_id(remote, welcome.account_id).version > before
    world.run("asta", leaving.restore, account_id=welcome.account_id)


def account_of_id(remote, account_id):
    with remote.world.looking() as session:
        row = session.get_one(Account, account_id)
        session.expunge(row)
        return row


def test_no_account_is_its_owners_for_a_code_that_nobody_showed(remote, newcomer):
    welcome, weak = newcomer
    world = remote.world
    page = world.runtime.doorway.perform(first_sign_in.show, weak)
    with world.looking() as session:
        row = session.get_one(Account, welcome.account_id)
        session.expunge(row)
    own = {"must_renew": b"0", "password_hash": b"own", "totp_next_ct": None, "first_code_ct": None}
    beyond = {"profile_ct": None, "totp_ct": f'"{page.totp_secret.hex()}"'.encode()}

    def ask():
        return granted(remote, weak.proof, row, version=row.version + 1, beyond=beyond, **own)

    assert refused(ask(), "grant.accounts")
    # A code of the first secret, which brought them in, is not one of their own.
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    first = totp.code_at(welcome.totp_secret, world.clock.now())
    assert asked(remote, "prove_code", None, account=row.id.hex, code=first)["ok"]["right"]
    assert not asked(remote, "prove_own_code", weak.proof, code=first)["ok"]["right"]
    assert refused(ask(), "grant.accounts")
    code = totp.code_at(page.totp_secret, world.clock.now())
    assert asked(remote, "prove_own_code", weak.proof, code=code)["ok"]["right"]
    assert not asked(remote, "prove_own_code", weak.proof, code=code)["ok"]["right"]
    beyond["totp_ct"] = b'"00"'  # another secret than the one whose code was shown
    assert refused(ask(), "grant.accounts")
    beyond["totp_ct"] = f'"{page.totp_secret.hex()}"'.encode()
    assert "ok" in ask()


def test_no_session_is_proven_ahead_of_its_time(remote):
    world = remote.world
    asta = world.actor("asta")
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    show = {"account": asta.account_id.hex}
    show["code"] = totp.code_at(world.seeds["asta"], world.clock.now())
    assert asked(remote, "prove_code", None, **show)["ok"]["right"]
    later = a_full_session(remote, asta, proven_at=world.clock.now() + timedelta(hours=1))
    assert refused(granted(remote, None, later), "grant.web_sessions")
    assert "ok" in granted(remote, None, a_full_session(remote, asta))


def test_a_session_that_ran_out_keeps_a_draft_and_decides_nothing(remote):
    world = remote.world
    ran_out = RanOut(proof(remote, "asta"))
    world.clock.advance(timedelta(hours=9))
    who = {"tenant_id": world.tenant_id, "account_id": world.accounts["asta"]}
    given = {"account_id": world.accounts["per"], "unit_id": world.units["school"], "role": "staff"}
    given |= {"granted_by_id": who["account_id"], "valid_from": world.clock.now()}
    role = RoleGrant(id=uuid.uuid4(), tenant_id=world.tenant_id, valid_to=None, **given)
    mail = MailChoice(id=uuid.uuid4(), pace="daily", address_ct=None, **who)
    address = {"address_ct": b'"somebody@else.example"'}
    assert refused(granted(remote, ran_out, role), "access.no_session")
    assert refused(granted(remote, ran_out, mail, beyond=address), "access.no_session")
    draft = OwnRecord(id=uuid.uuid4(), body_ct=Sealed(BLOB), meta_ct=Sealed(BLOB), **who)
    assert "ok" in asked(remote, "new_own", ran_out, record=draft.id.hex)
    assert "ok" in granted(remote, ran_out, draft)
