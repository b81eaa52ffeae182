"""What a refused rule says about a child who is of age, and about a colleague who is partial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

PEOPLE: Final[Mapping[str, Any]] = {
    "baton.partial": _l("This person cannot take part in this case."),
    "partial.already": _l("This person is kept out already."),
    "partial.holder": _l("Pass the baton first: whoever has it must be able to open the case."),
    "partial.not_kept_out": _l("This person is not kept out."),
    "partial.own": _l("Nobody lets themselves in again."),
    "of_age.day_in_future": _l("Talk with the young person first: the day lies ahead."),
    "of_age.guardian_invited": _l(
        "The young person is of age then. No guardian is invited whom they have not let come."
    ),
    "of_age.no_later": _l("The day is here: decide it with the young person now."),
    "of_age.no_service": _l("Write which service for adults takes over."),
    "of_age.no_words": _l("Write what the young person wants, and what you do next."),
    "of_age.not_talked": _l("Write which day you talked with the young person about it."),
    "of_age.not_yet_own": _l(
        "Whom they let come, the young person says when they are of age, not before."
    ),
}
