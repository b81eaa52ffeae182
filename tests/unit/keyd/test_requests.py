"""What each verb of another process does: what it answers, and what it enters in whose name."""

import pytest
from sqlalchemy import select

from bti.audit.models import AuditEvent
from bti.audit.note import Checkpoint, VerifierKey, open_note
from bti.audit.record import origin_of
from bti.crypto.envelope import TENANT_WIDE, Place, seal
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_to_bytes
from bti.db.guards import FORGED, mac_columns
from bti.db.models import (
    Account,
    BrokerCount,
    BrokerNote,
    CaseKey,
    Municipality,
    OwnRecord,
    WebSession,
)
from bti.db.sealed_value import Sealed
from bti.domain.codes import InfoType
from bti.domain.compartments import CORE, service_compartment
from bti.domain.relations import Subject
from bti.identity import totp
from bti.keyd import grants
from bti.keyd.broker import Opened
from bti.keyd.codec import decode
from bti.keyd.evidence import LASTS
from bti.keyd.peers import Side
from bti.keyd.wire import BadMessage, pack
from tests.unit.domain.samples import (
    CASE,
    HEALTH,
    NURSE,
    OTHER_TENANT,
    PRINCIPAL,
    SCHOOL,
    TEACHER,
    TENANT,
    an_id,
)
from tests.unit.keyd.apart import Apart
from tests.unit.keyd.asked import stored

PROOF, THEIRS = TEACHER.bytes * 2, NURSE.bytes * 2
BAIT, NEW, RECORD, REVIEW = an_id(48), an_id(49), an_id(58), an_id(57)
OWN = service_compartment(SCHOOL, InfoType.MEASURES)
ATTENDANCE = service_compartment(SCHOOL, InfoType.ATTENDANCE)
SECRET, NEXT = b"twenty secret bytes!", b"one that is to come."


@pytest.fixture
def town(built):
    """The teacher has the baton in a case of the school's and has written a report."""
    built.with_a_baton((CORE, OWN), BAIT)
    built.keys.create_case_keys(built, TENANT, RECORD, ("own",))
    built.genuine("own_records", id=RECORD, tenant_id=TENANT, account_id=TEACHER)
    yield built
    built.begin_anew()


def ok(answer):
    """The answer without its keys."""
    return {name: value for name, value in answer["ok"].items() if name != "keys"}


def rule(answer):
    return answer["no"]["rule"]


def released(answer):
    return {(one["case"], one["compartment"]) for one in answer["ok"]["keys"]["cases"]}


def purposes(answer):
    return {one["purpose"] for one in answer["ok"]["keys"]["tenants"]}


def of(case, *compartments):
    return {(case.hex, one) for one in compartments}


# -- cases ---------------------------------------------------------------------------------------


def test_a_session_learns_who_it_is(apart):
    found = decode(Subject, ok(apart.ask("subject", PROOF))["subject"])
    assert (found.account_id, found.tenant_id, found.unit_id) == (TEACHER, TENANT, SCHOOL)
    assert apart.entered() == []


@pytest.mark.parametrize(
    ("entry", "act"),
    [("case:open:read", "case:open:read"), (None, "key:case:release")],
)
def test_a_case_is_opened_with_the_entry_that_is_asked_for_or_the_brokers_own(apart, entry, act):
    given = {"case": CASE, "action": "read_case", "entry": entry, "purpose": "follow-up"}
    answer = apart.ask("open", PROOF, **given)
    opened = decode(Opened, ok(answer)["opened"])
    assert (opened.case_id, opened.ground, opened.compartments) == (CASE, "holder", {CORE, OWN})
    assert released(answer) == of(CASE, CORE, OWN)
    assert apart.entered() == [(act, f"case:{CASE}")]


def test_an_entry_that_is_no_opening_and_a_purpose_that_is_not_ones_own_open_nothing(apart):
    given = {"case": CASE, "action": "read_case", "purpose": None}
    for entry in ("case:status:close", "own:record:read"):
        refused = apart.ask("open", PROOF, entry=entry, **given)
        assert (rule(refused), refused["no"]["case"]) == ("grant.entry", CASE.hex)
    given |= {"entry": None, "purpose": "oversight"}
    assert rule(apart.ask("open", PROOF, **given)) == "access.purpose"


@pytest.mark.parametrize(
    "unknown", [{"action": "reading"}, {"entry": "case:open"}, {"purpose": "fun"}]
)
def test_a_code_that_is_none_is_no_message(apart, unknown):
    given = {"case": CASE, "action": "read_case", "entry": None, "purpose": None} | unknown
    with pytest.raises(BadMessage):
        apart.ask("open", PROOF, **given)


def test_whether_one_may_is_told_and_nothing_is_released(apart):
    for proof, may in ((PROOF, True), (THEIRS, False)):
        answer = apart.ask("may_see", proof, case=CASE, action="read_case")
        assert (ok(answer), released(answer)) == ({"may": may}, set())
    assert apart.entered() == []


def test_a_new_case_has_keys_and_is_settled_by_whoever_began_it(town, apart):
    answer = apart.ask("new_case", PROOF, case=NEW, compartments=(CORE, OWN))
    assert (ok(answer), released(answer)) == ({}, of(NEW, CORE, OWN))
    assert apart.entered() == [("key:data:create", f"case:{NEW}")]
    assert apart.look(BrokerNote.record_id) == [NEW]
    # Its row never came.
    assert ok(apart.ask("settle", THEIRS, records=(NEW,))) == {"settled": 0}
    assert ok(apart.ask("settle", PROOF, records=(NEW,))) == {"settled": 1}
    assert apart.entered()[1:] == [("key:data:destroy", f"case:{NEW}")]
    assert rule(apart.ask("new_case", PROOF, case=CASE, compartments=())) == "access.not_a_new_case"


@pytest.mark.parametrize(
    ("wanted", "acts"),
    [
        ((ATTENDANCE,), ["key:data:create"]),
        ((OWN,), ["key:case:release"]),
        ((OWN, ATTENDANCE), ["key:data:create", "key:case:release"]),
    ],
)
def test_what_was_there_before_is_told_as_read_and_what_is_new_as_made(apart, wanted, acts):
    answer = apart.ask("new_compartments", PROOF, case=CASE, compartments=wanted)
    assert (ok(answer), released(answer)) == ({}, of(CASE, *wanted))
    assert apart.entered() == [(act, f"case:{CASE}") for act in acts]


def test_a_list_is_one_entry_about_what_is_ones_own(town, apart):
    holder = {"holder_id": TEACHER, "holder_unit_id": SCHOOL}
    town.case(an_id(39), SCHOOL)
    town.keys.create_case_keys(town, TENANT, an_id(39), (CORE,))
    town.genuine("logs", id=an_id(52), tenant_id=TENANT, case_id=an_id(39), **holder)
    town.flush()
    answer = apart.ask("open_core", PROOF, cases=(CASE, NEW, an_id(39)))
    assert ok(answer) == {"allowed": [an_id(39).hex, CASE.hex]}
    assert released(answer) == of(CASE, CORE) | of(an_id(39), CORE)
    assert apart.entered() == [("key:list:release", f"case:{an_id(39)}", f"case:{CASE}")]
    assert ok(apart.ask("open_core", THEIRS, cases=(CASE,))) == {"allowed": []}
    assert len(apart.entered()) == 1


# -- own records and reviews ---------------------------------------------------------------------


def test_an_own_record_is_made_read_and_destroyed_with_an_entry_each(town, apart):
    assert released(apart.ask("new_own", PROOF, record=NEW)) == of(NEW, "own")
    assert released(apart.ask("open_own", PROOF, record=RECORD)) == of(RECORD, "own")
    listed = apart.ask("list_own", PROOF, records=(RECORD,))
    assert (ok(listed), released(listed)) == ({}, set())
    assert listed["ok"]["keys"]["columns"]
    assert released(apart.ask("forget_own", PROOF, record=RECORD)) == of(RECORD, "own")
    read = ("own:record:read", f"own:{RECORD}")
    assert [one[1:] for one in apart.entered()] == [(f"own:{NEW}",), read[1:], read[1:]]
    assert apart.entered()[1] == apart.entered()[2]
    # Nobody's but its author's, and not begun twice.
    for verb in ("open_own", "forget_own"):
        assert rule(apart.ask(verb, THEIRS, record=RECORD)) == "access.no_relation"
    assert rule(apart.ask("new_own", THEIRS, record=NEW)) == "access.not_a_new_case"
    # Its keys go when its row has gone, and not before.
    assert ok(apart.ask("settle", PROOF, records=(RECORD,))) == {"settled": 1}
    assert RECORD in apart.look(CaseKey.case_id)
    apart.ask("forget_own", PROOF, record=RECORD)
    town.connection().execute(OwnRecord.__table__.delete())
    assert ok(apart.ask("settle", PROOF, records=(RECORD,))) == {"settled": 1}
    assert RECORD not in apart.look(CaseKey.case_id)


@pytest.mark.parametrize(
    ("credential", "side", "tenant", "whose", "begun"),
    [
        (PROOF, Side.WEB, None, TENANT, [REVIEW]),
        (PROOF, Side.WEB, OTHER_TENANT, TENANT, [REVIEW]),
        ("job", Side.WORK, OTHER_TENANT, OTHER_TENANT, []),
    ],
)
def test_what_is_reviewed_has_a_key_where_it_was_done(
    apart, town, credential, side, tenant, whose, begun
):
    answer = apart.ask("new_review", credential, side, row=REVIEW, tenant=tenant, account=None)
    assert (ok(answer), released(answer)) == ({}, of(REVIEW, "review"))
    assert apart.look(BrokerNote.record_id) == begun
    assert apart.entered() == [("key:data:create", f"review:{REVIEW}")]
    kept = select(CaseKey.tenant_id).where(CaseKey.case_id == REVIEW)
    assert town.connection().scalar(kept) == whose


def test_the_program_names_whose_review_it_is(apart):
    answer = apart.ask("new_review", "job", Side.WORK, row=REVIEW, tenant=None, account=None)
    assert rule(answer) == "access.no_session"


def test_in_nobodys_name_a_page_has_a_key_made_about_who_took_a_bait_alone(town, apart):
    town.person(PRINCIPAL, SCHOOL, "dpo", OTHER_TENANT)
    for taker, case in ((THEIRS, BAIT), (PRINCIPAL.bytes * 2, BAIT)):
        apart.ask("open", taker, case=case, action="read_case", entry=None, purpose=None)

    def asked(account, tenant=TENANT, row=REVIEW, side=Side.WEB):
        return apart.ask("new_review", "bti", side, row=row, tenant=tenant, account=account)

    for account, tenant in ((None, TENANT), (TEACHER, TENANT), (an_id(99), TENANT)):
        assert rule(asked(account, tenant)) == "grant.review"
    # Of another municipality's the rule is asked where it is named.
    assert rule(asked(NURSE, OTHER_TENANT)) == "grant.review"
    assert apart.look(BrokerNote.record_id) == []
    assert released(asked(NURSE)) == of(REVIEW, "review")
    assert list(
        zip(apart.look(BrokerNote.account_id), apart.look(BrokerNote.tenant_id), strict=True)
    ) == [(NURSE, TENANT)]
    assert ("key:data:create", f"review:{REVIEW}") in apart.entered()
    # What stands already has its key, whoever asks.
    for account, side in ((NURSE, Side.WEB), (None, Side.WORK)):
        assert rule(asked(account, row=RECORD, side=side)) == "access.not_a_new_case"
    town.clock.advance(LASTS)
    assert rule(asked(NURSE, row=NEW)) == "grant.review"


def test_a_review_is_opened_by_its_reviewer_and_entered(town, apart):
    officer = town.person(PRINCIPAL, SCHOOL, "dpo")
    town.keys.create_case_keys(town, TENANT, REVIEW, ("review",))
    town.genuine("suspensions", id=REVIEW, tenant_id=TENANT, account_id=NURSE, unit_id=HEALTH)
    town.flush()
    given = {"table": "suspensions", "row": REVIEW, "action": "lift_suspension"}
    answer = apart.ask("open_review", officer, **given)
    assert (ok(answer), released(answer)) == ({}, of(REVIEW, "review"))
    assert apart.entered() == [("key:case:release", f"review:{REVIEW}")]
    for other in ({"table": "accounts"}, {"row": NEW}, {"table": "emergency_accesses"}):
        assert rule(apart.ask("open_review", officer, **(given | other))) == "access.no_relation"


def test_what_is_shown_is_watched_for_baits(apart):
    assert ok(apart.ask("watch", THEIRS, cases=(CASE,))) == {}
    assert rule(apart.ask("watch", THEIRS, cases=(CASE, BAIT))) == "bait.taken"


# -- the municipality ----------------------------------------------------------------------------


def test_jobs_tell_baits_and_kin(town, apart):
    found = apart.ask("baits_among", "job", Side.WORK, tenant=TENANT, cases=(CASE, BAIT))
    assert ok(found) == {"baits": [BAIT.hex]}
    tokens = apart.ask("bait_tokens", "operator", Side.ADMIN, tenant=TENANT, cases=(BAIT,))
    assert ok(tokens) == {"tokens": [pack(town.verbs("job").bait_tokens(TENANT, [BAIT])[0])]}
    assert ok(apart.ask("kin", "job", Side.WORK, tenant=TENANT, pairs=())) == {"kin": []}
    assert "ops" in purposes(apart.ask("open_ops", "job", Side.WORK, tenant=TENANT))
    assert apart.entered() == []


def test_a_new_municipality_is_entered_in_its_own_log(apart):
    columns = {"id": an_id(3), "name": "Ny", "number": "9903", "profile": "standard"}
    answer = apart.ask("create_tenant", "operator", Side.ADMIN, language="nb", **columns)
    assert (ok(answer), purposes(answer)) == ({}, {"directory"})
    assert apart.look(Municipality.id) == [an_id(3)]
    assert apart.entered() == [("key:tenant:create", f"tenant:{an_id(3)}")]


@pytest.mark.parametrize(
    ("credential", "side", "proof", "given"),
    [
        # A page's own process learns nothing by a name alone.
        ("web", Side.WEB, None, set()),
        ("web", Side.WEB, PROOF, set()),
        ("operator", Side.ADMIN, None, {"directory"}),
        (None, Side.WEB, PROOF, {"directory"}),
        (PROOF, Side.WEB, None, {"directory", "ops"}),
    ],
)
def test_the_directory_is_opened_to_whom_it_is_known(apart, credential, side, proof, given):
    answer = apart.ask("open_directory", credential, side, tenant=TENANT, proof=proof)
    assert (ok(answer), purposes(answer)) == ({}, given)


def test_a_visitor_is_not_given_the_directory(apart):
    assert rule(apart.ask("open_directory", tenant=TENANT, proof=None)) == "access.no_session"
    given = {"tenant": OTHER_TENANT, "proof": PROOF}
    assert rule(apart.ask("open_directory", **given)) == "access.other_tenant"


def test_user_names_and_national_ids_are_looked_up(town, apart):
    names = apart.ask("username_token", tenant=TENANT, username="Ingrid")
    assert ok(names) == {
        "tokens": [pack(one) for one in town.verbs(None).username_tokens(TENANT, "ingrid")]
    }
    given = {"tenant": TENANT, "kind": "child"}
    found = apart.ask("national_id_token", PROOF, digits="01841312345", **given)
    [token] = town.verbs(PROOF).national_id_tokens(TENANT, "child", "01841312345")
    assert ok(found) == {"tokens": [pack(token)]}
    assert rule(apart.ask("national_id_token", PROOF, digits="0184131234x", **given)) == (
        "grant.digits"
    )


# -- rows that grant authority -------------------------------------------------------------------


def written(row, **changes):
    """A row as another process sends it."""
    sent = {"tenant": row.tenant_id, "table": row.__tablename__, "row_id": row.id}
    return sent | {"version": row.version, "columns": mac_columns(row)} | changes


def test_a_row_that_the_program_has_not_written_is_told(town, apart):
    account = town.get_one(Account, TEACHER)
    sent = written(account, mac=account.mac)
    assert ok(apart.ask("check", rows=(sent,))) == {}
    for change in ({"mac": bytes(32)}, {"version": 2}, {"row_id": NURSE}, {"tenant": OTHER_TENANT}):
        assert rule(apart.ask("check", rows=(sent, sent | change))) == FORGED
    assert rule(apart.ask("check", rows=(sent | {"table": "entries"},))) == "grant.no_rule"


def grant(apart, credential, *rows, side=Side.WEB):
    sent = tuple({"beyond": {}, **one} for one in rows)
    return apart.ask("grant", credential, side, rows=sent)


def new(table, row_id, tenant=TENANT, **columns):
    """A row that does not stand yet."""
    sent = {"tenant": tenant, "table": table, "row_id": row_id, "version": 1}
    return sent | {"columns": stored(**columns)}


def test_what_is_granted_is_answered_row_by_row_and_entered_where_a_right_changes(town, apart):
    [row] = town.scalars(select(WebSession).where(WebSession.account_id == TEACHER))
    answer = ok(grant(apart, PROOF, written(row, version=2), written(row, version=2)))
    mac = town.verbs(None).macs.mac(TENANT, "web_sessions", row.id, 2, mac_columns(row))
    assert answer["granted"] == [{"mac": pack(mac), "sealed": {}}] * 2
    assert apart.entered() == []
    theirs = new("own_records", NEW, account_id=TEACHER)
    assert rule(grant(apart, PROOF, theirs)) == "grant.own_records"


def test_an_entry_names_the_case_the_person_or_the_row_and_own_records_by_themselves(
    apart, monkeypatch
):
    monkeypatch.setattr(grants, "RULES", dict.fromkeys(grants.RULES, lambda *_: True))
    sealing = new("accounts", an_id(66))
    rows = (
        new("participants", an_id(60), case_id=CASE),
        new("cases", NEW),
        new("accounts", an_id(61)),
        new("role_grants", an_id(62), account_id=NURSE),
        new("local_rules", an_id(63)),
        new("own_records", an_id(64), account_id=TEACHER),
        new("local_rules", an_id(65), OTHER_TENANT),
        sealing | {"beyond": {"profile_ct": json_to_bytes({})}},
    )
    answer = ok(grant(apart, "operator", *rows, side=Side.ADMIN))
    assert len(answer["granted"]) == len(rows)
    assert set(answer["granted"][-1]["sealed"]) == {"profile_ct"}
    people = (f"account:{one}" for one in (NURSE, an_id(61), an_id(66)))
    about = (*people, f"case:{CASE}", f"case:{NEW}", f"row:{an_id(63)}")
    assert sorted(apart.entered()) == [
        ("authority:row:grant", *about),
        ("authority:row:grant", f"row:{an_id(65)}"),
        ("own:record:write", f"own:{an_id(64)}"),
    ]
    assert {*apart.look(AuditEvent.tenant_id)} == {TENANT, OTHER_TENANT}


def test_an_own_record_alone_is_one_entry(apart, monkeypatch):
    monkeypatch.setattr(grants, "RULES", dict.fromkeys(grants.RULES, lambda *_: True))
    grant(apart, PROOF, new("own_records", an_id(64)))
    assert apart.entered() == [("own:record:write", f"own:{an_id(64)}")]


def test_a_row_with_a_column_twice_or_of_a_table_without_a_rule_is_granted_nothing(town, apart):
    account = written(town.get_one(Account, TEACHER), version=2)
    assert rule(grant(apart, PROOF, account | {"beyond": {"active": None}})) == "grant.no_rule"
    assert rule(grant(apart, PROOF, account | {"table": "entries"})) == "grant.no_rule"


# -- codes ---------------------------------------------------------------------------------------


def a_beginner(town):
    """Somebody with a first code, and one of their own that waits; returns the proof of their session."""
    sealed = {}
    key = town.keys.tenant_key(town, TENANT, TenantPurpose.DIRECTORY)
    for column, secret in (("totp_ct", SECRET), ("totp_next_ct", NEXT)):
        place = Place(TENANT, TENANT_WIDE, "accounts", column, PRINCIPAL, 1)
        sealed[column] = Sealed(seal(key, place, json_to_bytes(secret.hex())))
    return town.person(PRINCIPAL, SCHOOL, of_account=sealed | {"must_renew": True})


def wrong(apart):
    return dict(zip(apart.look(BrokerCount.scope), apart.look(BrokerCount.count), strict=True))


def test_a_code_is_right_once_and_wrong_ones_are_counted(town, apart):
    a_beginner(town)
    code = totp.code_at(SECRET, town.clock.now())
    assert ok(apart.ask("prove_code", account=PRINCIPAL, code=code)) == {"right": True}
    assert apart.handler._evidence.stands(PRINCIPAL, town.clock.now())
    assert wrong(apart) == {}
    for _ in range(2):
        assert ok(apart.ask("prove_code", account=PRINCIPAL, code=code)) == {"right": False}
    assert wrong(apart) == {f"code:{PRINCIPAL}": 2, "codes:web:1000": 2}
    # Of nobody's account nothing is told and nothing is counted.
    assert ok(apart.ask("prove_code", account=an_id(99), code=code)) == {"right": False}
    assert wrong(apart) == {f"code:{PRINCIPAL}": 2, "codes:web:1000": 2}


def test_a_code_of_ones_own_is_no_proof_of_who_one_is(town, apart):
    proof = a_beginner(town)
    code = totp.code_at(NEXT, town.clock.now())
    assert ok(apart.ask("prove_own_code", proof, code="000000")) == {"right": False}
    assert wrong(apart) == {f"code:{PRINCIPAL}": 1, "codes:web:1000": 1}
    assert ok(apart.ask("prove_own_code", proof, code=code)) == {"right": True}
    assert wrong(apart) == {f"code:{PRINCIPAL}": 1, "codes:web:1000": 1}
    assert not apart.handler._evidence.stands(PRINCIPAL, town.clock.now())
    assert ok(apart.ask("spend_proof", proof, account=NURSE)) == {"spent": True}
    assert ok(apart.ask("spend_proof", proof, account=NURSE)) == {"spent": False}


@pytest.mark.parametrize("verb", ["prove_code", "prove_own_code"])
def test_after_twenty_wrong_codes_a_right_one_is_not_looked_at(town, apart, verb):
    proof = a_beginner(town)
    at = town.clock.now()
    town.put("broker_counts", scope=f"code:{PRINCIPAL}", since=at, count=20)
    own = verb == "prove_own_code"
    given = {"code": totp.code_at(NEXT if own else SECRET, at)}
    given |= {} if own else {"account": PRINCIPAL}
    assert rule(apart.ask(verb, proof if own else None, **given)) == "quota.codes"


def test_an_approval_that_is_none_is_not_used(apart):
    given = {"tenant": TENANT, "approval": an_id(100), "params": {"case": "x"}}
    assert rule(apart.ask("use_approval", PROOF, act="erasure", **given)) == "approval.unknown"
    with pytest.raises(BadMessage):
        apart.ask("use_approval", PROOF, act="magic", **given)


# -- the log -------------------------------------------------------------------------------------


def test_a_log_is_signed_as_it_grows(town, apart):
    origin, root = origin_of(TENANT), bytes(32)
    given = {"tenant": TENANT, "origin": origin, "root": root}
    note = ok(apart.ask("sign", size=7, **given))["note"]
    key = ok(apart.ask("verifier_key", tenant=TENANT, epoch=1))["key"]
    assert open_note(note, [VerifierKey.parse(key)]) == Checkpoint(origin, 7, root)
    apart.ask("open_own", PROOF, record=RECORD)
    assert rule(apart.ask("sign", size=1, **given)) == "grant.checkpoint"


def test_where_the_log_has_a_process_of_its_own_nobody_signs_here(town):
    given = {"tenant": TENANT, "origin": origin_of(TENANT), "root": bytes(32), "size": 7}
    assert rule(Apart(town, sequenced=True).ask("sign", **given)) == "grant.checkpoint"


def test_the_operator_sees_what_was_asked(apart):
    apart.ask("subject", PROOF)
    apart.ask("status", PROOF)
    counted = {"requests": 3, "not_allowed": 1}
    assert ok(apart.ask("status", "operator", Side.ADMIN)) == {"counts": counted}
