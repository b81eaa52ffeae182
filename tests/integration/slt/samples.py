"""A network side with synthetic coordinators and releases; nobody is counted in them."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bti.clock import FixedClock
from bti.disclosure.half_year import counted, spec_of
from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.export import release_content
from bti.disclosure.linked.rounding import random_rounding
from bti.disclosure.menu import AGE, DIMENSIONS, MENU
from bti.disclosure.release import FORMAT, Edition, Release, Signed
from bti.disclosure.tables import HalfYear
from bti.identity.password import Argon2Cost, Passwords
from bti.identity.totp import code_at
from bti.settings import Settings
from bti.slt import migrate
from bti.slt.account import CreatedAccount, NewAccount, create_account
from bti.slt.runtime import SltRuntime, open_runtime
from bti.slt.sign_in import Attempt, Coordinator, SignedIn, sign_in, who_is
from bti.workflows.release_record import Keys

PASSWORD = "svevende blåklokke under taket"
KEY = b"r" * 32
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
# One for the whole run: the product's own cost is tested in tests/unit/identity.
CHEAP = Passwords(Argon2Cost(memory_kib=8, passes=1))


@dataclass(frozen=True)
class Network:
    """A migrated network side with one coordinator."""

    runtime: SltRuntime
    settings: Settings
    clock: FixedClock
    olav: CreatedAccount

    def attempt(self, **changes: str) -> Attempt:
        """What Olav types when nothing is wrong."""
        right = {
            "username": "olav.lien",
            "password": PASSWORD,
            "code": code_at(self.olav.totp_secret, self.clock.now()),
            "address": "192.0.2.7",
        }
        return Attempt(**{**right, **changes})

    def signed_in(self) -> tuple[str, Coordinator]:
        """A session for Olav: the token, and who it belongs to."""
        outcome = sign_in(self.runtime, self.attempt())
        assert isinstance(outcome, SignedIn)
        who = who_is(self.runtime, outcome.token)
        assert who is not None
        # So that the next sign-in has a fresh code.
        self.clock.advance(timedelta(seconds=31))
        return outcome.token, who


def a_network(folder: Path, url: str | None = None) -> Network:
    """A fresh network side in `folder`, on SQLite unless a URL is given."""
    chosen = {} if url is None else {"slt_database_url": url}
    settings = Settings(mode="test", serve="network", var_dir=folder, **chosen)
    migrate.upgrade(settings.slt_database_url)
    clock = FixedClock(NOW)
    runtime = open_runtime(settings, clock, passwords=CHEAP)
    olav = create_account(runtime, a_coordinator())
    return Network(runtime=runtime, settings=settings, clock=clock, olav=olav)


def a_coordinator(**changes: str) -> NewAccount:
    """Olav Lien of the invented municipality of Lindvik."""
    given = {
        "username": "olav.lien",
        "display_name": "Olav Lien",
        "municipality_number": "9901",
        "municipality_name": "Lindvik kommune",
        "password": PASSWORD,
        "language": "en",
    }
    return NewAccount(**{**given, **changes})


@cache
def a_release(
    children: int = 60,
    *,
    period: str = "2026H1",
    seed: int = 1,
    number: str = "9901",
    version: int = 1,
    known: tuple[Signed, ...] = (),
) -> Signed:
    """A signed release of invented counts, as if it had been proven with what is known: it was not."""
    edition = Edition(
        municipality_number=number,
        municipality_name="Lindvik kommune",
        period=HalfYear.parse(period),
        version=version,
        reason=None if version == 1 else "Fem barn manglet.",
        known=tuple(sorted(read(one).sha256() for one in known)),
    )
    population = dict.fromkeys(DIMENSIONS[AGE], 400)
    universe = Universe(spec_of(edition.period, population))
    rounded = random_rounding(counted(universe, some_children(children, seed)), KEY)
    content = {
        "format": FORMAT,
        "menu": MENU,
        "municipality": {"name": edition.municipality_name, "number": number},
        "period": period,
        "version": version,
        "reason": edition.reason,
        "known": list(edition.known),
        "population": [list(one) for one in population.items()],
        "numbers": release_content(rounded),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Keys(KEY, KEY).sign(text)


def read(signed: Signed) -> Release:
    """The release in a signed text."""
    return Release.reopen(signed.text)


def some_children(children: int, seed: int = 1) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Invented children with the codes of the menu, unevenly spread."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return tuple(
        (
            f"child-{number}",
            tuple(
                rng.choices(codes, [6, 5, 3, 2, 1, 1][: len(codes)])[0]
                for codes in DIMENSIONS.values()
            ),
        )
        for number in range(children)
    )
