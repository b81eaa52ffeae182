"""Run by test_key_rotation in a process of its own: rotates in children that are killed on the way.

Arguments: var dir, database URL, kills, seed. Writes one line of JSON. A child sends itself
SIGKILL at the nth statement or commit it reaches; after each the store is examined from here.
"""

import json
import os
import random
import signal
import sys
import uuid
from pathlib import Path

from sqlalchemy import event

from bti.bootstrap import open_runtime
from bti.crypto.file_provider import FileProvider
from bti.workflows import audit_check, keys
from bti.workflows.actor import SystemActor
from tests.key_ring import opened_keys
from tests.world import CHEAP, settings_for

OPERATOR = SystemActor("operator")
MOST_STEPS = 75


def main(var: Path, url: str, kills: int, seed: int) -> None:
    """Kill until enough children died on the way, then let one finish."""
    settings = settings_for(var, url)
    keys.BATCH = 7
    tenant = first_tenant(settings)
    before = examined(settings, tenant)
    steps = random.Random(seed)  # noqa: S311 - the same places in every run
    killed, whole, faults = [], 0, []
    while len(killed) < kills:
        step = steps.randrange(1, MOST_STEPS)
        if died(settings, tenant, step):
            killed.append(step)
        else:
            whole += 1
        after = examined(settings, tenant)
        if after != before:
            faults.append(step)
    finish(settings, tenant)
    told = {"kills": len(killed), "places": len({*killed}), "whole": whole, "faults": faults}
    sys.stdout.write(json.dumps({**told, **end_state(settings, tenant, before)}))


def died(settings, tenant: uuid.UUID, step: int) -> bool:
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
        keys.rotate(runtime.doorway, OPERATOR, tenant_id=tenant)
        runtime.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"the child failed at step {step}")
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def examined(settings, tenant: uuid.UUID) -> dict:
    """Open every data key from what is stored."""
    runtime = opened(settings)
    found = runtime.doorway.perform(opened_keys, OPERATOR, tenant_id=tenant)
    runtime.close()
    return found


def finish(settings, tenant: uuid.UUID) -> None:
    """Let a rotation come to its end."""
    runtime = opened(settings)
    keys.rotate(runtime.doorway, OPERATOR, tenant_id=tenant)
    runtime.close()


def end_state(settings, tenant: uuid.UUID, before: dict) -> dict:
    """How everything stands at the end."""
    runtime = opened(settings)
    stands = runtime.doorway.perform(keys.status, OPERATOR, tenant_id=tenant)
    log = runtime.doorway.perform(audit_check.verify, OPERATOR, tenant_id=tenant)
    same = runtime.doorway.perform(opened_keys, OPERATOR, tenant_id=tenant) == before
    runtime.close()
    return {"left": stands.left_behind, "intact": log.intact, "same": same, "said": log.findings}


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
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
