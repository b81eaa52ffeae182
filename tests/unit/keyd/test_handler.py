"""One request of another process: who may ask what, what leaves, and what a refusal becomes."""

import threading
from collections import Counter
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from bti.audit.actions import Action as Act
from bti.audit.models import AuditEvent
from bti.crypto.errors import Locked, SealError
from bti.crypto.software_root import SoftwareRoot
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.db.guards import UnauditedReadError
from bti.db.models import BrokerCount, BrokerNote
from bti.domain.errors import AccessDenied, Unavailable
from bti.identity.tokens import digest_of_proof
from bti.keyd import handler as handling
from bti.keyd.broker import RanOut
from bti.keyd.local import LocalVerbs
from bti.keyd.notes import ABANDONED
from bti.keyd.peers import ALLOWED, Peer, Side
from bti.keyd.quota import WRONG_CODES, WRONG_CODES_PEER, Limits
from bti.keyd.wire import Request
from tests.unit.domain.samples import (
    CASE,
    NOON,
    NURSE,
    OTHER_TENANT,
    SCHOOL,
    TEACHER,
    TENANT,
    an_id,
)
from tests.unit.keyd.apart import Apart

PROOF, SECOND = TEACHER.bytes * 2, b"2" * 32
BAIT = an_id(48)
READ = {"action": "read_case", "entry": "case:open:read", "purpose": None}
PEER_VERB = {"no": {"code": "denied", "rule": "peer.verb", "case": None, "entered": False}}
EVERY_VERB = frozenset().union(*ALLOWED.values())
#: What a page does before anybody is signed in, and what the program does on a page's way.
NAMELESS = {
    "sign",
    "verifier_key",
    "username_token",
    "check",
    "grant",
    "prove_code",
    "open_directory",
    "new_review",
}


@pytest.fixture
def town(built):
    """The teacher has the baton in a case of the school's; the nurse has nothing to do with it."""
    built.with_a_baton(("core",), BAIT)
    yield built
    built.begin_anew()


def doing(monkeypatch, **verbs):
    """Let verbs do something else."""
    monkeypatch.setattr(
        handling, "REQUESTS", dict.fromkeys(EVERY_VERB, lambda *_, **__: {}) | verbs
    )


def denied(rule, case=None, *, entered=True):
    told = case.hex if case is not None else None
    return {"no": {"code": "denied", "rule": rule, "case": told, "entered": entered}}


# -- who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("credential", [PROOF, RanOut(PROOF), "operator", None])
def test_a_verb_is_for_its_own_side_and_from_a_page_for_somebody(
    apart, monkeypatch, caplog, side, credential
):
    doing(monkeypatch)
    nameless = credential is None or credential == "operator"
    by_name = {Side.ADMIN: EVERY_VERB, Side.WORK: EVERY_VERB}.get(side, NAMELESS)
    may = ALLOWED[side] & (by_name if nameless else EVERY_VERB)
    answers = {verb: apart.ask(verb, credential, side, rows=()) for verb in EVERY_VERB}
    assert {verb for verb, answer in answers.items() if "ok" in answer} == may
    assert all(answers[verb] == PEER_VERB for verb in EVERY_VERB - may)
    counts = Counter(requests=len(EVERY_VERB), not_allowed=len(EVERY_VERB - may))
    assert apart.handler.counts == +counts
    assert ("which is not its own" in caplog.text) is bool(EVERY_VERB - may)


@pytest.mark.parametrize(
    ("table", "version", "may"),
    [
        ("controls", 1, True),
        ("control_findings", 1, True),
        ("controls", 2, False),
        ("accounts", 1, False),
    ],
)
def test_a_job_has_the_new_rows_of_its_control_granted_and_no_other(
    apart, monkeypatch, table, version, may
):
    doing(monkeypatch)
    rows = ({"table": "controls", "version": 1}, {"table": table, "version": version})
    assert ("ok" in apart.ask("grant", "job", Side.WORK, rows=rows)) is may
    assert apart.ask("check", "job", Side.WORK, rows=rows)["ok"]
    assert apart.ask("grant", "operator", Side.ADMIN, rows=rows)["ok"]


@pytest.mark.parametrize(
    ("side", "operator"),
    [(Side.WEB, False), (Side.LOG, False), (Side.WORK, True), (Side.ADMIN, True)],
)
def test_the_operator_is_whom_no_browser_reaches(apart, monkeypatch, side, operator):
    told = []
    doing(monkeypatch, sign=lambda work, **_: told.append(work.operator) or {})
    assert apart.ask("sign", "log", side)["ok"]
    assert told == [operator]


def test_shares_are_taken_where_keys_wait_for_them(town, caplog):
    open_from_the_start = {"opened": True, "given": 0, "needed": 0, "refused": 0}
    open_from_the_start |= {"refused_now": False, "trouble": ""}
    for verb in ("unseal", "unsealing"):
        assert Apart(town).ask(verb, "operator", Side.ADMIN) == {"ok": open_from_the_start}
        plain = Apart(town, provider=SoftwareRoot({"file:1": bytes(32)}))
        assert plain.ask(verb, "operator", Side.ADMIN) == {"ok": open_from_the_start}
    town.put("municipalities", id=TENANT)
    apart = Apart(town, provider=UnsealingProvider("file", lambda _: None))
    answer = apart.ask("unseal", "operator", Side.ADMIN, share="not a share")
    assert (answer["ok"]["opened"], answer["ok"]["refused_now"]) == (False, True)
    assert apart.ask("unsealing", "operator", Side.ADMIN)["ok"]["refused"] == 1
    # Entered at once, in the broker's own name, and once.
    apart.handler.sweep()
    assert apart.entered() == [("key:share:refuse", f"tenant:{TENANT}", "unseal.share")]


def test_what_was_owed_to_the_log_is_entered_by_the_next_sweep(town, monkeypatch):
    town.put("municipalities", id=TENANT)
    apart = Apart(town, provider=UnsealingProvider("file", lambda _: None))
    fault = SealError()

    def closed(*_, **__):
        raise fault

    with monkeypatch.context() as while_closed:
        doing(while_closed, note_shares=closed)
        apart.ask("unseal", "operator", Side.ADMIN, share="not a share")
    assert apart.entered() == []
    apart.handler.sweep()
    assert apart.entered() == [("key:share:refuse", f"tenant:{TENANT}", "unseal.share")]


# -- what leaves ---------------------------------------------------------------------------------


def test_an_opening_is_entered_and_committed_before_its_keys_leave(apart):
    answer = apart.ask("open", PROOF, case=CASE, **READ)
    [key] = answer["ok"]["keys"]["cases"]
    assert (key["case"], key["compartment"]) == (CASE.hex, "core")
    assert answer["ok"]["opened"]["ground"] == "holder"
    assert apart.entered() == [("case:open:read", f"case:{CASE}")]


def test_a_key_of_a_case_does_not_leave_in_silence(town, apart, monkeypatch):
    town.genuine("own_records", id=an_id(58), tenant_id=TENANT, account_id=TEACHER)
    town.keys.create_case_keys(town, TENANT, an_id(58), ("own",))
    town.flush()
    doing(monkeypatch, open_own=lambda work, **_: work.verbs.open_own_record(an_id(58)) or {})
    with pytest.raises(UnauditedReadError, match="in silence"):
        apart.ask("open_own", PROOF)


def test_what_a_request_has_written_is_committed_with_its_answer(apart, monkeypatch):
    of = {"record_id": CASE, "kind": "new", "tenant_id": TENANT, "account_id": TEACHER}

    def note(work):
        work.session.add(BrokerNote(**of, made_at=work.now))
        return {"done": 1}

    doing(monkeypatch, subject=note)
    assert apart.ask("subject", PROOF)["ok"]["done"] == 1
    assert apart.look(BrokerNote.record_id) == [CASE]


def test_keys_are_forgotten_with_the_transaction_also_when_it_fails(apart, monkeypatch):
    closed = []

    def seen(work, **_):
        work.verbs.close = lambda: closed.append(work)
        if len(closed) == 1:
            raise SealError
        return {}

    doing(monkeypatch, subject=seen)
    apart.ask("subject", PROOF)
    assert apart.ask("subject", PROOF)["no"]["code"] == "sealed"
    assert len(closed) == 2


# -- what is refused -----------------------------------------------------------------------------


def test_a_refusal_is_entered_by_itself_and_names_the_case(apart):
    theirs = NURSE.bytes * 2
    assert apart.ask("open", theirs, case=CASE, **READ) == denied("access.no_relation", CASE)
    assert apart.entered() == [("access:request:deny", f"case:{CASE}", "access.no_relation")]
    assert apart.handler.counts["denied"] == 1
    assert apart.ask("open", b"?" * 32, case=CASE, **READ) == denied(
        "access.no_session", entered=False
    )
    assert len(apart.entered()) == 1


def test_keys_that_were_opened_to_enter_a_refusal_are_forgotten_too(apart, monkeypatch):
    closed = []
    monkeypatch.setattr(LocalVerbs, "close", lambda verbs: closed.append(id(verbs)))
    apart.ask("open", NURSE.bytes * 2, case=CASE, **READ)
    assert len(set(closed)) == 2


def test_a_bait_that_is_taken_is_told_to_the_program_and_not_in_the_log(apart):
    answer = apart.ask("open", NURSE.bytes * 2, case=BAIT, **READ)
    told = {"code": "bait", "rule": "bait.taken", "case": BAIT.hex, "entered": True}
    assert answer == {"no": told}
    assert apart.entered() == [("access:request:deny", "bait.taken")]


def test_only_who_took_a_bait_is_remembered_as_one_who_did(apart, monkeypatch):
    theirs = NURSE.bytes * 2
    taken = {"new_review": lambda work, **_: {"taken": work.evidence.has_taken(NURSE, work.now)}}

    def has_taken():
        with monkeypatch.context() as asking:
            doing(asking, **taken)
            return apart.ask("new_review", theirs)["ok"]["taken"]

    apart.ask("open", theirs, case=CASE, **READ)
    assert not has_taken()
    apart.ask("open", theirs, case=BAIT, **READ)
    assert has_taken()


def test_a_person_who_opens_too_much_is_an_alarm_in_their_name(town):
    apart = Apart(town, limits=Limits(cases_hour=0))
    assert apart.ask("open", PROOF, case=CASE, **READ) == denied("quota.cases-hour", CASE)
    about = (f"case:{CASE}", "quota.cases-hour")
    assert apart.entered() == [("access:request:deny", *about), ("alarm:broker:raise", *about)]


def test_openings_are_counted_for_the_user_of_the_process_and_its_thread(town):
    apart = Apart(town)
    given = Request("open", PROOF, {"case": CASE, **READ})
    apart.handler.answer(Peer(uid=7, pid=1, side=Side.WEB), given, 3)
    rows = town.execute(select(BrokerCount.scope, BrokerCount.shard)).all()
    assert sorted(rows) == [("peer:web:7", 3), (f"tenant:{TENANT}", 3)]


def refusing(rule="grant.no", **given):
    def refuse(*_, **__):
        raise AccessDenied(rule, **given)

    return refuse


@pytest.mark.parametrize(
    ("credential", "args", "tenant", "acts"),
    [
        (PROOF, {}, TENANT, [Act.ACCESS_REQUEST_DENY, Act.ALARM_BROKER_RAISE]),
        (
            PROOF,
            {"tenant": OTHER_TENANT},
            TENANT,
            [Act.ACCESS_REQUEST_DENY, Act.ALARM_BROKER_RAISE],
        ),
        ("operator", {"tenant": OTHER_TENANT}, OTHER_TENANT, [Act.ACCESS_REQUEST_DENY]),
        ("operator", {"rows": ({"tenant": TENANT},)}, TENANT, [Act.ACCESS_REQUEST_DENY]),
        (
            "operator",
            {"tenant": OTHER_TENANT, "rows": ({"tenant": TENANT},)},
            OTHER_TENANT,
            [Act.ACCESS_REQUEST_DENY],
        ),
        (
            "operator",
            {"rows": ({"tenant": TENANT}, {"tenant": OTHER_TENANT})},
            TENANT,
            [Act.ACCESS_REQUEST_DENY],
        ),
        ("operator", {"rows": ()}, None, []),
        ("operator", {}, None, []),
        (RanOut(PROOF), {}, TENANT, [Act.ACCESS_REQUEST_DENY, Act.ALARM_BROKER_RAISE]),
        # Nobody's session: there is nobody's log to enter it in.
        (b"?" * 32, {"tenant": TENANT}, None, []),
    ],
)
def test_a_refusal_is_entered_where_the_person_is_or_what_was_asked_about(
    apart, monkeypatch, caplog, credential, args, tenant, acts
):
    doing(monkeypatch, grant=refusing())
    answer = apart.ask("grant", credential, Side.ADMIN, **args)
    assert answer == denied("grant.no", entered=tenant is not None)
    assert [one[0] for one in apart.entered()] == [act.value for act in acts]
    assert {*apart.look(AuditEvent.tenant_id)} == ({tenant} if tenant else set())
    # What stands in no log stands in the journal, but for what is nobody's session.
    unknown = tenant is None and credential == "operator"
    assert ("to nobody known" in caplog.text) is unknown


def test_what_the_caller_enters_itself_is_not_entered_twice(apart, monkeypatch):
    doing(monkeypatch, check=refusing(), subject=refusing(entered=True))
    assert apart.ask("check", PROOF) == denied("grant.no", entered=False)
    assert apart.entered() == []


@pytest.mark.parametrize("fault", [SealError(), Unavailable(), OperationalError("", {}, None)])
def test_a_refusal_that_cannot_be_entered_is_a_refusal_still(apart, monkeypatch, caplog, fault):
    def away(*_, **__):
        raise fault

    doing(monkeypatch, subject=refusing())
    monkeypatch.setattr(handling.denial, "enter", away)
    assert apart.ask("subject", PROOF) == denied("grant.no", entered=False)
    assert "could not be entered" in caplog.text


def test_guesses_at_two_accounts_are_two_alarms(town):
    apart = Apart(town)
    for account in (TEACHER, NURSE):
        limit = {"since": town.clock.now(), "count": WRONG_CODES}
        town.put("broker_counts", scope=f"code:{account}", **limit)
        assert apart.ask("prove_code", account=account, code="000000") == denied("quota.codes")
    assert [one[0] for one in apart.entered()] == ["access:request:deny", "alarm:broker:raise"] * 2


def test_guessed_codes_are_an_alarm_where_the_account_is_and_one_for_all_of_them(town):
    apart = Apart(town)
    since = town.clock.now()
    for scope, most in ((f"code:{TEACHER}", WRONG_CODES), ("codes:web:1000", WRONG_CODES_PEER)):
        town.put("broker_counts", scope=scope, since=since, count=most)
    guess = {"code": "000000"}
    assert apart.ask("prove_code", account=TEACHER, **guess) == denied("quota.codes")
    for account in (NURSE, NURSE):
        assert apart.ask("prove_code", account=account, **guess) == denied("quota.codes-peer")
    # A limit over all accounts is one alarm, whoever was guessed at.
    town.person(an_id(34), SCHOOL)
    assert apart.ask("prove_code", account=an_id(34), **guess) == denied("quota.codes-peer")
    assert [one[0] for one in apart.entered()] == [
        "access:request:deny",
        "alarm:broker:raise",
        "access:request:deny",
        "alarm:broker:raise",
        "access:request:deny",
        "access:request:deny",
    ]
    nobody = apart.ask("prove_code", account=an_id(99), **guess)
    assert nobody == denied("quota.codes-peer", entered=False)


# -- what goes wrong -----------------------------------------------------------------------------


def raising(*faults):
    left = list(faults)

    def fail(*_, **__):
        if left:
            raise left.pop(0)
        return {}

    return fail


def race(state):
    return OperationalError("", {}, SimpleNamespace(sqlstate=state))


def taken(state):
    return IntegrityError("", {}, SimpleNamespace(sqlstate=state))


@pytest.mark.parametrize(
    ("faults", "answer"),
    [
        ((SealError(),), "sealed"),
        ((Locked("core"),), "sealed"),
        ((taken("23503"),), "conflict"),
        ((taken(None),), "conflict"),
        ((IntegrityError("", {}, None),), "conflict"),
        ((race("57P01"),), "away"),
        ((Unavailable(),), "away"),
        ((race("40001"), race("40P01"), taken("23505")), "ok"),
        ((race("40001"),) * 4, "away"),
        ((taken("23505"),) * 4, "conflict"),
    ],
)
def test_what_goes_wrong_is_said_in_one_word_and_a_race_is_run_again(
    apart, monkeypatch, caplog, faults, answer
):
    doing(monkeypatch, subject=raising(*faults))
    got = apart.ask("subject", PROOF)
    word = {"code": answer, "rule": "", "case": None, "entered": False}
    assert got.get("no") == (None if answer == "ok" else word)
    counted = {"sealed", "away"} & {answer}
    assert apart.handler.counts == Counter(requests=1, **dict.fromkeys(counted, 1))
    assert ("could not be answered" in caplog.text) is (answer == "away")


def test_what_is_swept_is_done_in_the_brokers_own_name(town, apart):
    at = town.clock.now() - ABANDONED
    town.put("broker_notes", record_id=an_id(49), kind="new", account_id=TEACHER, made_at=at)
    town.keys.create_case_keys(town, TENANT, an_id(49), ("core",))
    town.flush()
    assert apart.handler.sweep() == 1
    assert apart.handler.sweep() == 0
    assert apart.entered() == [("key:data:destroy", f"case:{an_id(49)}")]


# -- one at a time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "others", "waits"),
    [
        *((verb, PROOF, True) for verb in ("open", "open_core", "new_compartments", "grant")),
        ("national_id_token", PROOF, True),
        # Another session of the same person, and another person.
        ("open", SECOND, True),
        ("grant", SECOND, True),
        ("open", NURSE.bytes * 2, False),
        # What is not counted, and what somebody else asks.
        ("may_see", PROOF, False),
        ("open", b"?" * 32, False),
        # Codes are counted over all accounts.
        ("prove_code", NURSE.bytes * 2, True),
        ("prove_own_code", NURSE.bytes * 2, True),
    ],
)
def test_one_person_opens_one_thing_at_a_time(town, apart, monkeypatch, verb, others, waits):
    whose = {"account_id": TEACHER, "role_grant_id": an_id(TEACHER.int % 2**32 + 1000)}
    lasts = {"expires_at": NOON.replace(hour=20), "last_seen_at": NOON, "proven_at": NOON}
    signed = {"strength": "password+totp", "token_hash": digest_of_proof(SECOND)}
    signed |= whose | lasts | {"revoked_at": None, "tenant_id": TENANT}
    town.genuine("web_sessions", id=an_id(991), **signed)
    town.flush()
    # Whose each is, is known from before: this database has one thread.
    apart.ask("open", others, case=CASE, **READ)
    within, order = threading.Event(), []

    def working(self, peer, request, shard):
        order.append(request.credential)
        if len(order) == 1:
            second.start()
            # Whoever need not wait has come as far as this while the first is still here.
            within.wait(0.05 if waits else 10)
            order.append("first is done")
        else:
            within.set()
        return {}

    def ask(credential):
        apart.handler.answer(Peer(1, 1, Side.WEB), Request(verb, credential, {}), 0)

    monkeypatch.setattr(handling.Handler, "_attempts", working)
    second = threading.Thread(target=ask, args=(others,))
    ask(PROOF)
    second.join()
    assert order[1] == ("first is done" if waits else others)
