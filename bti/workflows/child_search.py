"""Looking for a child among the cases one may see; by name in memory, or by exact national id.

What is not open to the person is answered exactly as what does not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.crypto.fold import fold
from bti.db.models import Case, ChildIndex, Log, Participant
from bti.domain import national_id
from bti.domain.access import Action as Act
from bti.domain.codes import Role
from bti.domain.levels import CaseStatus
from bti.workflows import blind_tokens, case_file
from bti.workflows.permission import require

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from bti.domain.national_id import NationalId
    from bti.domain.relations import Subject
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Found:
    """A case the person may see, about the child that was looked for."""

    case_id: uuid.UUID
    number: str
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    group: str = field(repr=False)
    level: int
    is_open: bool


def search_child(
    context: Context,
    *,
    name: str = "",
    birth_date: date | None = None,
    number: str = "",
) -> tuple[Found, ...]:
    """Return the person's own cases about a child: by national id, or by name and birth date.

    A case that is not open to the person is answered exactly as one that does not exist. Raises
    ``RuleBroken`` with a national_id code when ``number`` cannot be one.
    """
    subject = require(context, Act.SEARCH_CHILD)
    if number.strip():
        candidates = _by_national_id(context, subject, checked_number(context, number))
        action = Action.SEARCH_NATIONAL_ID_RUN
    else:
        candidates = _by_birth_date(context, subject, birth_date)
        action = Action.SEARCH_CHILD_RUN
    # Asked for although nothing was found: a hidden case must not cost more questions than none.
    allowed = context.verbs.open_core([case.id for case in candidates] or [uuid.uuid4()])
    children = case_file.children_of(context, allowed)
    found = [_found(case, children[case.id]) for case in candidates if case.id in allowed]
    if action is Action.SEARCH_CHILD_RUN:
        found = [one for one in found if same_name(one.name, name)]
    context.record(action, more=[Reference("case", one.case_id) for one in found])
    return tuple(sorted(found, key=lambda one: (not one.is_open, one.number)))


def open_case(context: Context, case_id: uuid.UUID) -> Found | None:
    """Return a case one more concern may be added to, as a form shows it; None for any other."""
    case = context.session.get(Case, case_id)
    if (
        case is None
        or case.tenant_id != context.person.tenant_id
        or not context.verbs.may_see(case_id, Act.WRITE_NOTE)
        or case_id not in context.verbs.open_core([case_id])
    ):
        return None
    context.record(Action.SEARCH_CHILD_RUN, Reference("case", case.id))
    return _found(case, case_file.child_of(context, case.id))


def same_name(kept: str, asked: str) -> bool:
    """Tell whether two spellings name one child: every word of the shorter is in the longer.

    "Oda Vik" finds "Oda Marie Vik"; the birth date has already made it few.
    """
    one, other = set(fold(kept)), set(fold(asked))
    return bool(one and other) and (one <= other or other <= one)


def checked_number(context: Context, text: str) -> NationalId:
    """Return the national id in ``text``; made-up ones never in production, real ones only there.

    Raises ``RuleBroken`` with a national_id code.
    """
    production = context.settings.mode == "production"
    return national_id.validate(
        text, today=context.today, synthetic="never" if production else "only"
    )


def person_token(context: Context, text: str) -> bytes:
    """Return the keyed token of who somebody is, employee or guardian; the digits are kept nowhere.

    Raises ``RuleBroken`` with a national_id code.
    """
    number = checked_number(context, text)
    return blind_tokens.of_person(context, context.person.tenant_id, number)


def _by_national_id(context: Context, subject: Subject, number: NationalId) -> list[Case]:
    known = blind_tokens.of_national_id(context, subject.tenant_id, number)
    question = cases_by_token(subject.tenant_id, number.kind.value, known)
    found = list(context.session.scalars(question))
    # A bait is caught whoever looks for it, its author too.
    context.verbs.watch([case.id for case in found] or [uuid.uuid4()])
    return found


def cases_by_token(tenant_id: uuid.UUID, kind: str, known: tuple[bytes, ...]) -> Select[Case]:
    """Return the question for every case with one of these blind tokens; it must be answered from the index."""
    return (
        select(Case)
        .join(ChildIndex, ChildIndex.case_id == Case.id)
        .where(
            ChildIndex.tenant_id == tenant_id,
            ChildIndex.kind == kind,
            ChildIndex.token.in_(known),
        )
    )


def _by_birth_date(context: Context, subject: Subject, birth_date: date | None) -> list[Case]:
    """Narrow by birth date first, so that no more names are opened than need be."""
    places = select(Participant.case_id).where(
        Participant.account_id == subject.account_id, Participant.revoked_at.is_(None)
    )
    batons = select(Log.case_id).where(Log.holder_id == subject.account_id)
    own: list[ColumnElement[bool]] = [Case.id.in_(places), Case.id.in_(batons)]
    if subject.role is Role.UNIT_LEAD:
        own.append(Case.unit_id == subject.unit_id)
    rows = context.session.scalars(
        select(Case).where(Case.tenant_id == subject.tenant_id, or_(*own))
    )
    return [case for case in rows if case_file.ops_of(case).birth_date == birth_date]


def _found(case: Case, child: case_file.PersonRecord) -> Found:
    ops = case_file.ops_of(case)
    return Found(
        case.id,
        case.number,
        child.name,
        child.birth_date,
        # A list, as any other: where a child with a protected address is every weekday stays out.
        "" if ops.protection is not None else child.group,
        ops.level,
        ops.status == CaseStatus.OPEN,
    )
