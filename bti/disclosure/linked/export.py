"""What readers get, as files: one text to attack it from, and each table as CSV, XLSX and JSON-stat 2.

Hidden numbers are shown as Statistics Norway does: ":" is confidential, "." cannot occur.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bti.disclosure.linked.catalogue import description
from bti.disclosure.linked.cells import TOTAL, TableView, Universe
from bti.disclosure.linked.engine import Outcome
from bti.disclosure.linked.layout import (
    CHILDREN,
    Field,
    Sheet,
    number_or_sign,
    of_percent,
    percent_or_sign,
    sheets,
)
from bti.disclosure.linked.publication import Publication
from bti.disclosure.linked.quantiles import places
from bti.disclosure.linked.spec import MAX_CODES, Dimension, Method, Quantile, Rules, Spec, Zeros
from bti.disclosure.linked.workbook import workbook

FORMAT: Final = "stafett-linked-1"
MAX_TEXT: Final = 20_000_000
CONTENTS: Final = "ContentsCode"
_BOM: Final = "\ufeff"


class ReleaseTextError(ValueError):
    """A text is not a release of linked tables."""


def files(outcome: Outcome) -> dict[str, bytes]:
    """Every file of a release, by name."""
    publication = outcome.verified.publication
    found = {
        "release.json": _json(release_content(publication)),
        "report.json": _json(report(outcome)),
        "tables.xlsx": workbook(publication),
    }
    for one in sheets(publication):
        found[f"{one.name}.csv"] = table_csv(one).encode()
    for number, view in enumerate(publication.universe.tables, start=1):
        name = f"{number:02d}-" + "-".join(view.dimensions or ("total",))
        found[f"{name}.json"] = _json(json_stat(publication, view))
    catalogue = publication.universe.spec.catalogue
    if catalogue is not None:
        tables = sorted(set(found) - {"release.json", "report.json"})
        found["dataset.jsonld"] = _json(description(publication, catalogue, tables))
    return found


def table_csv(sheet: Sheet) -> str:
    """A table for Norwegian Excel: byte order mark, semicolons, decimal comma, one row for each number."""
    lines = [sheet.columns, *(tuple(map(_field, line)) for line in sheet.lines)]
    return _BOM + "".join(";".join(map(_quoted, line)) + "\r\n" for line in lines)


def json_stat(publication: Publication, view: TableView) -> dict[str, Any]:
    """A table as a JSON-stat 2.0 dataset; `status` holds the signs of numbers not shown.

    Contents and time are dimensions of their own, as with Statistics Norway.
    """
    spec = publication.universe.spec
    labels = {name: _labels(spec.dimension(name)) for name in view.dimensions}
    percent = of_percent(publication, view)
    contents = {
        CHILDREN: (spec.title or "Unique children", 0),
        **{f"percent_{one}": (f"Per cent of {one}", 1) for one in percent},
    }
    values: list[Field] = []
    for _, cell in view.rows:
        values.append(number_or_sign(publication, cell))
        values += [percent_or_sign(publication, cell, one) for one in percent]
    return {
        "version": "2.0",
        "class": "dataset",
        "label": spec.title or "Unique children",
        "id": [*labels, CONTENTS, "Tid"],
        "size": [*(len(one) for one in labels.values()), len(contents), 1],
        "dimension": {
            **{
                name: {"category": {"index": list(codes), "label": {c: c for c in codes}}}
                for name, codes in labels.items()
            },
            CONTENTS: {
                "category": {
                    "index": list(contents),
                    "label": {code: label for code, (label, _) in contents.items()},
                    "unit": {code: {"decimals": n} for code, (_, n) in contents.items()},
                }
            },
            "Tid": {"category": {"index": [spec.period or "-"]}},
        },
        "role": {"time": ["Tid"], "metric": [CONTENTS]},
        "value": [_plain(value) for value in values],
        "status": {str(n): value for n, value in enumerate(values) if isinstance(value, str)},
    }


def _plain(value: Field) -> int | float | None:
    if isinstance(value, str):
        return None
    return value if isinstance(value, int) else float(value)


def _field(value: Field) -> str:
    return value if isinstance(value, str) else str(value).replace(".", ",")


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
        "percentages": list(spec.percentages),
        "quantiles": [
            {
                "dimension": one.dimension,
                "within": list(one.within),
                "parts": list(one.parts),
                "least": one.least,
            }
            for one in spec.quantiles
        ],
        "bands": list(publication.bands),
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
        bands = tuple(map(_band, content.get("bands", [])))
        if bands and len(bands) != len(places(universe)):
            raise ReleaseTextError("the bands do not fit the quantiles")
        return Publication(
            universe,
            Method(content["method"]),
            tuple(_shown(universe, content["tables"])),
            only_small_hidden=content["only_small_hidden"] is True,
            bands=bands,
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


def _band(value: Any) -> int | None:  # noqa: ANN401 - from JSON
    if value is not None and not (type(value) is int and 0 <= value < MAX_CODES):
        raise ReleaseTextError("a band is not a number")
    return value


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
        percentages=tuple(content.get("percentages", [])),
        quantiles=tuple(
            Quantile(one["dimension"], tuple(one["within"]), tuple(one["parts"]), one["least"])
            for one in content.get("quantiles", [])
        ),
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


def _quoted(text: str) -> str:
    """A field of CSV; never one that a spreadsheet would take for a formula."""
    if text[:1] in ("=", "+", "-", "@", "\t"):
        text = "'" + text
    if any(mark in text for mark in ';"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
