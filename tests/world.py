"""A small synthetic municipality to test in: units, people with roles, a clock that stands still.

Everything is made through the workflows, so the audit log of a test begins intact.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from bti.bootstrap import Runtime, open_runtime, upgrade_database
from bti.clock import FixedClock
from bti.db.walls import EVERYWHERE, stand
from bti.domain.codes import Role, Sector
from bti.identity import tokens, totp
from bti.identity.password import Argon2Cost
from bti.settings import Settings
from bti.workflows import account, sign_in
from bti.workflows.actor import Actor, SystemActor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
CHEAP = Argon2Cost(memory_kib=8, passes=1)
SECRET = "fire gule ugler på et tak"
ADMIN = SystemActor("test")

UNITS = {
    "school": ("Lindvik ungdomsskole", Sector.SCHOOL),
    "kindergarten": ("Solbakken barnehage", Sector.KINDERGARTEN),
    "health": ("Skolehelsetjenesten", Sector.HEALTH),
    "pps": ("PP-tjenesten", Sector.PPS),
    "child_welfare": ("Barnevernstjenesten", Sector.CHILD_WELFARE),
    "team": ("Oppvekstteamet", Sector.TEAM),
    "leisure": ("Fritidsklubben", Sector.LEISURE),
    "administration": ("Administrasjonen", Sector.ADMINISTRATION),
}

PEOPLE = {
    "ingrid": ("Ingrid Solberg", "Kontaktlærer", "school", Role.STAFF),
    "per": ("Per Dahl", "Kontaktlærer", "school", Role.STAFF),
    "siv": ("Siv Aas", "Rektor", "school", Role.UNIT_LEAD),
    "kari": ("Kari Lund", "Helsesykepleier", "health", Role.STAFF),
    "mona": ("Mona Lie", "Pedagogisk leder", "kindergarten", Role.STAFF),
    "nina": ("Nina Holm", "PP-rådgiver", "pps", Role.STAFF),
    "odd": ("Odd Ness", "Barnevernspedagog", "child_welfare", Role.STAFF),
    "vera": ("Vera Natt", "Barnevernsvakt", "child_welfare", Role.ON_CALL),
    "hege": ("Hege Moen", "Leder for oppvekstteamet", "team", Role.TEAM_LEAD),
    "turid": ("Turid Moe", "Barnekoordinator", "team", Role.TEAM_MEMBER),
    "anne": ("Anne Ruud", "Personvernombud", "administration", Role.DPO),
    "arne": ("Arne Vik", "Arkivar", "administration", Role.ARCHIVIST),
    "asta": ("Asta Berg", "Systemansvarlig", "administration", Role.ADMINISTRATOR),
}


@dataclass(slots=True)
class World:
    """A runtime with one municipality (and a neighbour) and everybody's sign-in."""

    runtime: Runtime
    clock: FixedClock
    tenant_id: uuid.UUID
    units: dict[str, uuid.UUID]
    accounts: dict[str, uuid.UUID]
    seeds: dict[str, bytes]
    #: Where the runtime's own role is bound by walls: the address of the server's superuser.
    admin_url: str | None = None
    _actors: dict[str, Actor] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def system(self, workflow: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a workflow as the command line would."""
        return self.runtime.doorway.perform(workflow, ADMIN, *args, **kwargs)

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """A transaction over all rows, as whoever has the whole database meets them."""
        with self.runtime.doorway.sessions() as session, session.begin():
            stand(session, EVERYWHERE)
            yield session

    @contextmanager
    def as_administrator(self) -> Iterator[Connection]:
        """A transaction in plain SQL by somebody whom no wall and no right binds."""
        engine = create_engine(self.admin_url) if self.admin_url else self.runtime.engine
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            if self.admin_url:
                engine.dispose()

    def run(self, who: str, workflow: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a workflow as a person, signed in afresh when the session has run out."""
        return self.runtime.doorway.perform(workflow, self.actor(who), *args, **kwargs)

    def token(self, who: str) -> str:
        """Sign in with password and code and return the session token."""
        known = self._tokens.get(who)
        if known is not None and self._alive(known):
            return known
        # Codes are single-use and the clock stands still: each sign-in takes the next step.
        self.clock.advance(timedelta(seconds=totp.STEP_SECONDS * 2))
        signed = sign_in.sign_in(
            self.runtime.doorway,
            tenant_id=self.tenant_id,
            username=who,
            secret=SECRET,
            code=totp.code_at(self.seeds[who], self.clock.now()),
            address="127.0.0.1",
        )
        assert isinstance(signed, sign_in.SignedIn), f"{who} could not sign in"
        self._tokens[who] = signed.token
        return signed.token

    def forget(self, who: str) -> None:
        """Let the person sign in anew at the next act."""
        self._tokens.pop(who, None)

    def actor(self, who: str) -> Actor:
        """Return the signed-in person."""
        actor = self.runtime.doorway.perform(sign_in.identify, None, token=self.token(who))
        assert actor is not None
        return actor

    def _alive(self, token: str) -> bool:
        found = self.runtime.doorway.perform(sign_in.identify, None, token=token)
        return found is not None and found.token_hash == tokens.token_digest(token)

    def close(self) -> None:
        """Give back the database."""
        self.runtime.close()


def settings_for(directory: Path, url: str | None = None, **more: Any) -> Settings:
    """Return test settings whose files are all under ``directory``."""
    values: dict[str, Any] = {
        "mode": "test",
        "var_dir": directory,
        "database_url": url or f"sqlite:///{directory}/stafett.sqlite",
        "slt_database_url": f"sqlite:///{directory}/slt.sqlite",
        "root_key_file": directory / "keys" / "root.key",
        "session_absolute_minutes": 24 * 60,
        "session_idle_minutes": 120,
    }
    return Settings(**{**values, **more})


def build(settings: Settings, *, migrated: bool = False) -> World:
    """Make the municipality from nothing, or (``migrated``) in a database that has its tables."""
    if not migrated:
        upgrade_database(settings)
    clock = FixedClock(START)
    runtime = open_runtime(settings, clock=clock, cost=CHEAP)
    world = World(runtime, clock, uuid.UUID(int=0), {}, {}, {})
    world.tenant_id = world.system(
        account.create_municipality,
        name="Lindvik kommune",
        number="9901",
        profile="standard",
        language="nb",
    )
    for key, (name, sector) in UNITS.items():
        world.units[key] = world.system(
            account.create_unit,
            tenant_id=world.tenant_id,
            name=name,
            sector=sector,
            phone="00 00 00 00",
        )
    for username, (name, title, unit, role) in PEOPLE.items():
        add_person(world, username, name, title, unit, role)
    return world


def add_person(
    world: World, username: str, name: str, title: str, unit: str, role: Role
) -> uuid.UUID:
    """Add a colleague with one role."""
    made = world.system(
        account.create_account,
        tenant_id=world.tenant_id,
        username=username,
        name=name,
        title=title,
        secret=SECRET,
        must_renew=False,
    )
    world.accounts[username] = made.account_id
    world.seeds[username] = made.totp_secret
    world.system(
        account.grant_role,
        tenant_id=world.tenant_id,
        account_id=made.account_id,
        unit_id=world.units[unit],
        role=role,
    )
    return made.account_id


def copy_of(image: World, image_dir: Path, directory: Path) -> World:
    """Return a fresh world from a prepared SQLite image: database and key file are copied."""
    shutil.copytree(image_dir, directory, dirs_exist_ok=True)
    clock = FixedClock(image.clock.now())
    runtime = open_runtime(settings_for(directory), clock=clock, cost=CHEAP)
    return World(
        runtime, clock, image.tenant_id, dict(image.units), dict(image.accounts), dict(image.seeds)
    )
