"""What goes on paper, as people read it: who may read, where a part goes, and why something stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

from bti.domain.codes import GuardianAccess
from bti.domain.extract import LeftOut, Receiver
from bti.domain.family import StaysOut
from bti.domain.of_age import Settling
from bti.domain.partiality import Tie

if TYPE_CHECKING:
    from collections.abc import Mapping

GUARDIAN_ACCESS: Final[Mapping[GuardianAccess, Any]] = {
    GuardianAccess.FULL: _l("Everything that may be shared"),
    GuardianAccess.LIMITED: _l("Only some kinds"),
    GuardianAccess.NONE: _l("Nothing"),
}

SETTLING: Final[Mapping[Settling, Any]] = {
    Settling.CLOSE: _l("To close the case"),
    Settling.HAND_OVER: _l("To hand over to a service for adults"),
    Settling.GO_ON: _l("To go on here, with the young person's own consent"),
    Settling.LATER: _l("Not decided yet: ask again at the next warning"),
}

TIE: Final[Mapping[Tie, Any]] = {
    Tie.GUARDIAN: _l("A guardian of the child, or the child"),
    Tie.RELATIVE: _l("In the family: parents, children, brothers and sisters, as near as that"),
    Tie.PARTNER: _l("Married to, or living with, somebody in the case"),
    Tie.OTHER: _l("Close in another way: a friend, a neighbour, a conflict"),
}

STAYS_OUT: Final[Mapping[StaysOut, Any]] = {
    StaysOut.OWN: _l("The service's own notes"),
    StaysOut.CLOSED: _l("This person has no access"),
    StaysOut.HEALTH: _l("Health: from 16 the young person decides alone"),
    StaysOut.KEPT: _l("The child wants it kept from the guardians"),
    StaysOut.SECRET: _l("About somebody's own circumstances, without their yes"),
    StaysOut.JUDGED: _l("Kinds that are left out, as it was decided"),
}

RECEIVER: Final[Mapping[Receiver, Any]] = {
    Receiver.PPT_REFERRAL: _l("A referral to the educational psychology service"),
    Receiver.JOURNAL: _l("My own service's journal"),
    Receiver.PUPIL_FOLDER: _l("The folder of the pupil or the child"),
    Receiver.NEW_SERVICE: _l("The service that the child moves to"),
}

LEFT_OUT: Final[Mapping[LeftOut, Any]] = {
    LeftOut.OWN: _l("The service's own notes"),
    LeftOut.ELSEWHERE: _l("Written by another service: ask them"),
    LeftOut.NO_CONSENT: _l("No consent covers it"),
    LeftOut.KEPT: _l("The child wants it kept from the guardians"),
    LeftOut.SECRET: _l("About somebody's own circumstances, without their yes"),
}
