"""Sends what waits in the outbox over SMTP: the same few lines to everybody, and nothing about a case.

A reminder is handed over first and marked afterwards. Whoever is killed in between sends it again
under the same Message-ID; none is lost.
"""

from __future__ import annotations

import gettext
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from bti import paths
from bti.smtp import ServerAwayError, hand_over, is_of_one
from bti.workflows import outbox

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from bti.bootstrap import Runtime
    from bti.settings import Settings
    from bti.workflows.actor import SystemActor
    from bti.workflows.outbox import Letter


def send_due(runtime: Runtime, actor: SystemActor, tenant_id: uuid.UUID) -> int:
    """Send what is due in one municipality and return how many went.

    Raises ``ServerAwayError`` when the server is away; every letter is then tried later by itself.
    """
    count = 0
    perform = runtime.doorway.perform
    while some := perform(outbox.letters, actor, tenant_id=tenant_id):
        gone: ServerAwayError | None = None
        now = runtime.clock.now()
        written = [(one, message_of(one, runtime.settings, now)) for one in some]
        for letter, fault in hand_over(runtime.settings, written):
            mail_id = letter.mail_id
            if fault is None:
                perform(outbox.sent, actor, tenant_id=tenant_id, mail_id=mail_id)
                count += 1
                continue
            kind = type(fault).__name__
            # The kind alone: what a server answers may hold the address.
            perform(outbox.failed, actor, tenant_id=tenant_id, mail_id=mail_id, fault=kind)
            if not is_of_one(fault):
                gone = gone or ServerAwayError(kind)
        if gone is not None:
            raise gone
    return count


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
