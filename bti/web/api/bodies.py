"""The bodies that the API takes, and how each becomes a command. The same limits as the forms have."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bti.domain.codes import (
    ConcernCategory,
    ContactWithGuardians,
    InfoType,
    TalkedWithChild,
    TriedThing,
)
from bti.web.api.fields import BadBody, Code, Day, Fault, Flag, Group, Many, Text
from bti.web.forms.concern import NAME_LENGTH
from bti.web.forms.fields import BOX_LENGTH
from bti.workflows.concern import LogConcern, NewChild, NewGuardian, Observation
from bti.workflows.reference import PointTo

if TYPE_CHECKING:
    from collections.abc import Mapping

_GROUP_LENGTH: Final = 40
_NUMBER_LENGTH: Final = 20
_MOST_GUARDIANS: Final = 2
#: Replaced by the workflow, which makes a number of the sender's own key.
_NO_SUBMISSION: Final = uuid.UUID(int=0)

_CHILD: Final = Group(
    MappingProxyType(
        {
            "name": Text(NAME_LENGTH, "The child's full name."),
            "birth_date": Day("The child's birth date; under 24 years ago."),
            "national_id": Text(
                _NUMBER_LENGTH,
                "National identity number or D-number, 11 digits. Only if it is needed to be sure.",
                required=False,
            ),
            "group": Text(_GROUP_LENGTH, "Class or group.", required=False),
        }
    ),
    "Who the concern is about.",
)
_GUARDIAN: Final = Group(
    MappingProxyType(
        {
            "name": Text(NAME_LENGTH, "The guardian's name."),
            "relation": Text(_GROUP_LENGTH, "Relation to the child.", required=False),
            "parental_responsibility": Flag(
                "Whether somebody has checked that they have parental responsibility.",
                required=False,
            ),
            "checked_on": Day("The day it was checked.", required=False),
        }
    ),
    "A guardian.",
)

CONCERN: Final = Group(
    MappingProxyType(
        {
            "in_danger": Flag(
                "Whether the child is or may be in danger now. Must be false: where it is true, call, and "
                "report in Stafett itself. Such a report never comes through another system."
            ),
            "child": _CHILD,
            "seen": Text(BOX_LENGTH, "What was seen or heard."),
            "categories": Many(
                Code(ConcernCategory, "A category."),
                len(ConcernCategory),
                "What it is about.",
            ),
            "since": Day("Since when; today or earlier.", required=False),
            "talked_with_child": Code(TalkedWithChild, "Whether the child has been talked with."),
            "child_says": Text(BOX_LENGTH, "What the child says.", required=False),
            "contact_with_guardians": Code(
                ContactWithGuardians, "Whether the guardians have been talked with."
            ),
            "contact_on": Day("The day of it; today or earlier.", required=False),
            "guardians_say": Text(BOX_LENGTH, "What they say.", required=False),
            "tried": Many(
                Code(TriedThing, "Something tried."),
                len(TriedThing),
                "What has been tried.",
                required=False,
            ),
            "tried_text": Text(BOX_LENGTH, "How it went.", required=False),
            "guardians": Many(_GUARDIAN, _MOST_GUARDIANS, "Guardians.", required=False),
            "considered_duty": Flag(
                "Must be true where talking with the child or the guardians is unsafe: the duty to report to "
                "the child welfare services has been considered.",
                required=False,
            ),
        }
    ),
    "A concern about a child in one's own service.",
)

REFERENCE: Final = Group(
    MappingProxyType(
        {
            "info_type": Code(
                InfoType,
                "What it is about. Decides who else can read it: those whose consent covers it.",
            ),
            "system": Text(100, "The system or archive it is kept in."),
            "number": Text(
                60, "Its number or date there. Not what it says, and no national identity number."
            ),
        }
    ),
    "Where something is kept, and nothing of what it says.",
)


def to_concern(given: dict[str, Any]) -> LogConcern:
    """Return the concern in a body. Raises ``BadBody``."""
    found = CONCERN.body(given)
    if found["in_danger"]:
        raise BadBody({"/in_danger": Fault.DANGER})
    talked, contact = found["talked_with_child"], found["contact_with_guardians"]
    unsafe = talked is TalkedWithChild.UNSAFE or contact is ContactWithGuardians.UNSAFE
    if unsafe and not found.get("considered_duty", False):
        raise BadBody({"/considered_duty": Fault.CONSIDER})
    child = found["child"]
    return LogConcern(
        submission=_NO_SUBMISSION,
        observation=Observation(
            seen=found["seen"],
            categories=found["categories"],
            since=found.get("since"),
            talked_with_child=talked,
            child_says=found.get("child_says", ""),
            contact_with_guardians=contact,
            contact_on=found.get("contact_on"),
            guardians_say=found.get("guardians_say", ""),
            tried=found.get("tried", ()),
            tried_text=found.get("tried_text", ""),
        ),
        child=NewChild(
            name=child["name"],
            birth_date=child["birth_date"],
            national_id=child.get("national_id", ""),
            group=child.get("group", ""),
        ),
        guardians=tuple(map(_guardian, found.get("guardians", ()))),
    )


def _guardian(one: Mapping[str, Any]) -> NewGuardian:
    return NewGuardian(
        name=one["name"],
        relation=one.get("relation", ""),
        parental_responsibility=one.get("parental_responsibility", False),
        checked_on=one.get("checked_on"),
    )


def to_reference(case_id: uuid.UUID, given: dict[str, Any]) -> PointTo:
    """Return where something is kept. Raises ``BadBody``."""
    found = REFERENCE.body(given)
    return PointTo(
        case_id=case_id,
        submission=_NO_SUBMISSION,
        info_type=found["info_type"],
        system=found["system"],
        number=found["number"],
    )
