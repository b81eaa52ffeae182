"""Stories of a child in danger for the demonstration: there is no case, and only the author can see them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bti.domain.duties import CaseLetter, Channel, Duty, GuardiansKnow, Offence
from bti.domain.report import (
    Address,
    Informed,
    Report,
    ReportedChild,
    ReportedGuardian,
    Reporter,
    Told,
)
from bti.workflows import duty, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage


def danger_reported(stage: Stage) -> Iterator[datetime]:
    """A report to child welfare by telephone, with a receipt and no confirmation yet."""
    yield stage.ago(9, 12, 5)
    record_id = stage.act(
        "lars",
        duty.file_record,
        command=duty.FileRecord(
            submission=uuid.uuid4(),
            about="En elev på tiende trinn, oppdiktet for demonstrasjonen",
            duty=Duty.REPORT_CHILD_WELFARE,
            letter=CaseLetter.A,
            known="Eleven fortalte om noe hjemme som gjorde meg redd for helgen.",
            assessed_on=stage.day(9 + 2),
            reported_on=stage.day(9 + 2),
            reported_to="Barnevernstjenesten i Lindvik",
            channel=Channel.PHONE,
            guardians_know=GuardiansKnow.UNSAFE,
        ),
    )
    yield stage.ago(8, 10, 15)
    stage.act(
        "lars",
        duty.receive,
        record_id=record_id,
        received_on=stage.day(8 + 2),
        receipt="Snakket med vakten kl. 11.40",
    )


def averted(stage: Stage) -> Iterator[datetime]:
    """Somebody told the police of what could still be averted."""
    yield stage.ago(30, 14, 20)
    stage.act(
        "lars",
        duty.file_record,
        command=duty.FileRecord(
            submission=uuid.uuid4(),
            about="To elever på tiende trinn, oppdiktet for demonstrasjonen",
            duty=Duty.AVERT,
            letter=None,
            known="En avtale om å møtes for å slåss, med kniv, etter skolen samme dag.",
            assessed_on=stage.day(30 + 2),
            reported_on=stage.day(30 + 2),
            reported_to="Politiet i Lindvik, operasjonssentralen",
            channel=Channel.PHONE,
            guardians_know=GuardiansKnow.NO,
            offence=Offence.LIFE,
        ),
    )


def report_written(stage: Stage) -> Iterator[datetime]:
    """A report to child welfare that is written, and that its author has still to send."""
    yield stage.ago(1, 15, 40)
    stage.act(
        "lars",
        report.write,
        submission=uuid.uuid4(),
        report=Report(
            letter=CaseLetter.C,
            child=ReportedChild(
                name="Jonas Strand, oppdiktet for demonstrasjonen",
                address=Address("Strandveien 0", "0000", "Lindvik"),
                informed=Informed(told=Told.NO, reason="Har ikke vært på skolen siden mandag."),
            ),
            guardians=(
                ReportedGuardian(name="Turid Strand", informed=Informed(told=Told.YES)),
                ReportedGuardian(name="Per Strand", informed=Informed(told=Told.UNSAFE)),
            ),
            reporter=Reporter(
                name="",
                role="Kontaktlærer",
                phone="00 00 00 00",
                email="lars@lindvik.example",
                body="Lindvik ungdomsskole",
            ),
            what="Jonas har vært borte fra skolen i tre uker. Avtalte timer hos spesialist er ikke brukt.",
            history="Vi har hatt to møter med hjemmet og prøvd kortere dager.",
            views="Turid sier at hun ikke får ham med seg.",
            helpers="PP-tjenesten siden i høst.",
        ),
    )


ALL = (danger_reported, averted, report_written)
