"""The closed vocabularies as people read them. Every member of every enumeration has a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

from bti.domain.attachments import DocumentKind, RemovalReason
from bti.domain.codes import (
    ClientScope,
    ClosingCause,
    ConcernCategory,
    ContactWithGuardians,
    Decision,
    GuardianRelation,
    HeardMethod,
    InfoType,
    Kept,
    MeasureResult,
    NotHeardReason,
    RemainingNeed,
    Role,
    Sector,
    TalkedWithChild,
    TriedThing,
    Who,
)
from bti.domain.consent import Answer, ConsentStatus, Form, Scope
from bti.domain.correction import Voice
from bti.domain.gates import Gate
from bti.domain.meetings import AbsenceReason, MeetingKind, MeetingState
from bti.domain.rights import Finding, IndividualPlan
from bti.domain.signers import SignerRole
from bti.web import i18n
from bti.web.consultation_words import STATE, TRACE
from bti.web.guardian_words import BLOCK_REASON, SOURCE
from bti.web.measure_labels import ARENA, GOAL_STATUS, MEASURE_TYPE, PARTY
from bti.web.paper_labels import GUARDIAN_ACCESS, LEFT_OUT, RECEIVER, SETTLING, STAYS_OUT, TIE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import StrEnum

    from flask import Flask

CATEGORY: Final[Mapping[ConcernCategory, Any]] = {
    ConcernCategory.ABSENCE: _l("Much absence"),
    ConcernCategory.LEARNING: _l("Learning and language"),
    ConcernCategory.SOCIAL: _l("Lonely, friends, left out"),
    ConcernCategory.BULLYING: _l("Bullying and offence"),
    ConcernCategory.MENTAL_HEALTH: _l("Thoughts and feelings"),
    ConcernCategory.BEHAVIOUR: _l("Anger and acting out"),
    ConcernCategory.SUBSTANCES: _l("Drugs or alcohol, own or near"),
    ConcernCategory.CRIME: _l("Breaking the law, a criminal setting"),
    ConcernCategory.VIOLENCE: _l("Exposed to violence or abuse"),
    ConcernCategory.FAMILY: _l("Care, family conflict, separation"),
    ConcernCategory.HEALTH: _l("Health and abilities"),
    ConcernCategory.ECONOMY: _l("Money and living conditions"),
    ConcernCategory.DIGITAL: _l("Internet and screens"),
    ConcernCategory.LEISURE: _l("Leisure and belonging"),
    ConcernCategory.RADICALISATION: _l("Radicalisation"),
    ConcernCategory.OTHER: _l("Something else"),
}

MEETING_KIND: Final[Mapping[MeetingKind, Any]] = {
    MeetingKind.COOPERATION: _l("Cooperation meeting"),
    MeetingKind.EVALUATION: _l("Evaluation meeting"),
    MeetingKind.TEAM: _l("Meeting with the team of level 3"),
}

MEETING_STATE: Final[Mapping[MeetingState, Any]] = {
    MeetingState.PLANNED: _l("Planned"),
    MeetingState.HELD: _l("Held"),
    MeetingState.CANCELLED: _l("Called off"),
}

ABSENCE: Final[Mapping[AbsenceReason, Any]] = {
    AbsenceReason.TOLD_BEFORE: _l("Told us before"),
    AbsenceReason.NOT_TOLD: _l("Did not tell us"),
    AbsenceReason.NOT_WANTED: _l("Did not want to come"),
    AbsenceReason.NOT_NEEDED: _l("Was not needed this time"),
}

CLIENT_SCOPE: Final[Mapping[ClientScope, Any]] = {
    ClientScope.CONCERN_OPEN: _l("Log a concern about a child"),
    ClientScope.WORKLIST_READ: _l(
        "Read the worklist of whoever has agreed, with the children's names"
    ),
    ClientScope.REFERENCE_POST: _l("Write in a case where something is kept"),
}
INFO_TYPE: Final[Mapping[InfoType, Any]] = {
    InfoType.OWN: _l("The service's own notes"),
    InfoType.ATTENDANCE: _l("Attendance"),
    InfoType.LEARNING: _l("Learning and language"),
    InfoType.WELLBEING: _l("Wellbeing and friends"),
    InfoType.BEHAVIOUR: _l("Behaviour"),
    InfoType.HEALTH: _l("Health"),
    InfoType.FAMILY: _l("Home and family"),
    InfoType.MEASURES: _l("Goals and measures with evaluations"),
}

SECTOR: Final[Mapping[Sector, Any]] = {
    Sector.KINDERGARTEN: _l("Kindergarten"),
    Sector.SCHOOL: _l("School"),
    Sector.HEALTH: _l("Health station and school health service"),
    Sector.PPS: _l("Educational psychology service"),
    Sector.CHILD_WELFARE: _l("Child welfare services"),
    Sector.LEISURE: _l("Leisure"),
    Sector.TEAM: _l("The team of level 3"),
    Sector.ADMINISTRATION: _l("Administration"),
}

ROLE: Final[Mapping[Role, Any]] = {
    Role.STAFF: _l("Staff"),
    Role.UNIT_LEAD: _l("Unit leader"),
    Role.TEAM_LEAD: _l("Leader of the team"),
    Role.TEAM_MEMBER: _l("Member of the team"),
    Role.ON_CALL: _l("On call"),
    Role.DPO: _l("Data protection officer"),
    Role.ARCHIVIST: _l("Archivist"),
    Role.ADMINISTRATOR: _l("Administrator"),
    Role.SLT_COORDINATOR: _l("SLT coordinator"),
    Role.GUARDIAN: _l("Guardian"),
    Role.YOUTH: _l("Youth"),
}

RESULT: Final[Mapping[MeasureResult, Any]] = {
    MeasureResult.REACHED: _l("Yes"),
    MeasureResult.PARTLY: _l("Partly"),
    MeasureResult.NOT_REACHED: _l("No"),
    MeasureResult.NOT_CARRIED_OUT: _l("It was not carried out"),
    MeasureResult.WORSE: _l("It has become worse"),
}

RESULT_DONE: Final[Mapping[MeasureResult, Any]] = {
    MeasureResult.REACHED: _l("Reached"),
    MeasureResult.PARTLY: _l("Partly reached"),
    MeasureResult.NOT_REACHED: _l("Not reached"),
    MeasureResult.NOT_CARRIED_OUT: _l("Not carried out"),
    MeasureResult.WORSE: _l("Became worse"),
}

DECISION: Final[Mapping[Decision, Any]] = {
    Decision.CONTINUE: _l("We go on as before"),
    Decision.CHANGE: _l("We change something"),
    Decision.CLOSE: _l("We end it"),
    Decision.UP: _l("Up a level"),
    Decision.DOWN: _l("Down a level"),
}

CAUSE: Final[Mapping[ClosingCause, Any]] = {
    ClosingCause.GOAL_REACHED: _l("The goal is reached"),
    ClosingCause.CONCERN_GONE: _l("There is no concern any more"),
    ClosingCause.FAMILY_ENDED: _l("The family wants to end it"),
    ClosingCause.INDIVIDUAL_PLAN: _l("An individual plan takes over"),
    ClosingCause.MOVED: _l("The child has moved"),
    ClosingCause.AGE: _l("The young person has become too old"),
    ClosingCause.DUPLICATE: _l("The case exists already"),
    ClosingCause.ERROR: _l("Opened by mistake"),
    ClosingCause.DIED: _l("The child has died"),
    ClosingCause.OTHER: _l("Another reason"),
}

NEED: Final[Mapping[RemainingNeed, Any]] = {
    RemainingNeed.ORDINARY: _l("Somebody keeps an eye on it, in the ordinary way"),
    RemainingNeed.OTHER_SERVICE: _l("A service goes on by itself"),
    RemainingNeed.TRANSITION: _l(
        "A new school, class or kindergarten must be told, by the family or with its yes"
    ),
    RemainingNeed.FAMILY: _l("The family goes on with what they have begun"),
    RemainingNeed.UNMET: _l("Something nobody does anything about yet"),
}

TRIED: Final[Mapping[TriedThing, Any]] = {
    TriedThing.TALKED_ALONE: _l("Talked with the child alone"),
    TriedThing.ANONYMOUS_ADVICE: _l("Asked a colleague for advice without names"),
    TriedThing.CHANGED_SETTING: _l("Changed something during the day"),
    TriedThing.OTHER: _l("Something else"),
    TriedThing.NOTHING: _l("Nothing yet"),
}

CONTACT: Final[Mapping[ContactWithGuardians, Any]] = {
    ContactWithGuardians.BOTH: _l("Yes, both"),
    ContactWithGuardians.ONE: _l("Yes, one of them"),
    ContactWithGuardians.NOT_YET: _l("Not yet"),
    ContactWithGuardians.UNSAFE: _l("No, it can put the child in danger"),
}

TALKED: Final[Mapping[TalkedWithChild, Any]] = {
    TalkedWithChild.YES: _l("Yes"),
    TalkedWithChild.NOT_YET: _l("Not yet"),
    TalkedWithChild.UNSAFE: _l("No, it can be unsafe for the child"),
}

HEARD: Final[Mapping[HeardMethod, Any]] = {
    HeardMethod.CONVERSATION: _l("In a conversation"),
    HeardMethod.DRAWING: _l("By drawing"),
    HeardMethod.PLAY: _l("Through play"),
    HeardMethod.WRITTEN: _l("In writing"),
    HeardMethod.BY_TRUSTED_ADULT: _l("Through an adult the child trusts"),
    HeardMethod.INTERPRETER: _l("With an interpreter"),
}

NOT_HEARD: Final[Mapping[NotHeardReason, Any]] = {
    NotHeardReason.TOO_YOUNG: _l("Too young to say"),
    NotHeardReason.DID_NOT_WANT: _l("Did not want to"),
    NotHeardReason.UNSAFE: _l("It can be unsafe"),
    NotHeardReason.NOT_ABLE: _l("Not able to just now"),
    NotHeardReason.OTHER: _l("Another reason"),
}

KEPT: Final[Mapping[Kept, Any]] = {
    Kept.NOTHING: _l("No, there is nothing"),
    Kept.LEFT_OUT: _l("Yes. It is not in this question, and my leader has looked at it"),
    Kept.SOMETHING: _l("Yes, and I do not know what to do with it"),
}

FINDING: Final[Mapping[Finding, Any]] = {
    Finding.YES: _l("Yes"),
    Finding.NO: _l("No"),
    Finding.UNRESOLVED: _l("Not settled"),
}

INDIVIDUAL_PLAN: Final[Mapping[IndividualPlan, Any]] = {
    IndividualPlan.MADE: _l("It is made, and takes over"),
    IndividualPlan.OFFERED: _l("It is offered to the family"),
    IndividualPlan.DECLINED: _l("The family has said no thank you"),
    IndividualPlan.NOT_RELEVANT: _l("Not relevant"),
}

WHO: Final[Mapping[Who, Any]] = {
    Who.EMPLOYEE: _l("You"),
    Who.LEAD: _l("Your leader"),
    Who.HOLDER: _l("The baton holder"),
    Who.RESPONSIBLE: _l("Those responsible"),
    Who.TEAM_LEAD: _l("The leader of the team"),
    Who.ALL: _l("Everybody together"),
}

GATE: Final[Mapping[Gate, Any]] = {
    Gate.OTHER_BODY: _l("Another service must know, so that our own task is done"),
    Gate.PURPOSE: _l("It is needed for what it was told to us for"),
    Gate.LIFE_HEALTH: _l("Life or health is in danger"),
    Gate.CRIME: _l("The police must know of an offence"),
    Gate.CHILD_WELFARE_TASK: _l("Child welfare services need it for their own task"),
    Gate.HEALTH_CARE: _l("Health care needs it"),
    Gate.HEALTH_KIN: _l("Cooperation around a patient's children"),
    Gate.HEALTH_WEIGHTY: _l("Weighty interests make it right, as an exception"),
}

SCOPE: Final[Mapping[Scope, Any]] = {
    Scope.OPEN_LOG: _l("Open the stafettlogg"),
    Scope.BRING_IN_SERVICE: _l("Bring in another service"),
    Scope.TRANSFER_HOLDER: _l("A new baton holder"),
}

ANSWER: Final[Mapping[Answer, Any]] = {
    Answer.YES: _l("Yes"),
    Answer.PARTLY: _l("Yes, to a part of it"),
    Answer.TALK_FIRST: _l("Wants to talk first"),
    Answer.NO: _l("No"),
}

ANSWER_FORM: Final[Mapping[Form, Any]] = {
    Form.IN_PERSON: _l("In person, signed here"),
    Form.PAPER: _l("On paper"),
    Form.ORAL: _l("Said it, and it was noted"),
    Form.PORTAL: _l("Signed in and answered"),
}

CONSENT: Final[Mapping[ConsentStatus, Any]] = {
    ConsentStatus.ASKED: _l("Waiting for an answer"),
    ConsentStatus.COMPLETE: _l("In place"),
    ConsentStatus.REFUSED: _l("They said no"),
    ConsentStatus.PARTLY: _l("In place for a part"),
    ConsentStatus.WITHDRAWN: _l("Taken back"),
    ConsentStatus.EXPIRED: _l("Has run out"),
    ConsentStatus.NEEDS_RENEWAL: _l("Must be asked again"),
    ConsentStatus.BLOCKED: _l("Stopped by an authority"),
}

SIGNER: Final[Mapping[SignerRole, Any]] = {
    SignerRole.PARENTAL_RESPONSIBILITY_HOLDER: _l("Has parental responsibility"),
    SignerRole.APPOINTED_GUARDIAN: _l("Appointed guardian"),
    SignerRole.CHILD_WELFARE: _l("Child welfare services, with care of the child"),
    SignerRole.FOSTER_HOME: _l("Foster home"),
    SignerRole.YOUTH: _l("The young person"),
    SignerRole.SELF: _l("For their own information"),
}

GUARDIAN_RELATION: Final[Mapping[GuardianRelation, Any]] = {
    GuardianRelation.MOTHER: _l("Mother"),
    GuardianRelation.FATHER: _l("Father"),
    GuardianRelation.PARENT: _l("Parent"),
    GuardianRelation.APPOINTED_GUARDIAN: _l("Appointed guardian"),
    GuardianRelation.CHILD_WELFARE: _l("Child welfare services, with care of the child"),
    GuardianRelation.FOSTER_HOME: _l("Foster home"),
    GuardianRelation.OTHER: _l("Somebody else"),
}

DOCUMENT: Final[Mapping[DocumentKind, Any]] = {
    DocumentKind.ASSESSMENT: _l("An assessment or a test"),
    DocumentKind.REPORT: _l("A report or a statement"),
    DocumentKind.CONSENT_FORM: _l("A signed consent"),
    DocumentKind.PLAN: _l("A plan or minutes"),
    DocumentKind.CHILDS_OWN: _l("Something the child has made"),
    DocumentKind.OTHER: _l("Something else"),
}

VOICE: Final[Mapping[Voice, Any]] = {
    Voice.CHILD: _l("The child's or young person's own view"),
    Voice.GUARDIAN: _l("A guardian's own view"),
    Voice.OTHER: _l("The view of somebody else it is about"),
}

REMOVAL: Final[Mapping[RemovalReason, Any]] = {
    RemovalReason.OTHER_CHILD: _l("It is about another child"),
    RemovalReason.TWICE: _l("It is here twice"),
    RemovalReason.TOO_MUCH: _l("It holds more than is needed, for instance about others"),
}

VOCABULARIES: Final[Mapping[str, Mapping[Any, Any]]] = {
    "category": CATEGORY,
    "client_scope": CLIENT_SCOPE,
    "info_type": INFO_TYPE,
    "meeting": MEETING_KIND,
    "meeting_state": MEETING_STATE,
    "absence": ABSENCE,
    "document": DOCUMENT,
    "removal": REMOVAL,
    "voice": VOICE,
    "sector": SECTOR,
    "role": ROLE,
    "arena": ARENA,
    "goal_status": GOAL_STATUS,
    "measure_type": MEASURE_TYPE,
    "party": PARTY,
    "result": RESULT,
    "result_done": RESULT_DONE,
    "decision": DECISION,
    "cause": CAUSE,
    "need": NEED,
    "tried": TRIED,
    "contact": CONTACT,
    "talked": TALKED,
    "heard": HEARD,
    "not_heard": NOT_HEARD,
    "kept": KEPT,
    "who": WHO,
    "finding": FINDING,
    "individual_plan": INDIVIDUAL_PLAN,
    "scope": SCOPE,
    "gate": GATE,
    "answer": ANSWER,
    "answer_form": ANSWER_FORM,
    "consent": CONSENT,
    "signer": SIGNER,
    "guardian_relation": GUARDIAN_RELATION,
    "guardian_access": GUARDIAN_ACCESS,
    "settling": SETTLING,
    "tie": TIE,
    "guardian_source": SOURCE,
    "block_reason": BLOCK_REASON,
    "stays_out": STAYS_OUT,
    "receiver": RECEIVER,
    "left_out": LEFT_OUT,
    "consultation": STATE,
    "trace": TRACE,
}


def choices(
    vocabulary: Mapping[Any, Any], only: Iterable[StrEnum] | None = None
) -> list[tuple[str, Any]]:
    """Return (value, label) pairs for a form field, in the order of the vocabulary."""
    wanted = None if only is None else set(only)
    return [
        (member.value, label)
        for member, label in vocabulary.items()
        if wanted is None or member in wanted
    ]


def label(value: str, vocabulary: str) -> str:
    """Return the label of a code: the template filter ``code|label("category")``."""
    words = VOCABULARIES[vocabulary]
    return str(next((text for member, text in words.items() if member.value == value), value))


def words(text: Mapping[str, str]) -> str:
    """Return a profile's text in the language of the page: the template filter ``text|words``."""
    return text[i18n.language()]


def register(app: Flask) -> None:
    """Add the filters."""
    app.add_template_filter(label)
    app.add_template_filter(words)
