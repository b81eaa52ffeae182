"""Workflows beside the main story, asked of a real `bti keyd` on PostgreSQL.

What they promise is tested where they are; here, that they come through a broker of its own: each
key is asked for over the socket, and each row that carries a right is granted by its rule.
"""

import uuid
from datetime import timedelta

import pytest

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.clock import norwegian_date
from bti.db.models import OwnRules
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.breach import AuthorityState, BreachStepKind, NotToldGround
from bti.domain.codes import Role
from bti.domain.control import ControlRule
from bti.domain.emergency import EmergencyReason, ReviewOutcome
from bti.domain.errors import AccessDenied
from bti.domain.gates import Gate
from bti.domain.leaving import ItemKind
from bti.domain.rights_request import Requester, RequestStepKind
from bti.identity import totp
from bti.workflows import (
    approval,
    attachment,
    audit_check,
    baton,
    case,
    consent,
    consent_block,
    control,
    emergency,
    leaving,
    move,
    own_rules,
    review,
    rights_request,
    rules_draft,
    sharing,
    sign_in,
    step_up,
    worklist,
)
from bti.workflows.case_file import case_row
from bti.workflows.worklist import TaskKind
from tests.approvals import two_say_yes
from tests.attaching import content_of
from tests.files import office, pdf
from tests.integration.workflows import (
    cases,
    test_attachment,
    test_breach,
    test_own_rules,
    test_protection,
    test_sharing,
)
from tests.integration.workflows.states import with_log
from tests.integration.workflows.test_control import MARIA, MONTH, OCTOBER, known_as, registered
from tests.integration.workflows.test_leaving import offer, pass_on, plan, reassign
from tests.integration.workflows.test_move import MEASURES, owner, proposed
from tests.keyd_world import remote_world
from tests.world import SECRET, add_person


@pytest.fixture(scope="module")
def remote(postgres_server, tmp_path_factory):
    """The municipality on PostgreSQL, and `bti keyd` with its keys."""
    with (
        postgres_server.database() as url,
        remote_world(tmp_path_factory.mktemp("workflows"), url) as made,
    ):
        yield made


@pytest.fixture
def world(remote):
    """As the pages meet it. Old enough that what other tests have opened is no longer counted."""
    remote.world.clock.advance(timedelta(hours=2))
    yield remote.world
    assert remote.embedded.system(audit_check.verify, tenant_id=remote.world.tenant_id).intact


def test_a_file_is_put_in_read_renewed_and_taken_away(world):
    case_id = with_log(world)
    first = test_attachment.attached(world, case_id, data=pdf("one"))
    assert content_of(world, case_id, first) == pdf("one")
    second = test_attachment.attached(world, case_id, data=office(), replaces=first)
    [line] = test_attachment.lines(world, case_id)
    assert (line.id, [old.id for old in line.earlier]) == (second, [first])
    with pytest.raises(AccessDenied):
        world.run("nina", attachment.open_file, case_id=case_id, attachment_id=second)
    test_attachment.remove(world, case_id, second)
    with pytest.raises(AccessDenied):
        content_of(world, case_id, second)


def test_somebody_leaves_when_another_has_taken_the_baton(world, remote):
    leaver = f"ola{uuid.uuid4().hex[:4]}"
    add_person(remote.embedded, leaver, "Ola Moen", "Lærer", "school", Role.STAFF)
    case_id = with_log(world, leaver)
    plan(world, leaver, days=7)
    own = world.run(leaver, leaving.mine)
    assert [(one.kind, one.case_id) for one in own.items] == [(ItemKind.BATON, case_id)]
    world.clock.advance(timedelta(days=8))
    settled = remote.embedded.system(leaving.settle, tenant_id=world.tenant_id)
    assert settled.waiting == (world.accounts[leaver],)
    pass_on(world, case_id, "per", by=leaver)
    assert cases.holder(world, case_id) == world.accounts["per"]
    settled = remote.embedded.system(leaving.settle, tenant_id=world.tenant_id)
    assert settled.ended == (world.accounts[leaver],)
    world.forget(leaver)
    with pytest.raises(AssertionError, match="could not sign in"):
        world.token(leaver)


def test_a_case_moves_to_the_one_who_was_asked_and_to_nobody_else(world):
    case_id = with_log(world)
    cases.agreed(world, case_id, "kindergarten", info_types=MEASURES)
    cases.agreed(world, case_id, "pps", info_types=MEASURES)
    offer_id = proposed(world, case_id, "mona", "kindergarten", "ingrid")

    def grab(context):
        context.verbs.open(case_id, Action.MOVE_CASE, entry=None)
        case_row(context, case_id).unit_id = world.units["pps"]
        context.record(Act.CASE_MOVE_ACCEPT, Reference("case", case_id))

    with pytest.raises(AccessDenied) as refused:
        world.run("ingrid", grab)
    assert refused.value.rule == "grant.cases"
    world.run("mona", move.accept, case_id=case_id, offer_id=offer_id)
    assert owner(world, case_id) == world.units["kindergarten"]
    with pytest.raises(AccessDenied):
        world.run("ingrid", case.show_case, case_id=case_id)
    assert world.run("mona", case.show_case, case_id=case_id).unit == "Solbakken barnehage"


def test_the_leader_asks_for_a_leaver_and_access_is_cut_at_once(world, remote):
    leaver = f"eli{uuid.uuid4().hex[:4]}"
    add_person(remote.embedded, leaver, "Eli Rud", "Lærer", "school", Role.STAFF)
    case_id, other = with_log(world, leaver), with_log(world, leaver)
    plan(world, leaver, days=7)
    offer_id = offer(world, case_id, "per", by="siv", act=baton.offer_for_leaver)
    world.run("per", baton.accept, case_id=case_id, offer_id=offer_id)
    actor = world.actor(leaver)
    world.run("asta", leaving.suspend, account_id=world.accounts[leaver])
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(worklist.my_day, actor)
    assert TaskKind.GAP in {task.kind for task in world.run("siv", worklist.my_day).tasks}
    reassign(world, other, "per")
    assert cases.holder(world, other) == world.accounts["per"]


def test_emergency_access_opens_the_core_and_another_reviews_it(world):
    case_id = with_log(world)
    number = world.run("ingrid", case.show_case, case_id=case_id).number
    with pytest.raises(AccessDenied):
        world.run("vera", emergency.read_core, case_id=case_id)
    world.forget("vera")
    wanted = emergency.TakeAccess(
        number=number, reason=EmergencyReason.LIFE_AND_HEALTH, text="Barnet er ute alene."
    )
    assert world.run("vera", emergency.take, wanted) == case_id
    page = world.run("vera", emergency.read_core, case_id=case_id)
    assert [one.name for one in page.guardians] == ["Maria Hansen", "Tor Berg"]
    with pytest.raises(AccessDenied):
        world.run("vera", case.show_case, case_id=case_id)
    [use] = world.run("anne", review.list_reviews).waiting
    assert world.run("anne", review.show_use, row_id=use.row_id).text == "Barnet er ute alene."
    with pytest.raises(AccessDenied):
        world.run("vera", review.show_use, row_id=use.row_id)
    world.run(
        "anne", review.settle_use, row_id=use.row_id, outcome=ReviewOutcome.FINE, found="Nødvendig."
    )
    world.clock.advance(timedelta(hours=3))
    with pytest.raises(AccessDenied):
        world.run("vera", emergency.read_core, case_id=case_id)


def test_a_protected_address_closes_the_case_to_all_who_are_not_named(world):
    case_id = test_protection.shared_case(world)
    assert test_protection.reads(world, "nina", case_id)
    test_protection.protect(world, case_id)
    assert not test_protection.reads(world, "nina", case_id)
    test_protection.name(world, case_id, "ingrid", "siv", "nina")
    assert test_protection.reads(world, "nina", case_id)
    test_protection.name(world, case_id, "ingrid", "siv")
    assert not test_protection.reads(world, "nina", case_id)
    test_protection.lift(world, case_id)
    assert test_protection.reads(world, "nina", case_id)


def test_a_breach_is_measured_reported_and_closed(world):
    case_id = cases.new_case(world)
    number = test_breach.number_of(world, case_id)
    breach_id = test_breach.opened(world, question=test_breach.Question(number=number))
    [extent] = test_breach.shown(world, breach_id).steps
    assert [row.name for row in extent.extent.people] == ["Ingrid Solberg"]
    now = world.clock.now()
    test_breach.added(world, breach_id, BreachStepKind.REPORTED, at=now, reference="26/01")
    test_breach.added(world, breach_id, BreachStepKind.NOT_TOLD, ground=NotToldGround.UNREADABLE)
    test_breach.added(world, breach_id, BreachStepKind.CLOSED)
    line = test_breach.shown(world, breach_id).line
    assert (line.closed, line.authority) == (True, AuthorityState.REPORTED)


def test_a_request_for_access_is_kept_and_answered(world):
    number = test_breach.number_of(world, with_log(world))
    request_id = world.run(
        "anne",
        rights_request.receive,
        rights_request.ReceiveRequest(
            submission=uuid.uuid4(),
            received_on=world.clock.now().date(),
            requester=Requester.GUARDIAN,
            name="Maria Hansen",
            language="nb",
            number=number,
        ),
    )
    given = rights_request.AddToRequest(
        request_id=request_id,
        submission=uuid.uuid4(),
        version=None,
        kind=RequestStepKind.GIVEN,
        text="Alt er gitt.",
    )
    world.run("anne", rights_request.add, given)
    page = world.run("anne", rights_request.show, request_id=request_id)
    assert (page.line.answered, page.line.name, page.line.number) == (True, "Maria Hansen", number)
    assert page.holder == "Ingrid Solberg"


def test_two_people_let_one_act_happen_once(world, remote):
    params = {"what": "whole log", "to": "/mnt/archive"}
    act = ApprovalAct.AUDIT_EXPORT
    given = two_say_yes(world, act, params)

    def use(approval_id):
        remote.embedded.system(approval.use, approval_id, act, params, tenant_id=world.tenant_id)

    use(given)
    with pytest.raises(ApprovalRefused, match="used"):
        use(given)


def test_a_fresh_code_raises_the_session_and_a_used_one_does_not(world):
    actor = world.actor("siv")
    world.clock.advance(timedelta(minutes=30))
    assert not world.run("siv", step_up.standing).fresh
    code = totp.code_at(world.seeds["siv"], world.clock.now())

    def prove(person):
        return step_up.prove_again(
            world.runtime.doorway, person, secret=SECRET, code=code, address="127.0.0.1"
        )

    token = prove(actor)
    assert isinstance(token, str)
    raised = world.runtime.doorway.perform(sign_in.identify, None, token=token)
    assert world.runtime.doorway.perform(step_up.standing, raised).fresh
    assert isinstance(prove(raised), sign_in.SignInRefused)
    with pytest.raises(AccessDenied):
        world.runtime.doorway.perform(worklist.my_day, actor)
    world.forget("siv")


def test_the_monthly_control_is_made_gone_through_and_signed(world, remote):
    add_person(remote.embedded, "maria", "Maria Hansen", "Assistent", "school", Role.STAFF)
    own = cases.new_case(world, "maria", guardians=(("Maria Hansen", True),))
    world.run("maria", case.show_case, case_id=own)
    known = cases.new_case(world, "maria", guardians=(("M. Vik", True),))
    world.run("maria", case.show_case, case_id=known)
    registered(world, known, MARIA, "maria")
    known_as(world, "maria", MARIA)
    world.clock.set(OCTOBER)
    made = remote.embedded.system(control.run, tenant_id=world.tenant_id, month=MONTH)
    page = world.run("anne", control.show_month)
    assert len(page.findings) == made
    pointed = {(one.rule, one.name) for one in page.findings}
    assert {
        (ControlRule.OWN_CHILD, "Maria Hansen"),
        (ControlRule.REGISTERED_CHILD, "Maria Hansen"),
    } <= pointed
    for finding in page.findings:
        world.run("anne", control.show_finding, finding_id=finding.row_id)
        world.run(
            "anne",
            control.settle_finding,
            finding_id=finding.row_id,
            outcome=ReviewOutcome.FINE,
            found="Snakket.",
        )
    with pytest.raises(AccessDenied):
        world.run("siv", control.sign_off, control_id=page.control_id)
    world.run("anne", control.sign_off, control_id=page.control_id)
    assert world.run("anne", control.show_month).signed_by == "Anne Ruud"


def test_without_consent_the_broker_opens_what_is_written_down_and_for_two_people_the_leader(world):
    case_id = cases.new_case(world)
    urgent = test_sharing.write_down(world, case_id, until=world_day(world, 5))
    test_sharing.do(world, sharing.open_now, case_id, urgent)
    cases.invite(world, case_id)
    assert cases.compartments(world, "nina", case_id)
    test_sharing.do(world, sharing.stop, case_id, urgent)
    with pytest.raises(AccessDenied):
        cases.compartments(world, "nina", case_id)
    other = test_sharing.write_down(world, case_id, Gate.PURPOSE, until=world_day(world, 5))
    test_sharing.do(world, sharing.open_now, case_id, other, "siv")
    (line, _) = test_sharing.lines(world, case_id)
    assert line.is_open


def test_one_flow_is_taken_back_and_a_decision_stops_the_rest_behind_the_socket(world):
    case_id = cases.new_case(world)
    consent_id = cases.agreed(world, case_id, unit="pps")
    cases.invite(world, case_id)
    maria = cases.guardians(world, case_id)["Maria"]
    about = {"case_id": case_id, "consent_id": consent_id}
    flow = frozenset({"attendance:in"})
    world.run("ingrid", consent.withdraw, **about, person_id=maria, cells=flow)
    assert cases.compartments(world, "nina", case_id)
    decision = {"submission": uuid.uuid4(), "reference": "26/7", "lift": False}
    world.run("ingrid", consent_block.decide, **about, **decision)
    with pytest.raises(AccessDenied):
        cases.compartments(world, "nina", case_id)


def world_day(world, days):
    return norwegian_date(world.clock.now()) + timedelta(days=days)


def test_two_people_publish_rules_behind_the_socket_and_one_alone_does_not(world, remote):
    test_own_rules.write(world)
    asked = test_own_rules.said_yes(world)
    content = world.run("anne", rules_draft.proposal, approval_id=asked).content
    alone = OwnRules(tenant_id=world.tenant_id, number=1, sha256=own_rules.digest(content))
    with pytest.raises(AccessDenied, match="grant"):
        world.run("asta", _add, alone)
    assert test_own_rules.publish(world, asked) == "own/1"
    world.clock.advance(timedelta(days=1))
    assert world.run("ingrid", rules_draft.followed).key == "own/1"
    case_id = cases.new_case(world)
    assert world.run("ingrid", case.show_case, case_id=case_id).stages[0].label["en"] == "Wondering"
    # The program itself goes by them too: what is due is told by the days they say.
    assert remote.embedded.system(_followed, tenant_id=world.tenant_id) == "own/1"


def _add(context, row):
    context.session.add(row)
    context.record(Act.RULES_VERSION_PUBLISH, Reference("tenant", row.tenant_id))


def _followed(context, *, tenant_id):
    context.enter(tenant_id)
    return own_rules.in_force(context, tenant_id, "standard").key
