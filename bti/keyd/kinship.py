"""Whether an employee's name is that of somebody in a case: opened, compared and forgotten here.

Only the answer leaves. The monthly control needs it; nobody needs the names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bti.crypto.envelope import Place, key_id_of, open_sealed
from bti.crypto.fold import fold
from bti.crypto.values import json_from_bytes
from bti.db.models import Account, Person
from bti.domain.control import Kin, kin_of

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from bti.keyd.keystore import KeyStore

Pair = tuple["uuid.UUID", "uuid.UUID"]


def kin_among(
    session: Session, keys: KeyStore, tenant: uuid.UUID, pairs: Collection[Pair]
) -> dict[Pair, frozenset[Kin]]:
    """Return, for each (account, case) where there is any, how their names stand to each other.

    The directory key must have been released to the session.
    """
    names = {
        row.id: fold(str(row.profile["name"]))
        for row in session.scalars(
            select(Account).where(
                Account.tenant_id == tenant, Account.id.in_({account for account, _ in pairs})
            )
        )
    }
    people = _people(session, keys, tenant, {case for _, case in pairs})
    found = {}
    for account, case in pairs:
        child, guardians = people.get(case, ((), []))
        kin = kin_of(names.get(account, ()), guardians, child)
        if kin:
            found[account, case] = kin
    return found


def _people(
    session: Session, keys: KeyStore, tenant: uuid.UUID, cases: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the folded names of child and guardians in each case."""
    opened = {
        row.key_id: keys.unwrap(session, row) for row in keys.core_keys(session, tenant, cases)
    }
    children: dict[uuid.UUID, tuple[str, ...]] = {}
    guardians: dict[uuid.UUID, list[tuple[str, ...]]] = defaultdict(list)
    for row in session.scalars(
        select(Person).where(Person.tenant_id == tenant, Person.case_id.in_(cases))
    ):
        blob = row.body_ct.blob
        place = Place(tenant, row.case_id, "persons", "body_ct", row.id, row.version)
        body: Any = json_from_bytes(open_sealed(opened[key_id_of(blob)], place, blob))
        if body["kind"] == "child":
            children[row.case_id] = fold(body["name"])
        else:
            guardians[row.case_id].append(fold(body["name"]))
    return {case: (children.get(case, ()), guardians[case]) for case in cases}
