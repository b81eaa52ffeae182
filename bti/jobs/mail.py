"""Sends what waits in the outbox over SMTP: the same few lines to everybody, and nothing about a case.

A reminder is handed over first and marked afterwards. Whoever is killed in between sends it again
under the same Message-ID; none is lost.
"""

from __future__ import annotations

import gettext
import smtplib
import ssl
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from bti import paths
from bti.workflows import outbox

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from datetime import datetime

    from bti.bootstrap import Runtime
    from bti.settings import Settings
    from bti.workflows.actor import SystemActor
    from bti.workflows.outbox import Letter

TIMEOUT: Final = 20.0
"""Seconds to wait for the server at each step."""


class ServerAwayError(Exception):
    """The server could not be reached, or would not be talked with safely. What waits is kept."""


def send_due(runtime: Runtime, actor: SystemActor, tenant_id: uuid.UUID) -> int:
    """Send what is due in one municipality and return how many went.

    Raises ``ServerAwayError`` when the server is away; every letter is then tried later by itself.
    """
    count = 0
    perform = runtime.doorway.perform
    while some := perform(outbox.letters, actor, tenant_id=tenant_id):
        gone: ServerAwayError | None = None
        for letter, fault in _hand_over(runtime.settings, some, runtime.clock.now()):
            mail_id = letter.mail_id
            if fault is None:
                perform(outbox.sent, actor, tenant_id=tenant_id, mail_id=mail_id)
                count += 1
                continue
            kind = type(fault).__name__
            # The kind alone: what a server answers may hold the address.
            perform(outbox.failed, actor, tenant_id=tenant_id, mail_id=mail_id, fault=kind)
            if not isinstance(fault, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused):
                gone = gone or ServerAwayError(kind)
        if gone is not None:
            raise gone
    return count


def _hand_over(
    settings: Settings, letters: tuple[Letter, ...], now: datetime
) -> Iterator[tuple[Letter, Exception | None]]:
    """Yield each letter when the server has taken it, or with what kept it from doing so.

    When the connection is lost the rest are not tried: they fail with what ended it.
    """
    lost: Exception | None = None
    waiting = list(letters)
    try:
        with _server(settings) as server:
            while waiting:
                letter = waiting[0]
                try:
                    server.send_message(message_of(letter, settings, now))
                except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as refused:
                    waiting.pop(0)
                    yield letter, refused
                else:
                    waiting.pop(0)
                    yield letter, None
    except (OSError, smtplib.SMTPException) as fault:
        lost = fault
    for letter in waiting:
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


def message_of(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """Return the message: no name, no number, no kind of task, and where one signs in."""
    language = letter.language
    catalogue = gettext.translation(
        "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
    )
    _ = catalogue.gettext
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _("Something waits for you in Stafett")
    message["From"] = settings.mail_from
    message["To"] = letter.address
    message["Date"] = format_datetime(now)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    lines = (
        _("Something waits for you in Stafett. Sign in to see what it is:"),
        settings.base_url,
        _("This message says nothing more, and never will. At most one comes in a day."),
        _("You choose how often you are reminded under My account. Nobody reads answers to this."),
    )
    message.set_content("\n\n".join(lines) + "\n")
    message["Content-Language"] = language  # after the content, which takes such headers away
    return message
