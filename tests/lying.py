"""A web process that was taken over, as the broker meets it: it asks what it likes with its people's proofs."""

from bti.db.guards import mac_columns
from bti.db.models import Account
from bti.identity.tokens import proof_of
from bti.keyd.wire import pack
from tests.keyd_world import asked

BLOB = b"x" * 80


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
