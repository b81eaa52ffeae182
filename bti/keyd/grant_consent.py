"""Whether a cell may open: the key broker looks at the consent itself, as far as it is committed.

The answer that decides comes in the same transaction as the cells, so the broker cannot see it: it
sees that everybody else who must has said yes, that the cell was asked about, that nothing has
stopped it, and that it ends by the day an act gives the say to somebody else.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bti.crypto.envelope import TENANT_WIDE, Place, key_id_of, open_sealed
from bti.crypto.errors import SealError
from bti.crypto.provider import TenantPurpose
from bti.crypto.values import json_from_bytes
from bti.db.models import Case, Consent, ConsentAnswer
from bti.domain.access import Action
from bti.domain.codes import SHAREABLE, InfoType, Role
from bti.domain.consent_record import facts_from
from bti.domain.consent_status import all_but_one_agree
from bti.domain.errors import RuleBroken
from bti.domain.events import CellRef
from bti.domain.gates import BY_LAW, GATES, check_open, sharing_from
from bti.domain.signers import say_changes
from bti.keyd.asking import WRITING
from bti.keyd.grant_facts import SLOWEST, ended_only, ident, moment

if TYPE_CHECKING:
    from bti.db.guards import Writing
    from bti.db.sealed_value import Sealed
    from bti.keyd.asking import Asking
    from bti.keyd.grant_facts import Columns


_BASES: Final = frozenset({b"consent", b"law"})


def cell(asking: Asking, row: Writing, old: Columns | None) -> bool:
    """Tell whether a cell may begin, or end, as it stands in ``row``."""
    case_id = ident(row.columns, "case_id")
    if old is not None:
        return ended_only(row.columns, old, "withdrawn_at") and asking.may_any(WRITING, case_id)
    if row.columns["withdrawn_at"] is not None or not _begins_now(asking, row):
        return False
    if cell_of(row.columns).info_type not in SHAREABLE or row.columns["basis"] not in _BASES:
        return False
    if row.columns["basis"] == b"law":
        return asking.may(Action.SHARE_BY_LAW, case_id) and _by_law(asking, row, case_id)
    owner = asking.facts(case_id).owner_unit
    if owner not in {ident(row.columns, "from_unit_id"), ident(row.columns, "to_unit_id")}:
        return False
    return asking.may(Action.RECORD_ANSWER, case_id) and _agreed(asking, row, case_id)


def _begins_now(asking: Asking, row: Writing) -> bool:
    """Tell whether it is open from now: what was read earlier was not lawful, and later others may say no."""
    begins = moment(row.columns, "valid_from")
    return begins is not None and abs(asking.now - begins) <= SLOWEST


def _agreed(asking: Asking, row: Writing, case_id: uuid.UUID) -> bool:
    consent_id, ends = ident(row.columns, "consent_id"), moment(row.columns, "valid_to")
    meta, said = (
        _question(asking, row, case_id, consent_id),
        _said(asking, row, case_id, consent_id),
    )
    born = _birth_date(asking, row, case_id)
    if meta is None or said is None or born is None or ends is None or meta.get("scope") == BY_LAW:
        return False
    facts = facts_from(consent_id, meta, said, birth_date=born)
    # The row was made a moment ago, and the birthday may have begun since.
    latest = say_changes(facts.child, facts.realms, asking.now - SLOWEST)
    if ends > facts.valid_to or (latest is not None and ends > latest):
        return False
    return all_but_one_agree(facts, cell_of(row.columns), asking.now)


def _by_law(asking: Asking, row: Writing, case_id: uuid.UUID) -> bool:
    """Tell whether a cell without consent opens what was written down, by whoever may open it."""
    sharing_id, ends = ident(row.columns, "consent_id"), moment(row.columns, "valid_to")
    meta, said = (
        _question(asking, row, case_id, sharing_id),
        _said(asking, row, case_id, sharing_id),
    )
    if meta is None or said is None or ends is None or meta.get("scope") != BY_LAW:
        return False
    marks = {str(one["answer"]): datetime.fromisoformat(one["at"]) for _, one in said}
    sharing, subject = sharing_from(meta, marks), asking.subject()
    owner = asking.facts(case_id).owner_unit
    try:
        check_open(
            sharing,
            by=subject.account_id,
            leads=subject.role is Role.UNIT_LEAD and subject.unit_id == owner,
            at=asking.now,
        )
    except RuleBroken:
        return False
    if sharing.written_at > asking.now:
        return False  # what is committed was written before; else a gate would have no last day
    longest = sharing.written_at + GATES[sharing.gate].longest
    wanted = cell_of(row.columns)
    inside = wanted.from_unit == owner == subject.unit_id and wanted in sharing.cells
    return inside and ends <= min(sharing.until, longest)


def cell_of(columns: Columns) -> CellRef:
    """Return which cell a row is about. Raises ``ValueError`` for a kind nobody knows."""
    stored = columns["info_type"] or b""
    return CellRef(
        ident(columns, "from_unit_id"), ident(columns, "to_unit_id"), InfoType(stored.decode())
    )


def _question(
    asking: Asking, row: Writing, case_id: uuid.UUID, consent_id: uuid.UUID
) -> dict[str, Any] | None:
    found = asking.session.execute(
        select(Consent.tenant_id, Consent.case_id, Consent.version, Consent.meta_ct).where(
            Consent.id == consent_id
        )
    ).one_or_none()
    if found is None or (found.tenant_id, found.case_id) != (row.tenant, case_id):
        return None
    return _opened(asking, row, "consents", "meta_ct", consent_id, found.version, found.meta_ct)


def _said(
    asking: Asking, row: Writing, case_id: uuid.UUID, consent_id: uuid.UUID
) -> list[tuple[uuid.UUID, dict[str, Any]]] | None:
    """Return who has said what; None when any of it cannot be read: it may be that it was taken back."""
    found = []
    for one in asking.session.execute(
        select(
            ConsentAnswer.id,
            ConsentAnswer.tenant_id,
            ConsentAnswer.case_id,
            ConsentAnswer.person_id,
            ConsentAnswer.version,
            ConsentAnswer.meta_ct,
        ).where(ConsentAnswer.consent_id == consent_id)
    ):
        meta = _opened(asking, row, "consent_answers", "meta_ct", one.id, one.version, one.meta_ct)
        if meta is None or (one.tenant_id, one.case_id) != (row.tenant, case_id):
            return None
        found.append((one.person_id, meta))
    return found


def _birth_date(asking: Asking, row: Writing, case_id: uuid.UUID) -> date | None:
    found = asking.session.get(Case, case_id)
    if found is None or found.tenant_id != row.tenant:
        return None
    (case,) = asking.verbs.authority.genuine([found])
    ops = _opened(asking, row, "cases", "ops_ct", case.id, case.version, case.ops_ct)
    return None if ops is None else date.fromisoformat(ops["birth_date"])


def _opened(
    asking: Asking,
    row: Writing,
    table: str,
    column: str,
    row_id: uuid.UUID,
    version: int,
    sealed: Sealed,
) -> dict[str, Any] | None:
    """Return what is sealed under the ops key, None for what cannot be opened there."""
    place = Place(row.tenant, TENANT_WIDE, table, column, row_id, version)
    try:
        key = asking.verbs.tenant_key(row.tenant, TenantPurpose.OPS, key_id_of(sealed.blob))
        found = json_from_bytes(open_sealed(key, place, sealed.blob))
    except SealError:
        return None
    return found if isinstance(found, dict) else None
