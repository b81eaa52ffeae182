"""One child's case from level 0 to 3 and closed, through the workflows, with texts one can search for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bti.clock import norwegian_date
from bti.domain.codes import (
    Arena,
    ClosingCause,
    ConcernCategory,
    ContactWithGuardians,
    Decision,
    HeardMethod,
    InfoType,
    Kept,
    MeasureResult,
    TalkedWithChild,
    TriedThing,
)
from bti.domain.consent import Answer, Form, Scope
from bti.domain.duties import CaseLetter, Channel, Duty, GuardiansKnow
from bti.domain.levels import Level
from bti.domain.report import Informed, Report, ReportedChild, ReportedGuardian, Reporter, Told
from bti.workflows import (
    baton,
    case,
    concern,
    consent,
    duty,
    level,
    level_facts,
    measure,
    own_record,
    participant,
    referral,
    report,
)
from bti.workflows.referral_view import Criterion, Finding, IndividualPlan

if TYPE_CHECKING:
    from tests.world import World

CHILD = "Jonas Berg Hansen"
BORN = date(2013, 4, 17)
NOWHERE = uuid.UUID(int=0)
TEXT = consent.ShownText("1", (("Hvem får vite det?", "PP-tjenesten"),))


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def by_chance(letters: int) -> str:
    """So many letters that occur nowhere else. Digits by chance are a telephone number now and then, and told to be one."""
    return uuid.uuid4().hex[:letters].translate(_LETTERS)


@dataclass(slots=True)
class Marks:
    """Makes texts that occur nowhere else, and remembers them."""

    prefix: str = "zq"
    made: list[str] = field(default_factory=list)

    def __call__(self, what: str) -> str:
        """Return a text holding a mark of its own."""
        mark = f"{self.prefix}{by_chance(12)}{what}"
        self.made.append(mark)
        return f"{what} {mark}"


@dataclass(slots=True)
class Story:
    """Tells the story step by step; each step leaves the case in a state of its own."""

    world: World
    marks: Marks = field(default_factory=Marks)
    case_id: uuid.UUID = NOWHERE
    national_id: str = ""
    #: The consent the log was opened with, where a test needs it.
    opening: uuid.UUID = NOWHERE
    #: What was written down to share without consent, where a test needs it.
    sharing: uuid.UUID = NOWHERE

    @property
    def today(self) -> date:
        """Today in the world's clock."""
        return norwegian_date(self.world.clock.now())

    def page(self, who: str = "ingrid"):
        """Return the case page as somebody sees it."""
        return self.world.run(who, case.show_case, case_id=self.case_id)

    def wonder(self) -> None:
        """Level 0: Ingrid writes down a concern about a child with two guardians."""
        name = f"Jonas {self.marks('barn')}" if self.marks.made or self.national_id else CHILD
        guardians = tuple(
            concern.NewGuardian(
                name=who, relation="", parental_responsibility=True, checked_on=self.today
            )
            for who in (f"Maria {self.marks('mor')}", f"Tor {self.marks('far')}")
        )
        logged = self.world.run(
            "ingrid",
            concern.log_concern,
            command=concern.LogConcern(
                submission=uuid.uuid4(),
                child=concern.NewChild(
                    name=name, birth_date=BORN, national_id=self.national_id, group=self.marks("8B")
                ),
                guardians=guardians,
                observation=concern.Observation(
                    seen=self.marks("sett"),
                    categories=(ConcernCategory.ABSENCE, ConcernCategory.SOCIAL),
                    since=self.today - timedelta(days=20),
                    talked_with_child=TalkedWithChild.YES,
                    child_says=self.marks("barnets ord"),
                    contact_with_guardians=ContactWithGuardians.BOTH,
                    contact_on=self.today,
                    guardians_say=self.marks("foresatte sier"),
                    tried=(TriedThing.TALKED_ALONE,),
                    tried_text=self.marks("prøvd"),
                ),
            ),
        )
        self.case_id = logged.case_id

    def talk_with_leader(self) -> None:
        """Ingrid informs her leader."""
        self.world.run(
            "ingrid",
            level.record_conversation,
            level.RecordConversation(
                case_id=self.case_id,
                with_whom=level_facts.With.LEADER,
                held=True,
                on=self.today,
                summary=self.marks("leder"),
            ),
        )

    def consent_to(
        self,
        scope: Scope,
        to_unit: uuid.UUID | None = None,
        types: frozenset[InfoType] = frozenset(),
    ) -> uuid.UUID:
        """Ask for a consent and let both guardians say yes."""
        consent_id = self.ask(scope, to_unit, types)
        for person in self.page().guardians:
            self.answer(consent_id, person.id, Answer.YES)
        return consent_id

    def ask(self, scope, to_unit=None, types=frozenset()) -> uuid.UUID:
        """Put the question."""
        return self.world.run(
            "ingrid",
            consent.ask,
            command=consent.AskConsent(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                scope=scope,
                to_unit=to_unit,
                info_types=types,
                purpose=self.marks("formål"),
                heard=consent.Heard(
                    on=self.today,
                    method=HeardMethod.CONVERSATION,
                    words=self.marks("hørt"),
                    weight=self.marks("vekt"),
                    kept=Kept.NOTHING,
                ),
                text=TEXT,
            ),
        )

    def answer(self, consent_id: uuid.UUID, person_id: uuid.UUID, said: Answer) -> None:
        """Record one signer's answer."""
        self.world.run(
            "ingrid",
            consent.answer,
            command=consent.RecordAnswer(
                case_id=self.case_id,
                consent_id=consent_id,
                person_id=person_id,
                submission=uuid.uuid4(),
                answer=said,
                form=Form.IN_PERSON,
                on=self.today,
                note=self.marks("svar"),
            ),
        )

    def open_log(self) -> None:
        """Level 1: the log opens with goal and measure; Ingrid has the baton."""
        self.world.run(
            "ingrid",
            level.open_log,
            level.OpenLog(
                case_id=self.case_id,
                version=self.page().version,
                background=self.marks("bakgrunn"),
                goal=self.marks("mål"),
                title=self.marks("tiltak"),
                description=self.marks("beskrivelse"),
                arena=Arena.SCHOOL,
                responsible=self.marks("ansvarlig"),
                start_on=self.today,
                evaluate_on=self.today + timedelta(days=42),
            ),
        )

    def pass_baton(self, giver: str, taker: str, unit: str) -> None:
        """Offer and accept."""
        offer_id = self.world.run(
            giver,
            baton.offer,
            command=baton.OfferBaton(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                to_id=self.world.accounts[taker],
                to_unit_id=self.world.units[unit],
                message=self.marks("beskjed"),
            ),
        )
        self.world.run(taker, baton.accept, case_id=self.case_id, offer_id=offer_id)

    def evaluate(self, who: str = "ingrid", decision: Decision = Decision.CONTINUE) -> None:
        """Evaluate the first measure in three views."""
        self.world.clock.advance(timedelta(days=40))
        measure_id = self.page(who).plan.goals[0].measures[0].id
        self.world.run(
            who,
            measure.evaluate,
            measure.Evaluate(
                case_id=self.case_id,
                version=None,
                measure_id=measure_id,
                on=self.today,
                result=MeasureResult.PARTLY,
                child=measure.SaidView(self.marks("barnets syn")),
                guardians=measure.SaidView(self.marks("foresattes syn")),
                professional=measure.SaidView(self.marks("faglig syn")),
                decision=decision,
                change=self.marks("endring"),
                next_on=None if decision is Decision.CLOSE else self.today + timedelta(days=42),
            ),
        )

    def bring_in(self, unit: str, who: str, types: frozenset[InfoType]) -> uuid.UUID:
        """Bring in another service: consent cell, then an invited person."""
        consent_id = self.consent_to(Scope.BRING_IN_SERVICE, self.world.units[unit], types)
        self.world.run(
            "ingrid",
            participant.invite,
            case_id=self.case_id,
            account_id=self.world.accounts[who],
            unit_id=self.world.units[unit],
            version=None,
        )
        return consent_id

    def decide(
        self, to: Level | None, who: str = "ingrid", cause: ClosingCause | None = None
    ) -> None:
        """Decide the way on."""
        self.world.run(
            who,
            level.decide,
            level.Decide(
                case_id=self.case_id,
                version=self.page(who).version,
                to_level=to,
                reason=self.marks("grunn"),
                cause=cause,
            ),
        )

    def refer(self, who: str = "ingrid") -> None:
        """Take the case to the upbringing team, with consent for the team."""
        self.consent_to(
            Scope.BRING_IN_SERVICE,
            self.world.units["team"],
            frozenset({InfoType.MEASURES, InfoType.ATTENDANCE}),
        )
        self.world.run(
            who,
            referral.refer,
            referral.Refer(
                case_id=self.case_id,
                version=None,
                team_unit=self.world.units["team"],
                why=self.marks("ikke nok"),
                question=self.marks("spørsmål"),
                danger_assessed=True,
            ),
        )

    def team_takes(self) -> None:
        """The team takes the case, records the family's rights and appoints a holder."""
        self.world.run("hege", referral.take, case_id=self.case_id, version=None)
        self.world.run(
            "hege",
            referral.record_rights,
            referral.RecordRights(
                case_id=self.case_id,
                version=None,
                told=True,
                criteria=tuple((one, Finding.YES) for one in Criterion),
                individual_plan=IndividualPlan.OFFERED,
                note=self.marks("rettigheter"),
            ),
        )
        self.world.run(
            "hege",
            referral.appoint_holder,
            referral.Appoint(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                account_id=self.world.accounts["turid"],
                unit_id=self.world.units["team"],
                message=self.marks("oppnevnt"),
            ),
        )

    def report_danger(self, who: str = "per") -> uuid.UUID:
        """Somebody records a report to child welfare services, in the sealed compartment."""
        return self.world.run(
            who,
            duty.file_record,
            command=duty.FileRecord(
                submission=uuid.uuid4(),
                about=self.marks("om hvem"),
                duty=Duty.REPORT_CHILD_WELFARE,
                letter=CaseLetter.A,
                known=self.marks("vet"),
                assessed_on=self.today,
                reported_on=self.today,
                reported_to=self.marks("mottaker"),
                channel=Channel.PHONE,
                receipt=self.marks("kvittering"),
                guardians_know=GuardiansKnow.UNSAFE,
            ),
        )

    def write_report(self, who: str = "per") -> uuid.UUID:
        """Somebody writes a report to child welfare services, and has not sent it yet."""
        told = Informed(told=Told.UNSAFE, reason=self.marks("hvorfor ikke"))
        return self.world.run(
            who,
            report.write,
            submission=uuid.uuid4(),
            report=Report(
                letter=CaseLetter.A,
                child=ReportedChild(name=self.marks("meldt barn"), informed=told),
                guardians=(ReportedGuardian(name=self.marks("meldt foresatt"), informed=told),),
                reporter=Reporter(
                    name="",
                    role="Rektor",
                    phone="12 34 56 78",
                    email="per@lindvik.example",
                    body="Lindvik ungdomsskole",
                ),
                what=self.marks("melding"),
            ),
        )

    def keep_draft(self, who: str = "per") -> None:
        """Somebody leaves a concern half written."""
        self.world.run(
            who, own_record.save_draft, form="concern", fields={"seen": [self.marks("utkast")]}
        )

    def tell(self) -> None:
        """Tell it all."""
        self.wonder()
        self.talk_with_leader()
        self.consent_to(Scope.OPEN_LOG)
        self.open_log()
        self.evaluate()
        self.bring_in("pps", "nina", frozenset({InfoType.ATTENDANCE, InfoType.MEASURES}))
        self.decide(Level.SEVERAL_SERVICES)
        self.evaluate()
        self.refer()
        self.team_takes()
        self.report_danger()
        self.write_report()
        self.keep_draft()
