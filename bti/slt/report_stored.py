"""Reports as they stand in the database, who is shown which, and what one is made from.

What a report is made from is what a politiråd reader may read: releases that stand, the plan, and agreed actions of
councils' finished meetings. Minutes, notes and drafts are not read at all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from bti.clock import norwegian_date
from bti.disclosure.tables import HalfYear
from bti.slt.body import COUNCILS, Body, BodyKind
from bti.slt.body_models import BodyRow
from bti.slt.body_stored import body_of, names_of, stored_body
from bti.slt.document import Document, DocumentDamagedError, digest, from_text
from bti.slt.meeting import WAITING, Action, MeetingState, carried
from bti.slt.meeting_models import MeetingRow
from bti.slt.meeting_stored import actions_of
from bti.slt.models import PlanRow
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_follow_up import FollowUp, follow_up
from bti.slt.plan_rows import split
from bti.slt.plan_stored import StoredPlan, changes_of, evaluations_of, stored_plan
from bti.slt.release import PublishedRelease, standing_of
from bti.slt.report import (
    Draft,
    NeededDecision,
    Part,
    Reach,
    decisions_from_text,
    offered,
    reach,
    suggested,
)
from bti.slt.report_models import ReportRow
from bti.slt.role import NetworkRole
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision that is needed, of which body, and whether a sum is within its limits (None: no sum)."""

    needed: NeededDecision
    body: Body
    reach: Reach | None


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything a report may say. ``plan`` is the one whose period has the year, with that year; None for none."""

    municipality: str
    draft: Draft
    today: date
    releases: tuple[PublishedRelease, ...]
    plan: tuple[StoredPlan, FollowUp] | None
    decisions: tuple[Asked, ...]
    actions: tuple[tuple[Body, Action], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was made: by whom, when, the two documents and their fingerprints."""

    at: datetime
    by: str
    report: Document
    sheet: Document
    digest: str
    sheet_digest: str
    report_text: str
    sheet_text: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report in the list. ``superseded``: a release in it was corrected or withdrawn, and it is not given out."""

    id: uuid.UUID
    period: HalfYear
    language: str
    created_at: datetime
    made_at: datetime | None
    by: str
    digest: str
    superseded: bool


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One report: a draft with what it is made from, or one that is made. ``reasons``: why a name was kept."""

    id: uuid.UUID
    version: int
    draft: Draft
    reasons: tuple[str, ...]
    basis: Basis | None
    made: Made | None
    superseded: bool
    keeps: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form of a report offers. ``published`` are those of ``periods`` that have numbers."""

    periods: tuple[HalfYear, ...]
    published: frozenset[HalfYear]
    suggested: HalfYear
    bodies: tuple[tuple[uuid.UUID, Body], ...]


def show_reports(runtime: SltRuntime, who: Coordinator) -> tuple[ReportLine, ...]:
    """The reports of the reader's municipality, newest first; drafts for the coordinator alone."""
    return perform(runtime, _list, who)


def show_report(runtime: SltRuntime, who: Coordinator, report_id: uuid.UUID) -> ReportPage:
    """One report. Raises AccessDenied, and DocumentDamagedError if it is not what was made."""
    return perform(runtime, _show, who, report_id)


def show_choices(runtime: SltRuntime, who: Coordinator) -> Choices:
    """What a report can be about. Raises AccessDenied for whoever writes none."""
    return perform(runtime, _choices, who)


def _list(context: Context, who: Coordinator) -> tuple[ReportLine, ...]:
    same = ReportRow.municipality_number == who.municipality_number
    rows = context.session.scalars(select(ReportRow).where(same).order_by(ReportRow.created_at))
    standing = {one.sha256 for one in standing_of(context, who)}
    names = names_of(context, who)
    found = [
        ReportLine(
            id=row.id,
            period=HalfYear.parse(row.period),
            language=row.language,
            created_at=row.created_at,
            made_at=row.made_at,
            by=names.get(row.made_by or row.author_id, ""),
            digest=row.digest,
            superseded=not standing.issuperset(split(row.sources)),
        )
        for row in rows
        if _may_see(who, row)
    ]
    return tuple(sorted(found, key=lambda one: one.made_at or one.created_at, reverse=True))


def _show(context: Context, who: Coordinator, report_id: uuid.UUID) -> ReportPage:
    row = own_report(context, who, report_id)
    context.record(Happening.REPORT_READ, account_id=who.account_id, code=row.period)
    standing = {one.sha256 for one in standing_of(context, who)}
    return ReportPage(
        id=row.id,
        version=row.version,
        draft=draft_of(row),
        reasons=split(row.kept_because),
        basis=basis_of(context, who, row) if row.made_at is None else None,
        made=_made(context, who, row),
        superseded=not standing.issuperset(split(row.sources)),
        keeps=who.role is NetworkRole.COORDINATOR,
    )


def _choices(context: Context, who: Coordinator) -> Choices:
    only_coordinator(who)
    published = [one.period for one in standing_of(context, who)]
    today = norwegian_date(context.at)
    rows = _bodies(context, who)
    bodies = ((row.id, body_of(row)) for row in rows if not stored_body(context, row).over)
    return Choices(
        periods=offered(published, today),
        published=frozenset(published),
        suggested=suggested(published, today),
        bodies=tuple(bodies),
    )


def own_report(
    context: Context, who: Coordinator, report_id: uuid.UUID, *, held: bool = False
) -> ReportRow:
    """The row of a report the person may see, held until the commit if asked; AccessDenied for any other."""
    asked = select(ReportRow).where(ReportRow.id == report_id)
    row = context.session.scalar(asked.with_for_update() if held else asked)
    if row is None or not _may_see(who, row):
        raise AccessDenied("report.unknown", account_id=who.account_id)
    return row


def _may_see(who: Coordinator, row: ReportRow) -> bool:
    """A draft is the coordinator's; what is made is also for whoever reads for the politiråd."""
    if row.municipality_number != who.municipality_number:
        return False
    reader = who.role is NetworkRole.COUNCIL_READER and row.made_at is not None
    return reader or who.role is NetworkRole.COORDINATOR


def draft_of(row: ReportRow) -> Draft:
    """What was chosen and written."""
    return Draft(
        period=HalfYear.parse(row.period),
        language=row.language,
        parts=frozenset(Part(one) for one in row.parts.split()),
        foreword=row.foreword,
        contact=row.contact,
        decisions=decisions_from_text(row.decisions),
    )


def basis_of(context: Context, who: Coordinator, row: ReportRow) -> Basis:
    """What the report may say today. Each release and the plan are entered as read."""
    draft = draft_of(row)
    until = [one for one in standing_of(context, who) if one.period <= draft.period]
    for one in until:
        context.record(Happening.RELEASE_READ, account_id=who.account_id, release_id=one.id)
    bodies = {one.id: body_of(one) for one in _bodies(context, who)}
    return Basis(
        municipality=who.municipality_name,
        draft=draft,
        today=norwegian_date(context.at),
        releases=tuple(until),
        plan=_plan_year(context, who, draft.period.year),
        decisions=tuple(_asked(one, bodies[one.body_id]) for one in draft.decisions),
        actions=_waiting(context, who),
    )


def _asked(one: NeededDecision, body: Body) -> Asked:
    return Asked(one, body, None if one.amount is None else reach(body, one.amount))


def _plan_year(context: Context, who: Coordinator, year: int) -> tuple[StoredPlan, FollowUp] | None:
    rows = context.session.scalars(
        select(PlanRow)
        .where(PlanRow.municipality_number == who.municipality_number)
        .order_by(PlanRow.first_day.desc())
    )
    there = [one for one in rows if one.first_day.year <= year <= one.last_day.year]
    # Of two, the newest that is adopted; what nobody has adopted is a draft as long as another is in force.
    adopted = [one for one in there if one.adopted is not None]
    row = next(iter(adopted or there[::-1]), None)
    if row is None:
        return None
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=row.key)
    stored = stored_plan(context, row)
    found = follow_up(stored, evaluations_of(context, row.id), changes_of(context, row.id), year)
    return stored, found


def _waiting(context: Context, who: Coordinator) -> tuple[tuple[Body, Action], ...]:
    """What councils have agreed on in finished meetings and is not done."""
    found: list[tuple[Body, Action]] = []
    for row in _bodies(context, who):
        if BodyKind(row.kind) not in COUNCILS:
            continue
        finished = select(MeetingRow.id).where(
            MeetingRow.body_id == row.id, MeetingRow.state == MeetingState.FINISHED
        )
        actions = actions_of(context, context.session.scalars(finished).all())
        waiting = carried((one for one in actions if one.status in WAITING), frozenset())
        found += [(body_of(row), one) for one in waiting]
    return tuple(found)


def _bodies(context: Context, who: Coordinator) -> list[BodyRow]:
    same = BodyRow.municipality_number == who.municipality_number
    levels = list(BodyKind)
    rows = context.session.scalars(select(BodyRow).where(same).order_by(BodyRow.position))
    return sorted(rows, key=lambda one: levels.index(BodyKind(one.kind)))


def _made(context: Context, who: Coordinator, row: ReportRow) -> Made | None:
    if row.made_at is None or row.made_by is None:
        return None
    stored = (digest(row.report_text), digest(row.sheet_text))
    if stored != (row.digest, row.sheet_digest):
        raise DocumentDamagedError
    return Made(
        at=row.made_at,
        by=names_of(context, who).get(row.made_by, ""),
        report=from_text(row.report_text),
        sheet=from_text(row.sheet_text),
        digest=row.digest,
        sheet_digest=row.sheet_digest,
        report_text=row.report_text,
        sheet_text=row.sheet_text,
    )
