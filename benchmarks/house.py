"""A whole installation of real processes on PostgreSQL, killed one at a time while people work.

Two people hand a baton to and fro over HTTP; the broker releases keys for it, the sequencer places what is
entered, the signer signs, `bti work` does its jobs, and keys get new generations. Each process has its own
database role and no more rights. After each death it is started again, and at the end a check looks for
anything that was lost, doubled or broken.
"""

from __future__ import annotations

import os
import random
import socket
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

from sqlalchemy import NullPool, create_engine, text

from benchmarks import rotations
from benchmarks.victims import Process, Visitor, listens, wait_until
from bti.audit import store
from bti.audit.signer import StatefulSigner
from bti.audit.verify import Policy
from bti.bootstrap import open_runtime
from bti.db import rights
from bti.db.walls import EVERYWHERE, stand
from bti.jobs.table import JOBS, Place
from bti.workflows import audit_check, keys
from bti.workflows.actor import SystemActor
from tests.integration.workflows.cases import log_open, new_case
from tests.sequenced import build_sequenced
from tests.world import CHEAP, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from bti.settings import Settings
    from tests.walled import Walled
    from tests.world import World

ACTOR = SystemActor("crash")
WEB, KEYD, SIGNER, LOGD, WORK, ROTATION = "serve", "keyd", "signer", "logd", "work", "rotation"
#: Victim → how late its step may come: about as many as it takes in the acts between two deaths.
VICTIMS = {WEB: 160, KEYD: 160, SIGNER: 24, LOGD: 80, WORK: 60, ROTATION: 110}
ACTS = 3
WORK_JOBS = tuple(one.name for one in JOBS if one.place is Place.WORK)
_OK = 303


@dataclass(slots=True)
class Tally:
    """What was asked for and what was answered: ``sent`` may have been done, ``said`` must be."""

    sent: dict[str, int] = field(default_factory=lambda: {"offer": 0, "accept": 0})
    said: dict[str, int] = field(default_factory=lambda: {"offer": 0, "accept": 0})
    died: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VICTIMS, 0))
    #: Those that died at a step of their own, and not between two.
    at_step: int = 0
    #: As whom the processes were signed in to the database.
    roles: frozenset[str] = frozenset()
    broken: list[str] = field(default_factory=list)


class House:
    """The processes, the people and what is known of them."""

    def __init__(self, folder: Path, made: Walled) -> None:
        """Make the municipality with one running log, and start everything. ``made`` has the roles."""
        self.folder, self.made, self.url = folder, made, made.admin
        self.world: World = build_sequenced(folder / "var", self.url, placing=False, migrated=True)
        self.case_id = new_case(self.world)
        log_open(self.world, self.case_id)
        for _ in range(rotations.OTHER_CASES):
            new_case(self.world)
        tokens = {who: self.world.token(who) for who in ("ingrid", "per")}
        self.world.close()
        self.engine: Engine = create_engine(self.url, poolclass=NullPool)
        self.shift = self.world.clock.now() + timedelta(minutes=1) - datetime.now(UTC)
        self.port = _free_port()
        self.people = {
            who: Visitor(self.port, {"st_session": token}) for who, token in tokens.items()
        }
        self.tally = Tally()
        self.keys = rotations.kept(self._settings, self.world.tenant_id)
        # Every process of the house is forked from this one, which has what it had again at the end.
        self._small_batches = patch.object(keys, "BATCH", rotations.BATCH)
        self._small_batches.start()
        self.processes = self._processes()
        for name in self.processes:
            if name != ROTATION:
                self._start(name)

    def close(self) -> None:
        """Kill what is left."""
        for process in self.processes.values():
            process.kill()
        self._small_batches.stop()

    # -- deaths ------------------------------------------------------------------------------

    def let_die(self, victim: str, drawn: random.Random) -> None:
        """Let one process die while people work, start it again, and see what was answered."""
        if victim == ROTATION:
            self._let_a_rotation_die(drawn)
            return
        process = self.processes[victim]
        process.kill()
        if victim == WORK:
            self._make_work()
        self._start(victim, drawn.randint(1, VICTIMS[victim]))
        for _ in range(ACTS):
            self.act()
            if victim in {LOGD, SIGNER, WORK}:
                time.sleep(drawn.uniform(0, 0.3))
            if process.dead:
                self.tally.at_step += 1
                break
        else:
            # It has outlived its step, which will not come any more: then at any time at all.
            time.sleep(drawn.uniform(0, 0.05))
            process.kill()
        self.tally.died[victim] += 1
        self._start(victim)

    def _let_a_rotation_die(self, drawn: random.Random) -> None:
        """Let a rotation die at a step while people work. One that came to its end before is none."""
        process = self.processes[ROTATION]
        while True:
            process.words = drawn.choice(rotations.COMMANDS)
            self._start(ROTATION, drawn.randint(1, VICTIMS[ROTATION]))
            self.act()
            if process.killed():
                break
        self.tally.died[ROTATION] += 1
        self.tally.at_step += 1

    def act(self) -> None:
        """One act of whoever is to act, and what must be so once it was answered."""
        holder, offer = self._stands()
        if offer is None:
            who, act = holder, "offer"
            other = self._other(holder)
            address = f"/cases/{self.case_id}/baton/offer"
            account, unit = self.world.accounts[other], self.world.units["school"]
            typed = {"to": f"{account}:{unit}", "message": "Ring mor først."}
        else:
            who, act = self._other(holder), "accept"
            address = f"/cases/{self.case_id}/baton/offers/{offer}"
            typed = {"answer": "yes"}
        self.tally.sent[act] += 1
        try:
            status = self.people[who].send(address, typed)
        except OSError:
            return  # nobody answered: it may have been done or not, and whichever is right
        if status != _OK:
            return
        self.tally.said[act] += 1
        now, open_offer = self._stands()
        kept = open_offer is not None if act == "offer" else (now == who and open_offer is None)
        if not kept:
            self.tally.broken.append(f"lost: an {act} that was answered")

    # -- what is found -------------------------------------------------------------------------

    def settle(self) -> None:
        """Let every process come to the end of what waits, end it, and note what is broken."""
        self._start(ROTATION)
        self.processes[ROTATION].killed()
        self.processes[WORK].kill()
        self._make_work()
        self._start(WORK)
        wait_until(lambda: not self._count("work_jobs", "done_at IS NULL OR failures > 0"), WORK)
        wait_until(self._all_signed, "every entry placed and signed")
        self.tally.roles = self._roles()
        for process in self.processes.values():
            process.kill()
        self.tally.broken += self.faults()

    def faults(self) -> tuple[str, ...]:
        """Return what is lost, doubled or broken in the house as it stands; one line each."""
        return (
            *self._log_faults(),
            *self._baton_faults(),
            *self._key_faults(),
            *self._work_faults(),
            *self._signer_faults(),
        )

    def _log_faults(self) -> Iterator[str]:
        runtime, tenant = open_runtime(self._settings, cost=CHEAP), self.world.tenant_id
        try:
            keys = runtime.doorway.perform(audit_check.verifier_keys, ACTOR, tenant_id=tenant)
            with runtime.doorway.sessions() as session, session.begin():
                stand(session, EVERYWHERE)
                now = datetime.now(UTC) + self.shift
                found = store.examine(session, tenant, Policy(keys), now=now)
        finally:
            runtime.close()
        if found.report.finding is not None:
            yield str(found.report.finding)
        yield from found.findings

    def _baton_faults(self) -> Iterator[str]:
        if self._count("logs") != 1 or self._count("baton_offers", "open_slot = 1") > 1:
            yield "a baton was lost or doubled"
        for act in ("offer", "accept"):
            entered = self._entries(f"baton:offer:{'create' if act == 'offer' else act}")
            if not self.tally.said[act] <= entered <= self.tally.sent[act]:
                yield f"{entered} entries of {act}, {self.tally.said[act]} were answered"
        made = self._count("baton_offers")
        if made != self._entries("baton:offer:create"):
            yield f"{made} offers and another number of entries"

    def _key_faults(self) -> Iterator[str]:
        # Each act opens the case, and the broker enters that before a key leaves it.
        opened = self._entries("key:case:release")
        answered = sum(self.tally.said.values())
        if opened < answered:
            yield f"{answered} acts were answered, and keys released {opened} times by the log"
        homeless = self._count(
            "case_keys",
            "case_id NOT IN (SELECT id FROM cases UNION SELECT id FROM own_records"
            " UNION SELECT id FROM control_findings UNION SELECT record_id FROM broker_notes)",
        )
        if homeless:
            yield f"{homeless} keys have no row and no note"
        yield from rotations.faults(self._settings, self.world.tenant_id, self.keys, self.engine)

    def _work_faults(self) -> Iterator[str]:
        if self._count("controls") != 1 or self._entries("control:month:run") != 1:
            yield "a month's control was lost or doubled"
        beats = self._entries("audit:heartbeat:make")
        hours = (datetime.now(UTC) + self.shift - self.world.clock.now()) / timedelta(minutes=30)
        if not 1 <= beats <= 1 + hours:
            yield f"{beats} heartbeats in {hours:.1f} half hours"

    def _signer_faults(self) -> Iterator[str]:
        known = StatefulSigner(self.folder / "signer").remembered(self.world.tenant_id)
        newest = self._scalar("SELECT max(size) FROM audit_checkpoints")
        notes = self._scalar(
            "SELECT count(*) FROM audit_checkpoints WHERE size = :size AND note LIKE :note",
            size=known.size if known else -1,
            note=(known.note if known else "").split("\n\n")[0] + "%",
        )
        if known is None or known.size != newest or notes != 1:
            yield "the signer remembers another log than the one that is there"

    # -- within ------------------------------------------------------------------------------

    @property
    def _settings(self) -> Settings:
        """As somebody who may look at everything."""
        return settings_for(self.folder / "var", self.url, audit_log="sequenced")

    def _processes(self) -> dict[str, Process]:
        def path(name: str) -> str:
            return str(self.folder / f"{name}.sock")

        common = {
            "BTI_MODE": "test",
            "BTI_SERVE": "case",
            "BTI_AUDIT_LOG": "sequenced",
            "BTI_PORT": str(self.port),
            "BTI_SESSION_IDLE_MINUTES": "120",
            "BTI_SESSION_ABSOLUTE_MINUTES": "1440",
            "BTI_QUOTA_CASES_HOUR": "100000",
            "BTI_QUOTA_CASES_DAY": "100000",
        }
        me = str(os.geteuid())
        broker = common | {"BTI_VAR_DIR": str(self.folder / "var")}
        asking = common | {"BTI_VAR_DIR": str(self.folder / "web")}
        signer = ("signer", "serve", "--dir", str(self.folder / "signer"))
        told: dict[str, tuple[rights.Process | None, tuple[str, ...], dict[str, str]]] = {
            SIGNER: (None, (*signer, "--socket", path("signer")), {}),
            LOGD: (
                rights.Process.LOGD,
                ("logd",),
                asking | {"BTI_SIGNER_SOCKET": path("signer")},
            ),
            KEYD: (
                rights.Process.KEYD,
                ("keyd",),
                broker | {"BTI_KEYD_LISTEN": path("keyd"), "BTI_KEYD_WEB_USERS": me},
            ),
            # One user is one side of a broker: the work side has one of its own here.
            "work-keyd": (
                rights.Process.KEYD,
                ("keyd",),
                broker | {"BTI_KEYD_LISTEN": path("work-keyd"), "BTI_KEYD_WORK_USERS": me},
            ),
            WEB: (rights.Process.WEB, ("serve",), asking | {"BTI_KEYD_SOCKET": path("keyd")}),
            WORK: (rights.Process.WORK, ("work",), asking | {"BTI_KEYD_SOCKET": path("work-keyd")}),
            ROTATION: (rights.Process.KEYD, rotations.COMMANDS[0], broker),
        }
        return {
            name: Process(
                words,
                environment | ({"BTI_DATABASE_URL": self.made.url(role)} if role else {}),
                self.folder / f"{name}.log",
                self.shift,
            )
            for name, (role, words, environment) in told.items()
        }

    def _start(self, name: str, step: int = 0) -> None:
        process = self.processes[name]
        process.start(step)
        kinds = {SIGNER: socket.SOCK_STREAM, KEYD: socket.SOCK_SEQPACKET}
        kind = kinds.get(name.removeprefix("work-"))
        if kind is not None:
            there = self.folder / f"{name}.sock"
            wait_until(lambda: process.dead or listens(kind, there), name)
        elif name == WEB:
            wait_until(lambda: process.dead or self._answers(), name)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _make_work(self) -> None:
        """Let every job be due, as if a night had passed, and what a dead worker held be free."""
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE work_jobs SET due_at = :now, owed_at = :now, held_until = NULL,"
                    " done_at = NULL"
                ),
                {"now": datetime.now(UTC) + self.shift},
            )

    def _stands(self) -> tuple[str, uuid.UUID | None]:
        names = {account: who for who, account in self.world.accounts.items()}
        with self.engine.begin() as connection:
            holder = connection.execute(text("SELECT holder_id FROM logs")).scalar_one()
            offer = connection.execute(
                text("SELECT id FROM baton_offers WHERE open_slot = 1")
            ).scalar_one_or_none()
        return names[holder], offer

    def _roles(self) -> frozenset[str]:
        query = (
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with self.engine.begin() as connection:
            return frozenset(connection.execute(text(query)).scalars())

    def _other(self, who: str) -> str:
        return "per" if who == "ingrid" else "ingrid"

    def _all_signed(self) -> bool:
        signed = self._scalar("SELECT max(size) FROM audit_checkpoints")
        return not self._count("audit_pending") and signed == self._count("audit_events")

    def _entries(self, act: str) -> int:
        return self._count("audit_events", f"act = '{act}' AND dec = 'allow'")

    def _count(self, table: str, where: str = "true") -> int:
        # Text of this module alone.
        return int(self._scalar(f"SELECT count(*) FROM {table} WHERE {where}") or 0)  # noqa: S608 - as above

    def _scalar(self, query: str, **values: object) -> int | None:
        with self.engine.begin() as connection:
            found: int | None = connection.execute(text(query), values).scalar()
        return found


def take_house_toll(folder: Path, made: Walled, deaths: int, seed: int) -> Tally:
    """Let the processes die in turn, ``deaths`` times in all, at steps that ``seed`` decides."""
    drawn = random.Random(seed)
    house = House(folder, made)
    try:
        for number in range(deaths):
            house.let_die(list(VICTIMS)[number % len(VICTIMS)], drawn)
        house.settle()
    finally:
        house.close()
    return house.tally


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
