"""What readers get, as files: one text to attack it from, and each table as CSV and JSON-stat 2.

Hidden numbers are shown as Statistics Norway does: ":" is confidential, "." cannot occur.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bti.disclosure.linked.cells import TOTAL, TableView, Universe
from bti.disclosure.linked.engine import Outcome
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.spec import Dimension, Method, Rules, Spec, Zeros

FORMAT: Final = "stafett-linked-1"
HIDDEN: Final = ":"
IMPOSSIBLE: Final = "."
MAX_TEXT: Final = 20_000_000
_BOM: Final = "\ufeff"


class ReleaseTextError(ValueError):
    """A text is not a release of linked tables."""


def files(outcome: Outcome) -> dict[str, str]:
    """Every file of a release, by name."""
    publication = outcome.verified.publication
    found = {
        "release.json": _json(release_content(publication)),
        "report.json": _json(report(outcome)),
    }
    for number, view in enumerate(publication.universe.tables, start=1):
        name = f"{number:02d}-" + "-".join(view.dimensions or ("total",))
        found[f"{name}.csv"] = table_csv(publication, view)
        found[f"{name}.json"] = _json(json_stat(publication, view))
    return found


def table_csv(publication: Publication, view: TableView) -> str:
    """A table for Norwegian Excel: byte order mark, semicolons, one row for each number."""
    lines = [";".join([*map(_quoted, view.dimensions), "children"])]
    lines += [
        ";".join([*map(_quoted, labels), _sign(publication, number)])
        for labels, number in view.rows
    ]
    return _BOM + "\r\n".join(lines) + "\r\n"


def json_stat(publication: Publication, view: TableView) -> dict[str, Any]:
    """A table as a JSON-stat 2.0 dataset; `status` holds the signs of numbers not shown."""
    universe = publication.universe
    named = [universe.spec.dimension(name) for name in view.dimensions]
    labels = {one.name: _labels(one) for one in named}
    numbers = [number for _, number in view.rows]
    signs = {str(place): _sign(publication, n) for place, n in enumerate(numbers)}
    return {
        "version": "2.0",
        "class": "dataset",
        "label": universe.spec.title or "Unique children",
        "id": [*labels, "period"],
        "size": [*(len(one) for one in labels.values()), 1],
        "dimension": {
            **{
                name: {"category": {"index": list(codes), "label": {c: c for c in codes}}}
                for name, codes in labels.items()
            },
            "period": {"category": {"index": [universe.spec.period or "-"]}},
        },
        "role": {"time": ["period"]},
        "value": [
            None if universe.known_zeros[number] else publication.shown[number]
            for number in numbers
        ],
        "status": {place: sign for place, sign in signs.items() if sign in (HIDDEN, IMPOSSIBLE)},
    }


def report(outcome: Outcome) -> dict[str, Any]:
    """How the release was made, for a machine: methods tried, promises, proof. No true number."""
    publication, proof = outcome.verified.publication, outcome.verified.proof
    rules = publication.universe.spec.rules
    hidden = list(publication.hidden)
    zeros = int(publication.universe.known_zeros.sum())
    widths = sorted(int(w) for w in (proof.most - proof.least)[hidden])
    return {
        "format": "stafett-report-1",
        "period": publication.universe.spec.period,
        "method": publication.method.value,
        "tried": [
            {"method": one.method.value, "use": round(one.use, 4), "refused": list(one.refused)}
            for one in outcome.tries
        ],
        "rules": _rules(rules),
        "cells": {
            "all": len(publication.shown),
            "shown": len(publication.shown) - len(hidden) - zeros,
            "hidden": len(hidden),
            "impossible": zeros,
        },
        "largest_error": publication.slack,
        "proof": {
            "data_sets": proof.witnesses,
            "demands_met": proof.met_by,
            "least_width_of_hidden": widths[0] if widths else None,
            "median_width_of_hidden": widths[len(widths) // 2] if widths else None,
        },
    }


def release_content(publication: Publication) -> dict[str, Any]:
    """Everything a reader knows: dimensions, rules, method and numbers."""
    spec = publication.universe.spec
    return {
        "format": FORMAT,
        "title": spec.title,
        "period": spec.period,
        "method": publication.method.value,
        "only_small_hidden": publication.only_small_hidden,
        "rules": _rules(spec.rules),
        "dimensions": [
            {
                "name": one.name,
                "codes": list(one.codes),
                "groups": {name: list(members) for name, members in one.groups},
                "harmless": one.harmless,
            }
            for one in spec.dimensions
        ],
        "structural": [{name: list(codes) for name, codes in where} for where in spec.structural],
        "tables": [
            {
                "dimensions": list(view.dimensions),
                "shown": [publication.shown[number] for _, number in view.rows],
            }
            for view in publication.universe.tables
        ],
    }


def read_release(text: str) -> Publication:
    """Read what `release_content` wrote; raises ReleaseTextError."""
    if len(text) > MAX_TEXT:
        raise ReleaseTextError("too long")
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ReleaseTextError("unknown format")
        universe = Universe(_spec(content))
        return Publication(
            universe,
            Method(content["method"]),
            tuple(_shown(universe, content["tables"])),
            only_small_hidden=content["only_small_hidden"] is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise ReleaseTextError(f"not a release: {fault}") from None


def _shown(universe: Universe, tables: list[Mapping[str, Any]]) -> Iterator[int | None]:
    found: dict[int, int | None] = {}
    for view, table in zip(universe.tables, tables, strict=True):
        for (_, number), value in zip(view.rows, table["shown"], strict=True):
            if value is not None and type(value) is not int:
                raise ReleaseTextError("a number is not whole")
            if found.setdefault(number, value) != value:
                raise ReleaseTextError("one number is shown in two ways")
    yield from (found[number] for number in range(len(universe.cells)))


def _spec(content: Mapping[str, Any]) -> Spec:
    rules = dict(content["rules"])
    rules["zeros"] = Zeros(rules["zeros"])
    return Spec(
        dimensions=tuple(
            Dimension(
                name=one["name"],
                codes=tuple(one["codes"]),
                groups=tuple((name, tuple(members)) for name, members in one["groups"].items()),
                harmless=one["harmless"] is True,
            )
            for one in content["dimensions"]
        ),
        tables=tuple(tuple(table["dimensions"]) for table in content["tables"]),
        title=str(content["title"]),
        period=str(content["period"]),
        rules=Rules(**rules),
        structural=tuple(
            tuple((name, tuple(codes)) for name, codes in where.items())
            for where in content["structural"]
        ),
    )


def _rules(rules: Rules) -> dict[str, Any]:
    return {
        "threshold": rules.threshold,
        "zeros": rules.zeros.value,
        "known_cases": rules.known_cases,
        "coalition": rules.coalition,
        "turnover": rules.turnover,
        "least_population": rules.least_population,
        "base": rules.base,
    }


def _labels(dimension: Dimension) -> tuple[str, ...]:
    return (*dimension.codes, *(name for name, _ in dimension.groups), TOTAL)


def _sign(publication: Publication, number: int) -> str:
    if publication.universe.known_zeros[number]:
        return IMPOSSIBLE
    value = publication.shown[number]
    return HIDDEN if value is None else str(value)


def _quoted(text: str) -> str:
    """A field of CSV; never one that a spreadsheet would take for a formula."""
    if text[:1] in ("=", "+", "-", "@", "\t"):
        text = "'" + text
    if any(mark in text for mark in ';"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
