"""The forms of signing in: password with code, and the choice of role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext

from bti.web.forms.base import BaseForm
from bti.web.forms.fields import ListField, PasswordField, TextField

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODE_LENGTH = 20
_NAME_LENGTH = 100


class ConfirmForm(BaseForm):
    """Password and code from the app, once more."""

    password = PasswordField(
        lazy_gettext("Password"),
        required=lazy_gettext("Write your password."),
        render_kw={"autocomplete": "current-password"},
    )
    code = TextField(
        lazy_gettext("Code from the app"),
        required=lazy_gettext("Write the code from the app."),
        description=lazy_gettext("Six digits. A new code comes every half minute."),
        max_length=_CODE_LENGTH,
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )

    def forget_code(self) -> None:
        """A used or wrong code is of no use on the page."""
        self.code.data, self.code.raw_data = "", []


class SignInForm(BaseForm):
    """Username, password and the code from the app in one step.

    The municipality is asked for only where there are several.
    """

    municipality = ListField(
        lazy_gettext("Municipality"),
        required=lazy_gettext("Choose your municipality."),
        blank=lazy_gettext("Choose"),
    )
    username = TextField(
        lazy_gettext("Username"),
        required=lazy_gettext("Write your username."),
        max_length=_NAME_LENGTH,
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        required=lazy_gettext("Write your password."),
        render_kw={"autocomplete": "current-password"},
    )
    code = TextField(
        lazy_gettext("Code from the app"),
        required=lazy_gettext("Write the code from the app."),
        description=lazy_gettext("Six digits. A new code comes every half minute."),
        max_length=_CODE_LENGTH,
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )

    def offer(self, municipalities: Sequence[tuple[str, str]]) -> None:
        """Set the municipalities to choose from; the question goes away where there is one."""
        if len(municipalities) == 1:
            del self.municipality
        else:
            self.municipality.choices = list(municipalities)

    def forget_code(self) -> None:
        """A used or wrong code is of no use on the page."""
        self.code.data, self.code.raw_data = "", []


class RoleForm(BaseForm):
    """Which of one's roles to go on in."""

    role = TextField(lazy_gettext("Role"), required=lazy_gettext("Choose a role."))
