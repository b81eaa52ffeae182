"""What must remain possible for insiders, cell by cell. The definition; `insiders` finds the answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Box
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.insiders import Goal, Insiders, Question, Way
from bti.disclosure.linked.promise import NO_DEMAND, Demands, below_threshold
from bti.disclosure.linked.reader import Reader, Unanswered
from bti.disclosure.linked.unlisted import largest_of, small_unlisted

INSIDER_LOW: Final = "insider.not_low"
INSIDER_HIGH: Final = "insider.not_high"
INSIDER_EXACT: Final = "insider.exact"
INSIDER_GROUP: Final = "insider.one_value"
STATED: Final = "combination.stated"
UNPROVEN: Final = "insider.unproven"

_FEW: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """The code of what is wrong if the answer is no, the cell of a table it is near, the question.

    If the answer is no, it is enough that all of `instead` are answered with yes; they are weaker and
    may be many.
    """

    code: str
    cell: int
    question: Question
    instead: Callable[[], Iterator[Question]] | None = None


def unanswered(
    reader: Reader, counts: Counts, asked: Demands, progress: Callable[[str, int, int], None]
) -> Iterator[tuple[str, int]]:
    """The code and cell of each question that must be answered with yes and is not."""
    insiders = Insiders(reader, counts)
    everything = [
        *of_cells(insiders, counts, asked),
        *of_groups(insiders, counts),
        *of_combinations(insiders, counts),
    ]
    return unmet(insiders, everything, progress)


def unmet(
    insiders: Insiders, everything: Sequence[Asked], progress: Callable[[str, int, int], None]
) -> Iterator[tuple[str, int]]:
    """The code and cell of each of these that is not answered with yes."""
    for done, one in enumerate(everything):
        progress("insiders", done, len(everything))
        try:
            if not _is_answered(insiders, one):
                yield one.code, one.cell
        except Unanswered:
            yield UNPROVEN, one.cell


def _is_answered(insiders: Insiders, asked: Asked) -> bool:
    if asked.instead is None or insiders.answer(asked.question, quick=True):
        return asked.instead is not None or insiders.answer(asked.question)
    weaker = list(islice(asked.instead(), _FEW + 1))
    if len(weaker) > _FEW:
        return insiders.answer(asked.question)
    return all(insiders.answer(question) for question in weaker)


def of_cells(insiders: Insiders, counts: Counts, asked: Demands) -> Iterator[Asked]:
    """Of numbers below the threshold: nobody besides her own, and one more than there are.

    Of other hidden numbers: another than the true one.
    """
    universe, truth, rules = counts.universe, counts.in_cells, counts.universe.spec.rules
    small = below_threshold(counts)
    for number in map(int, np.flatnonzero((asked.low != NO_DEMAND) & (asked.high != NO_DEMAND))):
        box = universe.box(universe.cells[number].nodes)
        true = int(truth[number])
        if not small[number]:
            goals = (Goal(box, Way.DOWN, true - 1), Goal(box, Way.UP, true + 1))
            yield Asked(INSIDER_EXACT, number, Question(goals, rules.all_known))
            continue
        for question in nobody_else(insiders, box, int(asked.low[number])):
            yield Asked(INSIDER_LOW, number, question)
        enough = Goal(box, Way.UP, true + 1)
        yield Asked(INSIDER_HIGH, number, Question((enough,), rules.all_known))


def of_combinations(insiders: Insiders, counts: Counts) -> Iterator[Asked]:
    """Of combinations no table shows: that somebody is there, and that they are few, is not told.

    Where there need be nobody else in a cell there need be nobody else in any inside it.
    """
    universe = counts.universe
    near = universe.number_of.get(tuple(one.total for one in universe.nodes), 0)
    small = small_unlisted(counts)
    for nodes in largest_of(small, universe):
        inside = partial(_each_inside, insiders, nodes, small)
        for question in nobody_else(insiders, universe.box(nodes), 0):
            yield Asked(STATED, near, question, inside)


def _each_inside(
    insiders: Insiders, nodes: tuple[int, ...], small: Sequence[tuple[int, ...]]
) -> Iterator[Question]:
    """For each small cell inside one, by itself: nobody else, or so many that it may be told."""
    universe = insiders.universe
    around = universe.box(nodes)
    for one in small:
        box = universe.box(one)
        if all((codes <= wide).all() for codes, wide in zip(box, around, strict=True)):
            many = Goal(box, Way.UP, universe.spec.rules.threshold)
            yield from nobody_else(insiders, box, 0, many)


def of_groups(insiders: Insiders, counts: Counts) -> Iterator[Asked]:
    """Of groups in which all but known cases share one value: another differs, or there is none."""
    universe, truth, rules = counts.universe, counts.in_cells, counts.universe.spec.rules
    dense = np.zeros(int(np.prod(universe.shape)), dtype=np.int64)
    dense[universe.possible] = counts.children
    present = dense.reshape(universe.shape)
    for number in map(int, np.flatnonzero(truth >= rules.threshold)):
        box = universe.box(universe.cells[number].nodes)
        inside = present[np.ix_(*(np.flatnonzero(codes) for codes in box))]
        for place, dimension in enumerate(universe.dimensions):
            codes = np.flatnonzero(box[place])
            if dimension.harmless or len(codes) == 1:
                continue
            others = tuple(axis for axis in range(inside.ndim) if axis != place)
            shares = inside.sum(axis=others)
            for value in np.flatnonzero(shares):
                exceptions = int(truth[number] - shares[value])
                asked = _another(insiders, number, place, int(codes[value]), exceptions)
                if asked is not None:
                    yield asked


def _another(
    insiders: Insiders, number: int, place: int, value: int, exceptions: int
) -> Asked | None:
    """For those who know all exceptions to a value in a group; None if nobody can."""
    universe, cases = insiders.universe, insiders.cases
    most = universe.spec.rules.all_known
    if exceptions > most * cases.largest:
        return None
    box = universe.box(universe.cells[number].nodes)
    sharing, differing = np.zeros_like(box[place]), box[place].copy()
    sharing[value], differing[value] = True, False
    elsewhere = (*box[:place], differing, *box[place + 1 :])
    columns = universe.columns_in(elsewhere)
    if not len(columns):
        return None
    own = tuple(kind for kind in insiders.touching(elsewhere) for _ in range(cases.available[kind]))
    if len(own) > most:
        return None
    more = Goal(elsewhere, Way.UP, exceptions + 1)
    same = (*box[:place], sharing, *box[place + 1 :])

    alone = partial(nobody_else, insiders, same, 0, more, own=own)
    return Asked(INSIDER_GROUP, number, Question((more,), most, own), alone)


def nobody_else(
    insiders: Insiders, box: Box, least: int, *also: Goal, own: tuple[int, ...] = ()
) -> Iterator[Question]:
    """For each choice of known cases inside: that there need be nobody else, or something else.

    `own` is known in any case.
    """
    columns = insiders.universe.columns_in(box)
    most = insiders.universe.spec.rules.all_known
    there = int(insiders.truth[columns].sum())
    for more in insiders.owners(columns, most, own):
        known = int(insiders.cases.children(more, insiders.width)[columns].sum())
        if known < there:
            goals = (Goal(box, Way.DOWN, max(known, least)), *also)
            yield Question(goals, most, more, outside=True)
