"""Tables of the case side. Thin records: columns, constraints and sealed attributes, no rules."""

from bti.db.models.absence import AbsencePeriod
from bti.db.models.account import Account, AccountPerson, RoleGrant
from bti.db.models.approval import Approval
from bti.db.models.attachment import Attachment
from bti.db.models.broker import BrokerCode, BrokerCount, BrokerMark, BrokerNote, BrokerUse
from bti.db.models.case import BatonOffer, Case, ChildIndex, Entry, Log, Participant, Person
from bti.db.models.client import ApiAgreement, ApiClient
from bti.db.models.consent import Consent, ConsentAnswer, ConsentCell
from bti.db.models.consultation import ConsultationQuestion, ConsultationSeat
from bti.db.models.departure import Departure
from bti.db.models.desk import DeskMatter, DeskStep
from bti.db.models.keys import CaseKey, TenantKey
from bti.db.models.mail import Mail, MailChoice
from bti.db.models.organisation import LocalRules, Municipality, Unit
from bti.db.models.oversight import (
    BaitMark,
    Control,
    ControlFinding,
    EmergencyAccess,
    Suspension,
)
from bti.db.models.own_record import OwnRecord
from bti.db.models.own_rules import OwnRules, RulesDraft, RulesText
from bti.db.models.release import ReleaseRecord
from bti.db.models.web_session import Throttle, WebSession
from bti.db.models.work_job import WorkJob

__all__ = [
    "AbsencePeriod",
    "Account",
    "AccountPerson",
    "ApiAgreement",
    "ApiClient",
    "Approval",
    "Attachment",
    "BaitMark",
    "BatonOffer",
    "BrokerCode",
    "BrokerCount",
    "BrokerMark",
    "BrokerNote",
    "BrokerUse",
    "Case",
    "CaseKey",
    "ChildIndex",
    "Consent",
    "ConsentAnswer",
    "ConsentCell",
    "ConsultationQuestion",
    "ConsultationSeat",
    "Control",
    "ControlFinding",
    "Departure",
    "DeskMatter",
    "DeskStep",
    "EmergencyAccess",
    "Entry",
    "LocalRules",
    "Log",
    "Mail",
    "MailChoice",
    "Municipality",
    "OwnRecord",
    "OwnRules",
    "Participant",
    "Person",
    "ReleaseRecord",
    "RoleGrant",
    "RulesDraft",
    "RulesText",
    "Suspension",
    "TenantKey",
    "Throttle",
    "Unit",
    "WebSession",
    "WorkJob",
]
