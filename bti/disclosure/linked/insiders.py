"""What those can infer who know some of the children: the part of the proof that is about insiders.

For each question and everybody who might know some cases, a data set is needed that has those cases as
they are. There are too many such people to ask one by one, and no need: a data set that leaves most
children where they are serves most of them. So for each question data sets are gathered until no choice
of known cases spoils them all. Who would spoil all that were found so far is asked for by an exhaustive
search, and a further data set is made for her or it is shown that there is none. The answer is exact both ways.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Box, Whole
from bti.disclosure.linked.counts import Counts
from bti.disclosure.linked.reader import Reader, Unanswered
from bti.disclosure.linked.spoilers import Cases, Spoilers, TooLong
from bti.disclosure.linked.walk import Walk

_MOST_DATA_SETS: Final = 60
_TRIES: Final = 3
"""So often small steps are tried: that is still sooner done than one linear programme."""
_SHAKES: Final = 15


class Way(Enum):
    """Few, or many."""

    DOWN = -1
    UP = 1


@dataclass(frozen=True, slots=True)
class Goal:
    """At most or at least so many children in a box."""

    box: Box
    way: Way
    wanted: int


@dataclass(frozen=True, slots=True)
class Question:
    """Something that must remain possible: one of the goals.

    For everybody who knows the cases `own`, and others up to `known` in all: only such as have no
    child in the box of the first goal where `outside` is set.
    """

    goals: tuple[Goal, ...]
    known: int
    own: tuple[int, ...] = ()
    outside: bool = False


def cases_of(counts: Counts) -> Cases:
    """The cases of a data set: households where they are known, else single children."""
    found: Counter[tuple[tuple[int, int], ...]]
    if counts.homes is None:
        found = Counter(
            {((int(c), 1),): int(counts.children[c]) for c in counts.children.nonzero()[0]}
        )
    else:
        living: dict[int, Counter[int]] = {}
        for child, home in zip(counts.people, counts.homes, strict=True):
            living.setdefault(int(home), Counter())[child.column] += 1
        found = Counter(tuple(sorted(one.items())) for one in living.values())
    kinds = tuple(sorted(found))
    of_column: dict[int, list[int]] = {}
    for number, kind in enumerate(kinds):
        for column, _ in kind:
            of_column.setdefault(column, []).append(number)
    return Cases(
        kinds,
        tuple(found[kind] for kind in kinds),
        {column: tuple(numbers) for column, numbers in of_column.items()},
    )


class Insiders:
    """Answers questions for everybody who knows some cases of a data set."""

    def __init__(self, reader: Reader, counts: Counts, *, seconds: float = 60.0) -> None:
        """Prepare for a reader who has been given the true data set to begin with."""
        self.universe = reader.universe
        self.width = reader.width
        self._reader = reader
        self.truth = counts.children
        self._seconds = seconds
        self.cases = cases_of(counts)
        self._leeway = reader.leeway(counts.children)
        self._walk = Walk(reader, counts.children) if Walk.fits(reader) else None
        self.data_sets = 0

    def owners(
        self, columns: Whole, most: int, own: tuple[int, ...] = ()
    ) -> Iterator[tuple[int, ...]]:
        """`own` and every choice of cases with children in some combinations, at most so many in all."""
        kinds = self.cases.touching(columns[self.truth[columns] > 0])

        def more(first: int, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
            yield chosen
            if len(chosen) == most:
                return
            for place in range(first, len(kinds)):
                if chosen.count(kinds[place]) < self.cases.available[kinds[place]]:
                    yield from more(place, (*chosen, kinds[place]))

        return more(0, own)

    def answer(self, question: Question, *, quick: bool = False) -> bool:
        """Whether it remains possible for all of them. Raises Unanswered.

        Exact, unless `quick`: then a no says only that small steps found nothing.
        """
        own = self.cases.children(question.own, self.width)
        if self._at_once(question, own):
            return True
        barred = np.zeros(len(self.cases.kinds), dtype=bool)
        if question.outside:
            barred[list(self.touching(question.goals[0].box))] = True
        others = question.known - len(question.own)
        spoilers = Spoilers(self.cases, question.own, own, others, barred)
        more: tuple[int, ...] = ()
        try:
            for _ in range(_MOST_DATA_SETS):
                known = own + self.cases.children(more, self.width)
                data = self._data_set(question, known, quick=quick)
                if data is None:
                    return False
                spoilers.add(data, self.truth)
                try:
                    found = spoilers.search()
                except TooLong:
                    # Not all are spoiled by these; a data set for whoever knows them makes the next search short.
                    found = spoilers.greedy()
                if found is None:
                    return True
                more = found
        finally:
            self._reader.know(np.zeros(self.width, dtype=np.int64))
        raise Unanswered("too many data sets would be needed")

    def touching(self, box: Box) -> tuple[int, ...]:
        """The kinds of cases with a child in a box."""
        columns = self.universe.columns_in(box)
        return self.cases.touching(columns[self.truth[columns] > 0])

    def _at_once(self, question: Question, own: Whole) -> bool:
        """Whether a data set that nobody who may ask can know to be wrong is found without a search.

        That is one with children added, or without those in the box who are not her own.
        """
        for number, goal in enumerate(question.goals):
            columns = self.universe.columns_in(goal.box)
            here = self.truth[columns]
            if goal.way is Way.UP:
                if self._leeway.can_add(columns, goal.wanted - int(here.sum())):
                    return True
            elif question.outside and number == 0 and int(own[columns].sum()) <= goal.wanted:
                there = here > own[columns]
                if self._leeway.can_drop(columns[there], (here - own[columns])[there]):
                    return True
        return False

    def _data_set(self, question: Question, known: Whole, *, quick: bool) -> Whole | None:
        """One that answers a question for whoever knows these children, or None if there is none."""
        reader = self._reader
        reader.know(known)
        self.data_sets += 1
        if self._walked(question, 1 if quick else _TRIES):
            return reader.last
        for goal in () if quick else question.goals:
            cost = reader.cost_of(reader.universe.columns_in(goal.box))
            sign = -goal.way.value
            if reader.reach(sign * cost, sign * goal.wanted, seconds=self._seconds):
                return reader.last
        return None

    def _walked(self, question: Question, tries: int) -> bool:
        """Whether small steps lead to a goal, from the first data set or from one further away each time."""
        walk = self._walk
        if walk is None:
            return False
        for turn in range(tries):
            for goal in question.goals:
                walk.restart()
                walk.shake(_SHAKES * turn)
                if walk.bring(goal.box, down=goal.way is Way.DOWN, wanted=goal.wanted):
                    return True
        return False
