"""Words of questions without names: where one stands, what was found in a text, and why something is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from bti.domain.consultation import ConsultationState
from bti.domain.identifying import Trace

CONSULTATION: Final[Mapping[str, Any]] = {
    "consultation.identifies": _l(
        "Something here may tell who it is about. Write it in another way, or say below why it must stand."
    ),
    "consultation.moved_on": _l(
        "Something has happened with this question since. Look at it anew."
    ),
    "consultation.named_already": _l("This person is in the team already."),
    "consultation.no_text": _l("Write what you want to ask, or what you answer."),
    "consultation.nobody_there": _l("Nobody else is named to this team yet. Ask your leader."),
    "consultation.not_colleague": _l("Choose somebody in the list."),
    "consultation.reason_identifies": _l("The reason must not tell who it is about either."),
    "consultation.too_long": _l("Make the text shorter."),
    "consultation.too_many": _l(
        "You have asked many times today. Wait until tomorrow, or talk with somebody."
    ),
    "consultation.too_many_answers": _l("There are many answers already. Talk together instead."),
}

STATE: Final[Mapping[ConsultationState, Any]] = {
    ConsultationState.ASKED: _l("Waits for an answer"),
    ConsultationState.ANSWERED: _l("Answered"),
    ConsultationState.SENT_BACK: _l("Sent back to be written anew"),
    ConsultationState.DONE: _l("Answer read"),
}

TRACE: Final[Mapping[Trace, Any]] = {
    Trace.NATIONAL_ID: _l("a national identity number"),
    Trace.EMAIL: _l("an e-mail address"),
    Trace.NUMBER: _l("a number that may be somebody's"),
    Trace.PHONE: _l("a telephone number"),
    Trace.BIRTH_DATE: _l("a birth date"),
    Trace.ADDRESS: _l("an address"),
    Trace.PLACE: _l("a school or another place"),
    Trace.CLASS: _l("a class"),
    Trace.NAME: _l("a name"),
    Trace.CAPITAL: _l("may be a name"),
    Trace.AGE: _l("an age beside a class or a school"),
}
