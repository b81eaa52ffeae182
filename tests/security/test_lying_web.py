"""A web process that was taken over asks the broker for MACs that its people's rights do not give."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.db.models import (
    Account,
    Approval,
    Case,
    ConsentCell,
    OwnRecord,
    Participant,
    RoleGrant,
)
from bti.db.sealed_value import Sealed
from bti.domain.account_reset import LIVES
from bti.domain.codes import InfoType, Role
from bti.domain.consent import Answer, Scope
from bti.domain.emergency import MOST_UNREVIEWED, WINDOW
from bti.identity import totp
from bti.keyd.quota import WRONG_CODES, WRONG_CODES_PEER, WRONG_CODES_WINDOW
from bti.keyd.wire import pack
from bti.workflows import account_reset, approval, consent, first_sign_in, register, sign_in
from tests.approvals import freshly
from tests.keyd_world import asked, remote_world
from tests.lying import (
    a_suspension,
    a_use,
    account_of,
    granted,
    proof,
    refused,
    review_key,
    takes_a_bait,
)
from tests.story import Story


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("lying")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


def written(remote, row, answer):
    """Put a new row with the MAC it was granted where the web's own database role may put it."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    values |= {"mac": base64.b64decode(answer["ok"]["granted"][0]["mac"]), "version": 1}
    values |= {name: value.blob for name, value in values.items() if isinstance(value, Sealed)}
    names = ", ".join(values)
    with remote.world.runtime.engine.begin() as connection:
        places = ", ".join(f":{name}" for name in values)
        connection.execute(
            text(f"INSERT INTO {row.__tablename__} ({names}) VALUES ({places})"), values
        )


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("new_own", {}),
        ("new_review", {"tenant": None, "account": None}),
        ("new_case", {"compartments": []}),
    ],
)
def test_asking_for_keys_in_the_name_of_a_case_makes_nobody_its_author(remote, verb, args):
    story = Story(remote.world)
    story.wonder()
    per = proof(remote, "per")
    name = {"new_own": "record", "new_review": "row", "new_case": "case"}[verb]
    assert refused(
        asked(remote, verb, per, **{name: story.case_id.hex}, **args), "access.not_a_new_case"
    )
    row = Participant(
        id=uuid.uuid4(),
        tenant_id=remote.world.tenant_id,
        case_id=story.case_id,
        account_id=remote.world.accounts["per"],
        unit_id=remote.world.units["school"],
        relation="follower",
        valid_from=remote.world.clock.now(),
        valid_to=None,
        revoked_at=None,
    )
    assert refused(granted(remote, per, row), "grant.participants")


def test_what_somebody_has_begun_is_begun_by_nobody_else(remote):
    new = uuid.uuid4().hex
    assert "ok" in asked(remote, "new_own", proof(remote, "ingrid"), record=new)
    assert refused(
        asked(remote, "new_own", proof(remote, "per"), record=new), "access.not_a_new_case"
    )


def test_nobody_takes_over_a_record_by_writing_their_own_name_on_it(remote):
    Story(remote.world).report_danger("ingrid")
    with remote.world.looking() as session:
        row = session.scalars(select(OwnRecord)).one()
        own = {"account_id": remote.world.accounts["per"].bytes}
        answer = granted(remote, proof(remote, "per"), row, version=row.version + 1, **own)
        assert refused(answer, "grant.own_records")


def test_who_settles_a_suspension_gives_nobody_a_way_into_the_account(remote):
    world = remote.world
    story = Story(world)
    story.wonder()
    takes_a_bait(remote, "per", story.case_id)
    planted = a_suspension(remote, "per")
    assert "ok" in review_key(remote, "gate", planted, planted.account_id)
    written(remote, planted, granted(remote, None, planted))
    world.clock.advance(timedelta(minutes=5))  # nobody has just shown a code
    officer = proof(remote, "anne")
    with world.looking() as session:
        row = session.get_one(Account, planted.account_id)
        after = row.version + 1
        for change in ({"password_hash": b"mine"}, {"must_renew": b"1"}):
            answer = granted(remote, officer, row, version=after, **change)
            assert refused(answer, "grant.accounts")
        code = granted(remote, officer, row, version=after, beyond={"totp_ct": b'"00"'})
        assert refused(code, "grant.accounts")
        # What is sealed must open in the next version: nobody is let make a row that never opens again.
        left = granted(remote, officer, row, version=after, suspended_at=b"")
        assert refused(left, "grant.sealed")
        anew = {"profile_ct": None, "totp_ct": None}
        opened = granted(remote, officer, row, version=after, beyond=anew, suspended_at=b"")
        assert "ok" in opened


def test_a_cell_and_a_place_that_were_kept_in_store_open_nothing_once_consent_is_taken_back(remote):
    """Granted while the family agreed, and written when it no longer does."""
    world = remote.world
    story = Story(world)
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    school, pps = world.units["school"], world.units["pps"]
    consent_id = story.ask(Scope.BRING_IN_SERVICE, pps, frozenset({InfoType.ATTENDANCE}))
    mother, father = (one.id for one in story.page().guardians)
    story.answer(consent_id, mother, Answer.YES)
    of = {"tenant_id": world.tenant_id, "case_id": story.case_id}
    now = world.clock.now()
    until = {"valid_from": now, "valid_to": now + timedelta(days=60)}
    cell = {"consent_id": consent_id, "info_type": "attendance", "basis": "consent", **until}
    store = [
        ConsentCell(
            id=uuid.uuid4(), from_unit_id=one, to_unit_id=other, withdrawn_at=None, **of, **cell
        )
        for one, other in ((school, pps), (pps, school))
    ]
    ingrid = proof(remote, "ingrid")
    kept = [(row, granted(remote, ingrid, row)) for row in store]
    story.answer(consent_id, father, Answer.YES)
    nina = {"account_id": world.accounts["nina"], "unit_id": pps}
    place = Participant(
        id=uuid.uuid4(), relation="participant", revoked_at=None, **of, **nina, **until
    )
    kept.append((place, granted(remote, ingrid, place)))
    world.run(
        "ingrid", consent.withdraw, case_id=story.case_id, consent_id=consent_id, person_id=father
    )
    for row, answer in kept:
        written(remote, row, answer)
    ask = {"case": story.case_id.hex, "action": "read_case", "entry": None, "purpose": None}
    assert refused(asked(remote, "open", proof(remote, "nina"), **ask), "access.no_consent")
    opened = asked(remote, "open", ingrid, **ask)["ok"]["opened"]
    assert all(one["withdrawn_at"] for one in opened["facts"]["cells"])


@pytest.mark.parametrize("ahead", [0, 2, 2**31 - 1])
def test_no_mac_is_had_in_store_for_a_later_version_than_the_next(remote, ahead):
    story = Story(remote.world)
    story.wonder()
    remote.world.clock.advance(timedelta(hours=2))
    ingrid = proof(remote, "ingrid")
    with remote.world.looking() as session:
        row = session.scalars(select(Participant).where(Participant.case_id == story.case_id)).one()
        ends = {"valid_to": b"2039-01-01T00:00:00.000000+00:00"}
        answer = granted(remote, ingrid, row, version=row.version + ahead, **ends)
        assert refused(answer, "grant.version")
        assert "ok" in granted(remote, ingrid, row, version=row.version + 1, **ends)


def test_the_row_of_a_case_too_is_given_the_next_version_alone(remote):
    world = remote.world
    story = Story(world)
    story.wonder()
    ingrid = proof(remote, "ingrid")
    with world.looking() as session:
        row = session.get_one(Case, story.case_id)
        for ahead in (0, 2, 3):
            answer = granted(remote, ingrid, row, version=row.version + ahead)
            assert refused(answer, "grant.version")


def test_a_new_row_begins_with_its_first_version(remote):
    remote.world.clock.advance(timedelta(minutes=5))
    story = Story(remote.world)
    story.wonder()
    remote.world.clock.advance(timedelta(minutes=5))
    takes_a_bait(remote, "mona", story.case_id)
    planted = a_suspension(remote, "mona")
    assert "ok" in review_key(remote, "gate", planted, planted.account_id)
    for version in (0, 2, 2**31 - 1):
        assert refused(granted(remote, None, planted, version=version), "grant.version")
    assert "ok" in granted(remote, None, planted)


@pytest.mark.parametrize("change", ["longer", "earlier", "settled"])
def test_emergency_access_lasts_no_longer_and_waits_for_its_review(remote, change):
    world = remote.world
    world.clock.advance(WINDOW)  # what others of these took is no longer counted
    story = Story(world)
    story.wonder()
    vera = proof(remote, "vera")
    row = a_use(remote, vera, story.case_id)
    assert "ok" in granted(remote, vera, row)
    if change == "longer":
        row.expires_at += timedelta(days=3650)
    elif change == "earlier":
        row.opened_at -= timedelta(days=40)
    else:
        row.settled_at, row.settled_by = world.clock.now(), world.accounts["anne"]
    assert refused(granted(remote, vera, row), "grant.emergency_accesses")


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"reason": "missing", "text": ""},
        {"reason": "missing", "text": "kort"},
        {"reason": "curious", "text": "en grunn som er lang nok for alle"},
        {"text": "en grunn som er lang nok for alle"},
        ["missing", "en grunn som er lang nok for alle"],
    ],
)
def test_without_a_reason_of_the_right_form_there_is_no_emergency_access(remote, said):
    remote.world.clock.advance(WINDOW)
    story = Story(remote.world)
    story.wonder()
    vera = proof(remote, "vera")
    row = a_use(remote, vera, story.case_id, said)
    assert refused(granted(remote, vera, row), "grant.emergency_accesses")


def test_in_nobodys_name_there_is_a_key_for_who_has_just_taken_a_bait_and_for_nobody_else(remote):
    world = remote.world
    story = Story(world)
    story.wonder()
    planted = a_suspension(remote, "nina")
    for account in (None, planted.account_id, uuid.uuid4()):
        assert refused(review_key(remote, "gate", planted, account), "grant.review")
    assert refused(granted(remote, None, planted), "grant.suspensions")
    takes_a_bait(remote, "nina", story.case_id)
    other = a_suspension(remote, "kari")
    assert refused(review_key(remote, "gate", other, other.account_id), "grant.review")
    # Nor for a row that is there: a case would get a key that nobody in it knows of.
    there = a_suspension(remote, "nina")
    there.id = story.case_id
    answer = review_key(remote, "gate", there, there.account_id)
    assert refused(answer, "access.not_a_new_case")
    assert "ok" in review_key(remote, "gate", planted, planted.account_id)
    other.id = planted.id
    assert refused(granted(remote, None, other), "grant.suspensions")
    assert "ok" in granted(remote, None, planted)
    late = a_suspension(remote, "nina")
    world.clock.advance(timedelta(minutes=5))
    assert refused(review_key(remote, "gate", late, late.account_id), "grant.review")


def test_a_third_emergency_access_is_refused_also_when_the_rows_of_two_were_deleted(remote):
    world = remote.world
    world.clock.advance(WINDOW)
    story = Story(world)
    story.wonder()
    vera = proof(remote, "vera")

    def take():
        row = a_use(remote, vera, story.case_id)
        return row, granted(remote, vera, row)

    for _ in range(2):
        row, answer = take()
        written(remote, row, answer)
    assert refused(take()[1], "grant.emergency_accesses")
    with world.as_administrator() as connection:
        connection.execute(text("DELETE FROM emergency_accesses"))
    assert refused(take()[1], "grant.emergency_accesses")
    world.clock.advance(WINDOW)
    vera = proof(remote, "vera")
    assert "ok" in take()[1]


def test_emergency_access_asked_for_many_times_at_once_is_granted_as_if_one_by_one(remote):
    remote.world.clock.advance(WINDOW)
    story = Story(remote.world)
    story.wonder()
    # From two sessions of hers, each of which signs in anew.
    sessions = [proof(remote, "vera"), proof(remote, "vera")]
    asks = [(one, a_use(remote, one, story.case_id)) for one in sessions * 4]
    with ThreadPoolExecutor(len(asks)) as at_once:
        answers = list(at_once.map(lambda ask: granted(remote, *ask), asks))
    assert sum("ok" in answer for answer in answers) == MOST_UNREVIEWED


def test_codes_are_not_guessed_across_accounts_without_end_and_it_is_an_alarm(remote):
    world = remote.world
    world.clock.advance(timedelta(hours=2))
    before = alarms(remote)
    answers = [
        asked(remote, "prove_code", None, account=account.hex, code="00000x")
        for account in world.accounts.values()
        for _ in range(WRONG_CODES - 1)
    ]
    looked_at = [one for one in answers if "ok" in one]
    assert len(looked_at) == WRONG_CODES_PEER < len(answers)
    assert all(refused(one, "quota.codes-peer") for one in answers if "no" in one)
    assert [one.split('"rule":"')[1].split('"')[0] for one in alarms(remote)[len(before) :]] == [
        "quota.codes-peer"
    ]
    world.clock.advance(WRONG_CODES_WINDOW)  # nobody is locked out for longer
    assert "ok" in asked(
        remote, "prove_code", None, account=world.accounts["ingrid"].hex, code="00000x"
    )


def alarms(remote):
    with remote.world.looking() as session:
        query = select(AuditEvent.leaf).where(AuditEvent.act == Act.ALARM_BROKER_RAISE.value)
        return [bytes(leaf).decode() for leaf in session.scalars(query.order_by(AuditEvent.idx))]


def test_a_row_without_its_columns_is_refused_and_entered(remote):
    answer = asked(
        remote,
        "grant",
        proof(remote, "per"),
        rows=[
            {
                "tenant": remote.world.tenant_id.hex,
                "table": "participants",
                "row_id": uuid.uuid4().hex,
                "version": 1,
                "columns": {"case_id": pack(uuid.uuid4().bytes)},
                "beyond": {},
            }
        ],
    )
    assert refused(answer, "grant.columns")
    assert answer["no"]["entered"]


@pytest.mark.parametrize("role", ["dpo", "administrator", "unit_lead"])
def test_one_administrator_gives_no_role_that_takes_two(remote, role):
    world = remote.world
    row = RoleGrant(
        id=uuid.uuid4(),
        tenant_id=world.tenant_id,
        account_id=world.accounts["per"],
        unit_id=world.units["administration"],
        role=role,
        granted_by_id=world.accounts["asta"],
        valid_from=world.clock.now(),
        valid_to=None,
    )
    asta = proof(remote, "asta")
    assert refused(granted(remote, asta, row), "grant.role_grants")
    assert "ok" in granted(remote, asta, row, role=b"staff")


def test_a_role_is_given_once_by_the_two_who_agreed_to_it(remote):
    world = remote.world
    who, unit = world.accounts["per"], world.units["administration"]
    give = {"account_id": who, "unit_id": unit, "role": Role.DPO}
    assert not register_run(remote, give)
    with world.looking() as session:
        asked_for = session.scalars(select(Approval).where(Approval.state == "waiting")).one().id
    freshly(world, "anne")
    world.run("anne", approval.give, approval_id=asked_for)
    assert register_run(remote, give)
    again = RoleGrant(
        id=uuid.uuid4(),
        tenant_id=world.tenant_id,
        account_id=who,
        unit_id=unit,
        role="dpo",
        granted_by_id=world.accounts["asta"],
        valid_from=world.clock.now(),
        valid_to=None,
    )
    assert refused(granted(remote, proof(remote, "asta"), again), "grant.role_grants")


def register_run(remote, give):
    freshly(remote.world, "asta")
    return remote.world.run("asta", register.give_role, **give)


def test_who_manages_accounts_does_not_open_one_that_was_closed(remote):
    world = remote.world
    freshly(world, "asta")
    mona = world.accounts["mona"]
    world.run("asta", register.disable, account_id=mona)
    asta = proof(remote, "asta")
    with world.looking() as session:
        row = session.get_one(Account, mona)
        for also in ({}, {"must_renew": b"1"}):
            answer = granted(remote, asta, row, version=row.version + 1, active=b"1", **also)
            assert refused(answer, "grant.accounts")


def anew(remote, row, at, **changes):
    """What the broker answers when an administrator's session lets an account begin anew."""
    columns = {"password_hash": b"new", "must_renew": b"1", "totp_next_ct": None, **changes}
    limit = (at + LIVES).isoformat().encode() if at is not None else row.first_until
    beyond = {"totp_ct": b'"00"', "profile_ct": None}
    asta = proof(remote, "asta")
    version = row.version + 1
    return granted(remote, asta, row, version=version, beyond=beyond, first_until=limit, **columns)


def agreed_to_reset(remote, who, giver):
    world = remote.world
    freshly(world, "asta")
    found = {"account_id": world.accounts[who], "lost": "both", "reason": "Stjålet veske"}
    approval_id = world.run("asta", account_reset.ask, **found)
    freshly(world, giver)
    world.run(giver, approval.give, approval_id=approval_id)
    return approval_id


def test_one_administrator_gives_nobody_a_new_password_and_code(remote):
    world = remote.world
    row = account_of(remote, "per")
    for at in (None, world.clock.now()):
        assert refused(anew(remote, row, at), "grant.accounts")
    # Asked for and agreed to is not used up: only the broker makes it so, and enters it.
    agreed_to_reset(remote, "per", "siv")
    assert refused(anew(remote, row, world.clock.now()), "grant.accounts")


def test_an_account_begins_anew_once_by_the_two_who_agreed(remote):
    world = remote.world
    approval_id = agreed_to_reset(remote, "turid", "hege")
    freshly(world, "asta")
    password = world.run("asta", account_reset.carry_out, approval_id=approval_id)
    freshly(world, "hege")
    code = world.run("hege", account_reset.code_half, approval_id=approval_id)
    used_at = password.until - LIVES
    row = account_of(remote, "turid")
    assert refused(anew(remote, row, used_at), "grant.accounts")
    # Nor when the person has made the account their own: the yes is spent.
    world.clock.advance(timedelta(seconds=2 * totp.STEP_SECONDS))
    entered = sign_in.sign_in(
        world.runtime.doorway,
        tenant_id=world.tenant_id,
        username="turid",
        secret=password.secret,
        code=totp.code_at(code.totp_secret, world.clock.now()),
        address="198.51.100.7",
    )
    run = world.runtime.doorway.perform
    weak = run(sign_in.identify, None, token=entered.token)
    assert weak.strength == sign_in.STRENGTH_FIRST
    own = run(first_sign_in.show, weak).totp_secret
    now = totp.code_at(own, world.clock.now())
    first_sign_in.finish(world.runtime.doorway, weak, new="en egen og lang setning", code=now)
    row = account_of(remote, "turid")
    assert not row.must_renew
    assert refused(anew(remote, row, used_at), "grant.accounts")
