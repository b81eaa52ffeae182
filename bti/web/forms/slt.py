"""The form of the network side: signing in."""

from flask_babel import lazy_gettext

from bti.slt.sign_in import Attempt
from bti.web.forms.base import BaseForm
from bti.web.forms.fields import PasswordField, TextField

_CODE_LENGTH = 20


class SignInForm(BaseForm):
    """Username, password and the code from the app, in one step."""

    username = TextField(
        lazy_gettext("Username"),
        required=lazy_gettext("Write your username."),
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

    def to_attempt(self, address: str) -> Attempt:
        """What was typed, for the workflow."""
        return Attempt(
            username=self.username.data or "",
            password=self.password.data or "",
            code=self.code.data or "",
            address=address,
        )

    def forget_code(self) -> None:
        """A used or wrong code is of no use on the page."""
        self.code.data, self.code.raw_data = "", []
