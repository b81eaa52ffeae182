"""The settings of outgoing e-mail: content-free reminders, and nothing else.

Part of bti.settings.Settings. Without `smtp_host` no e-mail is made.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

SmtpSecurity = Literal["starttls", "tls", "none"]


class MailSettings(BaseSettings):
    """Where e-mail is handed over, and as whom."""

    smtp_host: Annotated[
        str,
        Field(
            description="Server that takes reminders by e-mail. Without it none are made.",
            json_schema_extra={"shown_default": "none"},
        ),
    ] = ""
    smtp_port: Annotated[int, Field(description="Port of that server.", ge=1, le=65535)] = 587
    smtp_security: Annotated[
        SmtpSecurity,
        Field(
            description="`starttls`, `tls` from the first byte, or `none`: in production for a server "
            "on this machine alone."
        ),
    ] = "starttls"
    smtp_ca_file: Annotated[
        Path | None,
        Field(
            description="Certificates that the server's own is checked by, instead of the system's."
        ),
    ] = None
    smtp_user: Annotated[
        str,
        Field(
            description="Name to sign in to the server with, if it asks.",
            json_schema_extra={"shown_default": "none"},
        ),
    ] = ""
    smtp_password_file: Annotated[
        Path | None, Field(description="File with the password for it, mode 0600.")
    ] = None
    mail_from: Annotated[
        str,
        Field(
            description="Address that reminders come from; needed with `smtp_host`.",
            json_schema_extra={"shown_default": "none"},
        ),
    ] = ""

    @model_validator(mode="after")
    def _nobody_reads_along(self) -> Self:
        if self.smtp_host and not self.mail_from:
            raise ValueError("mail_from must be set with smtp_host")
        if self.smtp_host and self.smtp_security == "none" and not is_loopback(self.smtp_host):
            raise ValueError("smtp_security=none is for a server on this machine alone")
        return self


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
