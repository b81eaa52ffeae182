"""Hands messages over to a server by SMTP. Both sides send by it, and it knows neither."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Protocol, TypeVar

from bti.settings import Settings

TIMEOUT: Final = 20.0
"""Seconds to wait for the server at each step."""

L = TypeVar("L")


class Addressed(Protocol):
    """What a letter of an outbox says about itself."""

    @property
    def address(self) -> str:
        """Whom it goes to."""

    @property
    def message_id(self) -> str:
        """The same each time it is sent, so that a second copy is known as one."""

    @property
    def language(self) -> str:
        """nb, nn or en."""


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


def send_what_waits(
    settings: Settings,
    waiting: Callable[[], Sequence[L]],
    written: Callable[[L], EmailMessage],
    sent: Callable[[L], object],
    failed: Callable[[L, str], object],
) -> int:
    """Send batch after batch until nothing is waiting, and return how many went.

    A letter is handed over first and marked afterwards. Raises ServerAwayError when the server is away, once
    every letter of the batch is marked: each is then tried later by itself.
    """
    count = 0
    while some := waiting():
        gone: ServerAwayError | None = None
        for letter, fault in hand_over(settings, [(one, written(one)) for one in some]):
            if fault is None:
                sent(letter)
                count += 1
                continue
            kind = type(fault).__name__
            # The kind alone: what a server answers may hold the address.
            failed(letter, kind)
            if not is_of_one(fault):
                gone = gone or ServerAwayError(kind)
        if gone is not None:
            raise gone
    return count


def automatic_message(
    settings: Settings, letter: Addressed, now: datetime, subject: str, parts: Iterable[str]
) -> EmailMessage:
    """A message that no person has written, with its parts one under the other."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = settings.mail_from
    message["To"] = letter.address
    message["Date"] = format_datetime(now)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(parts) + "\n")
    message["Content-Language"] = (
        letter.language
    )  # after the content, which takes such headers away
    return message


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
