"""What belongs to a plan and is a paper of its own: files, and addresses of plans that stand elsewhere.

A file cannot be looked through for names as a text can: whoever attaches it says that they have. What is taken
away is taken out of the database, since a paper that should not have come here tells too much.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select

from bti.domain.attachments import check_size, clean_name
from bti.domain.file_kinds import HEAD_BYTES, MIME, TAIL_BYTES, FileKind, recognise
from bti.slt.appendix_models import LINK_LENGTH, PlanAppendixRow
from bti.slt.models import PLAN_SHORT, PlanRow, SltAccount
from bti.slt.perform import AccessDenied, Context, Happening, perform
from bti.slt.plan_change import PlanRefusedError, check_names
from bti.slt.plan_rows import add_change
from bti.slt.plan_stored import StoredPlan, own_plan, plan_to_change, stored_plan
from bti.slt.positions import made_before
from bti.slt.runtime import SltRuntime
from bti.slt.sign_in import Coordinator, only_coordinator

MOST_BYTES: Final = 10 * 1024 * 1024
MOST: Final = 30
"""Of a file, and of appendices that stand at once."""


class Removal(StrEnum):
    """Why an appendix is taken away."""

    NAMES = "names"
    OUTDATED = "outdated"
    WRONG = "wrong"


# Only what a browser opens as a page of the open net: never a script, a file or a word within the sentence.
_LINK: Final = re.compile(r"https://[^\s/?#@\\]+\.[^\s/?#@\\.]+(?:[/?#][^\s\\]*)?")


@dataclass(frozen=True, slots=True)
class Attach:
    """An appendix to be: a file with its sender's name, or an address. ``id`` is the form's, so that twice is once."""

    id: uuid.UUID
    title: str
    name: str
    content: bytes
    link: str
    reason: str


@dataclass(frozen=True, slots=True)
class Appendix:
    """An appendix in the list. ``kind`` is None for an address; size in bytes."""

    id: uuid.UUID
    title: str
    kind: FileKind | None
    link: str
    size: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class AppendixPage:
    """The plan and its appendices, newest first; ``removed`` are titles with why."""

    stored: StoredPlan
    standing: tuple[Appendix, ...]
    removed: tuple[tuple[str, Removal], ...]


@dataclass(frozen=True, slots=True)
class AppendixFile:
    """A file to be saved."""

    name: str
    mime: str
    content: bytes


def is_link(text: str) -> bool:
    """Whether a text is an address of the open net, with https and nothing that signs in."""
    return len(text) <= LINK_LENGTH and _LINK.fullmatch(text) is not None


def show_appendices(runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID) -> AppendixPage:
    """The appendices of a plan. Raises AccessDenied."""
    return perform(runtime, _show, who, plan_id)


def show_appendix(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID
) -> tuple[StoredPlan, Appendix]:
    """One of them, for whoever may take it away. Raises AccessDenied."""
    return perform(runtime, _one, who, plan_id, appendix_id)


def attach(runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, command: Attach) -> None:
    """Keep an appendix; the same form sent twice keeps one.

    Raises AccessDenied, PlanRefusedError (names, full, link, nothing, both) and RuleBroken for a file of a kind
    or size that is not taken, see `bti.domain.file_kinds`.
    """
    perform(runtime, _attach, who, plan_id, command)


def take_away(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID, why: Removal
) -> None:
    """Take an appendix out of the database and keep its title, its digest and why. Raises AccessDenied."""
    perform(runtime, _take_away, who, plan_id, appendix_id, why)


def read_file(
    runtime: SltRuntime, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID
) -> AppendixFile:
    """A file as it was sent; recorded. Raises AccessDenied, and for an address too."""
    return perform(runtime, _read, who, plan_id, appendix_id)


def _show(context: Context, who: Coordinator, plan_id: uuid.UUID) -> AppendixPage:
    plan = own_plan(context, who, plan_id)
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=plan.key)
    rows = context.session.execute(
        select(PlanAppendixRow, SltAccount.display_name)
        .join(SltAccount, SltAccount.id == PlanAppendixRow.account_id)
        .where(PlanAppendixRow.plan_id == plan.id)
        .order_by(PlanAppendixRow.at.desc(), PlanAppendixRow.id)
    ).all()
    return AppendixPage(
        stored_plan(context, plan),
        tuple(_listed(row, by) for row, by in rows if row.removed_at is None),
        tuple((row.title, Removal(row.removed_why)) for row, _ in rows if row.removed_at),
    )


def _one(
    context: Context, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID
) -> tuple[StoredPlan, Appendix]:
    only_coordinator(who)
    plan = own_plan(context, who, plan_id)
    row = _standing(context, who, plan, appendix_id)
    by = context.session.get_one(SltAccount, row.account_id).display_name
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=plan.key)
    return stored_plan(context, plan), _listed(row, by)


def _attach(context: Context, who: Coordinator, plan_id: uuid.UUID, command: Attach) -> None:
    plan = plan_to_change(context, who, plan_id)
    # Held until the commit, so that two do not fill the last place.
    context.session.refresh(plan, with_for_update=True)
    if made_before(context, who.account_id, PlanAppendixRow, command.id):
        return
    kind = _kind_of(command)
    standing = (PlanAppendixRow.plan_id == plan.id) & PlanAppendixRow.removed_at.is_(None)
    if (context.session.scalar(select(func.count()).where(standing)) or 0) >= MOST:
        raise PlanRefusedError("plan.full")
    title = command.title or (clean_name(command.name, kind) if kind else command.link[:PLAN_SHORT])
    reason = check_names(context, plan, (title,), (), command.reason)
    context.session.add(
        PlanAppendixRow(
            id=command.id,
            plan_id=plan.id,
            account_id=who.account_id,
            at=context.at,
            title=title,
            kind=kind or "",
            link=command.link,
            size=len(command.content),
            sha256=hashlib.sha256(command.content).hexdigest() if kind else "",
            content=command.content if kind else None,
            removed_why="",
        )
    )
    _changed(context, who, plan, "appendix", new=title, reason=reason)


def _kind_of(command: Attach) -> FileKind | None:
    """What is attached: a file's kind by its own bytes, None for an address."""
    if bool(command.name or command.content) == bool(command.link):
        raise PlanRefusedError("plan.both" if command.link else "plan.nothing")
    if command.link:
        if not is_link(command.link):
            raise PlanRefusedError("plan.link")
        return None
    size = len(command.content)
    check_size(size, MOST_BYTES)
    return recognise(command.content[:HEAD_BYTES], command.content[-TAIL_BYTES:], size)


def _take_away(
    context: Context, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID, why: Removal
) -> None:
    plan = plan_to_change(context, who, plan_id)
    row = _standing(context, who, plan, appendix_id)
    row.content, row.removed_at = None, context.at
    row.removed_by, row.removed_why = who.account_id, why
    _changed(context, who, plan, "appendix_removed", old=row.title, new=why)


def _read(
    context: Context, who: Coordinator, plan_id: uuid.UUID, appendix_id: uuid.UUID
) -> AppendixFile:
    plan = own_plan(context, who, plan_id)
    row = _standing(context, who, plan, appendix_id)
    if row.content is None:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    kind = FileKind(row.kind)
    context.record(Happening.PLAN_READ, account_id=who.account_id, code=plan.key)
    return AppendixFile(clean_name(row.title, kind), MIME[kind], row.content)


def _standing(
    context: Context, who: Coordinator, plan: PlanRow, appendix_id: uuid.UUID
) -> PlanAppendixRow:
    asked = (PlanAppendixRow.id == appendix_id) & (PlanAppendixRow.plan_id == plan.id)
    row = context.session.scalar(select(PlanAppendixRow).where(asked).with_for_update())
    if row is None or row.removed_at is not None:
        raise AccessDenied("plan.unknown", account_id=who.account_id)
    return row


def _changed(
    context: Context,
    who: Coordinator,
    plan: PlanRow,
    part: str,
    *,
    old: str = "",
    new: str = "",
    reason: str = "",
) -> None:
    add_change(context, plan.id, part, new, old=old, account_id=who.account_id, reason=reason)
    context.record(Happening.PLAN_CHANGED, account_id=who.account_id, code=plan.key)


def _listed(row: PlanAppendixRow, by: str) -> Appendix:
    kind = FileKind(row.kind) if row.kind else None
    return Appendix(row.id, row.title, kind, row.link, row.size, row.at, by)
