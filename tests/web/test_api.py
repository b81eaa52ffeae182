"""A professional system acts for a person, within its scopes and never beyond what that person may."""

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bti.audit.models import AuditSubject
from bti.db.models import Account, ApiAgreement, ApiClient, Case, Entry, OwnRecord, Participant
from bti.domain.codes import ClientScope
from bti.web.api import openapi
from bti.workflows import account, api_agreement, api_client, own_record, participant
from tests.integration.workflows import cases
from tests.web.api_site import (
    A_REFERENCE,
    ALL,
    System,
    a_client,
    a_concern,
    agreed,
    app_of,
)
from tests.web.case_site import acts
from tests.world import copy_of

CONCERNS = "/api/v1/concerns"
WORKLIST = "/api/v1/worklist"


def references(case_id):
    """Where a reference is posted to."""
    return f"/api/v1/cases/{case_id}/references"


@pytest.fixture
def system(world):
    """A system with every scope that Ingrid lets act for her."""
    made = a_client(world)
    return System(app_of(world), made.key, agreed(world, made, "ingrid"))


@pytest.fixture(scope="module")
def refused(world_image, tmp_path_factory):
    """The same for calls that write nothing, made once."""
    image, directory = world_image
    world = copy_of(image, directory, tmp_path_factory.mktemp("refused") / "world")
    made = a_client(world)
    yield world, System(app_of(world), made.key, agreed(world, made, "ingrid"))
    world.close()


@pytest.fixture
def case_id(world):
    """A case with a log, which Ingrid has the baton of."""
    made = cases.new_case(world)
    cases.log_open(world, made)
    return made


def counted(world, table):
    """How many rows a table has."""
    with world.looking() as session:
        return session.scalar(select(func.count()).select_from(table))


def problem(response, status):
    """The problem in an answer, which has the form of RFC 9457."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    assert "Set-Cookie" not in response.headers
    found = json.loads(response.get_data())
    assert found["status"] == status
    assert found["title"]
    return found


def test_a_concern_is_logged_once_under_one_key_and_the_draft_of_the_person_stays(world, system):
    world.run(
        "ingrid", own_record.save_draft, form="concern", fields={"seen": ["på min egen side"]}
    )
    key = uuid.uuid4()
    first = system.post(CONCERNS, a_concern(), key=key)
    again = system.post(CONCERNS, a_concern(), key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert counted(world, Case) == 1
    assert counted(world, OwnRecord) == 1
    [line] = system.get(WORKLIST).json["cases"]
    assert (line["child"], line["number"]) == ("Oda Vik", first.json["number"])
    assert line["relation"] == "follower"


def test_another_content_under_the_same_key_is_refused_and_nothing_is_saved(world, system):
    key = uuid.uuid4()
    assert system.post(CONCERNS, a_concern(), key=key).status_code == 201
    problem(system.post(CONCERNS, a_concern(seen="Noe annet."), key=key), 409)
    assert counted(world, Case) == 1


def test_every_entry_names_the_person_and_the_system(world, system):
    made = system.post(CONCERNS, a_concern())
    system.get(WORKLIST)
    with world.looking() as session:
        client_id = session.scalars(select(ApiClient.id)).one()
        named = session.scalars(
            select(AuditSubject.idx).where(
                AuditSubject.kind == "client", AuditSubject.object_id == client_id
            )
        ).all()
    page = world.run("anne", api_client.show, client_id=client_id)
    done = [(one.action, one.name, one.numbers) for one in page.calls]
    assert ("case:concern:create", "Ingrid Solberg", (made.json["number"],)) in done
    assert ("worklist:own:read", "Ingrid Solberg", (made.json["number"],)) in done
    assert len(named) == len(page.calls)
    # Whoever runs accounts sees how much, and no case.
    assert all(
        one.numbers == () for one in world.run("asta", api_client.show, client_id=client_id).calls
    )


def test_a_reference_is_written_in_a_case_with_a_log(world, system, case_id):
    before = counted(world, Entry)
    key = uuid.uuid4()
    assert system.post(references(case_id), A_REFERENCE, key=key).status_code == 201
    assert system.post(references(case_id), A_REFERENCE, key=key).status_code == 200
    assert counted(world, Entry) == before + 1
    changed = {**A_REFERENCE, "number": "2026-119"}
    problem(system.post(references(case_id), changed, key=key), 409)
    assert ("case:reference:create", "allow") in acts(world)


@pytest.mark.parametrize("scope", sorted(ClientScope))
def test_without_the_scope_the_answer_is_as_for_what_is_not_there(world, case_id, scope):
    made = a_client(world, ALL - {scope})
    system = System(app_of(world), made.key, agreed(world, made, "ingrid"))
    calls = {
        ClientScope.CONCERN_OPEN: lambda: system.post(CONCERNS, a_concern()),
        ClientScope.WORKLIST_READ: lambda: system.get(WORKLIST),
        ClientScope.REFERENCE_POST: lambda: system.post(references(case_id), A_REFERENCE),
    }
    missing = system.get("/api/v1/no-such-thing")
    for one, call in calls.items():
        answer = call()
        if one is scope:
            problem(answer, 404)
            assert answer.get_data() == missing.get_data()
        else:
            assert answer.status_code in {200, 201}


def test_what_the_person_may_not_the_system_may_not(world, case_id):
    made = a_client(world)
    stranger = System(app_of(world), made.key, agreed(world, made, "mona"))
    hidden = stranger.post(references(case_id), A_REFERENCE)
    missing = stranger.post(references(uuid.uuid4()), A_REFERENCE)
    problem(hidden, 404)
    assert hidden.get_data() == missing.get_data()
    assert stranger.get(WORKLIST).json == {"cases": []}


def test_whoever_has_left_the_case_has_left_it_for_every_system(world, case_id):
    made = a_client(world)
    cases.invite(world, case_id, who="per", unit="school")
    per = System(app_of(world), made.key, agreed(world, made, "per"))
    key = uuid.uuid4()
    assert per.post(references(case_id), A_REFERENCE, key=key).status_code == 201
    with world.looking() as session:
        place = session.scalars(
            select(Participant.id).where(Participant.account_id == world.accounts["per"])
        ).one()
    world.run("ingrid", participant.revoke, case_id=case_id, participant_id=place)
    problem(per.post(references(case_id), A_REFERENCE), 404)
    problem(per.post(references(case_id), A_REFERENCE, key=key), 404)
    # Not even that something was sent under the key before.
    problem(per.post(references(case_id), {**A_REFERENCE, "number": "1"}, key=key), 404)
    assert per.get(WORKLIST).json == {"cases": []}


def not_let_in(world, system):
    """What a call is answered when the key and the agreement do not fit; the same for every cause."""
    answer = system.get(WORKLIST)
    found = problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return found


def test_every_cause_of_not_being_let_in_is_told_alike(world):
    made, other = a_client(world), a_client(world, name="Et annet fagsystem")
    mine, others = agreed(world, made, "ingrid"), agreed(world, other, "ingrid")
    gone = agreed(world, made, "per")
    world.run("per", api_agreement.withdraw, agreement_id=gone)
    app = app_of(world)
    assert System(app, made.key, mine).get(WORKLIST).status_code == 200
    tries = [
        System(app, "", mine),
        System(app, made.key[:-1] + ("A" if made.key[-1] != "A" else "B"), mine),
        System(app, "stafett_key_", mine),
        System(app, world.token("ingrid"), mine),
        System(app, made.key, others),
        System(app, made.key, gone),
        System(app, made.key, uuid.uuid4()),
        System(app, made.key, "not-a-number"),
        System(app, made.key, str(mine).replace("-", "")),
    ]
    answers = {json.dumps(not_let_in(world, one)) for one in tries}
    assert len(answers) == 1
    assert ("access:request:deny", "deny") in acts(world)


def test_a_key_ends_at_once_and_so_does_an_agreement(world, system):
    with world.looking() as session:
        client_id = session.scalars(select(ApiClient.id)).one()
    world.run("ingrid", api_agreement.withdraw, agreement_id=system.agreement)
    not_let_in(world, system)
    again = System(system.app, system.key, agreed(world, a_line(client_id), "ingrid"))
    assert again.get(WORKLIST).status_code == 200
    world.run("anne", api_client.revoke, client_id=client_id)
    not_let_in(world, again)


def a_line(client_id):
    """What ``agreed`` needs of a client."""
    return type("Made", (), {"client_id": client_id})()


def test_an_agreement_ends_with_the_role_the_account_and_its_own_last_day(world, system):
    world.clock.advance(timedelta(days=299))
    assert system.get(WORKLIST).status_code == 200
    world.clock.advance(timedelta(days=2))
    not_let_in(world, system)
    made = a_client(world, name="Nytt")
    per = System(system.app, made.key, agreed(world, made, "per"))
    assert per.get(WORKLIST).status_code == 200
    world.system(
        account.disable_account, tenant_id=world.tenant_id, account_id=world.accounts["per"]
    )
    not_let_in(world, per)


@pytest.mark.parametrize("table", [ApiClient, ApiAgreement, Account])
def test_a_row_changed_in_sql_opens_nothing(world, system, table):
    with world.as_administrator() as connection:
        made = table.__table__
        column = {ApiClient: "scopes", ApiAgreement: "version", Account: "language"}[table]
        value = {ApiClient: "worklist:read", ApiAgreement: 7, Account: "nn"}[table]
        connection.execute(made.update().values({column: value}))
    not_let_in(world, system)


def test_calls_that_come_too_fast_are_told_to_wait(world, system):
    answers = [system.get(WORKLIST) for _ in range(121)]
    assert {one.status_code for one in answers[:120]} == {200}
    problem(answers[120], 429)
    assert int(answers[120].headers["Retry-After"]) in range(1, 61)
    world.clock.advance(timedelta(minutes=1))
    assert system.get(WORKLIST).status_code == 200


def test_a_session_of_a_browser_says_nothing_here_and_a_key_nothing_there(refused):
    world, system = refused
    client = system.app.test_client()
    client.set_cookie("st_session", world.token("ingrid"))
    problem(client.get(WORKLIST), 401)
    page = system.get("/account")
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"seen": "a", "seen": "b"}', 400),
        (b'{"seen": NaN}', 400),
        (b'{"seen": 1.5}', 400),
        (b'{"seen": "\\ud800"}', 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"a":' + b"9" * 5000 + b"}", 400),
        (b'{"seen": "' + b"x" * 140_000 + b'"}', 413),
        (b'{"seen": "' + b"x" * 2_000_000 + b'"}', 413),
        (b"{}", 422),
    ],
)
def test_what_cannot_be_read_is_refused_calmly(refused, body, status):
    world, system = refused
    problem(system.post(CONCERNS, body), status)
    assert counted(world, Case) == 0


def test_a_body_is_json_without_disguise_and_has_a_key_of_its_own(refused):
    world, system = refused
    problem(system.post(CONCERNS, a_concern(), Content_Type="text/plain"), 415)
    problem(system.post(CONCERNS, a_concern(), Content_Encoding="gzip"), 415)
    problem(system.post(CONCERNS, a_concern(), key="one"), 400)
    problem(system.post(CONCERNS, a_concern(), Origin="https://elsewhere.example"), 400)
    problem(system.post(CONCERNS, a_concern(), Sec_Fetch_Site="cross-site"), 400)
    assert counted(world, Case) == 0


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"in_danger": True}, "/in_danger"),
        ({"talked_with_child": "unsafe"}, "/considered_duty"),
        ({"seen": "  "}, "/seen"),
        ({"seen": "x" * 8001}, "/seen"),
        ({"seen": "a\u202eb"}, "/seen"),
        ({"categories": []}, "/categories"),
        ({"categories": ["ABS", "ABS"]}, "/categories"),
        ({"categories": ["NONE"]}, "/categories/0"),
        ({"since": "2026-02-30"}, "/since"),
        ({"child": {"name": "Oda Vik"}}, "/child/birth_date"),
        ({"guardians": [{"name": "A"}] * 3}, "/guardians"),
        ({"se/en~": "a word that was misspelt"}, "/se~1en~0"),
        ({"since": "2099-01-01"}, ""),
        ({"child": {"name": "Oda Vik", "birth_date": "2014-03-04", "national_id": "1"}}, ""),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_nothing_that_was_sent(refused, changed, pointer):
    world, system = refused
    found = problem(system.post(CONCERNS, a_concern(**changed)), 422)
    assert pointer in [one["pointer"] for one in found["errors"]]
    assert "Oda" not in json.dumps(found)
    assert counted(world, Case) == 0


def test_the_words_are_in_the_language_that_was_asked_for(refused):
    _world, system = refused
    titles = {
        language: problem(system.speaking(language).post(CONCERNS, b"{}"), 422)["title"]
        for language in ("nb", "nn", "en", "no", "se, nn;q=0.5", "de")
    }
    assert titles["nb"] == titles["no"] == titles["de"]
    assert titles["nn"] == titles["se, nn;q=0.5"]
    assert len({titles["nb"], titles["nn"], titles["en"]}) == 3


def test_the_document_names_every_call_and_is_open_to_all(world):
    app = app_of(world)
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.json == openapi.document()
    served = {
        (rule.rule.replace("<uuid:case_id>", "{case_id}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.document"
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert served == {(one.path, one.method) for one in openapi.OPERATIONS}
