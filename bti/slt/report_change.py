"""What the coordinator does with a report: write it, throw a draft away, make it.

Each call is one transaction. A text that seems to name somebody is kept only with a reason. A draft has no history; what is
made stands for ever with who made it and when.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from bti.slt.body_change import words_of
from bti.slt.body_models import BodyRow
from bti.slt.document import Document, as_text, digest
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_names import names_in
from bti.slt.plan_rows import lines, split
from bti.slt.positions import made_before
from bti.slt.report import MOST_DECISIONS, Draft, decisions_as_text, texts_of
from bti.slt.report_models import ReportRow
from bti.slt.report_stored import Basis, basis_of, draft_of, own_report
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator

LayOut = Callable[[Basis], tuple[Document, Document]]
"""How the report and the fact sheet for the press are put in words."""


class ReportRefusedError(Exception):
    """A report was not changed.

    `code` is `report.` followed by `changed` (somebody was first), `made` (it is closed), `names` (with the words in
    `found`; give a reason) or `full` (too many decisions).
    """

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.found = tuple(found)


def begin_report(
    runtime: SltRuntime,
    who: Coordinator,
    draft: Draft,
    reason: str,
    once: uuid.UUID | None = None,
) -> uuid.UUID:
    """Begin a report and return its id, ``once`` if the form's number is given.

    Raises AccessDenied and ReportRefusedError.
    """
    return perform(runtime, _begin, who, draft, reason, once)


def write_report(
    runtime: SltRuntime,
    who: Coordinator,
    report_id: uuid.UUID,
    version: int | None,
    draft: Draft,
    reason: str,
) -> None:
    """Change a draft. Raises as above."""
    perform(runtime, _write, who, report_id, version, draft, reason)


def discard_report(
    runtime: SltRuntime, who: Coordinator, report_id: uuid.UUID, version: int | None
) -> None:
    """Throw a draft away. Raises as above."""
    perform(runtime, _discard, who, report_id, version)


def make_report(
    runtime: SltRuntime,
    who: Coordinator,
    report_id: uuid.UUID,
    version: int | None,
    lay_out: LayOut,
) -> None:
    """Close a draft for ever with what it says today. Raises as above."""
    perform(runtime, _make, who, report_id, version, lay_out)


def _begin(
    context: Context, who: Coordinator, draft: Draft, reason: str, once: uuid.UUID | None
) -> uuid.UUID:
    only_coordinator(who)
    if once is not None and made_before(context, who.account_id, ReportRow, once):
        return once
    row = ReportRow(
        id=once or uuid.uuid4(),
        municipality_number=who.municipality_number,
        author_id=who.account_id,
        kept_because=_checked(context, who, draft, (), reason),
        created_at=context.at,
    )
    _put(context, who, row, draft)
    context.session.add(row)
    context.record(Happening.REPORT_CHANGED, account_id=who.account_id, code=row.period)
    return row.id


def _write(
    context: Context,
    who: Coordinator,
    report_id: uuid.UUID,
    version: int | None,
    draft: Draft,
    reason: str,
) -> None:
    row = _open(context, who, report_id, version)
    kept = _checked(context, who, draft, texts_of(draft_of(row)), reason)
    row.kept_because = lines([*split(row.kept_because), *([kept] if kept else [])])
    _put(context, who, row, draft)
    row.version += 1
    context.record(Happening.REPORT_CHANGED, account_id=who.account_id, code=row.period)


def _discard(context: Context, who: Coordinator, report_id: uuid.UUID, version: int | None) -> None:
    row = _open(context, who, report_id, version)
    context.session.delete(row)
    context.record(Happening.REPORT_DISCARDED, account_id=who.account_id, code=row.period)


def _make(
    context: Context,
    who: Coordinator,
    report_id: uuid.UUID,
    version: int | None,
    lay_out: LayOut,
) -> None:
    row = _open(context, who, report_id, version)
    basis = basis_of(context, who, row)
    report, sheet = (as_text(one) for one in lay_out(basis))
    row.report_text, row.sheet_text = report, sheet
    row.digest, row.sheet_digest = digest(report), digest(sheet)
    row.sources = lines([one.sha256 for one in basis.releases])
    row.made_at, row.made_by = context.at, who.account_id
    row.version += 1
    context.record(Happening.REPORT_MADE, account_id=who.account_id, code=row.period)


def _open(
    context: Context, who: Coordinator, report_id: uuid.UUID, version: int | None
) -> ReportRow:
    """A draft, held until the commit, in the version that was read."""
    only_coordinator(who)
    row = own_report(context, who, report_id, held=True)
    if row.made_at is not None:
        raise ReportRefusedError("report.made")
    if row.version != version:
        raise ReportRefusedError("report.changed")
    return row


def _put(context: Context, who: Coordinator, row: ReportRow, draft: Draft) -> None:
    if len(draft.decisions) > MOST_DECISIONS:
        raise ReportRefusedError("report.full")
    for one in draft.decisions:
        body = context.session.get(BodyRow, one.body_id)
        if body is None or body.municipality_number != who.municipality_number:
            raise AccessDenied("body.unknown", account_id=who.account_id)
    row.period, row.language = str(draft.period), draft.language
    row.parts = " ".join(sorted(draft.parts))
    row.foreword, row.contact = draft.foreword, draft.contact
    row.decisions = decisions_as_text(draft.decisions)


def _checked(
    context: Context, who: Coordinator, draft: Draft, before: Sequence[str], reason: str
) -> str:
    """The reason to keep beside the texts: empty where none seems to name anybody."""
    found = names_in(texts_of(draft), before=before, plan=words_of(context, who))
    if found and not reason.strip():
        raise ReportRefusedError("report.names", found)
    return " ".join(reason.split()) if found else ""
