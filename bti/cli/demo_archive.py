"""A closed case of the demonstration on its way to the archive: asked for, agreed to, packed, checked and received."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bti.archive.verify import verify
from bti.audit.note import VerifierKey
from bti.cli import demo_plots as plots
from bti.cli.archive_files import write_note, write_package
from bti.cli.demo_course import Course
from bti.cli.demo_plots import child
from bti.cli.demo_stage import DEMO
from bti.cli.demo_stories import talked_through
from bti.domain.approval import ApprovalAct
from bti.domain.codes import ClosingCause
from bti.workflows import approval, archive, case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bti.cli.demo_stage import Stage

_REFERENCE: Final = "2026/1482"


def archived(course: Course) -> None:
    """Pack a closed case as the commands do, and let the archive have it. The package itself is not kept."""
    stage, perform = course.stage, course.stage.runtime.doorway.perform
    number = stage.act(course.who, case.show_case, case_id=course.case_id).number
    params = archive.archive_params(number)
    stage.sign_in_anew("arne")
    asked = stage.act("arne", approval.ask, ApprovalAct.CASE_EXPORT, params, reason="Avsluttet sak")
    stage.sign_in_anew("anne")
    stage.act("anne", approval.give, approval_id=asked)
    tenant = stage.actor("arne").tenant_id
    words = {"tenant_id": tenant}
    material = perform(archive.open_whole, DEMO, number=number, approval_id=asked, **words)
    with TemporaryDirectory() as made:
        folder = Path(made) / "package"
        manifest = write_package(folder, material)
        write_note(
            folder, perform(archive.sign, DEMO, material=material, manifest=manifest, **words)
        )
        key = VerifierKey.parse(perform(archive.public_key, DEMO, **words))
        report = verify(folder, [key])
    if report.statement is None or report.faults:
        raise RuntimeError("; ".join(map(str, report.faults)))
    perform(
        archive.receive,
        DEMO,
        number=number,
        manifest=report.statement.manifest,
        reference=_REFERENCE,
        **words,
    )


def wonder_moved(stage: Stage) -> Iterator[datetime]:
    """Level 0 that ended because the family moved, and that the archive has got since."""
    noah = child(stage.today, "Noah Myhre", 12.1, "7B", ("Gro Myhre", "mor"))
    course = Course(stage, "tone", noah, plots.TWO_HOMES)
    yield from talked_through(course, 150)
    yield stage.ago(139, 13)
    course.close(
        ClosingCause.MOVED, "Familien har flyttet. Mor tar selv med det vi har snakket om."
    )
    yield stage.ago(61, 10)
    archived(course)
