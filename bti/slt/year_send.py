"""Sends reminders of the year over SMTP: days and titles that name nobody, and where one signs in.

A letter is handed over first and marked afterwards. Whoever is killed in between sends it again under the same
Message-ID; none is lost.
"""

from __future__ import annotations

import gettext
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

from babel.dates import format_date

from bti import paths
from bti.settings import Settings
from bti.slt.runtime import SltRuntime
from bti.slt.year_mail import Letter, letters, mark_failed, mark_sent, plan_letters
from bti.smtp import automatic_message, send_what_waits


def remind(runtime: SltRuntime, settings: Settings) -> int:
    """Plan today's letters, send what is due, and return how many went. Without a server nothing is planned.

    Raises ServerAwayError when the server is away; every letter is then tried later by itself.
    """
    if not settings.smtp_host:
        return 0
    plan_letters(runtime, urlsplit(settings.base_url).hostname or "localhost")
    return send_what_waits(
        settings,
        lambda: letters(runtime),
        lambda letter: message_of(letter, settings, runtime.clock.now()),
        lambda letter: mark_sent(runtime, letter.mail_id),
        lambda letter, kind: mark_failed(runtime, letter.mail_id, kind),
    )


def message_of(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """Return the message: days, and titles that name nobody."""
    language = letter.language
    catalogue = gettext.translation(
        "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
    )
    _ = catalogue.gettext
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
    subject = _("Something waits in the year wheel")
    return automatic_message(settings, letter, now, subject, lines)
