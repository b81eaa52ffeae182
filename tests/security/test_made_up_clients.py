"""A process of pages that was taken over makes up a client or a yes, or asks for more than a client may."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from bti.audit.actions import Action
from bti.db.guards import mac_columns
from bti.db.models import ApiAgreement, ApiClient, Case
from bti.db.types import stored_bytes
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClientScope
from bti.domain.errors import AccessDenied
from bti.identity import client_keys
from bti.identity.tokens import proof_of
from bti.keyd.broker import OnBehalf
from bti.keyd.wire import pack
from bti.web.api import bodies
from bti.workflows import api_agreement, api_calls, api_client, api_sign_in, approval
from tests.approvals import freshly, two_say_yes
from tests.integration.workflows import cases
from tests.keyd_world import asked, remote_world
from tests.web.api_site import A_REFERENCE, ALL, a_client, a_concern, agreed
from tests.web.town import neighbour_of

ONE = frozenset({ClientScope.WORKLIST_READ})


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """A municipality whose keys are with a broker of its own."""
    directory = tmp_path_factory.mktemp("clients")
    with postgres_server.database() as url, remote_world(directory, url) as made:
        yield made


@pytest.fixture(scope="module")
def made(remote):
    """A client with every scope."""
    return a_client(remote.world)


@pytest.fixture(scope="module")
def agreement(remote, made):
    """Ingrid's yes to it."""
    return agreed(remote.world, made, "ingrid")


def on_behalf(made, agreement):
    """What the client's calls show the broker."""
    return OnBehalf(proof_of(made.key), agreement)


def row_of(remote, table, row_id):
    """A stored row."""
    with remote.world.looking() as session:
        row = session.scalars(select(table).where(table.id == row_id)).one()
        session.expunge(row)
        return row


def wanted(row, *, new=None, version=None, **columns):
    """A request for the MAC of this row with other columns: as its next version, or as a new one."""
    stored = mac_columns(row) | {name: stored_bytes(value) for name, value in columns.items()}
    return {
        "tenant": row.tenant_id.hex,
        "table": row.__tablename__,
        "row_id": (new or row.id).hex,
        "version": version or (1 if new else row.version + 1),
        "columns": {name: pack(value) for name, value in stored.items()},
        "beyond": {},
    }


def granted(remote, credential, *rows):
    """Whether the broker makes the MACs, or by which rule it does not."""
    answer = asked(remote, "grant", credential, rows=list(rows))
    return (answer["no"]["rule"] or answer["no"]["code"]) if "no" in answer else "granted"


def session_of(remote, who):
    """Somebody's session, freshly proven."""
    freshly(remote.world, who)
    return proof_of(remote.world.token(who))


def actor_of(remote, made, agreement):
    """Whom the client acts for."""
    return remote.world.runtime.doorway.perform(
        api_sign_in.identify, None, key=made.key, agreement_id=agreement
    )


def test_a_client_does_its_work_through_a_broker_of_its_own(remote, made, agreement):
    world = remote.world
    log = cases.new_case(world)
    cases.log_open(world, log)
    perform = world.runtime.doorway.perform
    actor = actor_of(remote, made, agreement)
    sent = api_calls.Sent(uuid.uuid4(), "digest")
    concern = bodies.to_concern(a_concern())
    done = perform(api_calls.open_concern, actor, command=concern, sent=sent)
    again = perform(api_calls.open_concern, actor, command=concern, sent=sent)
    assert (done.fresh, again.fresh, again.case_id) == (True, False, done.case_id)
    pointed = bodies.to_reference(log, A_REFERENCE)
    sent = api_calls.Sent(uuid.uuid4(), "digest")
    assert perform(api_calls.post_reference, actor, command=pointed, sent=sent).fresh
    lines = perform(api_calls.worklist, actor)
    assert {one.case_id for one in lines} >= {done.case_id, log}
    assert all(one.child for one in lines)


def made_up(remote, name, scopes, ends_at, *, made_at=None):
    """Whether Asta's session gets a MAC for a client that a program of somebody's own wants to make."""

    def workflow(context):
        context.verbs.subject()
        row = ApiClient(
            tenant_id=context.person.tenant_id,
            key_hash=client_keys.new_key().digest,
            scopes=scopes,
            made_by_id=context.person.account_id,
            made_at=made_at or context.now,
            ends_at=ends_at,
            revoked_at=None,
        )
        row.profile = {"name": name}
        context.session.add(row)
        context.session.flush()
        context.record(Action.CLIENT_KEY_MAKE)

    try:
        remote.world.run("asta", workflow)
    except AccessDenied as refused:
        return refused.rule
    return "granted"


def a_yes(remote, name, scopes, ends_on):
    """A yes of two people that the broker has used up."""
    params = {"name": name, "scopes": scopes.split(" "), "ends_on": ends_on.isoformat()}
    act = ApprovalAct.CLIENT_MAKE
    given = two_say_yes(remote.world, act, params, asker="asta", giver="anne")
    session_of(remote, "asta")
    remote.world.run("asta", approval.use, given, act, params)


def test_nobody_makes_a_client_that_two_people_did_not_agree_to(remote, made):
    ends = row_of(remote, ApiClient, made.client_id).ends_at
    session_of(remote, "asta")
    assert made_up(remote, "Falsk", "worklist:read", ends) == "grant.api_clients"
    a_yes(remote, "Barnehagen", "worklist:read", made.ends_on)
    now = remote.world.clock.now()
    for name, scopes, ends_at, made_at in (
        ("Noe annet", "worklist:read", ends, now),
        ("Barnehagen", "concern:open worklist:read", ends, now),
        ("Barnehagen", "worklist:read", ends + timedelta(days=1), now),
        ("Barnehagen", "worklist:read", ends, now - timedelta(minutes=10)),
    ):
        found = made_up(remote, name, scopes, ends_at, made_at=made_at)
        assert found == "grant.api_clients", (name, scopes)
    # Exactly what was agreed to, and that once.
    assert made_up(remote, "Barnehagen", "worklist:read", ends) == "granted"
    assert made_up(remote, "Barnehagen", "worklist:read", ends) == "grant.api_clients"


def test_a_name_that_was_sealed_for_one_client_opens_in_no_other(remote, made):
    row = row_of(remote, ApiClient, made.client_id)
    asta = session_of(remote, "asta")
    new = {"new": uuid.uuid4(), "key_hash": client_keys.new_key().digest}
    now = remote.world.clock.now()
    assert granted(remote, asta, wanted(row, **new, made_at=now)) == "sealed"


@pytest.mark.parametrize("who", ["ingrid", "per", "anne", "asta"])
def test_nobody_gives_anothers_yes_or_one_without_a_proof_of_its_own(remote, made, agreement, who):
    row = row_of(remote, ApiAgreement, agreement)
    now = remote.world.clock.now()
    copy = {"new": uuid.uuid4(), "agreed_at": now, "ends_at": now + timedelta(days=10)}
    # Ingrid is proven, but not for this: a proof is used up for one yes.
    assert granted(remote, session_of(remote, who), wanted(row, **copy)) == "grant.api_agreements"


def test_a_yes_is_no_longer_than_it_may_be_and_for_a_role_of_the_session(remote, made, agreement):
    world = remote.world
    row = row_of(remote, ApiAgreement, agreement)
    per = row_of(remote, ApiAgreement, agreed(world, made, "per"))

    def tried(**columns):
        ingrid = session_of(remote, "ingrid")
        new, now = uuid.uuid4(), world.clock.now()
        assert asked(remote, "spend_proof", ingrid, account=new.hex)["ok"]["spent"]
        sound = {"agreed_at": now, "ends_at": now + timedelta(days=10)}
        return granted(remote, ingrid, wanted(row, new=new, **{**sound, **columns}))

    assert tried() == "granted"
    assert tried(ends_at=row.ends_at + timedelta(days=90)) == "grant.api_agreements"
    assert tried(agreed_at=world.clock.now() + timedelta(days=1)) == "grant.api_agreements"
    assert tried(role_grant_id=per.role_grant_id) == "grant.api_agreements"
    assert tried(account_id=per.account_id) == "grant.api_agreements"
    assert tried(client_id=uuid.uuid4()) == "grant.api_agreements"


def test_what_has_ended_stays_ended_and_only_those_it_concerns_end_it(remote, made):
    world = remote.world
    mine = agreed(world, made, "kari")
    row = row_of(remote, ApiAgreement, mine)
    ended = {"revoked_at": world.clock.now()}
    assert (
        granted(remote, session_of(remote, "per"), wanted(row, **ended)) == "grant.api_agreements"
    )
    world.run("kari", api_agreement.withdraw, agreement_id=mine)
    row = row_of(remote, ApiAgreement, mine)
    kari = session_of(remote, "kari")
    assert granted(remote, kari, wanted(row, revoked_at=None)) == "grant.api_agreements"
    client = row_of(remote, ApiClient, made.client_id)
    assert granted(remote, kari, wanted(client, **ended)) == "grant.api_clients"
    asta = session_of(remote, "asta")
    assert granted(remote, asta, wanted(client, scopes="worklist:read")) == "grant.api_clients"


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("new_own", {"record": uuid.uuid4().hex}),
        (
            "use_approval",
            {"tenant": uuid.uuid4().hex, "approval": None, "act": "erasure", "params": {}},
        ),
        ("spend_proof", {"account": uuid.uuid4().hex}),
        ("prove_own_code", {"code": "123456"}),
        ("open_directory", {"tenant": uuid.uuid4().hex, "proof": None}),
        ("username_token", {"tenant": uuid.uuid4().hex, "username": "per"}),
        ("list_own", {"records": []}),
    ],
)
def test_a_client_asks_for_nothing_that_is_a_persons(remote, made, agreement, verb, args):
    answer = asked(remote, verb, on_behalf(made, agreement), **args)
    assert answer["no"]["rule"] == "peer.verb"


@pytest.mark.parametrize(
    "act", ["read_case", "print_case", "change_child", "close_case", "ask_consent"]
)
def test_a_client_opens_no_case_for_what_no_scope_names(remote, made, agreement, act):
    case_id = cases.new_case(remote.world)
    args = {"case": case_id.hex, "action": act, "entry": None, "purpose": None}
    answer = asked(remote, "open", on_behalf(made, agreement), **args)
    assert answer["no"]["rule"] == "access.scope"


def test_a_client_is_given_no_more_keys_than_its_scope_needs(remote):
    world = remote.world
    case_id = cases.new_case(world)
    reads = a_client(world, ONE, name="Bare lese")
    writes = a_client(world, frozenset({ClientScope.REFERENCE_POST}), name="Bare skrive")
    reader = on_behalf(reads, agreed(world, reads, "ingrid"))
    writer = on_behalf(writes, agreed(world, writes, "ingrid"))
    opened = asked(remote, "open_core", reader, cases=[case_id.hex])["ok"]
    assert opened["allowed"] == [case_id.hex]
    assert asked(remote, "open_core", writer, cases=[case_id.hex])["ok"]["allowed"] == []
    args = {"case": case_id.hex, "action": "write_note", "entry": None, "purpose": None}
    found = asked(remote, "open", writer, **args)["ok"]["opened"]["compartments"]
    assert found
    assert all(name.startswith("svc:") for name in found)
    assert asked(remote, "open", reader, **args)["no"]["rule"] == "access.scope"


def test_a_client_touches_no_row_of_authority_but_those_of_a_concern(remote, made, agreement):
    credential = on_behalf(made, agreement)
    for table, row_id in ((ApiAgreement, agreement), (ApiClient, made.client_id)):
        row = row_of(remote, table, row_id)
        ended = wanted(row, revoked_at=remote.world.clock.now())
        assert granted(remote, credential, ended) == "grant.client"


def test_a_key_opens_only_by_a_yes_to_itself(remote, made, agreement):
    other = a_client(remote.world, ALL, name="Et annet")
    for credential in (
        on_behalf(other, agreement),
        on_behalf(made, uuid.uuid4()),
        OnBehalf(b"x" * 32, agreement),
        OnBehalf(proof_of(remote.world.token("ingrid")), agreement),
    ):
        assert asked(remote, "subject", credential)["no"]["rule"] == "access.no_session"


def test_a_key_opens_by_no_yes_and_no_case_from_next_door(remote, made, agreement):
    other = neighbour_of(remote.embedded)
    theirs = a_client(other)
    given = agreed(other, theirs, "ingrid")
    for credential in (on_behalf(made, given), on_behalf(theirs, agreement)):
        assert asked(remote, "subject", credential)["no"]["rule"] == "access.no_session"
    ours = cases.new_case(remote.world)
    cases.log_open(remote.world, ours)
    act = {"case": ours.hex, "action": "write_note", "entry": None, "purpose": None}
    hidden = asked(remote, "open", on_behalf(theirs, given), **act)
    missing = asked(remote, "open", on_behalf(theirs, given), **{**act, "case": uuid.uuid4().hex})
    # What was asked about comes back, and nothing else differs.
    assert hidden["no"] | {"case": ""} == missing["no"] | {"case": ""}
    assert "no" not in asked(remote, "open", on_behalf(made, agreement), **act)


def test_a_client_that_is_ended_is_ended_in_the_middle_of_its_work(remote):
    world = remote.world
    made = a_client(world, name="Snart slutt")
    given = agreed(world, made, "ingrid")
    actor = actor_of(remote, made, given)
    world.run("anne", api_client.revoke, client_id=made.client_id)
    with world.looking() as session:
        before = session.query(Case).count()
    with pytest.raises(AccessDenied, match="no_session"):
        world.runtime.doorway.perform(
            api_calls.open_concern,
            actor,
            command=bodies.to_concern(a_concern()),
            sent=api_calls.Sent(uuid.uuid4(), "digest"),
        )
    with world.looking() as session:
        assert session.query(Case).count() == before
