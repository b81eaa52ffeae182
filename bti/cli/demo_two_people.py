"""What two people must agree on in the demonstration, a system with a key, and who is away or about to leave."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClientScope
from bti.profiles.draft import Decision
from bti.profiles.profile import LANGUAGES
from bti.profiles.sections import Section
from bti.workflows import (
    absence,
    api_agreement,
    api_client,
    approval,
    consultation,
    consultation_seat,
    leaving,
    rules_draft,
)
from bti.workflows.api_client import AskForClient
from bti.workflows.consultation import Words
from bti.workflows.consultation_seat import NameMember

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_LATELY: Final = timedelta(hours=3)
_NOTICE_DAYS: Final = 12
_AWAY_DAYS: Final = 3
_KEY_DAYS: Final = 300
_QUESTIONS: Final = (
    "Et barn i barneskolen har begynt å si nei til å være med på tur. Hva kan vi spørre barnet om først?",
    "To barn i samme gruppe ertes mye på nett etter skoletid. Hvem bør snakke med dem, vi eller de hjemme?",
)
_ADVICE: Final = (
    "Spør åpent, og uten de andre til stede: hva er best med en turdag, og hva er verst? "
    "Skriv ned barnets egne ord. Snakk så med de hjemme om det samme, før dere prøver noe."
)


def of_the_house(stage: Stage) -> Iterator[datetime]:
    """The administrator waits for a yes from the data protection officer; a teacher is away and leaves soon."""
    yield stage.ago(40, 9)
    stage.sign_in_anew("anne")
    done = stage.act(
        "anne", approval.ask, ApprovalAct.AUDIT_EXPORT, _to("2026-1"), reason="Halvårskontroll"
    )
    stage.sign_in_anew("asta")
    stage.act("asta", approval.give, approval_id=done)
    stage.act("anne", approval.use, done, ApprovalAct.AUDIT_EXPORT, _to("2026-1"))
    _a_system(stage)
    # Also in a weekend: what is asked for lives for a day.
    yield stage.now - _LATELY
    stage.sign_in_anew("asta")
    stage.act(
        "asta",
        approval.ask,
        ApprovalAct.AUDIT_EXPORT,
        _to("2026-2"),
        reason="Kopi til revisjonen, avtalt i møte om informasjonssikkerhet.",
    )
    stage.act(
        "asta",
        leaving.plan,
        account_id=stage.accounts["lars"],
        leaves_on=stage.day(-_NOTICE_DAYS),
    )
    stage.act(
        "siv",
        absence.plan,
        command=absence.PlanAbsence(
            stage.accounts["lars"], stage.accounts["ingrid"], stage.day(0), stage.day(-_AWAY_DAYS)
        ),
    )
    _own_rules(stage)
    _advice(stage)


def _own_rules(stage: Stage) -> None:
    """The administrator has written a version of the local rules, and waits for a yes to it."""
    days: dict[tuple[str, ...], object] = {("deadlines", "guardian_talk_days"): "10"}
    stage.act("asta", rules_draft.fill, version=0, section=Section.COMMON, typed=days)
    words = ("Undring og avklaring", "Undring og avklaring", "Wonder and clarifying")
    label: dict[tuple[str, ...], object] = {
        ("levels", "0", "label", language): text
        for language, text in zip(LANGUAGES, words, strict=True)
    }
    stage.act("asta", rules_draft.fill, version=1, section=Section.LEVEL_0, typed=label)
    decision = Decision(
        "Vedtak i oppvekstutvalget",
        stage.day(_NOTICE_DAYS).isoformat(),
        "sak 14, punkt 2",
        stage.day(-_AWAY_DAYS).isoformat(),
    )
    stage.act("asta", rules_draft.decide, version=2, decision=decision)
    stage.act("asta", rules_draft.ask, version=3, reason="Vedtatt av oppvekstutvalget.")


def _advice(stage: Stage) -> None:
    """The resource team has two members; one question is answered, one waits."""
    for who, title in (("kari", "Helsesykepleier, leder for teamet"), ("hege", "Familieveileder")):
        member = NameMember("resource", stage.accounts[who], title)
        stage.act("asta", consultation_seat.name_member, command=member)
    asked = [
        stage.act(
            "ingrid",
            consultation.ask,
            team="resource",
            words=Words(text, ""),
            submission=uuid.uuid4(),
        )
        for text in _QUESTIONS
    ]
    stage.act(
        "kari", consultation.answer, question_id=asked[0], version=None, words=Words(_ADVICE, "")
    )


def _a_system(stage: Stage) -> None:
    """The school's journal has a key, and two teachers let it act for them."""
    stage.sign_in_anew("asta")
    asked = stage.act(
        "asta",
        api_client.ask,
        command=AskForClient(
            name="Skolejournalen",
            scopes=frozenset(ClientScope),
            ends_on=stage.day(-_KEY_DAYS),
            reason="Lærerne skal slippe å skrive det samme to ganger.",
        ),
    )
    stage.sign_in_anew("anne")
    stage.act("anne", approval.give, approval_id=asked)
    stage.sign_in_anew("asta")
    made = stage.act("asta", api_client.make, approval_id=asked)
    for who in ("ingrid", "lars"):
        stage.sign_in_anew(who)
        stage.act(who, api_agreement.agree, client_id=made.client_id)


def _to(folder: str) -> dict[str, str]:
    return {"what": "whole log", "to": f"/srv/revisjon/{folder}"}
