"""A decision of the county governor that something stays secret, although the parents consent.

Sources: helse- og omsorgstjenesteloven § 12-1, sosialtjenesteloven § 44. What was blocked stays so;
when the decision is lifted the family is asked anew.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import ConsentAnswer
from bti.domain.access import Action
from bti.domain.consent import Scope
from bti.domain.consent_record import BLOCKED, UNBLOCKED
from bti.domain.errors import RuleBroken
from bti.workflows import consent_cells
from bti.workflows.case_file import case_row, persons
from bti.workflows.consent_file import asked_in
from bti.workflows.consent_page import row_of
from bti.workflows.errors import NotFound
from bti.workflows.once import found_done, hold, row_id

if TYPE_CHECKING:
    from bti.workflows.context import Context


def decide(
    context: Context,
    *,
    case_id: uuid.UUID,
    consent_id: uuid.UUID,
    submission: uuid.UUID,
    reference: str,
    lift: bool,
) -> None:
    """Write down that the county governor has decided, or has lifted the decision.

    Cells, places and the log stop in this transaction, and other questions about any of it are to be
    put anew, whether they are answered or not: for what is left. The same sending twice is one, so that a
    second click does not lift what the first wrote down. Raises
    ``RuleBroken("consent.decision_unnamed")`` without a reference; ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.ASK_CONSENT, entry=None)
    everything = asked_in(context, case_id)
    asked = next((one for one in everything if one.id == consent_id), None)
    if asked is None or row_of(context, opened, asked, persons(context, case_id)).masked:
        raise NotFound
    mark_id = row_id(context, "consent-block", submission)
    done = context.session.get(ConsentAnswer, mark_id) is not None
    if done or asked.block_in_force is not lift:
        found_done(context, opened)
        return
    if not reference.strip():
        raise RuleBroken("consent.decision_unnamed")
    case = case_row(context, case_id)
    if lift:
        consent_cells.mark(
            context, consent_id, UNBLOCKED, case_id=case_id, reference=reference, row_id=mark_id
        )
    else:
        consent_cells.mark(
            context, consent_id, BLOCKED, case_id=case_id, reference=reference, row_id=mark_id
        )
        consent_cells.stop_now(context, consent_id)
        others = [one for one in everything if one.id != consent_id]
        for one in others:
            if one.facts.cells & asked.facts.cells and one.facts.lapsed_at is None:
                consent_cells.lapse(context, case, one)
        consent_cells.close_doors(context, case)
        if asked.facts.scope is Scope.OPEN_LOG:
            consent_cells.suspend_log(context, case, others)
    context.record(
        Act.CONSENT_BLOCK_LIFT if lift else Act.CONSENT_BLOCK_RECORD,
        Reference("case", case_id),
        Reference("consent", consent_id),
        ground=opened.ground,
    )
