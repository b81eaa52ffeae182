"""Holds a release against everything published before: nobody's coming or going may show."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from bti.disclosure.linked.cells import Box
from bti.disclosure.linked.history import History
from bti.disclosure.linked.insiders import Goal, Insiders, Question, Way
from bti.disclosure.linked.promise import below_threshold
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.questions import Asked, nobody_else, unmet
from bti.disclosure.linked.reader import Reader
from bti.disclosure.linked.spec import Method

CHANGE: Final = "change.told"
BEFORE: Final = "earlier.promise"

Progress = Callable[[str, int, int], None]


def weak_over_time(
    publication: Publication, history: History, reader: Reader, progress: Progress
) -> Iterator[tuple[str, int]]:
    """The code and cell of each promise about time that does not hold."""
    if not history.pasts:
        return
    insiders = Insiders(reader, history.counts)
    yield from unmet(insiders, list(of_changes(publication, history)), progress)
    for number, past in enumerate(history.pasts):
        then = insiders
        if past.counts is not None:
            nothing = Publication(
                publication.universe,
                Method.SUPPRESSION,
                tuple(0 if zero else None for zero in publication.universe.known_zeros),
            )
            earlier = history.about(number, publication)
            then = Insiders(
                Reader(nothing, earlier=earlier, start=past.counts.children), past.counts
            )
        yield from unmet(then, list(_promised(history, number, then)), progress)


def of_changes(publication: Publication, history: History) -> Iterator[Asked]:
    """Of cells and of what is left of sums, where few have come or gone: that none and many have."""
    universe = publication.universe
    for number, nodes in history.few:
        cell = universe.number_of.get(nodes, -1)
        box = universe.box(nodes)
        for question in _none_or_many(history, number, box, listed=cell >= 0):
            yield Asked(CHANGE, max(cell, 0), question)
    for number, changes in enumerate(history.changes):
        if changes is None:
            continue
        for cell, box in _remainders(publication):
            few = changes.households(universe.columns_in(box))
            if 0 < few < universe.spec.rules.turnover:
                for question in _none_or_many(history, number, box, listed=True):
                    yield Asked(CHANGE, cell, question)


def _none_or_many(history: History, number: int, box: Box, *, listed: bool) -> Iterator[Question]:
    """That there are no more (or fewer) than before, and that there are by many; one of both if unlisted."""
    then, now = history.pasts[number].counts, history.counts
    if then is None:
        return
    columns = now.universe.columns_in(box)
    if not len(columns):
        return
    before, today = int(then.children[columns].sum()), int(now.children[columns].sum())
    none = [Goal(box, Way.DOWN if today > before else Way.UP, before)]
    many = [Goal(box, Way.UP, before + now.universe.spec.rules.turnover)]
    if before >= now.universe.spec.rules.turnover:
        many.append(Goal(box, Way.DOWN, before - now.universe.spec.rules.turnover))
    if listed:
        yield Question(tuple(none), 0)
        yield Question(tuple(many), 0)
    else:
        yield Question((*none, *many), 0)


def _remainders(publication: Publication) -> Iterator[tuple[int, Box]]:
    """What is left of a shown number when its shown parts are taken away."""
    universe = publication.universe
    for one in universe.sums:
        hidden = [n for n in one.members if publication.shown[n] is None]
        if publication.shown[one.total] is None or not 1 < len(hidden) < len(one.members):
            continue
        boxes = [universe.box(universe.cells[n].nodes) for n in hidden]
        box = tuple(np.any(codes, axis=0) for codes in zip(*boxes, strict=True))
        yield hidden[0], box


def _promised(history: History, number: int, insiders: Insiders) -> Iterator[Asked]:
    """What an earlier release promised of its small numbers."""
    past = history.pasts[number]
    counts = history.counts if past.counts is None else past.counts
    universe, rules = counts.universe, counts.universe.spec.rules
    enough = rules.threshold - (past.publication.method is not Method.SUPPRESSION)
    small = {
        universe.cells[n].nodes: None for n in map(int, np.flatnonzero(below_threshold(counts)))
    }
    boxes = {_key(universe.box(nodes)) for nodes in small}
    for box in history.boxes[number]:
        columns = universe.columns_in(box)
        there = int(counts.children[columns].sum())
        if not len(columns) or (there >= rules.threshold and _key(box) not in boxes):
            continue
        for question in nobody_else(insiders, box, 0):
            yield Asked(BEFORE, 0, question)
        yield Asked(BEFORE, 0, Question((Goal(box, Way.UP, enough),), 0))
        yield Asked(BEFORE, 0, Question((Goal(box, Way.UP, there + 1),), rules.all_known))


def _key(box: Box) -> bytes:
    return b"".join(codes.tobytes() for codes in box)
