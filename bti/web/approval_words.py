"""What an act that needs two people is called, and what it will do, in plain words.

A test holds every act of the domain against this table; an unknown parameter is shown as it is.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext, lazy_gettext

from bti.domain.approval import ApprovalAct, ApprovalState
from bti.domain.codes import Role
from bti.web import labels
from bti.web.audit_words import ACTS
from bti.web.filters import day_year
from bti.web.search_words import GROUNDS, GROUPS, HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bti.workflows.approval import ApprovalLine

WORDS: Final[Mapping[ApprovalAct, tuple[Any, Any]]] = {
    ApprovalAct.AUDIT_EXPORT: (
        lazy_gettext("Write out the whole access log"),
        lazy_gettext(
            "Every entry is written to files outside Stafett. They hold ids and codes: who did what "
            "and when, but no names and nothing of what is written about a child."
        ),
    ),
    ApprovalAct.AUDIT_SELECTION: (
        lazy_gettext("Download a part of the access log"),
        lazy_gettext(
            "The part below becomes a file with names, times, case numbers and grounds. It holds "
            "nothing of what is written about a child. Whoever has the file can read it."
        ),
    ),
    ApprovalAct.CASE_EXPORT: (
        lazy_gettext("Take a copy of a case out of Stafett"),
        lazy_gettext(
            "What is written about one child is copied to a file. Whoever has the file can read it."
        ),
    ),
    ApprovalAct.ERASURE: (
        lazy_gettext("Erase a case"),
        lazy_gettext("The keys of the case are destroyed. Nobody can read it again."),
    ),
    ApprovalAct.KEY_DESTROY: (
        lazy_gettext("Destroy a key"),
        lazy_gettext("What is sealed under this key can never be opened again, by anybody."),
    ),
    ApprovalAct.KEY_RECOVERY: (
        lazy_gettext("Take out shares for recovery"),
        lazy_gettext("Whoever gathers enough of the shares can open everything in Stafett."),
    ),
    ApprovalAct.LOG_EPOCH: (
        lazy_gettext("Begin a new access log"),
        lazy_gettext("The log as it stands is closed and kept, and a new one is begun after it."),
    ),
    ApprovalAct.POLICY_CHANGE: (
        lazy_gettext("Change who may do what"),
        lazy_gettext("From then on, other people may do or see other things than today."),
    ),
    ApprovalAct.PROFILE_CHANGE: (
        lazy_gettext("Change the local rules"),
        lazy_gettext("Deadlines, levels or ages change for everybody in the municipality."),
    ),
    ApprovalAct.RELEASE_PUBLISH: (
        lazy_gettext("Publish the numbers of a half-year"),
        lazy_gettext(
            "Exactly these protected numbers go to the network side for everybody to read. They "
            "cannot be called back."
        ),
    ),
    ApprovalAct.ROLE_GRANT: (
        lazy_gettext("Give a role"),
        lazy_gettext("The person can do what belongs to this role as soon as it is given."),
    ),
    ApprovalAct.CLIENT_MAKE: (
        lazy_gettext("Give a professional system a key"),
        lazy_gettext(
            "The system can act for people who let it, until the last day. It can do what stands below, "
            "and never more than the person it acts for."
        ),
    ),
    ApprovalAct.LOG_JOIN: (
        lazy_gettext("Set a log aside for another"),
        lazy_gettext(
            "The log is continued in another about the same child. Nothing is copied, and nobody gets to "
            "see more than before."
        ),
    ),
    ApprovalAct.LOG_PART: (
        lazy_gettext("Take back a log that was set aside"),
        lazy_gettext("The log is worked with again as before."),
    ),
    ApprovalAct.ACCOUNT_RESET: (
        lazy_gettext("Let a colleague set up the sign-in again"),
        lazy_gettext(
            "Meet the person before you say yes. They are signed out, and must set up everything "
            "anew. The one who asks gets a password and you get a code for the app: each of you "
            "gives yours to the person, and to nobody else."
        ),
    ),
}

USES: Final[Mapping[ApprovalAct, tuple[Any, Any, Any]]] = {
    ApprovalAct.CLIENT_MAKE: (
        lazy_gettext("Make the key"),
        lazy_gettext(
            "A colleague has said yes. You see the key once; have the system's place for secrets ready."
        ),
        lazy_gettext("Show the key"),
    ),
    ApprovalAct.AUDIT_SELECTION: (
        lazy_gettext("Download it"),
        lazy_gettext("A colleague has said yes. It can be downloaded once."),
        lazy_gettext("Download the file"),
    ),
    ApprovalAct.PROFILE_CHANGE: (
        lazy_gettext("Publish the rules"),
        lazy_gettext("A colleague has said yes. They hold from the day that is written in them."),
        lazy_gettext("Publish"),
    ),
    ApprovalAct.ACCOUNT_RESET: (
        lazy_gettext("Let it begin anew"),
        lazy_gettext(
            "A colleague has said yes. The person is signed out everywhere now. You see a password "
            "once, and it lives for a day."
        ),
        lazy_gettext("Show the password"),
    ),
}
"""What is carried out from the page of its approval: a heading, what happens, and the button."""

_PARAMS: Final[Mapping[str, Any]] = {
    "act": lazy_gettext("Exactly what"),
    "account": lazy_gettext("Person"),
    "case": lazy_gettext("Case"),
    "ends_on": lazy_gettext("Last day"),
    "name": lazy_gettext("Name"),
    "scopes": lazy_gettext("May"),
    "from_day": lazy_gettext("From date"),
    "ground": lazy_gettext("Why"),
    "group": lazy_gettext("What was done"),
    "hours": lazy_gettext("Time of day"),
    "lost": lazy_gettext("What is lost"),
    "language": lazy_gettext("Language"),
    "municipality": lazy_gettext("Municipality"),
    "municipality_number": lazy_gettext("Municipality number"),
    "number": lazy_gettext("Case number"),
    "period": lazy_gettext("Half-year"),
    "profile": lazy_gettext("Local rules"),
    "recipient": lazy_gettext("Recipient"),
    "role": lazy_gettext("Role"),
    "rules": lazy_gettext("Version of the own rules"),
    "rules_sha256": lazy_gettext("Digest of the text (SHA-256)"),
    "to": lazy_gettext("Written to"),
    "to_day": lazy_gettext("To date"),
    "unit": lazy_gettext("Unit"),
    "what": lazy_gettext("What"),
    "who": lazy_gettext("Person or unit"),
}

_VALUES: Final[Mapping[str, Any]] = {
    "whole log": lazy_gettext("The whole log"),
    "phone": lazy_gettext("The phone with the codes"),
    "password": lazy_gettext("The password"),
    "both": lazy_gettext("Both"),
}

#: Parameters of a selection of the log that are codes, with the words the search has for them.
_CODES: Final[Mapping[str, Mapping[str, Any]]] = {
    "act": ACTS,
    "ground": GROUNDS,
    "group": GROUPS,
    "hours": HOURS,
}
_DAYS: Final = frozenset({"ends_on", "from_day", "to_day"})

STATES: Final[Mapping[ApprovalState, tuple[Any, str]]] = {
    ApprovalState.WAITING: (lazy_gettext("Waits for an answer"), "warning"),
    ApprovalState.GIVEN: (lazy_gettext("Approved, not used yet"), "success"),
    ApprovalState.REFUSED: (lazy_gettext("Refused"), "danger"),
    ApprovalState.WITHDRAWN: (lazy_gettext("Taken back"), "neutral"),
    ApprovalState.EXPIRED: (lazy_gettext("Ran out"), "neutral"),
    ApprovalState.USED: (lazy_gettext("Done"), "neutral"),
}


def title(act: ApprovalAct) -> str:
    """What the act is called."""
    return str(WORDS[act][0])


def effect(act: ApprovalAct) -> str:
    """What will happen."""
    return str(WORDS[act][1])


def particulars(line: ApprovalLine) -> list[tuple[str, str]]:
    """The parameters one by one, ids as the names they stand for."""
    return [(str(_PARAMS.get(name, name)), _value(line, name)) for name in sorted(line.params)]


def _value(line: ApprovalLine, name: str) -> str:
    value = line.params[name]
    if name in line.named:
        return line.named[name]
    if name == "role" and value in set(Role):
        return labels.label(Role(str(value)), "role")
    if name == "scopes" and isinstance(value, list):
        return ", ".join(labels.label(one, "client_scope") for one in value)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    return _text(name, "–" if value is None else str(value))


def _text(name: str, value: str) -> str:
    if name in _DAYS:
        return day_year(date.fromisoformat(value))
    return str(_CODES.get(name, _VALUES).get(value, value))
