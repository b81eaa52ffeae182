"""A web process that was taken over, as the broker meets it: it asks what it likes with its people's proofs."""

import uuid
from datetime import timedelta

from bti.audit.actions import Action
from bti.crypto.envelope import Place, seal
from bti.crypto.values import json_to_bytes
from bti.db.guards import mac_columns
from bti.db.models import Account, EmergencyAccess, Suspension
from bti.db.sealed_value import Sealed
from bti.db.vault import Vault
from bti.identity.tokens import proof_of
from bti.keyd.parcel import receive
from bti.keyd.wire import pack
from tests.keyd_world import asked

BLOB = b"x" * 80
REASON = {"reason": "missing", "text": "Ikke kommet hjem, sist sett ved elva"}


def granted(remote, credential, row, *, version=1, beyond=None, **changes):
    """What the broker answers to a request for the MAC of a row with these changes."""
    columns = mac_columns(row) | changes
    for name in beyond or {}:
        del columns[name]
    wanted = {
        "tenant": remote.world.tenant_id.hex,
        "table": row.__tablename__,
        "row_id": row.id.hex,
        "version": version,
        "columns": {name: pack(value) for name, value in columns.items()},
        "beyond": {name: pack(value) for name, value in (beyond or {}).items()},
    }
    return asked(remote, "grant", credential, rows=[wanted])


def proof(remote, who):
    remote.world.forget(who)
    return proof_of(remote.world.token(who))


def refused(answer, rule):
    return answer.get("no", {}).get("rule") == rule


def account_of(remote, who):
    with remote.world.looking() as session:
        row = session.get_one(Account, remote.world.accounts[who])
        session.expunge(row)
        return row


def a_use(remote, vera, case_id, said=REASON):
    """Emergency access that nobody has been granted yet, with what is said of it under its own key."""
    now = remote.world.clock.now()
    row = EmergencyAccess(
        tenant_id=remote.world.tenant_id,
        case_id=case_id,
        account_id=remote.world.accounts["vera"],
        unit_id=remote.world.units["child_welfare"],
        opened_at=now,
        expires_at=now + timedelta(hours=2),
        settled_at=None,
        settled_by=None,
        body_ct=Sealed(BLOB),
    )
    answer = asked(remote, "new_review", vera, row=row.id.hex, tenant=None, account=None)
    assert "ok" in answer
    if said is not None:
        vault = Vault()
        receive(vault, answer["ok"]["keys"])
        place = Place(row.tenant_id, row.id, row.__tablename__, "body_ct", row.id, 1)
        key = vault.case_key(row.id, "review")
        row.body_ct = Sealed(seal(key, place, json_to_bytes(said), 512))
    return row


def a_suspension(remote, who):
    """That an account was closed, as nobody has been granted yet."""
    return Suspension(
        id=uuid.uuid4(),
        tenant_id=remote.world.tenant_id,
        account_id=remote.world.accounts[who],
        unit_id=remote.world.units["school"],
        began_at=remote.world.clock.now(),
        settled_at=None,
        settled_by=None,
        body_ct=Sealed(BLOB),
    )


def takes_a_bait(remote, who, case_id):
    """Let the case be a bait, and the person come near it; the broker sees it."""

    def bait(context, *, tenant_id):
        context.verbs.mark_baits(tenant_id, [case_id])
        context.record(Action.KEY_TENANT_CREATE, tenant=tenant_id)

    remote.embedded.system(bait, tenant_id=remote.world.tenant_id)
    answer = asked(remote, "may_see", proof(remote, who), case=case_id.hex, action="read_core")
    assert answer["no"]["code"] == "bait"


def review_key(remote, credential, row, account=None):
    """What the broker answers to a request for the key of something that is reviewed."""
    told = {"tenant": row.tenant_id.hex, "account": account.hex if account else None}
    return asked(remote, "new_review", credential, row=row.id.hex, **told)
