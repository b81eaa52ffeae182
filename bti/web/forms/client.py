"""The form for a professional system that is to have a key."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from bti.domain.clients import LONGEST_CLIENT
from bti.domain.codes import ClientScope
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import AreaField, DateField, TextField, TicksField
from bti.web.labels import CLIENT_SCOPE, choices
from bti.workflows.api_client import AskForClient

_NAME_LENGTH = 80
_REASON_LENGTH = 300


class ClientForm(BaseForm):
    """What it is called, what it may do, and until when."""

    name = TextField(
        _l("What is the system called?"),
        description=_l("As those who use it know it, for instance the school's journal."),
        max_length=_NAME_LENGTH,
    )
    scopes = TicksField(
        _l("What may it do for a person who lets it?"),
        choices=choices(CLIENT_SCOPE),
        required=_l("Choose at least one thing."),
    )
    ends_on = DateField(
        _l("The last day of the key"),
        description=_l("At most two years ahead. Then a new key must be made."),
        too_early=_l("The key must work for at least a day."),
        too_late=_l("This day is too far off."),
    )
    reason = AreaField(
        _l("Why is it needed?"),
        description=_l("Read by the one who is to say yes."),
        max_length=_REASON_LENGTH,
    )

    def limit(self, today: date) -> None:
        """No key for the past, nor for ever."""
        self.ends_on.earliest = today + timedelta(days=1)
        self.ends_on.latest = today + LONGEST_CLIENT

    def to_command(self) -> AskForClient:
        """What was filled in; the form has been validated. Raises ValueError for one that was not."""
        if self.ends_on.data is None:
            raise ValueError("the form was not checked")
        return AskForClient(
            name=self.name.data or "",
            scopes=frozenset(ClientScope(one) for one in self.scopes.data or ()),
            ends_on=self.ends_on.data,
            reason=self.reason.data or "",
        )
