"""How a case begins in the demonstration: the wonder, the talks, and the questions of consent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from bti.clock import norwegian_date
from bti.domain.codes import (
    Arena,
    ConcernCategory,
    ContactWithGuardians,
    HeardMethod,
    InfoType,
    Kept,
    MeasureType,
    Party,
    TalkedWithChild,
)
from bti.domain.consent import Answer, Form, Scope
from bti.domain.consent_record import Way
from bti.workflows import concern, consent, level, level_facts, participant
from bti.workflows.case_file import case_row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bti.cli.demo_people import Child
    from bti.cli.demo_stage import Stage
    from bti.workflows.context import Context

R = TypeVar("R")

_TEXT_VERSION: Final = "demo-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What a case is about, in the words of those who are in it."""

    seen: str
    about: tuple[ConcernCategory, ...]
    child_says: str = ""
    guardians_say: str = ""
    goal: str = ""
    measure: str = ""
    how: str = ""
    arena: Arena = Arena.SCHOOL
    kind: MeasureType = MeasureType.ADULT
    party: Party = Party.STAFF
    responsible: str = ""


@dataclass(slots=True)
class Beginning:
    """A child's case, followed by ``who``. Each method is one act of one person."""

    stage: Stage
    who: str
    child: Child
    plot: Plot
    case_id: uuid.UUID = field(default_factory=uuid.uuid4)
    log_consent: uuid.UUID | None = None

    # -- level 0 -----------------------------------------------------------------------------

    def log(
        self,
        *,
        talked: TalkedWithChild = TalkedWithChild.YES,
        contact: ContactWithGuardians = ContactWithGuardians.NOT_YET,
    ) -> None:
        """Write down the concern."""
        today = self._today()
        logged = self.stage.act(
            self.who,
            concern.log_concern,
            command=concern.LogConcern(
                submission=uuid.uuid4(),
                child=concern.NewChild(
                    name=self.child.name,
                    birth_date=self.child.birth_date,
                    national_id=self.child.national_id,
                    group=self.child.group,
                ),
                guardians=tuple(
                    concern.NewGuardian(
                        name=name,
                        relation=relation,
                        parental_responsibility=True,
                        checked_on=today,
                    )
                    for name, relation in self.child.guardians
                ),
                observation=concern.Observation(
                    seen=self.plot.seen,
                    categories=self.plot.about,
                    since=today - timedelta(days=21),
                    talked_with_child=talked,
                    child_says=self.plot.child_says if talked is TalkedWithChild.YES else "",
                    contact_with_guardians=contact,
                    contact_on=None
                    if contact is ContactWithGuardians.NOT_YET
                    else today - timedelta(days=1),
                    guardians_say=""
                    if contact is ContactWithGuardians.NOT_YET
                    else self.plot.guardians_say,
                ),
            ),
        )
        self.case_id = logged.case_id

    def tell_leader(self) -> None:
        """Tell the nearest leader."""
        self.talk(
            level_facts.With.LEADER, "Vi er enige om at jeg følger opp og snakker med foresatte."
        )

    def talk_with_family(self) -> None:
        """Talk with the guardians and the child."""
        self.talk(
            level_facts.With.GUARDIANS, self.plot.guardians_say, both=len(self.child.guardians) > 1
        )
        self.talk(level_facts.With.CHILD, self.plot.child_says)

    def talk(
        self, whom: level_facts.With, summary: str, *, both: bool = False, by: str = ""
    ) -> None:
        """Hold a conversation."""
        self.stage.act(
            by or self.who,
            level.record_conversation,
            level.RecordConversation(
                case_id=self.case_id,
                with_whom=whom,
                held=True,
                on=self._today(),
                both=both,
                summary=summary,
            ),
        )

    # -- consent -----------------------------------------------------------------------------

    def ask_for_log(self, *, valid_to: date | None = None) -> uuid.UUID:
        """Ask whether a log may be opened; returns the consent."""
        self.log_consent = self._ask(
            Scope.OPEN_LOG,
            None,
            frozenset(),
            f"Vi vil gjerne samle det vi gjør for {self.child.first_name} på ett sted, "
            "slik at ingenting blir glemt.",
            valid_to,
        )
        return self.log_consent

    def ask_for(
        self,
        unit: str,
        purpose: str,
        *types: InfoType,
        by: str = "",
        valid_to: date | None = None,
        way: Way = Way.BOTH,
    ) -> uuid.UUID:
        """Ask whether another service may be brought in; returns the consent."""
        to_unit = self.stage.units[unit]
        return self._ask(
            Scope.BRING_IN_SERVICE, to_unit, frozenset(types), purpose, valid_to, by, way
        )

    def answer(
        self,
        consent_id: uuid.UUID,
        *,
        given: Answer = Answer.YES,
        only: Collection[str] = (),
        by: str = "",
    ) -> None:
        """Record what everybody who signs has said, or only those with these first names."""
        who = by or self.who
        page = self.stage.act(who, consent.show, case_id=self.case_id, consent_id=consent_id)
        for signer in page.signers:
            if only and signer.name.split(" ")[0] not in only:
                continue
            self.stage.act(
                who,
                consent.answer,
                command=consent.RecordAnswer(
                    case_id=self.case_id,
                    consent_id=consent_id,
                    person_id=signer.person_id,
                    submission=uuid.uuid4(),
                    answer=given,
                    form=Form.IN_PERSON,
                    on=self._today(),
                ),
            )

    def withdraw(self, consent_id: uuid.UUID, first_name: str) -> None:
        """Receive a withdrawal."""
        page = self.stage.act(self.who, consent.show, case_id=self.case_id, consent_id=consent_id)
        signer = next(one for one in page.signers if one.name.split(" ")[0] == first_name)
        self.stage.act(
            self.who,
            consent.withdraw,
            case_id=self.case_id,
            consent_id=consent_id,
            person_id=signer.person_id,
        )

    def bring_in(
        self,
        unit: str,
        colleague: str,
        purpose: str,
        *types: InfoType,
        by: str = "",
        way: Way = Way.BOTH,
    ) -> None:
        """Ask everybody, get a yes, and let a colleague of the service in."""
        self.answer(self.ask_for(unit, purpose, *types, by=by, way=way), by=by)
        self.invite(unit, colleague, by=by)

    def invite(self, unit: str, colleague: str, *, by: str = "") -> None:
        """Let a colleague in whose service consent has let in."""
        self.stage.act(
            by or self.who,
            participant.invite,
            case_id=self.case_id,
            account_id=self.stage.accounts[colleague],
            unit_id=self.stage.units[unit],
            version=None,
        )

    # -- within ------------------------------------------------------------------------------

    def _ask(
        self,
        scope: Scope,
        to_unit: uuid.UUID | None,
        types: frozenset[InfoType],
        purpose: str,
        valid_to: date | None,
        by: str = "",
        way: Way = Way.BOTH,
    ) -> uuid.UUID:
        name = self.child.first_name
        return self.stage.act(
            by or self.who,
            consent.ask,
            command=consent.AskConsent(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                scope=scope,
                to_unit=to_unit,
                info_types=types,
                purpose=purpose,
                valid_to=valid_to,
                direction=way,
                heard=consent.Heard(
                    on=self._today(),
                    method=HeardMethod.CONVERSATION,
                    words="Det er greit hvis det hjelper.",
                    weight=f"Vi følger det {name} ønsker.",
                    kept=Kept.NOTHING,
                ),
                text=consent.ShownText(
                    _TEXT_VERSION,
                    (
                        ("Hvorfor spør vi?", purpose),
                        (
                            "Kan jeg ombestemme meg?",
                            "Ja, når som helst. Du trenger ikke si hvorfor.",
                        ),
                        ("Hva skjer hvis jeg sier nei?", f"{name} får den samme hjelpen fra oss."),
                    ),
                ),
            ),
        )

    def _now(self, do: Callable[[Context, int], R], by: str = "") -> R:
        return self.stage.act(by or self.who, _at_version, case_id=self.case_id, do=do)

    def _today(self) -> date:
        return norwegian_date(self.stage.clock.now())


def _at_version(context: Context, *, case_id: uuid.UUID, do: Callable[[Context, int], R]) -> R:
    """Do something to a case as one who has just seen it."""
    context.verbs.subject()
    return do(context, case_row(context, case_id).version)
