"""Sends what waits in the outbox over SMTP: the same few lines to everybody, and nothing about a case.

A reminder is handed over first and marked afterwards. Whoever is killed in between sends it again
under the same Message-ID; none is lost.
"""

from __future__ import annotations

import gettext
from typing import TYPE_CHECKING

from bti import paths
from bti.smtp import automatic_message, send_what_waits
from bti.workflows import outbox

if TYPE_CHECKING:
    import uuid
    from datetime import datetime
    from email.message import EmailMessage

    from bti.bootstrap import Runtime
    from bti.settings import Settings
    from bti.workflows.actor import SystemActor
    from bti.workflows.outbox import Letter


def send_due(runtime: Runtime, actor: SystemActor, tenant_id: uuid.UUID) -> int:
    """Send what is due in one municipality and return how many went.

    Raises ``ServerAwayError`` when the server is away; every letter is then tried later by itself.
    """
    perform = runtime.doorway.perform

    def sent(letter: Letter) -> None:
        perform(outbox.sent, actor, tenant_id=tenant_id, mail_id=letter.mail_id)

    def failed(letter: Letter, kind: str) -> None:
        perform(outbox.failed, actor, tenant_id=tenant_id, mail_id=letter.mail_id, fault=kind)

    return send_what_waits(
        runtime.settings,
        lambda: perform(outbox.letters, actor, tenant_id=tenant_id),
        lambda letter: message_of(letter, runtime.settings, runtime.clock.now()),
        sent,
        failed,
    )


def message_of(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """Return the message: no name, no number, no kind of task, and where one signs in."""
    language = letter.language
    catalogue = gettext.translation(
        "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
    )
    _ = catalogue.gettext
    lines = (
        _("Something waits for you in Stafett. Sign in to see what it is:"),
        settings.base_url,
        _("This message says nothing more, and never will. At most one comes in a day."),
        _("You choose how often you are reminded under My account. Nobody reads answers to this."),
    )
    subject = _("Something waits for you in Stafett")
    return automatic_message(settings, letter, now, subject, lines)
