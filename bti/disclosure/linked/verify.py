"""Decides whether linked tables may be published, from what readers will see.

Separate from what proposes them. Stage 1 passes intervals along sums, which finds gross holes fast;
stage 2 solves linear programmes; stage 3 finds whole data sets. A cell passes only on two data sets
(witnesses) that agree with everything published, each checked by adding it up, so a fault in the
solver can refuse a safe release and never pass an unsafe one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.history import History
from bti.disclosure.linked.leeway import Leeway
from bti.disclosure.linked.over_time import weak_over_time
from bti.disclosure.linked.promise import NO_DEMAND, Demands, demands, must_hide
from bti.disclosure.linked.publication import UNLIMITED, Publication
from bti.disclosure.linked.quantiles import wrong_quantiles
from bti.disclosure.linked.questions import unanswered
from bti.disclosure.linked.reader import FEW, Reader, Unanswered
from bti.disclosure.linked.spec import Method
from bti.disclosure.linked.unlisted import TooManyError
from bti.disclosure.linked.walk import Walk

_PASSED = object()
_FRUITLESS_ROUNDS: Final = 3
_SHAKES: Final = 20

LOW: Final = "cell.not_low"
HIGH: Final = "cell.not_high"

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many of how many are done."""


def silent(_stage: str, _done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, order=True)
class Weakness:
    """One reason why tables may not be published.

    Codes: `cell.not_low` and `cell.not_high` (a reader can exclude what must remain possible),
    `cell.unproven` (no answer in time), `cell.shown` (too small to be shown), `number.wrong`,
    `group.one_value`, `sums.impossible`.
    """

    code: str
    cell: int = -1


class NotSafe(Exception):  # noqa: N818 - a refusal, not a fault
    """The tables were refused; `weaknesses` says where and why."""

    def __init__(self, weaknesses: Sequence[Weakness]) -> None:
        super().__init__(", ".join(sorted({one.code for one in weaknesses})))
        self.weaknesses = tuple(weaknesses)


@dataclass(frozen=True, slots=True)
class Proof:
    """For each cell the least and most over all witnesses, and how the demands were met.

    What a reader must reckon with is this wide or wider.
    """

    least: Whole = field(repr=False)
    most: Whole = field(repr=False)
    met_by: dict[str, int]
    """Demands met by a data set made for many (`shared`) or for one (`alone`); groups looked at."""
    witnesses: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A publication that has passed `verify`. It cannot be made in any other way."""

    publication: Publication
    proof: Proof
    passed: InitVar[object] = None

    def __post_init__(self, passed: object) -> None:
        if passed is not _PASSED:
            raise TypeError("only verify() makes a Verified publication")


def verify(
    publication: Publication,
    counts: Counts,
    *,
    history: History | None = None,
    progress: Progress = silent,
) -> Verified:
    """Pass tables that tell the truth and keep every promise, or raise NotSafe.

    `history` is everything published before: readers have kept it.
    """
    history = history or History(counts)
    wrong = [
        *untruths(publication, counts),
        *shown_small(publication, counts),
        *shown_too_early(publication, history),
    ]
    if wrong_quantiles(publication, counts):
        wrong.append(Weakness("quantile.wrong"))
    if wrong:
        raise NotSafe(wrong)
    reader = Reader(publication, earlier=history.statements, start=counts.children)
    examined = Examination(reader, demands(publication, counts), progress)
    weaknesses = [*examined.run(), *examined.one_valued_groups(counts)]
    if weaknesses:
        raise NotSafe(weaknesses)
    for weakness in seen_by_insiders(reader, counts, demands(publication, counts), progress):
        raise NotSafe([weakness])
    for code, cell in weak_over_time(publication, history, reader, progress):
        raise NotSafe([Weakness(code, cell)])
    proof = Proof(reader.low_seen, reader.high_seen, dict(examined.met_by), reader.witnesses)
    return Verified(publication, proof, passed=_PASSED)


class Examination:
    """Holds a reader against demands."""

    def __init__(
        self,
        reader: Reader,
        asked: Demands,
        progress: Progress = silent,
        *,
        seconds: float = 60.0,
        walks: int = 5,
    ) -> None:
        """Prepare; `run` does the work.

        `seconds` is what one question may take. `walks` is how often small steps go through what is
        unmet; where the solver is quick, twice is enough.
        """
        self._walks = walks if reader.width > FEW else 2
        self._seconds = seconds
        self._reader = reader
        self._asked = asked
        self._progress = progress
        self._refused: set[Weakness] = set()
        self.met_by = {"steps": 0, "shared": 0, "alone": 0, "groups": 0}
        # The order of trying and nothing else; a fixed seed, so that anybody may repeat it.
        self._random = np.random.default_rng(5)

    def run(self) -> list[Weakness]:
        """Every weakness there is; an empty list is the proof."""
        if not self._reader.can_be():
            return [Weakness("sums.impossible")]
        self._refused = set(self._seen_through())
        self._on_foot()
        self._together()
        waiting = self._unmet()
        for done, weakness in enumerate(waiting):
            self._progress("prove", done, len(waiting))
            if self._is_met(weakness):
                self.met_by["shared"] += 1
            else:
                self._alone(weakness)
        return sorted(self._refused)

    def at_a_glance(self) -> list[Weakness]:
        """What small steps alone leave unproven: quick, and too strict."""
        if not self._reader.can_be():
            return [Weakness("sums.impossible")]
        self._refused = set(self._seen_through())
        self._on_foot()
        return [*sorted(self._refused), *self._unmet()]

    def one_valued_groups(self, counts: Counts, *, quick: bool = False) -> Iterator[Weakness]:
        """Groups of whom readers can tell that all share one value, large enough to be recognised.

        With `quick` those of whom small steps do not show the contrary: too strict.

        Only of a group that truly shares a value can this be told; it takes one data set in which
        somebody differs.
        """
        universe, truth = counts.universe, counts.in_cells
        dense = np.zeros(int(np.prod(universe.shape)), dtype=np.int64)
        dense[universe.possible] = counts.children
        present = dense.reshape(universe.shape)
        for number, cell in enumerate(universe.cells):
            if truth[number] < universe.spec.rules.threshold:
                continue
            leaves = [
                list(nodes.members[node])
                for nodes, node in zip(universe.nodes, cell.nodes, strict=True)
            ]
            inside = present[np.ix_(*leaves)]
            for place, dimension in enumerate(universe.dimensions):
                if dimension.harmless or len(leaves[place]) == 1:
                    continue
                others = tuple(axis for axis in range(inside.ndim) if axis != place)
                values = np.flatnonzero(inside.sum(axis=others))
                if len(values) == 1 and not self._can_differ(
                    number, place, int(values[0]), quick=quick
                ):
                    yield Weakness("group.one_value", number)

    def _can_differ(self, number: int, place: int, value: int, *, quick: bool) -> bool:
        universe = self._reader.universe
        box = universe.box(universe.cells[number].nodes)
        box[place][np.flatnonzero(box[place])[value]] = False
        others = universe.columns_in(box)
        self.met_by["groups"] += 1
        if not len(others):
            # No other value can occur: that they share this one says nothing.
            return True
        if self._leeway is not None and self._leeway.can_add(others, 1):
            return True
        if self._walk is not None:
            self._walk.restart()
            if self._walk.bring(box, down=False, wanted=1):
                return True
        if quick:
            return False
        cost = -self._reader.cost_of(others)
        try:
            return self._reader.reach(cost, -1, seconds=self._seconds)
        except Unanswered:
            return False

    def _seen_through(self) -> Iterator[Weakness]:
        """Stage 1: what adding and subtracting intervals already excludes."""
        low, high = self._reader.bounds
        asked = self._asked
        for number in np.flatnonzero((asked.low != NO_DEMAND) & (low > asked.low)):
            yield Weakness(LOW, int(number))
        limited = (asked.high != NO_DEMAND) & (high != UNLIMITED)
        for number in np.flatnonzero(limited & (high < asked.high)):
            yield Weakness(HIGH, int(number))

    def _is_met(self, weakness: Weakness) -> bool:
        cell, reader = weakness.cell, self._reader
        if weakness.code == LOW:
            return bool(reader.low_seen[cell] <= self._asked.low[cell])
        return bool(reader.high_seen[cell] >= self._asked.high[cell])

    def _unmet(self) -> list[Weakness]:
        reader, asked = self._reader, self._asked
        low = np.flatnonzero((asked.low != NO_DEMAND) & (reader.low_seen > asked.low))
        high = np.flatnonzero((asked.high != NO_DEMAND) & (reader.high_seen < asked.high))
        found = [Weakness(LOW, int(n)) for n in low] + [Weakness(HIGH, int(n)) for n in high]
        return [one for one in found if one not in self._refused]

    @cached_property
    def _leeway(self) -> Leeway | None:
        last = self._reader.last
        return None if last is None else self._reader.leeway(last)

    @cached_property
    def _walk(self) -> Walk | None:
        start = self._reader.last
        return None if start is None or not Walk.fits(self._reader) else Walk(self._reader, start)

    def _on_foot(self) -> None:
        """Many data sets by small steps: some times through what is unmet, later from other places."""
        walk = self._walk
        if walk is None:
            return
        for turn in range(self._walks):
            unmet = self._unmet()
            for done, one in enumerate(unmet):
                self._progress("walk", done, len(unmet))
                if self._is_met(one):
                    continue
                if turn:
                    walk.restart()
                    walk.shake(_SHAKES * turn)
                down = one.code == LOW
                wanted = (self._asked.low if down else self._asked.high)[one.cell]
                universe = self._reader.universe
                box = universe.box(universe.cells[one.cell].nodes)
                if not walk.bring(box, down=down, wanted=int(wanted)):
                    walk.restart()
            self.met_by["steps"] += len(unmet) - len(self._unmet())

    def _together(self) -> None:
        """Stage 2 and 3 for many: pull at all unmet demands with random weights while that helps."""
        unmet = self._unmet()
        everything, fruitless = len(unmet), 0
        while unmet and fruitless < _FRUITLESS_ROUNDS:
            self._progress("search", everything - len(unmet), everything)
            cost = np.zeros(self._reader.width)
            for one in unmet:
                weight = float(self._random.random())
                columns = self._reader.universe.matrix.row(one.cell)
                cost[columns] += weight if one.code == LOW else -weight
            self._reader.pull(cost, seconds=1.0)
            left = self._unmet()
            self.met_by["shared"] += len(unmet) - len(left)
            fruitless = 0 if len(left) < len(unmet) else fruitless + 1
            unmet = left

    def _alone(self, weakness: Weakness) -> None:
        """Stage 2, then 3, for one demand."""
        reader = self._reader
        cost = reader.cost_of(reader.universe.matrix.row(weakness.cell))
        if weakness.code == HIGH:
            cost = -cost
        try:
            reached = reader.reach(cost, self._wanted(weakness), seconds=self._seconds)
        except Unanswered:
            self._refused.add(Weakness("cell.unproven", weakness.cell))
            return
        if reached:
            self.met_by["alone"] += 1
        else:
            self._refused.add(weakness)

    def _wanted(self, weakness: Weakness) -> int:
        if weakness.code == LOW:
            return int(self._asked.low[weakness.cell])
        return -int(self._asked.high[weakness.cell])


def seen_by_insiders(
    reader: Reader, counts: Counts, asked: Demands, progress: Progress = silent
) -> Iterator[Weakness]:
    """What those who know some cases could tell, and what can be told of combinations without a table."""
    try:
        for code, cell in unanswered(reader, counts, asked, progress):
            yield Weakness(code, cell)
    except TooManyError:
        yield Weakness("combination.unproven")


def untruths(publication: Publication, counts: Counts) -> Iterator[Weakness]:
    """Numbers further from the truth than the method says."""
    least, most = publication.ranges()
    truth = counts.in_cells
    outside = (truth < least) | ((most != UNLIMITED) & (truth > most))
    for number in np.flatnonzero(outside):
        yield Weakness("number.wrong", int(number))


def shown_too_early(publication: Publication, history: History) -> Iterator[Weakness]:
    """True numbers that differ from earlier ones by few who have come or gone."""
    if publication.method is Method.SUPPRESSION:
        for number in np.flatnonzero(history.stands):
            if publication.shown[number] is not None:
                yield Weakness("change.shown", int(number))


def shown_small(publication: Publication, counts: Counts) -> Iterator[Weakness]:
    """Numbers that are shown and may not be. Controlled rounding shows none as they are."""
    if publication.method is Method.CONTROLLED:
        return
    for number in np.flatnonzero(must_hide(counts)):
        if publication.shown[number] is not None:
            yield Weakness("cell.shown", int(number))
