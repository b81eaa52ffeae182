"""One municipality of the whole site, and what has happened in it: a case in each of several states."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from bti.clock import norwegian_date
from bti.domain.access import Action
from bti.domain.approval import ApprovalAct
from bti.domain.codes import GuardianAccess, InfoType
from bti.domain.consent import Scope
from bti.domain.emergency import EmergencyReason
from bti.domain.extract import Receiver
from bti.domain.gates import Gate
from bti.domain.guardians import BlockReason
from bti.domain.levels import Level
from bti.domain.meetings import AgreedPoint, Attendance, MeetingKind
from bti.domain.national_id import made_up
from bti.domain.partiality import Tie
from bti.domain.protection import AddressGrade, ProtectedPerson
from bti.domain.rights_request import Requester, RequestStepKind
from bti.workflows import (
    account,
    account_reset,
    approval,
    attachment,
    baton,
    breach,
    case,
    emergency,
    extract,
    family,
    family_copy,
    guardian_block,
    insight_file,
    join,
    meeting,
    meeting_page,
    move,
    own_record,
    partiality,
    proposal,
    protection,
    rights_request,
    sharing,
)
from bti.workflows.insight_question import Question
from tests.approvals import freshly
from tests.files import pdf
from tests.integration.workflows import cases
from tests.story import BORN, Story
from tests.web import watched
from tests.web.api_site import a_client, a_yes, agreed
from tests.web.town_rules import own_rules
from tests.world import PEOPLE, UNITS, World, add_person

NOBODY = uuid.UUID("11111111-2222-4333-8444-555555555555")
Ids = dict[str, uuid.UUID | str]


@dataclass(slots=True)
class Town:
    """One municipality with its people and a case in each of several states."""

    world: World
    stories: dict[str, Story] = field(default_factory=dict)
    ids: dict[str, Ids] = field(default_factory=dict)
    approval_id: uuid.UUID = NOBODY
    #: A colleague's yes to a part of the access log as a file.
    selection_id: uuid.UUID = NOBODY
    #: A leader's yes to a colleague who has lost the phone.
    reset_id: uuid.UUID = NOBODY
    #: A colleague's yes to the next version of the own rules.
    rules_id: uuid.UUID = NOBODY
    #: A professional system that Mona lets act, her agreement, and a yes to another system.
    client_id: uuid.UUID = NOBODY
    agreement_id: uuid.UUID = NOBODY
    key_id: uuid.UUID = NOBODY
    #: Questions without names: one that waits, one that is answered, one that came back; and a seat.
    advice: dict[str, uuid.UUID] = field(default_factory=dict)
    #: Kari's log with Ingrid's question about it, and another of Ingrid's with the number of Kari's.
    asked: Ids = field(default_factory=dict)
    asking: Ids = field(default_factory=dict)
    #: The secret of the app that the newcomer sets up.
    new_seed: bytes = b""

    def story(self, state: str) -> Story:
        """A new story, remembered by the state it ends in."""
        self.stories[state] = Story(self.world)
        return self.stories[state]


def neighbour_of(home: World) -> World:
    """A second municipality in the same database, with people of the same usernames."""
    world = World(home.runtime, home.clock, uuid.UUID(int=0), {}, {}, {})
    world.tenant_id = world.system(
        account.create_municipality,
        name="Fjellby kommune",
        number="9902",
        profile="standard",
        language="nb",
    )
    for key, (name, sector) in UNITS.items():
        world.units[key] = world.system(
            account.create_unit,
            tenant_id=world.tenant_id,
            name=name,
            sector=sector,
            phone="00 00 00 00",
        )
    for username, (name, title, unit, role) in PEOPLE.items():
        add_person(world, username, name, title, unit, role)
    return world


def tell(town: Town, *, whole: bool) -> None:
    """Tell what takes weeks first: consents, offers and referrals run out while others wait."""
    watched.a_night_and_a_bait(town.world)
    late = town.story("late")
    late.tell()
    if whole:
        _tell_of_the_team(town)
        _with_move(town)
        town.rules_id = own_rules(town.world)
    middle = town.story("middle")
    _with_log(middle)
    _with_questions(middle)
    _with_meeting(middle, held=False)
    _with_meeting(late, held=True)
    _with_file(middle)
    _with_judgement(middle)
    _with_emergency(late)
    _with_desk(town.world)
    new = town.story("new")
    new.wonder()
    new.talk_with_leader()
    new.consent_to(Scope.OPEN_LOG)
    _with_protection(town)
    town.new_seed = watched.people_on_their_way(town.world)
    town.advice = watched.asked_without_names(town.world)
    watched.last_month(town.world)
    freshly(town.world, "arne")
    params = {"case": str(late.case_id), "recipient": "Statsarkivet"}
    town.selection_id = _selection(town.world)
    town.reset_id = _reset(town.world)
    if whole:
        _with_two_logs(town)
    made = a_client(town.world)
    town.client_id, town.agreement_id = made.client_id, agreed(town.world, made, "mona")
    town.key_id = a_yes(town.world, name="Barnehagen")
    town.approval_id = town.world.run("arne", approval.ask, ApprovalAct.CASE_EXPORT, params)


def _tell_of_the_team(town: Town) -> None:
    referred, ready = town.story("referred"), town.story("ready")
    for story in (referred, ready):
        _with_log(story)
        story.evaluate()
        story.decide(Level.SEVERAL_SERVICES)
    # Weeks pass with each evaluation: neither may fall due while the other is told.
    referred.evaluate()
    referred.refer()
    ready.evaluate()
    team = town.world.units["team"]
    ready.consent_to(Scope.BRING_IN_SERVICE, team, frozenset({InfoType.MEASURES}))


def _with_move(town: Town) -> None:
    """Mona in the kindergarten is asked to take a case of the school's."""
    moving = town.story("moving")
    _with_log(moving)
    kindergarten = town.world.units["kindergarten"]
    moving.consent_to(Scope.BRING_IN_SERVICE, kindergarten, frozenset({InfoType.MEASURES}))
    command = move.ProposeMove(
        case_id=moving.case_id,
        submission=uuid.uuid4(),
        version=None,
        to_id=town.world.accounts["mona"],
        to_unit_id=kindergarten,
        talked_on=moving.today,
        message=moving.marks("viktig å vite"),
    )
    town.world.run("ingrid", move.propose, command=command)
    blocked = guardian_block.BlockGuardian(
        case_id=moving.case_id,
        version=None,
        person_id=moving.page().guardians[0].id,
        why=BlockReason.COURT,
        reason=moving.marks("kjennelse"),
    )
    town.world.run("ingrid", guardian_block.block, command=blocked)
    partial = partiality.DeclarePartial(
        case_id=moving.case_id,
        version=None,
        account_id=town.world.accounts["per"],
        tie=Tie.OTHER,
    )
    town.world.run("ingrid", partiality.declare, partial)
    town.world.run(
        "ingrid",
        proposal.read_in,
        case_id=moving.case_id,
        text=file_about(moving, "Anne Vik"),
        submission=uuid.uuid4(),
        version=None,
    )


def file_about(story: Story, guardian: str) -> str:
    """A file from a register about the child of a story, with one guardian."""
    number, decides = made_up(story.today.replace(year=1984), range(500)), "no"
    return (
        f"stafett-register;1;{story.today}\nchild;{made_up(BORN, range(500, 1000))};"
        f"{story.page().child.name};open\nguardian;{number};{guardian};other;{decides}\n"
    )


def _with_log(story: Story) -> None:
    story.wonder()
    story.talk_with_leader()
    story.consent_to(Scope.OPEN_LOG)
    story.open_log()
    story.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE, InfoType.MEASURES}))


def _with_meeting(story: Story, *, held: bool) -> None:
    world, case_id = story.world, story.case_id
    family = world.run(
        "ingrid", meeting_page.meetings_page, case_id=case_id, action=Action.READ_CASE
    ).people
    mine = f"staff:{world.accounts['ingrid']}:{world.units['school']}"
    meeting_id = world.run(
        "ingrid",
        meeting.plan,
        meeting.PlanMeeting(
            case_id=case_id,
            version=None,
            kind=MeetingKind.COOPERATION,
            starts_at=world.clock.now(),
            minutes=45,
            place=story.marks("møterom"),
            invited=(family[0].key, mine),
        ),
    )
    point = AgreedPoint(story.marks("avtalt"), "Ingrid", story.today + timedelta(days=7))
    if held:
        here = Attendance(present=True, reason=None, approved=True)
        world.run(
            "ingrid",
            meeting.approve,
            meeting.ApproveMinutes(
                case_id=case_id,
                version=None,
                meeting_id=meeting_id,
                text=story.marks("referat"),
                points=(point,),
                attendance={family[0].key: here, mine: here},
            ),
        )
        return
    world.run(
        "ingrid",
        own_record.save_draft,
        form=own_record.Form.MINUTES,
        about=meeting.draft_about(case_id, meeting_id),
        fields={"present": [family[0].key, mine], "point1_text": [point.text]},
    )


def _with_questions(story: Story) -> None:
    world = story.world
    story.sharing = world.run(
        "ingrid",
        sharing.write_down,
        command=sharing.WriteDown(
            case_id=story.case_id,
            submission=uuid.uuid4(),
            version=None,
            gate=Gate.PURPOSE,
            to_unit=world.units["health"],
            info_types=frozenset({InfoType.ATTENDANCE}),
            necessity=story.marks("nødvendig") + " fordi ingen svarer på brev eller telefon.",
            proportionality=story.marks("forholdsmessig") + " og bare fraværet, i to uker.",
            told_on=None,
            until=norwegian_date(world.clock.now()) + timedelta(days=14),
        ),
    )
    story.ask(Scope.BRING_IN_SERVICE, world.units["leisure"], frozenset({InfoType.MEASURES}))
    world.run(
        "ingrid",
        baton.offer,
        command=baton.OfferBaton(
            case_id=story.case_id,
            submission=uuid.uuid4(),
            version=None,
            to_id=world.accounts["per"],
            to_unit_id=world.units["school"],
            message="",
        ),
    )


def _with_file(story: Story) -> None:
    world = story.world
    upload = attachment.begin_upload(
        world.runtime.settings, world.actor("ingrid"), story.case_id, "prøve.pdf"
    )
    upload.write(pdf())
    command = attachment.Attach(
        case_id=story.case_id,
        submission=None,
        title="",
        document=attachment.DocumentKind.ASSESSMENT,
        info_type=InfoType.LEARNING,
    )
    world.run("ingrid", attachment.attach, command, upload)


def _with_judgement(story: Story) -> None:
    command = family.Judge(
        case_id=story.case_id,
        version=None,
        person_id=story.page().guardians[0].id,
        submission=None,
        access=GuardianAccess.FULL,
        kinds=frozenset(),
        reason=story.marks("vurdert"),
    )
    story.world.run("ingrid", family.judge, command)
    story.world.run(
        "ingrid",
        family_copy.make,
        case_id=story.case_id,
        person_id=command.person_id,
        submission=None,
    )
    choice = extract.Choice(
        case_id=story.case_id,
        receiver=Receiver.PUPIL_FOLDER,
        kinds=frozenset(InfoType),
        since=None,
        until=None,
        purpose=story.marks("mappe"),
    )
    story.world.run("ingrid", extract.take_out, choice, submission=None)


def _with_protection(town: Town) -> None:
    story = town.story("guarded")
    story.wonder()
    town.world.run(
        "ingrid",
        protection.protect,
        protection.Protect(
            case_id=story.case_id,
            version=None,
            grade=AddressGrade.CONFIDENTIAL,
            of=ProtectedPerson.CHILD,
            until=story.today + timedelta(days=365),
        ),
    )
    freshly(town.world, "siv")


def _with_emergency(story: Story) -> None:
    command = emergency.TakeAccess(
        number=story.page("siv").number,
        reason=EmergencyReason.NOBODY_REACHED,
        text="Fant barnet alene ute etter midnatt.",
    )
    assert story.world.run("vera", emergency.take, command) == story.case_id


def _selection(world: World) -> uuid.UUID:
    freshly(world, "anne")
    found = world.run(
        "anne", insight_file.ask_for_selection, Question(who="ingrid"), reason="Tilsyn"
    )
    freshly(world, "asta")
    world.run("asta", approval.give, approval_id=found)
    return found


def _with_two_logs(town: Town) -> None:
    """A child has three logs, and of two it is asked whether one may go on for both."""
    world, number = town.world, made_up(BORN.replace(year=2012), range(500, 1000))
    logs = [
        (cases.new_case(world, who, number=number), who) for who in ("ingrid", "ingrid", "kari")
    ]
    for case_id, who in logs:
        cases.log_open(world, case_id, who)
    first, second, theirs = (case_id for case_id, _ in logs)
    other = world.run("kari", case.show_case, case_id=theirs).number
    freshly(world, "ingrid")
    command = join.AskJoin(
        case_id=first, version=None, number=other, talked_on=norwegian_date(world.clock.now())
    )
    question = world.run("ingrid", join.ask, command=command)
    assert question is not None
    town.asked = {"case_id": theirs, "approval_id": question}
    town.asking = {"case_id": second, "number": other}


def _reset(world: World) -> uuid.UUID:
    freshly(world, "asta")
    per = world.accounts["per"]
    found = world.run("asta", account_reset.ask, account_id=per, lost="phone", reason="Mistet")
    freshly(world, "siv")
    world.run("siv", approval.give, approval_id=found)
    return found


def _with_desk(world: World) -> None:
    question = Question(who="ingrid")
    opened = breach.OpenBreach(
        submission=uuid.uuid4(), text="Feil mottaker", known_at=world.clock.now(), question=question
    )
    world.run("anne", breach.open_breach, opened)
    asked = rights_request.ReceiveRequest(
        submission=uuid.uuid4(),
        received_on=norwegian_date(world.clock.now()),
        requester=Requester.GUARDIAN,
        name="Kari Nordmann",
        language="nb",
    )
    note = rights_request.AddToRequest(
        request_id=world.run("anne", rights_request.receive, asked),
        submission=uuid.uuid4(),
        version=None,
        kind=RequestStepKind.NOTE,
        text="Ringt opp igjen",
    )
    world.run("anne", rights_request.add, note)
