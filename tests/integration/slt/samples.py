"""A network side with synthetic coordinators and releases; nobody is counted in them."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bti.clock import FixedClock
from bti.disclosure.menu import AGE_BANDS, LEVELS, level_by_age
from bti.disclosure.release import Release, prepare, seal
from bti.disclosure.tables import CountTable, HalfYear, masked
from bti.disclosure.verify import examine, verify
from bti.identity.password import Argon2Cost, Passwords
from bti.identity.totp import code_at
from bti.settings import Settings
from bti.slt import migrate
from bti.slt.account import CreatedAccount, NewAccount, create_account
from bti.slt.runtime import SltRuntime, open_runtime
from bti.slt.sign_in import Attempt, Coordinator, SignedIn, sign_in, who_is

PASSWORD = "svevende blåklokke under taket"
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


def a_release(
    children: int = 150, *, period: str = "2026H1", seed: int = 1, number: str = "9901"
) -> Release:
    """A release of invented counts."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    cells = [(level, band) for level in LEVELS.codes for band in AGE_BANDS.codes]
    weights = [level * band for level in (6, 8, 4, 1.5) for band in (2, 4, 4, 5, 3, 1)]
    counts = Counter(rng.choices(cells, weights, k=children))
    verified = prepare(level_by_age(HalfYear.parse(period), counts))
    return seal(verified, municipality_number=number, municipality_name="Lindvik kommune")


def a_correction(release: Release, change: int) -> Release:
    """The same pattern with `change` more children in a shown cell, from counts that fit it."""
    table = release.table
    witnesses, _ = examine(table)
    counts = [list(row[:-1]) for row in witnesses[0].low[:-1]]
    row, column = next(
        spot
        for spot in table.shape.positions()
        if table.value(spot) and not table.shape.is_total(spot)
    )
    counts[row][column] += change
    changed = CountTable(
        period=table.period,
        rows=table.rows,
        columns=table.columns,
        counts=tuple(tuple(values) for values in counts),
    )
    hidden = frozenset(table.hidden())
    verified = verify(masked(changed, hidden, table.threshold), changed)
    return seal(verified, municipality_number="9901", municipality_name="Lindvik kommune")
