"""A network side with numbers, a plan, bodies and meetings, and a report about them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import odfdo
from pypdf import PdfReader

from bti.disclosure.tables import HalfYear
from bti.slt.body_change import import_bodies
from bti.slt.body_file import load as load_bodies
from bti.slt.body_stored import show_bodies
from bti.slt.document import Document
from bti.slt.plan import Decision, EvaluationKind, Wanted
from bti.slt.plan_change import EvaluateMeasure, evaluate_measure, import_plan
from bti.slt.plan_file import load as load_plan
from bti.slt.plan_show import show_plan
from bti.slt.release import publish_release
from bti.slt.report import Draft, NeededDecision, Part
from tests.integration.slt.samples import a_release
from tests.web.meeting_site import three_meetings

if TYPE_CHECKING:
    import uuid

    from bti.slt.report_stored import Basis
    from bti.slt.runtime import SltRuntime
    from bti.slt.sign_in import Coordinator

FINDING = "Flere kommer enn vi ventet."
AGREED = "Spørre russestyret"
#: What Typst, a word processor, a browser or a spreadsheet would each do something with.
MARKUP = "#lorem(9) *fet* $x$ <b>=1+1</b> &amp;"


def a_year(
    runtime: SltRuntime, who: Coordinator, *, children: tuple[int, int] = (120, 150)
) -> dict[str, uuid.UUID]:
    """Two published half-years, a plan with an evaluation, bodies, and three meetings of the politiråd; their ids."""
    first = a_release(children[0], period="2025H2")
    for one in (first, a_release(children[1], known=(first,))):
        publish_release(runtime, one, by="Anne Ruud")
    plan_id = import_plan(runtime, load_plan("moss-2025"), "9901")
    import_bodies(runtime, load_bodies("nordre_land"), "9901")
    bodies = {one.body.code: one.id for one in show_bodies(runtime, who)}
    stored = show_plan(runtime, who, plan_id, Wanted()).stored
    assert stored is not None
    found = EvaluateMeasure(
        measure_id=stored.measure_ids["1"],
        kind=EvaluationKind.PROCESS,
        on=date(2026, 5, 20),
        finding=FINDING,
        decision=Decision.CHANGE,
        why="Vi prøver én kveld til.",
        reason="",
    )
    evaluate_measure(runtime, who, plan_id, found)
    council = three_meetings(runtime, who, bodies["steering"])
    return {**bodies, **council}


def a_draft(**changes: object) -> Draft:
    """A report about all of it."""
    given = {
        "period": HalfYear(2026, 1),
        "language": "nb",
        "parts": frozenset(Part),
        "foreword": f"Rådet har bedt om en oversikt.\n{MARKUP}",
        "contact": "SLT-koordinator, telefon 00 00 00 00",
        "decisions": (),
    }
    return Draft(**{**given, **changes})


def a_decision(body_id: uuid.UUID, amount: int | None = 40_000) -> NeededDecision:
    """Money for traffic guards."""
    return NeededDecision("Bruke penger på trafikkvakter", body_id, amount)


def a_document(basis: Basis) -> tuple[Document, Document]:
    """A report and a fact sheet without words of a language: pages lay out the real ones."""
    one = Document("Rapport", "report", basis.draft.language, basis.today, (), ())
    return one, replace(one, title="Fakta", name="facts")


def words_of(name: str, made: bytes) -> str:
    """What stands in a file, in one line, with what is said of drawings."""
    if name.endswith(".pdf"):
        pages = PdfReader(io.BytesIO(made)).pages
        return " ".join(" ".join(one.extract_text() for one in pages).split())
    if name.endswith(".odt"):
        file = odfdo.Document(io.BytesIO(made))
        return " ".join(" ".join(file.body.xpath("//text()")).split())
    return made.decode()
