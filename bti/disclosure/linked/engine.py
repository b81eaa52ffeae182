"""Chooses how to publish: tries each method, keeps what the verifier passes, takes the most useful."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.history import History
from bti.disclosure.linked.promise import must_hide
from bti.disclosure.linked.publication import Publication, shown_truth
from bti.disclosure.linked.quantiles import with_quantiles
from bti.disclosure.linked.rounding import controlled_rounding, mended_rounding
from bti.disclosure.linked.spec import Method
from bti.disclosure.linked.suppress import MOST_CELLS, suppress, weight
from bti.disclosure.linked.unlisted import TooManyError, largest_of, small_unlisted
from bti.disclosure.linked.verify import NotSafe, Progress, Verified, Weakness, silent, verify

_MEDIAN: Final = 50
_DRAWS: Final = 3
"""So often controlled rounding is drawn again when a draw is refused."""

_ORDER: Final = (Method.CONTROLLED, Method.ROUNDING, Method.SUPPRESSION)

MOST_UNLISTED: Final = 1_000
"""With more combinations that no table shows, hiding is searched for only if nothing else is safe.

Each pattern on the way asks the questions about all of them anew.
"""


@dataclass(frozen=True, slots=True)
class Try:
    """One method and what came of it: its use (0 to 1), or why it was refused."""

    method: Method
    use: float
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was chosen, and what it was chosen from."""

    verified: Verified
    tries: tuple[Try, ...] = field(default=())


def protect(
    counts: Counts,
    *,
    key: bytes | None = None,
    history: History | None = None,
    progress: Progress = silent,
) -> Outcome:
    """The most useful publication that the verifier passes.

    Without a key nothing is rounded: a draw that anybody could repeat protects nobody. Raises NotSafe
    when no method can be made safe or nothing at all could be shown; then nothing may be published.
    A search for what to hide is spared (`method.too_large`) where it is long and another is safe.
    """
    tries: list[Try] = []
    best: Verified | None = None
    # What shows every number first: it may spare the others, which can show no more than `most`. And
    # what takes longest last.
    methods = sorted(counts.universe.spec.rules.methods, key=_ORDER.index)
    most = _most_use(counts)
    for method in methods:
        if best is not None and max(one.use for one in tries) >= most:
            tries.append(Try(method, 0.0, ("method.less_useful",)))
            continue
        if best is not None and method is Method.SUPPRESSION and _too_many_patterns(counts):
            tries.append(Try(method, 0.0, ("method.too_large",)))
            continue
        found, refused = _tried(method, counts, key, history, progress)
        use = 0.0 if found is None else usefulness(found.publication, counts)
        tries.append(Try(method, use, refused))
        if found is not None and use > max((one.use for one in tries[:-1]), default=0.0):
            best = found
    if best is None:
        codes = {code for one in tries for code in one.refused} or {"nothing.shown"}
        raise NotSafe([Weakness(code) for code in sorted(codes)])
    return Outcome(best, tuple(tries))


def usefulness(publication: Publication, counts: Counts) -> float:
    """The weighted share of the numbers that is shown, less for each that is far from the truth."""
    universe, truth = publication.universe, counts.in_cells
    gained = total = 0.0
    for number, value in enumerate(publication.shown):
        if universe.known_zeros[number]:
            continue
        worth = weight(int(universe.orders[number]))
        total += worth
        if value is not None:
            error = abs(value - int(truth[number]))
            gained += worth * max(
                0.0, 1 - error / max(int(truth[number]), universe.spec.rules.base)
            )
    return gained / total if total else 0.0


def _too_many_patterns(counts: Counts) -> bool:
    try:
        unlisted = largest_of(small_unlisted(counts), counts.universe)
    except TooManyError:
        return True
    return len(unlisted) > MOST_UNLISTED


def _most_use(counts: Counts) -> float:
    """The use of showing everything that may be shown, without an error: no method hides less."""
    hidden = [int(number) for number in np.flatnonzero(must_hide(counts))]
    return usefulness(shown_truth(counts.universe, counts.in_cells, hidden), counts)


def _tried(
    method: Method,
    counts: Counts,
    key: bytes | None,
    history: History | None,
    progress: Progress,
) -> tuple[Verified | None, tuple[str, ...]]:
    """Every proposal of one method in turn, until one passes; or the codes of why none did."""
    codes: set[str] = set()
    for propose in _proposals(method, counts, key, history, progress):
        proposal = propose()
        if proposal is None:
            codes.add("method.no_solution")
            continue
        try:
            found = verify(proposal, counts, history=history, progress=progress)
        except NotSafe as fault:
            codes |= {one.code for one in fault.weaknesses}
        else:
            return _with_quantiles(found, counts, history, progress), ()
    return None, tuple(sorted(codes or {"method.not_possible"}))


def _with_quantiles(
    found: Verified, counts: Counts, history: History | None, progress: Progress
) -> Verified:
    """The same with all quantiles that were asked for, or with the medians, or with none."""
    asked = {part for one in counts.universe.spec.quantiles for part in one.parts}
    for parts in (asked, asked & {_MEDIAN}):
        if not parts:
            continue
        more = with_quantiles(found.publication, counts, sorted(parts))
        try:
            return verify(more, counts, history=history, progress=progress)
        except NotSafe:
            continue
    return found


def _proposals(
    method: Method,
    counts: Counts,
    key: bytes | None,
    history: History | None,
    progress: Progress,
) -> list[Callable[[], Publication | None]]:
    if method is Method.SUPPRESSION:
        if len(counts.universe.cells) > MOST_CELLS:
            return []
        return [partial(suppress, counts, history=history, progress=progress)]
    if key is None:
        return []
    if method is Method.CONTROLLED:
        return [
            partial(controlled_rounding, counts, key, draw=draw, progress=progress)
            for draw in range(_DRAWS)
        ]
    return [partial(mended_rounding, counts, key, history=history, progress=progress)]
