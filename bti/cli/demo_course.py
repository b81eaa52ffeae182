"""The course of one case in the demonstration once it has begun: plan, levels, baton and team."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bti.audit.actions import Action as Act
from bti.cli.demo_beginning import Beginning
from bti.clock import norwegian_date
from bti.domain.access import Action
from bti.domain.attachments import DocumentKind
from bti.domain.codes import ClosingCause, Decision, InfoType, MeasureResult
from bti.domain.goals import GoalStatus
from bti.workflows import (
    attachment,
    baton,
    case,
    goal,
    guardian_block,
    level,
    measure,
    move,
    referral,
)
from bti.workflows.case_file import Kind, entries, of_kind

if TYPE_CHECKING:
    from datetime import date

    from bti.domain.guardians import BlockReason
    from bti.domain.levels import Level
    from bti.workflows.context import Context


@dataclass(slots=True)
class Course(Beginning):
    """A child's case, from its first day to its last."""

    # -- the log -----------------------------------------------------------------------------

    def open_log(self, evaluate_on: date) -> None:
        """Open the log with its first goal and measure."""
        self._now(
            lambda context, version: level.open_log(
                context,
                level.OpenLog(
                    case_id=self.case_id,
                    version=version,
                    background=self.plot.seen,
                    goal=self.plot.goal,
                    title=self.plot.measure,
                    description=self.plot.how,
                    arena=self.plot.arena,
                    kind=self.plot.kind,
                    party=self.plot.party,
                    responsible=self.plot.responsible,
                    start_on=context.today,
                    evaluate_on=evaluate_on,
                ),
            )
        )

    def add_measure(
        self, title: str, how: str, responsible: str, evaluate_on: date, *, by: str = ""
    ) -> None:
        """Agree on one more goal, and on a measure towards it."""
        goal_id = self._now(
            lambda context, version: measure.add_goal(
                context, case_id=self.case_id, version=version, text=self.plot.goal
            ),
            by,
        )
        self._now(
            lambda context, version: measure.add_measure(
                context,
                measure.AddMeasure(
                    case_id=self.case_id,
                    version=version,
                    goal_id=goal_id,
                    title=title,
                    description=how,
                    arena=self.plot.arena,
                    kind=self.plot.kind,
                    party=self.plot.party,
                    responsible=responsible,
                    start_on=context.today,
                    evaluate_on=evaluate_on,
                ),
            ),
            by,
        )

    def evaluate(
        self,
        result: MeasureResult,
        decision: Decision,
        *,
        next_on: date | None = None,
        nth: int = 0,
        professional: str = "",
        change: str = "",
        by: str = "",
    ) -> None:
        """Evaluate a measure in three views."""

        def evaluate(context: Context, version: int) -> None:
            context.verbs.open(self.case_id, Action.EVALUATE, entry=Act.CASE_OPEN_READ)
            written = of_kind(entries(context, self.case_id), Kind.MEASURE)
            measure.evaluate(
                context,
                measure.Evaluate(
                    case_id=self.case_id,
                    version=version,
                    measure_id=written[nth].id,
                    on=context.today,
                    result=result,
                    child=measure.SaidView(_CHILD_THINKS[result]),
                    guardians=measure.SaidView(_GUARDIANS_THINK[result]),
                    professional=measure.SaidView(professional or _WE_THINK[result]),
                    decision=decision,
                    change=change,
                    next_on=next_on,
                ),
            )

        self._now(evaluate, by)

    def goal_stands(self, status: GoalStatus, *, reach_by: date | None = None) -> None:
        """Say how the first goal stands, whatever its measures came to."""
        result = MeasureResult.REACHED if status is GoalStatus.REACHED else MeasureResult.PARTLY

        def evaluate(context: Context, version: int) -> None:
            context.verbs.open(self.case_id, Action.EVALUATE, entry=Act.CASE_OPEN_READ)
            written = of_kind(entries(context, self.case_id), Kind.GOAL)
            goal.evaluate_goal(
                context,
                goal.EvaluateGoal(
                    case_id=self.case_id,
                    version=version,
                    goal_id=written[0].id,
                    on=context.today,
                    status=status,
                    child=measure.SaidView(_CHILD_THINKS[result]),
                    guardians=measure.SaidView(_GUARDIANS_THINK[result]),
                    seen=_WE_THINK[result],
                    reach_by=reach_by,
                ),
            )

        self._now(evaluate)

    def note(self, text: str, info_type: InfoType, *, by: str = "") -> None:
        """Write a note."""
        self._now(
            lambda context, version: measure.add_note(
                context, case_id=self.case_id, version=version, info_type=info_type, text=text
            ),
            by,
        )

    def attach(
        self, name: str, data: bytes, document: DocumentKind, info_type: InfoType, title: str
    ) -> None:
        """Attach a file."""
        who = self.who
        upload = attachment.begin_upload(
            self.stage.runtime.settings, self.stage.actor(who), self.case_id, name
        )
        upload.write(data)
        command = attachment.Attach(
            case_id=self.case_id,
            submission=None,
            title=title,
            document=document,
            info_type=info_type,
        )
        self.stage.act(who, attachment.attach, command, upload)

    # -- levels ------------------------------------------------------------------------------

    def move(self, to_level: Level | None, reason: str, cause: ClosingCause | None = None) -> None:
        """Decide the way on; None closes."""
        self._now(
            lambda context, version: level.decide(
                context,
                level.Decide(
                    case_id=self.case_id,
                    version=version,
                    to_level=to_level,
                    reason=reason,
                    cause=cause,
                ),
            )
        )

    def close(self, cause: ClosingCause, reason: str) -> None:
        """Close the case."""
        self.move(None, reason, cause)

    # -- the baton ---------------------------------------------------------------------------

    def offer(self, unit: str, colleague: str, message: str) -> uuid.UUID:
        """Offer the baton; returns the offer."""
        return self.stage.act(
            self.who,
            baton.offer,
            command=baton.OfferBaton(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                to_id=self.stage.accounts[colleague],
                to_unit_id=self.stage.units[unit],
                message=message,
            ),
        )

    def accept(self, offer_id: uuid.UUID, by: str) -> None:
        """Take the baton; the case is followed by the new holder from now on."""
        self.stage.act(by, baton.accept, case_id=self.case_id, offer_id=offer_id)
        self.who = by

    def decline(self, offer_id: uuid.UUID, by: str, reason: str) -> None:
        """Say no to the baton."""
        self.stage.act(by, baton.decline, case_id=self.case_id, offer_id=offer_id, reason=reason)

    def keep_out(self, guardian: str, why: BlockReason, reason: str) -> None:
        """Keep a guardian out, by first name."""
        people = self.stage.act(self.who, case.show_case, case_id=self.case_id).guardians
        person_id = next(one.id for one in people if one.first_name == guardian)
        command = guardian_block.BlockGuardian(
            case_id=self.case_id, version=None, person_id=person_id, why=why, reason=reason
        )
        self.stage.act(self.who, guardian_block.block, command=command)

    def ask_to_move(self, unit: str, colleague: str, message: str) -> uuid.UUID:
        """Ask another service to take the case with the child; returns the offer."""
        return self.stage.act(
            self.who,
            move.propose,
            command=move.ProposeMove(
                case_id=self.case_id,
                submission=uuid.uuid4(),
                version=None,
                to_id=self.stage.accounts[colleague],
                to_unit_id=self.stage.units[unit],
                talked_on=norwegian_date(self.stage.clock.now()),
                message=message,
            ),
        )

    def take_over(self, offer_id: uuid.UUID, by: str) -> None:
        """Take the case and the baton; it is followed by the new holder from now on."""
        self.stage.act(by, move.accept, case_id=self.case_id, offer_id=offer_id)
        self.who = by

    # -- the team ----------------------------------------------------------------------------

    def refer(self, why: str, question: str) -> None:
        """Bring the case to the team, with consent to it in place."""
        team = self.stage.units["team"]
        self._now(
            lambda context, version: referral.refer(
                context,
                referral.Refer(
                    case_id=self.case_id,
                    version=version,
                    team_unit=team,
                    why=why,
                    question=question,
                    danger_assessed=True,
                ),
            )
        )

    def take(self) -> None:
        """The team takes the case."""
        self._now(
            lambda context, version: referral.take(context, case_id=self.case_id, version=version),
            "hege",
        )

    def give_back(self, reason: str) -> None:
        """The team gives the case back."""
        self._now(
            lambda context, version: referral.return_(
                context, case_id=self.case_id, version=version, reason=reason
            ),
            "hege",
        )

    def tell_of_rights(self, note: str) -> None:
        """The team has told of child coordinator and individual plan."""
        found = dict.fromkeys(referral.Criterion, referral.Finding.YES)
        found[referral.Criterion.SERIOUS_CONDITION] = referral.Finding.UNRESOLVED
        self._now(
            lambda context, version: referral.record_rights(
                context,
                referral.RecordRights(
                    case_id=self.case_id,
                    version=version,
                    told=True,
                    criteria=tuple(found.items()),
                    individual_plan=referral.IndividualPlan.OFFERED,
                    note=note,
                ),
            ),
            "hege",
        )

    def appoint(self, unit: str, colleague: str, message: str) -> None:
        """The team asks somebody to take the baton."""
        self._now(
            lambda context, version: referral.appoint_holder(
                context,
                referral.Appoint(
                    case_id=self.case_id,
                    submission=uuid.uuid4(),
                    version=version,
                    account_id=self.stage.accounts[colleague],
                    unit_id=self.stage.units[unit],
                    message=message,
                ),
            ),
            "hege",
        )


_CHILD_THINKS: Final = {
    MeasureResult.REACHED: "«Det går mye bedre nå.»",
    MeasureResult.PARTLY: "«Det har blitt litt lettere.»",
    MeasureResult.NOT_REACHED: "«Jeg merker ikke så stor forskjell.»",
    MeasureResult.NOT_CARRIED_OUT: "«Vi fikk ikke gjort det vi avtalte.»",
    MeasureResult.WORSE: "«Det har vært vanskelig i det siste.»",
}
_GUARDIANS_THINK: Final = {
    MeasureResult.REACHED: "Vi ser en stor forskjell hjemme.",
    MeasureResult.PARTLY: "Noen dager går fint, andre er tunge.",
    MeasureResult.NOT_REACHED: "Vi tror det trengs noe annet.",
    MeasureResult.NOT_CARRIED_OUT: "Vi vil gjerne prøve på nytt.",
    MeasureResult.WORSE: "Vi er bekymret og vil gjerne ha hjelp av flere.",
}
_WE_THINK: Final = {
    MeasureResult.REACHED: "Målet er nådd, og det har holdt seg over tid.",
    MeasureResult.PARTLY: "Vi er på vei, og vil gi det mer tid.",
    MeasureResult.NOT_REACHED: "Tiltaket har ikke virket slik vi håpet.",
    MeasureResult.NOT_CARRIED_OUT: "Sykdom gjorde at vi ikke kom i gang.",
    MeasureResult.WORSE: "Det er blitt tyngre, og vi trenger flere rundt bordet.",
}
