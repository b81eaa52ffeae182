"""The forms of accounts: one's own password, and the administrator's register."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from flask_babel import gettext, lazy_gettext

from bti.domain.codes import STAFF_SIDE, Role
from bti.web import labels
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import ListField, PasswordField, RadioField, TextField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from bti.workflows.register import UnitChoice

_NAME_LENGTH: Final = 100
_PHONE_LENGTH: Final = 20
_CODE_LENGTH: Final = 20
_REASON_LENGTH: Final = 300

# In the order of `Role`, so that the most usual come first.
_ROLES: Final = [role for role in Role if role in STAFF_SIDE]


class PasswordForm(BaseForm):
    """The present password, and the new one twice."""

    old = PasswordField(
        lazy_gettext("Your present password"),
        required=lazy_gettext("Write your present password."),
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        lazy_gettext("New password"),
        required=lazy_gettext("Write a new password."),
        description=lazy_gettext(
            "At least 15 signs. Four or five words that do not belong together are easy to "
            "remember and hard to guess."
        ),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("The new password once more"),
        required=lazy_gettext("Write the new password once more."),
        render_kw={"autocomplete": "new-password"},
    )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also refuse two new passwords that differ."""
        held = super().validate(extra_validators)
        if self.new.data and self.again.data and self.new.data != self.again.data:
            self.refuse(gettext("The two new passwords are not the same."), self.again)
            return False
        return held


class FirstForm(BaseForm):
    """A password of one's own, twice, and a code from one's own app."""

    new = PasswordField(
        lazy_gettext("New password"),
        required=lazy_gettext("Write a new password."),
        description=lazy_gettext(
            "At least 15 signs. Four or five words that do not belong together are easy to "
            "remember and hard to guess."
        ),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("The new password once more"),
        required=lazy_gettext("Write the new password once more."),
        render_kw={"autocomplete": "new-password"},
    )
    code = TextField(
        lazy_gettext("Code from the app"),
        required=lazy_gettext("Write the code from the app."),
        description=lazy_gettext("The six digits that the app shows now, after you have scanned."),
        max_length=_CODE_LENGTH,
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Also refuse two new passwords that differ."""
        held = super().validate(extra_validators)
        if self.new.data and self.again.data and self.new.data != self.again.data:
            self.refuse(gettext("The two new passwords are not the same."), self.again)
            return False
        return held

    def forget_code(self) -> None:
        """A used or wrong code is of no use on the page."""
        self.code.data, self.code.raw_data = "", []


class PersonForm(BaseForm):
    """Who a colleague is."""

    national_id = TextField(
        lazy_gettext("National identity number"),
        required=lazy_gettext("Write the national identity number."),
        description=lazy_gettext("Eleven digits."),
        max_length=_CODE_LENGTH,
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )


class ResetForm(BaseForm):
    """What a colleague has lost, and what has happened."""

    lost = RadioField(
        lazy_gettext("What is lost?"),
        choices=[
            ("phone", lazy_gettext("The phone with the codes")),
            ("password", lazy_gettext("The password")),
            ("both", lazy_gettext("Both")),
        ],
        required=lazy_gettext("Choose what is lost."),
    )
    reason = TextField(
        lazy_gettext("What has happened?"),
        max_length=_REASON_LENGTH,
        description=lazy_gettext("The leader reads this, meets the person, and says yes or no."),
    )


class RoleForm(BaseForm):
    """A role in a unit."""

    unit = ListField(
        lazy_gettext("Unit"),
        required=lazy_gettext("Choose a unit."),
        blank=lazy_gettext("Choose"),
    )
    role = ListField(
        lazy_gettext("Role"),
        required=lazy_gettext("Choose a role."),
        blank=lazy_gettext("Choose"),
        choices=[(role.value, labels.ROLE[role]) for role in _ROLES],
    )

    def offer(self, units: Iterable[UnitChoice]) -> None:
        """Set the units to choose from."""
        self.unit.choices = [(str(unit.unit_id), unit.name) for unit in units]

    @property
    def unit_id(self) -> uuid.UUID:
        """The chosen unit; only after the form has held."""
        return uuid.UUID(self.unit.data)

    @property
    def chosen_role(self) -> Role:
        """The chosen role; only after the form has held."""
        return Role(self.role.data)


class ColleagueForm(RoleForm):
    """A new colleague: who it is, and their first role."""

    name = TextField(
        lazy_gettext("Name"),
        required=lazy_gettext("Write the name."),
        max_length=_NAME_LENGTH,
        render_kw={"autocomplete": "off"},
    )
    title = TextField(
        lazy_gettext("Job title"),
        required=lazy_gettext("Write the job title."),
        description=lazy_gettext("Guardians see it, for instance “Contact teacher”."),
        max_length=_NAME_LENGTH,
    )
    username = TextField(
        lazy_gettext("Username"),
        required=lazy_gettext("Write a username."),
        max_length=_NAME_LENGTH,
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    phone = TextField(
        lazy_gettext("Telephone at work"),
        required=False,
        max_length=_PHONE_LENGTH,
        render_kw={"autocomplete": "off", "inputmode": "tel"},
    )
