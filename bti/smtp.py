"""Hands messages over to a server by SMTP. Both sides send by it, and it knows neither."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Final, TypeVar

from bti.settings import Settings

TIMEOUT: Final = 20.0
"""Seconds to wait for the server at each step."""

L = TypeVar("L")


class ServerAwayError(Exception):
    """The server could not be reached, or would not be talked with safely. What waits is kept."""


def is_of_one(fault: Exception) -> bool:
    """Whether a fault is about one letter, and the server is there for the others."""
    return isinstance(fault, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused)


def hand_over(
    settings: Settings, letters: Iterable[tuple[L, EmailMessage]]
) -> Iterator[tuple[L, Exception | None]]:
    """Yield each letter when the server has taken it, or with what kept it from doing so.

    When the connection is lost the rest are not tried: they fail with what ended it.
    """
    lost: Exception | None = None
    waiting = list(letters)
    try:
        with _server(settings) as server:
            while waiting:
                letter, message = waiting[0]
                try:
                    server.send_message(message)
                except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as refused:
                    waiting.pop(0)
                    yield letter, refused
                else:
                    waiting.pop(0)
                    yield letter, None
    except (OSError, smtplib.SMTPException) as fault:
        lost = fault
    for letter, _message in waiting:
        yield letter, lost


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if settings.smtp_security == "starttls":
            # Raises where the server does not offer it: nothing goes in the open.
            server.starttls(context=context)
        if settings.smtp_user and settings.smtp_password_file is not None:
            password = settings.smtp_password_file.read_text(encoding="utf-8").strip()
            server.login(settings.smtp_user, password)
        yield server
        server.quit()
    finally:
        server.close()
