"""The closed vocabularies of the field. Labels in nb, nn and en belong to the interface."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Sector(StrEnum):
    """What kind of service a unit is; decides which confidentiality rules it is under."""

    KINDERGARTEN = "kindergarten"
    SCHOOL = "school"
    HEALTH = "health"
    PPS = "pps"
    CHILD_WELFARE = "child_welfare"
    LEISURE = "leisure"
    TEAM = "team"
    ADMINISTRATION = "administration"


class Role(StrEnum):
    """The hat of one session. Guardian and youth are relations that sign in with their own hat."""

    STAFF = "staff"
    UNIT_LEAD = "unit_lead"
    TEAM_LEAD = "team_lead"
    TEAM_MEMBER = "team_member"
    ON_CALL = "on_call"
    DPO = "dpo"
    ARCHIVIST = "archivist"
    ADMINISTRATOR = "administrator"
    SLT_COORDINATOR = "slt_coordinator"
    GUARDIAN = "guardian"
    YOUTH = "youth"


STAFF_SIDE: Final = frozenset(
    {
        Role.STAFF,
        Role.UNIT_LEAD,
        Role.TEAM_LEAD,
        Role.TEAM_MEMBER,
        Role.ON_CALL,
        Role.DPO,
        Role.ARCHIVIST,
        Role.ADMINISTRATOR,
    }
)
"""Everybody employed on the case side. They all have the duty to report (barnevernsloven § 13-2)."""

CASE_WORKERS: Final = frozenset({Role.STAFF, Role.UNIT_LEAD, Role.TEAM_LEAD, Role.TEAM_MEMBER})
"""Those whose work can be about one child. The others never read content."""


class StatisticsGroup(StrEnum):
    """The broad groups concerns are counted in. Few on purpose: narrow cells tell about persons."""

    SCHOOL = "school"
    RELATIONS = "relations"
    MENTAL_HEALTH = "mental_health"
    CONDUCT = "conduct"
    HOME = "home"
    HEALTH = "health"
    LEISURE = "leisure"
    OTHER = "other"


class ConcernCategory(StrEnum):
    """What a concern is about. Several may be chosen."""

    ABSENCE = "ABS"
    LEARNING = "LEA"
    SOCIAL = "SOC"
    BULLYING = "BUL"
    MENTAL_HEALTH = "MEN"
    BEHAVIOUR = "BEH"
    SUBSTANCES = "SUB"
    CRIME = "CRM"
    VIOLENCE = "VIO"
    FAMILY = "FAM"
    HEALTH = "HEA"
    ECONOMY = "ECO"
    DIGITAL = "DIG"
    LEISURE = "LEI"
    RADICALISATION = "RAD"
    OTHER = "OTH"


STATISTICS_GROUP: Final[Mapping[ConcernCategory, StatisticsGroup]] = MappingProxyType(
    {
        ConcernCategory.ABSENCE: StatisticsGroup.SCHOOL,
        ConcernCategory.LEARNING: StatisticsGroup.SCHOOL,
        ConcernCategory.SOCIAL: StatisticsGroup.RELATIONS,
        ConcernCategory.BULLYING: StatisticsGroup.RELATIONS,
        ConcernCategory.DIGITAL: StatisticsGroup.RELATIONS,
        ConcernCategory.MENTAL_HEALTH: StatisticsGroup.MENTAL_HEALTH,
        ConcernCategory.BEHAVIOUR: StatisticsGroup.CONDUCT,
        ConcernCategory.SUBSTANCES: StatisticsGroup.CONDUCT,
        # One group on purpose: radicalisation is too rare to be a number of its own.
        ConcernCategory.CRIME: StatisticsGroup.CONDUCT,
        ConcernCategory.RADICALISATION: StatisticsGroup.CONDUCT,
        # Violence is never a number of its own, because acute matters are not counted.
        ConcernCategory.VIOLENCE: StatisticsGroup.HOME,
        ConcernCategory.FAMILY: StatisticsGroup.HOME,
        ConcernCategory.ECONOMY: StatisticsGroup.HOME,
        ConcernCategory.HEALTH: StatisticsGroup.HEALTH,
        ConcernCategory.LEISURE: StatisticsGroup.LEISURE,
        ConcernCategory.OTHER: StatisticsGroup.OTHER,
    }
)


class ClientScope(StrEnum):
    """What a professional system may be let do for a person; see ``bti.domain.clients``."""

    CONCERN_OPEN = "concern:open"
    WORKLIST_READ = "worklist:read"
    REFERENCE_POST = "reference:post"


class InfoType(StrEnum):
    """What kind of information a compartment holds and a consent cell covers."""

    OWN = "own"
    ATTENDANCE = "attendance"
    LEARNING = "learning"
    WELLBEING = "wellbeing"
    BEHAVIOUR = "behaviour"
    HEALTH = "health"
    FAMILY = "family"
    MEASURES = "measures"


SHAREABLE: Final = frozenset(InfoType) - {InfoType.OWN}
"""What a consent can be asked for. A service's own notes never leave it."""

EDUCATION: Final = frozenset({InfoType.ATTENDANCE, InfoType.LEARNING})
"""A pupil's own education (opplæringslova § 24-5)."""


class Arena(StrEnum):
    """Where a measure is carried out."""

    HOME = "home"
    KINDERGARTEN = "kindergarten"
    SCHOOL = "school"
    LEISURE = "leisure"
    HEALTH = "health"
    OTHER = "other"


class MeasureType(StrEnum):
    """What sort of measure it is."""

    ADULT = "adult"  # somebody steady beside the child
    ADAPTATION = "adaptation"
    PRACTICE = "practice"
    CONVERSATION = "conversation"
    BELONGING = "belonging"
    GUIDANCE = "guidance"  # of grown-ups
    HEALTH = "health"
    ASSESSMENT = "assessment"
    OTHER = "other"


class Party(StrEnum):
    """Whose measure it is to carry out. A function, and never a person by name."""

    STAFF = "staff"
    GUARDIAN = "guardian"
    YOUTH = "youth"
    VOLUNTEER = "volunteer"


class MeasureResult(StrEnum):
    """How a measure went."""

    REACHED = "reached"
    PARTLY = "partly"
    NOT_REACHED = "not_reached"
    NOT_CARRIED_OUT = "not_carried_out"
    WORSE = "worse"


class Decision(StrEnum):
    """What those present decide after an evaluation."""

    CONTINUE = "continue"
    CHANGE = "change"
    CLOSE = "close"
    UP = "up"
    DOWN = "down"


class ClosingCause(StrEnum):
    """Why a case or log closed."""

    GOAL_REACHED = "goal_reached"
    CONCERN_GONE = "concern_gone"
    FAMILY_ENDED = "family_ended"
    INDIVIDUAL_PLAN = "individual_plan"
    MOVED = "moved"
    AGE = "age"
    DUPLICATE = "duplicate"
    ERROR = "error"
    DIED = "died"
    OTHER = "other"


class RemainingNeed(StrEnum):
    """What a child still needs when a case closes. None of them: nothing more than everybody gets.

    No service is named: that a child has to do with one is itself secret.
    """

    ORDINARY = "ordinary"
    OTHER_SERVICE = "other_service"
    TRANSITION = "transition"
    FAMILY = "family"
    UNMET = "unmet"


class HeardMethod(StrEnum):
    """How the child said its view."""

    CONVERSATION = "conversation"
    DRAWING = "drawing"
    PLAY = "play"
    WRITTEN = "written"
    BY_TRUSTED_ADULT = "by_trusted_adult"
    INTERPRETER = "interpreter"


class NotHeardReason(StrEnum):
    """Why the child has not been heard."""

    TOO_YOUNG = "too_young"
    DID_NOT_WANT = "did_not_want"
    UNSAFE = "unsafe"
    NOT_ABLE = "not_able"
    OTHER = "other"


class Kept(StrEnum):
    """Whether a child wants something kept from the guardians. SOMETHING stops the question."""

    NOTHING = "nothing"
    #: There is something, the leader has looked at it, and it is not in what is asked about.
    LEFT_OUT = "left_out"
    SOMETHING = "something"


class AgeBand(StrEnum):
    """Age groups for counts, in whole years, both ends included."""

    AGE_0_5 = "0-5"
    AGE_6_9 = "6-9"
    AGE_10_12 = "10-12"
    AGE_13_15 = "13-15"
    AGE_16_18 = "16-18"
    AGE_19_23 = "19-23"


class TriedThing(StrEnum):
    """What has been tried before the concern was written down."""

    TALKED_ALONE = "talked_alone"
    ANONYMOUS_ADVICE = "anonymous_advice"
    CHANGED_SETTING = "changed_setting"
    OTHER = "other"
    NOTHING = "nothing"


class ContactWithGuardians(StrEnum):
    """Whether the guardians have been talked with. UNSAFE leads to the duty to report first."""

    BOTH = "both"
    ONE = "one"
    NOT_YET = "not_yet"
    UNSAFE = "unsafe"


class TalkedWithChild(StrEnum):
    """Whether the child has been talked with."""

    YES = "yes"
    NOT_YET = "not_yet"
    UNSAFE = "unsafe"


class GuardianAccess(StrEnum):
    """What a named person has decided that one guardian may read."""

    FULL = "full"
    LIMITED = "limited"
    NONE = "none"


class GuardianRelation(StrEnum):
    """What a guardian is to the child. Older records and concerns may hold a word of their own."""

    MOTHER = "mother"
    FATHER = "father"
    PARENT = "parent"
    APPOINTED_GUARDIAN = "appointed_guardian"
    CHILD_WELFARE = "child_welfare"
    FOSTER_HOME = "foster_home"
    OTHER = "other"


class Who(StrEnum):
    """Who does a step of the action guide."""

    EMPLOYEE = "employee"
    LEAD = "lead"
    HOLDER = "holder"
    RESPONSIBLE = "responsible"
    TEAM_LEAD = "team_lead"
    ALL = "all"


class StepForm(StrEnum):
    """Which page of the product a step of the action guide is done on."""

    CONCERN = "concern"
    CONVERSATION = "conversation"
    STEP = "step"
    CONSENT = "consent"
    PLAN = "plan"
    EVALUATION = "evaluation"
    DECISION = "decision"
    REFERRAL = "referral"
    RIGHTS = "rights"
    INVITE = "invite"
