"""Kills processes at every kind of point, and counts what is broken afterwards.

`python -m benchmarks.crash` lets 240 real processes die in a whole installation (`bti serve`, `keyd`,
`signer`, `logd`, `work`, `keys rotate`; see ``benchmarks.house``), and half as many writers and sequencers inside one
process. A victim dies at a step: before or after a statement, around a commit, around each fsync and
rename. The control writes change and entry in two transactions, and must break.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy import insert

from benchmarks.house import Tally, take_house_toll
from benchmarks.victims import Doom
from bti.audit import store
from bti.audit.actions import Action
from bti.audit.record import Reference
from bti.audit.sequence import Sequencer
from bti.audit.signer import StatefulSigner
from bti.audit.verify import Policy
from bti.bootstrap import open_runtime
from bti.db.models import Unit
from bti.db.walls import EVERYWHERE, stand
from bti.workflows import audit_check
from bti.workflows.actor import SystemActor
from tests.postgres_server import running_server, stop_server
from tests.walled import Deployment, walled
from tests.world import CHEAP, build, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from bti.bootstrap import Runtime
    from bti.settings import Settings
    from bti.workflows.context import Context

ACTS = 3
LATEST_STEP = 90
ACTOR = SystemActor("crash")
TOGETHER, APART, SEQUENCER = "writer", "writer in two transactions", "sequencer and signer"


@dataclass(frozen=True, slots=True)
class Toll:
    """What was tried: how often a victim died, and what is broken now, one line each."""

    victim: str
    deaths: int
    broken: tuple[str, ...]


def add_unit(context: Context, tenant_id: uuid.UUID, unit_id: uuid.UUID) -> None:
    """One act: a row and its entry."""
    context.session.add(_unit(tenant_id, unit_id))
    context.record(Action.UNIT_REGISTER_CREATE, Reference("unit", unit_id), tenant=tenant_id)


def _unit(tenant_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    return Unit(
        id=unit_id,
        tenant_id=tenant_id,
        name="Nebba",
        sector="school",
        organ=str(unit_id),
        phone="",
    )


def write_together(runtime: Runtime, tenant: uuid.UUID) -> None:
    """Work as the program does: change and entry in one transaction."""
    for _ in range(ACTS):
        runtime.doorway.perform(add_unit, ACTOR, tenant_id=tenant, unit_id=uuid.uuid4())


def write_apart(runtime: Runtime, tenant: uuid.UUID) -> None:
    """Work as the control does: first the change, then an entry about it."""
    for _ in range(ACTS):
        unit_id = uuid.uuid4()
        row = _unit(tenant, unit_id)
        row.version = 1
        columns = {column.name: getattr(row, column.key) for column in Unit.__table__.columns}
        with runtime.engine.begin() as connection:
            connection.execute(insert(Unit.__table__).values(columns))
        runtime.doorway.perform(_tell, ACTOR, tenant_id=tenant, unit_id=unit_id)


def _tell(context: Context, tenant_id: uuid.UUID, unit_id: uuid.UUID) -> None:
    row = context.session.get_one(Unit, unit_id)
    row.phone = "1"
    context.record(Action.UNIT_REGISTER_CREATE, Reference("unit", unit_id), tenant=tenant_id)


def sequence(runtime: Runtime, _tenant: uuid.UUID) -> None:
    """Work as `bti logd` does, with the signer in the same process: any step may be the last."""
    sequencer = sequencer_over(runtime)
    for _ in range(ACTS):
        sequencer.turn()


def sequencer_over(runtime: Runtime) -> Sequencer:
    """The sequencer of a runtime; small batches, so that a death falls between two."""
    if runtime.settings.signer_dir is None:
        raise ValueError("no folder for the signer")
    signer = StatefulSigner(runtime.settings.signer_dir)
    return Sequencer(runtime.engine, signer, runtime.clock, batch=4)


VICTIMS = {TOGETHER: write_together, APART: write_apart, SEQUENCER: sequence}


def take_toll(victim: str, settings: Settings, tenant: uuid.UUID, deaths: int, seed: int) -> Toll:
    """Let ``victim`` die ``deaths`` times at steps that ``seed`` decides, and look at what is left."""
    drawn, died = random.Random(seed), 0
    while died < deaths:
        if victim == SEQUENCER:
            _work(settings, tenant, write_together)
        died += _fork(settings, tenant, victim, drawn.randint(1, LATEST_STEP))
    return Toll(victim, died, _broken(settings, tenant))


def _work(
    settings: Settings, tenant: uuid.UUID, work: Callable[[Runtime, uuid.UUID], None]
) -> None:
    runtime = open_runtime(settings, cost=CHEAP)
    try:
        work(runtime, tenant)
    finally:
        runtime.close()


def _fork(settings: Settings, tenant: uuid.UUID, victim: str, step: int) -> bool:
    """Run a victim in a process of its own; tell whether it died before its work was done."""
    child = os.fork()
    if child == 0:
        _live_and_die(settings, tenant, victim, step)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the {victim} failed by itself")
    return os.WIFSIGNALED(status)


def _live_and_die(settings: Settings, tenant: uuid.UUID, victim: str, step: int) -> NoReturn:
    # Never back into the parent's code: its exit handlers would stop its database.
    status = 1
    try:
        runtime = open_runtime(settings, cost=CHEAP)
        Doom(step).haunt(runtime.engine)
        VICTIMS[victim](runtime, tenant)
        status = 0
    finally:
        os._exit(status)


def _broken(settings: Settings, tenant: uuid.UUID) -> tuple[str, ...]:
    """Let a whole sequencer finish, and return what a check finds."""
    runtime = open_runtime(settings, cost=CHEAP)
    try:
        if settings.audit_log == "sequenced":
            sequencer = sequencer_over(runtime)
            while sequencer.turn():
                pass
        keys = runtime.doorway.perform(audit_check.verifier_keys, ACTOR, tenant_id=tenant)
        with runtime.doorway.sessions() as session, session.begin():
            stand(session, EVERYWHERE)
            found = store.examine(session, tenant, Policy(keys), now=runtime.clock.now())
    finally:
        runtime.close()
    first = () if found.report.finding is None else (str(found.report.finding),)
    return (*first, *found.findings)


def _told(tally: Tally) -> str:
    died = ", ".join(f"{name} {count}" for name, count in tally.died.items())
    deaths = sum(tally.died.values())
    lines = [
        f"{'processes':<28} {'sequenced':<10} died {deaths:>4} times: {len(tally.broken)} broken",
        f"    {died}; {tally.at_step} of them at a step",
        f"    in the database as {', '.join(sorted(tally.roles))}",
        f"    {sum(tally.said.values())} of {sum(tally.sent.values())} acts were answered",
        *(f"    {line}" for line in tally.broken[:5]),
    ]
    return "\n".join(lines)


def main() -> int:
    """Print the toll of each victim; end with 1 when the log broke, or the control did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--deaths", type=int, default=240, help="of whole processes; the others half as often"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    each, bad = -(-options.deaths // 6), 0
    with tempfile.TemporaryDirectory(prefix="bti-crash-") as name:
        directory = Path(name)
        server = running_server(directory)
        try:
            for number, (victim, way) in enumerate(
                [
                    (TOGETHER, "inline"),
                    (TOGETHER, "sequenced"),
                    (SEQUENCER, "sequenced"),
                    (APART, "inline"),
                ]
            ):
                with server.database() as url:
                    place = directory / str(number)
                    chosen = settings_for(place, url if way == "sequenced" else None, audit_log=way)
                    world = build(chosen)
                    world.close()
                    toll = take_toll(victim, chosen, world.tenant_id, each, options.seed + number)
                must_break = victim == APART
                bad += bool(toll.broken) != must_break
                said = f"{len(toll.broken)} broken" + (" (must be some)" if must_break else "")
                print(
                    f"{toll.victim:<28} {way:<10} died {toll.deaths:>4} times: {said}", flush=True
                )
                for line in toll.broken[:3]:
                    print(f"    {line}")
            with walled(server, Deployment.APART) as made:
                # A short name: that of a socket may have 107 characters.
                tally = take_house_toll(directory / "h", made, options.deaths, options.seed)
            bad += bool(tally.broken)
            print(_told(tally))
        finally:
            stop_server(directory)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
