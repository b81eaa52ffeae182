"""Sends reminders of the year over SMTP: days and titles that name nobody, and where one signs in.

A letter is handed over first and marked afterwards. Whoever is killed in between sends it again under the same
Message-ID; none is lost.
"""

from __future__ import annotations

import gettext
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from babel.dates import format_date

from bti import paths
from bti.settings import Settings
from bti.slt.runtime import SltRuntime
from bti.slt.year_mail import Letter, letters, mark_failed, mark_sent, plan_letters
from bti.smtp import ServerAwayError, hand_over, is_of_one


def remind(runtime: SltRuntime, settings: Settings) -> int:
    """Plan today's letters, send what is due, and return how many went. Without a server nothing is planned.

    Raises ServerAwayError when the server is away; every letter is then tried later by itself.
    """
    if not settings.smtp_host:
        return 0
    plan_letters(runtime, urlsplit(settings.base_url).hostname or "localhost")
    count = 0
    while some := letters(runtime):
        gone: ServerAwayError | None = None
        now = runtime.clock.now()
        written = [(one, message_of(one, settings, now)) for one in some]
        for letter, fault in hand_over(settings, written):
            if fault is None:
                mark_sent(runtime, letter.mail_id)
                count += 1
                continue
            kind = type(fault).__name__
            # The kind alone: what a server answers may hold the address.
            mark_failed(runtime, letter.mail_id, kind)
            if not is_of_one(fault):
                gone = gone or ServerAwayError(kind)
        if gone is not None:
            raise gone
    return count


def message_of(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """Return the message."""
    language = letter.language
    catalogue = gettext.translation(
        "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
    )
    _ = catalogue.gettext
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _("Something waits in the year wheel")
    message["From"] = settings.mail_from
    message["To"] = letter.address
    message["Date"] = format_datetime(now)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    neutral = _("A task of the year wheel")
    waits = [
        f"{format_date(on, 'long', locale=language)}: {t or neutral}" for on, t in letter.waits
    ]
    lines = (
        _("This waits in the year wheel:"),
        "\n".join(waits),
        settings.base_url.rstrip("/") + "/network/year",
        _("You stop these messages there, under Reminders. Nobody reads answers to this."),
    )
    message.set_content("\n\n".join(lines) + "\n")
    message["Content-Language"] = language  # after the content, which takes such headers away
    return message
