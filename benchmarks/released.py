"""Linked tables held against other ways, over time, and at scale: the acceptance figures of releases."""

from __future__ import annotations

import random
import sqlite3
from time import process_time
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.linked import KEY, a_municipality
from benchmarks.side_by_side import Figure
from bti.disclosure.linked.attack import attack
from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import Counts, count
from bti.disclosure.linked.engine import protect, usefulness
from bti.disclosure.linked.history import Changes, History, Past
from bti.disclosure.linked.promise import must_hide
from bti.disclosure.linked.publication import Publication, shown_truth
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.spec import Dimension, Method, Rules, Spec, margins
from bti.disclosure.linked.suppress import suppress
from bti.disclosure.linked.verify import NotSafe, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROWS: Final = 1_000_000
HALF_YEARS: Final = 8
LENGTHS: Final = {"level": 4, "age": 6, "sex": 2}
FOLLOWED: Final = {"level": 4, "sex": 2}
"""Over time fewer numbers: each release is proven with all before it."""
CHILDREN: Final = 250
_FEW: Final = 5
_EPSILON: Final = 1.0
_SPREAD: Final = 2.0


def figures() -> Iterator[Figure]:
    """Control of the attacker, differences over time, use beside other ways, and a million rows."""
    hidden, recovered = _threshold_only()
    yield Figure(
        "threshold-only, 4 by 4: recovered", "numbers", recovered, hidden, recovered / hidden, 0.5
    )
    naive, ours, shown = _over_time()
    name = f"{HALF_YEARS} half-years and corrections: changes by few recovered"
    yield Figure(name, "changes", ours, naive, float(ours == 0), 1.0)
    yield Figure("  by true numbers each half-year, as it must", "changes", naive, 0, naive, 1.0)
    yield Figure("  of ours that were published", "releases", shown, 2 * HALF_YEARS, shown / 2, 1.0)
    yield from _use()
    yield _counting()


def a_town(children: int, seed: int, lengths: Mapping[str, int] = LENGTHS) -> list[dict[str, str]]:
    """Rows of named children, unevenly spread."""
    rng = random.Random(seed)
    return [_child(rng, f"{seed}-{number}", lengths) for number in range(children)]


def _child(rng: random.Random, name: str, lengths: Mapping[str, int]) -> dict[str, str]:
    codes = {
        dimension: f"{dimension}{rng.choices(range(many), [1 / (1 + n) for n in range(many)])[0]}"
        for dimension, many in lengths.items()
    }
    return {"who": name, **codes}


def _universe(lengths: Mapping[str, int] = LENGTHS, **rules: int) -> Universe:
    dimensions = tuple(
        Dimension(name, tuple(f"{name}{code}" for code in range(many)))
        for name, many in lengths.items()
    )
    return Universe(Spec(dimensions, margins(lengths, 2), rules=Rules(**rules), unit_column="who"))


def _threshold_only() -> tuple[int, int]:
    rng = random.Random(5)
    lengths = {"a": 4, "b": 4}
    dimensions = tuple(
        Dimension(name, tuple(f"{name}{code}" for code in range(many)))
        for name, many in lengths.items()
    )
    universe = Universe(Spec(dimensions, margins(lengths, 2), rules=Rules()))
    hidden = recovered = 0
    for _ in range(20):
        data = np.bincount([rng.randrange(16) for _ in range(rng.randint(110, 140))], minlength=16)
        small = _naive(Counts(universe, data))
        hidden += len(small.hidden)
        recovered += len(attack(small))
    return hidden, recovered


def _naive(counts: Counts) -> Publication:
    hidden = [int(cell) for cell in np.flatnonzero(must_hide(counts))]
    return shown_truth(counts.universe, counts.in_cells, hidden)


def _over_time() -> tuple[int, int, int]:
    """Changes by few that true numbers and ours tell, and how many of ours were published.

    Each half-year some come and go, and after it one or two are registered late.
    """
    rng = random.Random(8)
    universe = _universe(FOLLOWED, known_cases=1, coalition=1)
    rows = a_town(CHILDREN, 1, FOLLOWED)
    ours: list[Past] = []
    naive: list[Past] = []
    for half in range(HALF_YEARS):
        for late in (0, rng.randint(1, 2)):
            fresh = late or rng.randint(10, 60)
            rows = rows[0 if late else fresh :] + a_town(fresh, 100 * half + 10 + late, FOLLOWED)
            counts = count(universe, rows)
            naive.append(Past(_naive(counts), counts))
            try:
                found = protect(counts, key=KEY, history=History(counts, ours))
            except NotSafe:
                continue
            ours.append(Past(found.verified.publication, counts))
    return _told(naive), _told(ours), len(ours)


def _told(pasts: Sequence[Past]) -> int:
    """Cells of two releases between which few changed, and of which a reader of both can tell that some did.

    And that they were few: an interval of the difference inside 1 to 4, up or down.
    """
    found = 0
    spans = [_span(past.publication) for past in pasts]
    for later in range(len(pasts)):
        for before in range(later):
            then, now = pasts[before].counts, pasts[later].counts
            if then is None or now is None:
                continue
            changes = Changes(then, now)
            low = spans[later][0] - spans[before][1]
            high = spans[later][1] - spans[before][0]
            told = ((low >= 1) & (high < _FEW)) | ((high <= -1) & (low > -_FEW))
            for cell in np.flatnonzero(told):
                found += changes.households(now.universe.matrix.row(int(cell))) < _FEW
    return found


def _span(
    publication: Publication,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The exact interval of each cell for a reader; where it has no upper end, a number beyond all."""
    reader = Reader(publication)
    low, high = [], []
    for cell in range(len(publication.shown)):
        columns = publication.universe.matrix.row(cell)
        cost = reader.cost_of(columns)
        low.append(reader.least_cost(cost) or 0)
        most = reader.least_cost(-cost) if reader.limited[columns].all() else None
        high.append(1_000_000 if most is None else -most)
    return np.array(low), np.array(high)


def _use() -> Iterator[Figure]:
    """The weighted share of numbers told, less their error: ours, and beside it what promises less."""
    universe = _universe()
    counts = count(universe, a_town(CHILDREN, 1))
    chosen = usefulness(protect(counts, key=KEY).verified.publication, counts)
    hidden = verify(suppress(counts), counts).publication
    alone = usefulness(hidden, counts)
    yield Figure(
        "use of what is chosen, beside suppression, same promise", "%", 100 * chosen, 100 * alone,
        chosen / alone, 1.0,
    )  # fmt: skip
    truth = counts.in_cells
    rng = np.random.default_rng(1)
    others = {
        "threshold only (unsafe)": _naive(counts),
        "every number to the nearest five (unsafe)": _shown(universe, 5 * np.rint(truth / 5)),
        "cell keys, spread 2 (does not add up)": _shown(
            universe, truth + np.rint(rng.normal(0, _SPREAD, len(truth)))
        ),
        "differential privacy, epsilon 1 over all tables": _shown(
            universe, truth + _geometric(rng, _EPSILON / len(universe.tables), len(truth))
        ),
    }
    for name, publication in others.items():
        use = usefulness(publication, counts)
        yield Figure(f"  {name}", "%", 100 * chosen, 100 * use, chosen / use, 0.0, binding=False)


def _geometric(
    rng: np.random.Generator, epsilon: float, size: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Two-sided geometric noise: a child is in one cell of each order of a table, and its total in all."""
    share = 1 - np.exp(-epsilon / 4)
    return np.asarray(rng.geometric(share, size) - rng.geometric(share, size), dtype=np.int64)


def _shown(universe: Universe, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Publication:
    return Publication(universe, Method.SUPPRESSION, tuple(int(max(0, value)) for value in values))


def _counting() -> Figure:
    """A million rows into every number of the menu, beside one GROUP BY of the same rows."""
    universe = a_municipality(60, order=2).universe
    rng = random.Random(2)
    some = [{one.name: rng.choice(one.codes) for one in universe.dimensions} for _ in range(10_000)]
    rows = [some[rng.randrange(len(some))] for _ in range(ROWS)]
    names = universe.names
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE cases (a, b, c, d, e, f)")
    database.executemany(
        "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?)",
        ([row[name] for name in names] for row in rows),
    )
    begun = process_time()
    groups = database.execute(
        "SELECT a, b, c, d, e, f, count(*) FROM cases GROUP BY a, b, c, d, e, f"
    ).fetchall()
    control = process_time() - begun
    begun = process_time()
    total = int(count(universe, rows).in_cells.max())
    ours = process_time() - begun
    if total != ROWS or sum(row[-1] for row in groups) != ROWS:
        raise AssertionError("rows were lost")
    name = "1,000,000 rows into 445 numbers, beside GROUP BY"
    return Figure(name, "rows/s", ROWS / ours, ROWS / control, control / ours, 1 / 3)
