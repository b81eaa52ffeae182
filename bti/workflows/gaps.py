"""Whether there is somebody behind a baton: holders who leave, are cut off, or have no role left.

Read by worklists and by the baton itself. Nothing here opens a case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bti.db.models import Account, Departure, RoleGrant
from bti.domain.codes import CASE_WORKERS
from bti.domain.leaving import DepartureState, HolderFacts

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection
    from datetime import date

    from bti.workflows.context import Context


def can_act(
    context: Context, holders: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> dict[tuple[uuid.UUID, uuid.UUID], bool]:
    """Return for each (account, unit) whether somebody can act there as a case worker now."""
    ids = {account for account, _ in holders}
    accounts = {
        row.id: row for row in context.session.scalars(select(Account).where(Account.id.in_(ids)))
    }
    roles = {
        (row.account_id, row.unit_id)
        for row in context.session.scalars(
            select(RoleGrant).where(
                RoleGrant.account_id.in_(ids),
                RoleGrant.role.in_([role.value for role in CASE_WORKERS]),
                RoleGrant.valid_from <= context.now,
            )
        )
        if row.valid_to is None or row.valid_to > context.now
    }
    return {
        one: HolderFacts(
            active=accounts[one[0]].active if one[0] in accounts else False,
            suspended=one[0] in accounts and accounts[one[0]].suspended_at is not None,
            role_in_unit=one in roles,
        ).can_act
        for one in holders
    }


def leaving_on(
    context: Context, accounts: Collection[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID | None], date]:
    """Return the planned last days by (account, unit); the unit is None for the whole account."""
    rows = context.session.execute(
        select(Departure, RoleGrant.unit_id)
        .outerjoin(RoleGrant, RoleGrant.id == Departure.grant_id)
        .where(Departure.account_id.in_(accounts), Departure.state == DepartureState.PLANNED.value)
    )
    return {(row.account_id, unit): row.leaves_on for row, unit in rows}


def last_day(
    planned: dict[tuple[uuid.UUID, uuid.UUID | None], date],
    account_id: uuid.UUID,
    unit_id: uuid.UUID,
) -> date | None:
    """Return somebody's last day in a unit, None when they stay."""
    days = [day for key in ((account_id, None), (account_id, unit_id)) if (day := planned.get(key))]
    return min(days, default=None)


def leaves_or_is_gone(context: Context, account_id: uuid.UUID, unit_id: uuid.UUID) -> bool:
    """Whether somebody will leave the unit, or cannot act there any more."""
    if last_day(leaving_on(context, [account_id]), account_id, unit_id) is not None:
        return True
    return not can_act(context, [(account_id, unit_id)])[account_id, unit_id]
