"""The verifier beside plain counting."""

import random
from itertools import combinations

import numpy as np

from bti.disclosure.linked.counts import Child, Counts
from bti.disclosure.linked.insiders import Goal, Insiders, Way
from bti.disclosure.linked.promise import NO_DEMAND, below_threshold, demands
from bti.disclosure.linked.publication import shown_truth
from bti.disclosure.linked.questions import nobody_else, of_cells, of_combinations, of_groups, unmet
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.spec import Zeros
from bti.disclosure.linked.unlisted import small_unlisted
from bti.disclosure.linked.verify import HIGH, LOW, Examination, Weakness, silent
from tests.unit.disclosure.linked.all_data_sets import (
    a_small_publication,
    a_spec,
    intervals,
    remaining,
    some_counts,
)


def _by_counting(publication, counts, most):
    """What an examination should find, from the list of all data sets."""
    asked = demands(publication, counts)
    low, high = intervals(publication, most)
    weak = set()
    for cell in range(len(low)):
        if asked.low[cell] != NO_DEMAND and low[cell] > asked.low[cell]:
            weak.add(Weakness(LOW, cell))
        if asked.high[cell] != NO_DEMAND and high[cell] < asked.high[cell]:
            weak.add(Weakness(HIGH, cell))
    return weak


def agreements(seed: int, tables: int) -> tuple[int, int]:
    """How many random tables were compared and how many of them were weak; raises at the first quarrel.

    `python -m benchmarks.small_worlds` runs ten thousand of them.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    weak = 0
    for number in range(tables):
        publication, counts, most = a_small_publication(rng)
        expected = _by_counting(publication, counts, most)
        for start in (counts.children, None):
            reader = Reader(publication, start=start)
            found = set(Examination(reader, demands(publication, counts)).run())
            assert found == expected, f"table {number} of seed {seed}: {publication.shown}"
        weak += bool(expected)
    return tables, weak


def _for_everybody(question, cases, width, universe, data) -> bool:
    """Whether a question is answered for each choice of known children, by looking at every data set."""
    everyone = [k for k, many in enumerate(cases.available) for _ in range(many)]
    for kind in question.own:
        everyone.remove(kind)
    if question.outside:
        barred = set(cases.touching(universe.columns_in(question.goals[0].box)))
        everyone = [kind for kind in everyone if kind not in barred]
    met = np.zeros(len(data), dtype=bool)
    for goal in question.goals:
        inside = data[:, universe.columns_in(goal.box)].sum(axis=1)
        met |= inside <= goal.wanted if goal.way is Way.DOWN else inside >= goal.wanted
    data = data[met]
    most = min(question.known - len(question.own), len(everyone))
    for others in set(combinations(everyone, most)):
        known = cases.children([*question.own, *others], width)
        if not (data >= known).all(axis=1).any():
            return False
    return True


def _in_households(rng: random.Random, counts: Counts) -> Counts:
    columns = np.repeat(np.arange(len(counts.children)), counts.children)
    people = tuple(
        Child(str(unit), f"h{rng.randrange(len(columns))}", int(column))
        for unit, column in enumerate(columns)
    )
    return Counts(counts.universe, counts.children, people)


def insiders_agree(seed: int, tables: int) -> tuple[int, int]:
    """How many questions about insiders were compared, and to how many the answer is no."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    asked = no = 0
    for number in range(tables):
        publication, counts, most = a_small_publication(
            rng, known_cases=rng.randint(1, 3), coalition=1
        )
        if rng.random() < 1 / 3:
            counts = _in_households(rng, counts)
        data = remaining(publication, most)
        reader = Reader(publication, start=counts.children)
        insiders = Insiders(reader, counts)
        wanted = demands(publication, counts)
        for one in (
            *of_cells(insiders, counts, wanted),
            *of_groups(insiders, counts),
            *of_combinations(insiders, counts),
        ):
            questions = [one.question, *(one.instead() if one.instead else ())]
            for question in questions:
                expected = _for_everybody(
                    question, insiders.cases, insiders.width, counts.universe, data
                )
                found = insiders.answer(question)
                assert found == expected, f"table {number} of seed {seed}: {one.code} {question}"
                asked, no = asked + 1, no + (not found)
    return asked, no


def combinations_agree(seed: int, tables: int) -> tuple[int, int]:
    """How many tables were compared whether their combinations are told, and in how many one is.

    Asking about the largest combinations beside looking at each of them in every data set.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    told = done = 0
    while done < tables:
        spec = a_spec(
            (2, 2, 2),
            zeros=Zeros.SHOW,
            threshold=3,
            base=3,
            known_cases=rng.randint(0, 2),
            coalition=1,
        )
        counts = some_counts(rng, spec, rng.randint(6, 11))
        small = small_unlisted(counts)
        if not small:
            continue
        publication = shown_truth(
            counts.universe, counts.in_cells, np.flatnonzero(below_threshold(counts))
        )
        insiders = Insiders(Reader(publication, start=counts.children), counts)
        data = remaining(publication, int(counts.children.sum()))
        found = not list(unmet(insiders, list(of_combinations(insiders, counts)), silent))
        expected = all(
            _for_everybody(question, insiders.cases, insiders.width, counts.universe, data)
            for nodes in small
            for question in nobody_else(
                insiders, counts.universe.box(nodes), 0, Goal(counts.universe.box(nodes), Way.UP, 3)
            )
        )
        assert found == expected, f"table {done} of seed {seed}"
        done, told = done + 1, told + (not found)
    return done, told
