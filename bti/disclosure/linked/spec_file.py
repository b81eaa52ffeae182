"""Reads specs of linked tables from TOML."""

import tomllib
from collections.abc import Mapping

from bti.disclosure.linked.spec import (
    LEAST_FOR_QUANTILES,
    MAX_DIMENSIONS,
    Catalogue,
    Dimension,
    Method,
    Population,
    Published,
    Quantile,
    Rules,
    Spec,
    SpecError,
    Zeros,
    margins,
)
from bti.disclosure.tables import DEFAULT_THRESHOLD


def read_spec(text: str, codes: Mapping[str, tuple[str, ...]] | None = None) -> Spec:
    """Read TOML; `codes` fills in dimensions whose codes are left to the counts.

    Raises SpecError for anything unknown, missing or contradictory.
    """
    content = _toml(text)
    _only(
        content,
        "the spec",
        *("title", "period", "count", "household", "unit", "rules", "dimension", "table"),
        *("margins", "structural", "population", "published", "quantile", "percentages"),
        "catalogue",
    )
    dimensions = tuple(_dimension(one, codes or {}) for one in _tables(content, "dimension"))
    tables = tuple(_texts(one.get("dimensions"), "table") for one in _tables(content, "table"))
    if "margins" in content:
        order = _whole(content["margins"], "margins")
        if not 1 <= order <= MAX_DIMENSIONS:
            raise SpecError("margins must say how many dimensions a table has")
        tables += margins((one.name for one in dimensions), order)
    return Spec(
        dimensions=dimensions,
        tables=tables,
        title=_text(content.get("title", ""), "title"),
        period=_text(content.get("period", ""), "period"),
        rules=_rules(content.get("rules", {})),
        structural=tuple(_where(one) for one in _tables(content, "structural")),
        populations=tuple(_population(one) for one in _tables(content, "population")),
        catalogue=_catalogue(content.get("catalogue")),
        quantiles=tuple(_quantile(one) for one in _tables(content, "quantile")),
        percentages=_texts(content.get("percentages", []), "percentages"),
        published=tuple(_published(one) for one in _tables(content, "published")),
        count_column=_text(content.get("count", ""), "count"),
        household_column=_text(content.get("household", ""), "household"),
        unit_column=_text(content.get("unit", ""), "unit"),
    )


def open_dimensions(text: str) -> tuple[str, ...]:
    """The dimensions of a spec that leave their codes to the counts."""
    content = _toml(text)
    return tuple(
        _text(one.get("name"), "dimension")
        for one in _tables(content, "dimension")
        if "codes" not in one
    )


def _toml(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        # Not only what is no TOML: a number may be too long to read, brackets may go too deep.
        raise SpecError(f"not TOML: {fault}") from None


def _dimension(content: Mapping[str, object], codes: Mapping[str, tuple[str, ...]]) -> Dimension:
    _only(content, "dimension", "name", "codes", "groups", "harmless")
    name = _text(content.get("name"), "dimension")
    groups = content.get("groups", {})
    if not isinstance(groups, dict):
        raise SpecError(f"dimension {name}: groups must be a table")
    harmless = content.get("harmless", False)
    if not isinstance(harmless, bool):
        raise SpecError(f"dimension {name}: harmless must be true or false")
    found = _texts(content["codes"], name) if "codes" in content else codes.get(name, ())
    return Dimension(
        name=name,
        codes=found,
        groups=tuple((group, _texts(members, name)) for group, members in groups.items()),
        harmless=harmless,
    )


def _rules(content: object) -> Rules:
    if not isinstance(content, dict):
        raise SpecError("rules must be a table")
    numbers = ("threshold", "known_cases", "coalition", "turnover", "least_population", "base")
    _only(content, "rules", *numbers, "zeros", "methods")
    found: dict[str, object] = {
        name: _whole(content[name], name) for name in numbers if name in content
    }
    try:
        if "zeros" in content:
            found["zeros"] = Zeros(content["zeros"])
        if "methods" in content:
            found["methods"] = tuple(Method(one) for one in _texts(content["methods"], "methods"))
    except ValueError as fault:
        raise SpecError(f"rules: {fault}") from None
    if "turnover" not in found:
        threshold = found.get("threshold", DEFAULT_THRESHOLD)
        found["turnover"] = max(5, threshold if isinstance(threshold, int) else 0)
    return Rules(**found)  # type: ignore[arg-type] # each was checked above


def _where(content: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (name, (codes,) if isinstance(codes, str) else _texts(codes, name))
        for name, codes in content.items()
    )


def _population(content: Mapping[str, object]) -> Population:
    _only(content, "population", "where", "base")
    where = content.get("where")
    if not isinstance(where, dict) or not where:
        raise SpecError("population: where must name a dimension and a code")
    return Population(
        where=tuple((name, _text(code, name)) for name, code in where.items()),
        base=_whole(content.get("base"), "population"),
    )


def _quantile(content: Mapping[str, object]) -> Quantile:
    _only(content, "quantile", "dimension", "within", "parts", "least")
    parts = content.get("parts", [50])
    if not isinstance(parts, list):
        raise SpecError("quantile: parts must be a list")
    return Quantile(
        dimension=_text(content.get("dimension"), "quantile"),
        within=_texts(content.get("within", []), "quantile"),
        parts=tuple(_whole(part, "quantile") for part in parts),
        least=_whole(content.get("least", LEAST_FOR_QUANTILES), "quantile"),
    )


def _catalogue(content: object) -> Catalogue | None:
    if content is None:
        return None
    if not isinstance(content, dict):
        raise SpecError("catalogue must be a table")
    _only(content, "catalogue", "address", "publisher", "contact", "description")
    return Catalogue(
        address=_text(content.get("address"), "catalogue"),
        publisher=_text(content.get("publisher"), "catalogue"),
        contact=_text(content.get("contact"), "catalogue"),
        description=_text(content.get("description", ""), "catalogue"),
    )


def _published(content: Mapping[str, object]) -> Published:
    _only(content, "published", "release", "counts", "where")
    where = content.get("where", {})
    if not isinstance(where, dict):
        raise SpecError("published: where must be a table")
    return Published(
        release=_text(content.get("release"), "published"),
        counts=_text(content.get("counts", ""), "published"),
        where=tuple((name, _text(code, name)) for name, code in where.items()),
    )


def _tables(content: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = content.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SpecError(f"{name} must be written as [[{name}]]")
    return found


def _only(content: Mapping[str, object], where: str, *known: str) -> None:
    for name in content:
        if name not in known:
            raise SpecError(f"{where} does not know {name[:40]!r}")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SpecError(f"{where}: expected text")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SpecError(f"{where}: expected a list of texts")
    return tuple(value)


def _whole(value: object, where: str) -> int:
    if type(value) is not int:
        raise SpecError(f"{where}: expected a whole number")
    return value
