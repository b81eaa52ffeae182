"""Taking a consent back, whole or some of it, and the receipt of what that stopped.

Everything stops in the transaction that records it, and the receipt is kept with the record.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from bti.audit.actions import Action as Act
from bti.audit.record import Reference
from bti.db.models import Consent, ConsentAnswer
from bti.domain import consent as rules
from bti.domain.access import Action
from bti.domain.consent import ConsentStatus
from bti.domain.consent_record import WITHDRAWN, cell_name
from bti.workflows import consent_cells
from bti.workflows.case_file import CORE, case_row, persons
from bti.workflows.consent_file import asked_in, of_names
from bti.workflows.consent_page import row_of
from bti.workflows.errors import NotFound
from bti.workflows.once import found_done, hold

if TYPE_CHECKING:
    from bti.domain.events import CellRef, ConsentWithdrawn
    from bti.workflows.consent_cells import Closed
    from bti.workflows.consent_file import Asked
    from bti.workflows.context import Context


def withdraw(
    context: Context,
    *,
    case_id: uuid.UUID,
    consent_id: uuid.UUID,
    person_id: uuid.UUID,
    cells: frozenset[str] = frozenset(),
) -> uuid.UUID:
    """Take a consent back for a signer; returns the id of the record with its receipt.

    ``cells`` are short names (``consent_record.cell_name``), none for all of it. Cells, places and
    the log stop in this transaction. No reason and no version is asked for, and twice is the same
    as once: it must be as easy as giving it (GDPR article 7 no. 3). Raises
    ``RuleBroken("consent.not_a_signer")``, ``NotFound``.
    """
    hold(context, case_id)
    opened = context.verbs.open(case_id, Action.WITHDRAW_CONSENT, entry=None)
    everything = asked_in(context, case_id)
    asked = next((one for one in everything if one.id == consent_id), None)
    if asked is None or row_of(context, opened, asked, persons(context, case_id)).masked:
        raise NotFound
    chosen = of_names(asked.facts.cells, cells, asked.owner)
    if len(chosen) != len(cells):
        # A name that is not among them must not be read as "all of it".
        raise NotFound
    event = rules.withdraw(
        asked.facts,
        person_id=person_id,
        at=context.now,
        by=context.person.account_id,
        cells=chosen,
    )
    before = consent_cells.newest(context, consent_id, WITHDRAWN)
    over = asked.status is ConsentStatus.WITHDRAWN or (chosen and not event.cells)
    if before is not None and over:
        found_done(context, opened)
        return before.id
    case = case_row(context, case_id)
    consent_cells.stop_cells(context, event)
    closed = consent_cells.close_doors(context, case)
    rests = False
    if event.closes_log:
        others = [one for one in everything if one.id != consent_id]
        rests = consent_cells.suspend_log(context, case, others)
    answer_id = _store(context, asked, event, chosen, _effects(closed, rests=rests))
    context.record(
        Act.CONSENT_ANSWER_WITHDRAW,
        Reference("case", case_id),
        Reference("consent", consent_id),
        ground=opened.ground,
    )
    return answer_id


def _effects(closed: Closed, *, rests: bool) -> dict[str, Any]:
    return {
        "places": closed.places,
        "offer": closed.offer,
        "referral": closed.referral,
        "log_rests": rests,
    }


def _store(
    context: Context,
    asked: Asked,
    event: ConsentWithdrawn,
    chosen: frozenset[CellRef],
    effects: dict[str, Any],
) -> uuid.UUID:
    row = ConsentAnswer(
        tenant_id=context.person.tenant_id,
        case_id=context.session.get_one(Consent, asked.id).case_id,
        consent_id=event.consent_id,
        person_id=event.person_id,
        compartment=CORE,
    )
    row.meta = {
        "answer": WITHDRAWN,
        "at": event.at,
        "form": "",
        "cells": sorted(cell_name(cell, asked.owner) for cell in chosen),
        # Whose side the names are told from: the case may move to another service.
        "owner": asked.owner,
    }
    stopped = sorted(cell_name(cell, asked.owner) for cell in event.cells)
    row.body = {
        "on": context.today,
        "recorded_by": context.person.account_id,
        "effects": {**effects, "cells": stopped},
    }
    context.session.add(row)
    return row.id
