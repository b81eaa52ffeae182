"""Run by the tests of rotations in a process of its own: rotates in children that are killed on the way.

Arguments: var dir, database URL, kills, seed, which key. Writes one line of JSON. A child sends itself
SIGKILL at the nth statement or commit it reaches; after each the store is examined from here.
"""

import json
import os
import random
import signal
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event, select

from bti.bootstrap import open_runtime
from bti.crypto.blind_index import national_id_token
from bti.crypto.file_provider import FileProvider
from bti.crypto.provider import TenantPurpose
from bti.db.models import Account, ChildIndex
from bti.keyd.directory_rows import authority_tables
from bti.keyd.kinship import bodies
from bti.keyd.retoken import tokens_under
from bti.workflows import audit_check, keys, lookup
from bti.workflows.actor import SystemActor
from tests.key_ring import key_store, needing, opened_keys
from tests.world import CHEAP, settings_for

OPERATOR = SystemActor("operator")


def directory(context, *, tenant_id):
    """What is sealed of every account, found by its user name; every row that carries a right is genuine."""
    context.verbs.open_directory(tenant_id)
    for mapped in authority_tables():
        context.verbs.check(*context.session.scalars(select(mapped)))
    found = {}
    for row in context.session.scalars(select(Account)):
        name = row.profile["username"]
        by_name = lookup.account_named(context, tenant_id=tenant_id, username=name)
        found[str(row.id)] = [row.profile, row.totp_secret, by_name == row.id]
    return found


@dataclass(frozen=True)
class Kind:
    """One kind of rotation: how far it goes at most, what does it, what must never change, what is left."""

    steps: int
    rotate: Callable
    examine: Callable
    left: Callable


def index(context, *, tenant_id):
    """Which cases each number leads to: with a token of one generation, the same for one child."""
    store = key_store(context)
    opening = store.opening_keys(context.session, tenant_id, TenantPurpose.INDEX)
    rows = context.session.execute(select(ChildIndex.kind, ChildIndex.token, ChildIndex.case_id))
    held = {(kind, token, case_id) for kind, token, case_id in rows}
    found = {}
    for case_id, body in bodies(
        context.session, store, tenant_id, {case_id for *_, case_id in held}
    ):
        if body["kind"] == "child":
            tokens = [national_id_token(key, "fnr", body["national_id"]) for key in opening]
            found[str(case_id)] = sum(("fnr", token, case_id) in held for token in tokens)
    return {"found": found, "children": len({token for _, token, _ in held})}


KINDS = {
    "index": Kind(
        60,
        lambda doorway, actor, tenant_id: keys.rotate_sealing(
            doorway, actor, tenant_id=tenant_id, purpose=TenantPurpose.INDEX
        ),
        index,
        lambda context, tenant_id: sum(
            tokens_under(context.session, key_store(context), tenant_id, key)
            for key in key_store(context).older_tenant_keys(
                context.session, tenant_id, TenantPurpose.INDEX
            )
        ),
    ),
    "kek": Kind(
        75,
        keys.rotate,
        opened_keys,
        lambda context, tenant_id: keys.status(context, tenant_id=tenant_id).left_behind,
    ),
    "directory": Kind(
        250,
        lambda doorway, actor, tenant_id: keys.rotate_sealing(
            doorway, actor, tenant_id=tenant_id, purpose=TenantPurpose.DIRECTORY
        ),
        directory,
        lambda context, tenant_id: needing(
            context, tenant_id=tenant_id, purpose=TenantPurpose.DIRECTORY
        ),
    ),
}


def main(var: Path, url: str, kills: int, seed: int, which: str) -> None:
    """Kill until enough children died on the way, then let one finish."""
    settings = settings_for(var, url)
    keys.BATCH = keys.RESEAL_BATCH = 3 if which == "index" else 7
    kind = KINDS[which]
    tenant = first_tenant(settings)
    before = asked(settings, kind.examine, tenant)
    steps = random.Random(seed)  # noqa: S311 - the same places in every run
    killed, whole, faults = [], 0, []
    while len(killed) < kills:
        step = steps.randrange(1, kind.steps)
        if died(settings, tenant, kind, step):
            killed.append(step)
        else:
            whole += 1
        if asked(settings, kind.examine, tenant) != before:
            faults.append(step)
    finish(settings, tenant, kind)
    told = {"kills": len(killed), "places": len({*killed}), "whole": whole, "faults": faults}
    sys.stdout.write(json.dumps({**told, **end_state(settings, tenant, kind, before)}))


def died(settings, tenant: uuid.UUID, kind: Kind, step: int) -> bool:
    """Rotate in a child that is killed at ``step``; False when it finished before."""
    child = os.fork()
    if child == 0:
        runtime = opened(settings)
        left = [step]

        def count(*_arguments: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(runtime.engine, "before_cursor_execute", count)
        event.listen(runtime.engine, "commit", count)
        kind.rotate(runtime.doorway, OPERATOR, tenant_id=tenant)
        runtime.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"the child failed at step {step}")
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def asked(settings, question: Callable, tenant: uuid.UUID):
    """What a workflow answers in a process that begins from what is stored."""
    runtime = opened(settings)
    found = runtime.doorway.perform(question, OPERATOR, tenant_id=tenant)
    runtime.close()
    return found


def finish(settings, tenant: uuid.UUID, kind: Kind) -> None:
    """Let a rotation come to its end."""
    runtime = opened(settings)
    kind.rotate(runtime.doorway, OPERATOR, tenant_id=tenant)
    runtime.close()


def end_state(settings, tenant: uuid.UUID, kind: Kind, before) -> dict:
    """How everything stands at the end."""
    log = asked(settings, audit_check.verify, tenant)
    same = asked(settings, kind.examine, tenant) == before
    left = asked(settings, kind.left, tenant)
    return {"left": left, "intact": log.intact, "same": same, "said": log.findings}


def opened(settings):
    """The case side, with the installation's own root key."""
    return open_runtime(settings, provider=FileProvider(settings.root_key_file), cost=CHEAP)


def first_tenant(settings) -> uuid.UUID:
    """The municipality that was prepared."""
    runtime = opened(settings)
    found = runtime.doorway.perform(keys.municipalities, OPERATOR)
    runtime.close()
    return found[0][0]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
