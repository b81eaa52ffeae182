"""What the data protection officer searches the access log by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask_babel import gettext, lazy_gettext

from bti.web.audit_words import ACTS
from bti.web.forms.base import BaseForm
from bti.web.forms.case_number import as_number
from bti.web.forms.fields import DateField, ListField, TextField
from bti.web.search_words import GROUNDS, GROUPS, HOURS
from bti.workflows.insight_question import Ground, Group, Hours, Question

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_NUMBER_LENGTH: Final = 20
_NAME_LENGTH: Final = 100
_REASON: Final = 300


class SearchForm(BaseForm):
    """Everything may be left empty. Sent by GET, so that a search can be kept as a bookmark."""

    number = TextField(
        lazy_gettext("Case number"),
        required=False,
        max_length=_NUMBER_LENGTH,
        render_kw={"autocomplete": "off"},
    )
    who = TextField(
        lazy_gettext("Person or unit"),
        required=False,
        max_length=_NAME_LENGTH,
        render_kw={"autocomplete": "off"},
    )
    group = ListField(
        lazy_gettext("What was done"),
        required=False,
        blank=lazy_gettext("Everything"),
        choices=list(GROUPS.items()),
    )
    act = ListField(
        lazy_gettext("Exactly what"),
        required=False,
        blank=lazy_gettext("Everything"),
        choices=list(ACTS.items()),
    )
    hours = ListField(
        lazy_gettext("Time of day"),
        required=False,
        blank=lazy_gettext("The whole day"),
        choices=list(HOURS.items()),
    )
    ground = ListField(
        lazy_gettext("Why it was allowed"),
        required=False,
        blank=lazy_gettext("Whatever the reason"),
        choices=list(GROUNDS.items()),
    )
    from_day = DateField(lazy_gettext("From date"), required=False)
    to_day = DateField(lazy_gettext("To date"), required=False)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also refuse a period that ends before it begins."""
        held = super().validate(extra_validators)
        begins, ends = self.from_day.data, self.to_day.data
        if begins and ends and begins > ends:
            self.refuse(gettext("The last day is before the first."), self.to_day)
            return False
        return held

    def to_question(self) -> Question:
        """What was asked for."""
        return Question(
            number=as_number(self.number.data or ""),
            who=self.who.data or "",
            group=Group(self.group.data) if self.group.data else None,
            act=self.act.data or "",
            hours=Hours(self.hours.data) if self.hours.data else None,
            ground=Ground(self.ground.data) if self.ground.data else None,
            from_day=self.from_day.data,
            to_day=self.to_day.data,
        )


class SelectionForm(BaseForm):
    """Asks a colleague's yes to a file of what is searched for; the search stands in the address."""

    reason = TextField(
        lazy_gettext("What is the file for?"),
        max_length=_REASON,
        description=lazy_gettext("Your colleague reads this before saying yes."),
    )
