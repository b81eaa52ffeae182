"""What a refused rule of the danger path says to a person, by its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask_babel import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Mapping

DUTY: Final[Mapping[str, Any]] = {
    "duty.case_number": _l("This is not a case number. It has eight digits: 1234-5678."),
    "duty.confirmed_early": _l("The confirmation cannot be from before you reported."),
    "duty.in_future": _l("The day cannot be in the future."),
    "duty.letter_missing": _l("Choose what you believe the child is exposed to."),
    "duty.letter_not_in_law": _l("This letter of the law does not apply to your service."),
    "duty.letter_not_needed": _l("This choice belongs to a report to child welfare services."),
    "duty.not_waiting": _l("This is confirmed already, or waits for no answer."),
    "duty.offence_not_needed": _l("This choice belongs to what is averted."),
    "duty.received_early": _l("The receipt cannot be from before you reported."),
    "duty.nobody": _l("Write who it is about."),
    "report.email": _l("Write an e-mail address, such as name@municipality.no."),
    "report.no_child": _l("Write who it is about."),
    "report.no_reporter": _l("Write what position you have, and where you work."),
    "report.nothing_said": _l("Write what you are worried about."),
    "report.number_of_unborn": _l("A child who is not born has no number yet."),
    "report.phone": _l("Write the number with digits and spaces alone."),
    "report.too_many_guardians": _l("The form has room for two guardians."),
}
