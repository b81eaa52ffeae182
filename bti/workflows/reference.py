"""Where something is kept: the system and the number there, and nothing of what it says.

For who has a record of their own, and a duty to keep it there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference as About
from bti.db.models import Entry
from bti.domain.access import Action
from bti.domain.errors import RuleBroken
from bti.workflows.case_file import Kind, case_row, compartment_of, write_entry
from bti.workflows.level_facts import require_working_log
from bti.workflows.once import found_done, hold, row_id

if TYPE_CHECKING:
    from bti.domain.codes import InfoType
    from bti.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTo:
    """Something in another system. Who reads it is decided by its kind, as for a note.

    ``sent`` is the digest of what a professional system sent, empty for a person's own form.
    """

    case_id: uuid.UUID
    submission: uuid.UUID | None
    info_type: InfoType
    system: str = field(repr=False)
    number: str = field(repr=False)
    sent: str = ""


def point_to(context: Context, command: PointTo) -> None:
    """Write where something is kept. A second sending of the same form does nothing.

    Raises ``RuleBroken("reference.incomplete")``.
    """
    hold(context, command.case_id)
    opened = context.verbs.open(command.case_id, Action.WRITE_NOTE, entry=None)
    sent = {"sent": command.sent} if command.sent else {}
    new_id = row_id(context, "reference", command.submission or uuid.uuid4())
    if context.session.get(Entry, new_id) is not None:
        found_done(context, opened)
        return
    require_working_log(context, case_row(context, command.case_id))
    if not command.system.strip() or not command.number.strip():
        code = "reference.incomplete"
        raise RuleBroken(code)
    name = compartment_of(context.person.unit_id, command.info_type)
    context.verbs.new_compartments(opened, [name])
    write_entry(
        context,
        command.case_id,
        kind=Kind.REFERENCE,
        compartment=name,
        meta={"info_type": command.info_type.value, "on": context.today, **sent},
        body={"system": command.system, "number": command.number},
        entry_id=new_id,
    )
    context.record(Act.CASE_REFERENCE_CREATE, About("case", command.case_id), ground=opened.ground)
