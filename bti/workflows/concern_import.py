"""Several concerns at once, from a list that a colleague had before Stafett: all of them, or none.

Each is logged as any other, by the same rules and with an entry of its own. Nothing of the list is kept beside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.domain.access import Action as Act
from bti.domain.errors import RuleBroken
from bti.workflows import concern
from bti.workflows.child_search import checked_number, same_name
from bti.workflows.permission import require
from bti.workflows.worklist_rows import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from bti.workflows.concern import LogConcern
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True)
class Look:
    """What is known before anything is saved: today, and by its place in the list why a child cannot be taken.

    ``refused`` are codes of rules, ``known`` the number of a case that the person has about the child already.
    """

    today: date
    refused: Mapping[int, str]
    known: Mapping[int, str] = field(repr=False)


def look(context: Context, *, commands: Iterable[LogConcern | None]) -> Look:
    """Hold a list against the person's own open cases, and national ids against the rule.

    One look at one's own list, entered as such. A case that is not one's own is not told of, and a row that
    is saved already is nothing new.
    """
    subject = require(context, Act.LOG_CONCERN)
    lines = read_lines(context, subject, (), names_hidden=False, whole_unit=False)
    context.record(
        Action.WORKLIST_OWN_READ,
        more=[Reference("case", one) for one in sorted(lines.ids, key=str)],
    )
    refused, known = {}, {}
    for place, command in enumerate(commands):
        child = command.child if command is not None else None
        if command is None or child is None:
            continue
        if concern.sent_before(context, submission=command.submission) is not None:
            continue
        if child.national_id:
            try:
                checked_number(context, child.national_id)
            except RuleBroken as broken:
                refused[place] = broken.code
        for row in lines.rows:
            if row.ops.birth_date == child.birth_date and same_name(row.child, child.name):
                known[place] = row.number
    return Look(context.today, refused, known)


def log_all(context: Context, *, commands: tuple[LogConcern, ...]) -> int:
    """Log every concern of a list; returns how many were new. None is saved unless all are.

    The same list sent twice is logged once. Raises ``RuleBroken`` as ``concern.log_concern``, with the place
    in the list as ``place``.
    """
    require(context, Act.LOG_CONCERN)
    fresh = 0
    for place, command in enumerate(commands):
        try:
            fresh += concern.log_concern(context, command=command).fresh
        except RuleBroken as broken:
            raise RuleBroken(broken.code, place=place) from None
    return fresh
