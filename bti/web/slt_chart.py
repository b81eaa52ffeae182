"""Bars of published counts, drawn on the server, and the same in words.

Geometry is in percent of the drawing, so that the chart needs no script and no inline style. There are
bars and no lines: a line would pass through what is hidden.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flask_babel import gettext

from bti.web.filters import number

Number = int | Decimal

# Where the axis begins, where the ground line and the top line are.
_LEFT: Final = 7.0
_GROUND: Final = 84.0
_TOP: Final = 8.0
# A low stub, the same for all: a height between others would be read as a number.
_HIDDEN_TOP: Final = 76.0
_BAR_SHARE: Final = 0.5
_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class Count:
    """One number: None is hidden. Not published is neither a number nor a secret."""

    value: Number | None
    published: bool = True


NOT_PUBLISHED: Final = Count(None, published=False)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; a hidden number has the same height whatever it is, and what is not published none."""

    label: object
    value: Number | None
    text: str
    published: bool
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the scale."""

    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over a scale, and the same in words for those who cannot see it."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    left: float
    ground: float
    words: str
    has_hidden: bool


def drawn(
    counts: Sequence[Count],
    labels: Sequence[object],
    *,
    top: int = 0,
    written: Callable[[Number], str] = number,
) -> Chart:
    """Return the chart of one or more counts with a label each.

    ``top`` is where the scale ends, a multiple of four, for numbers that all charts have one scale for.
    """
    largest = max((one.value for one in counts if one.value is not None), default=0)
    step = top // _TICKS or _step(largest)
    top = step * _TICKS
    # A scale beside what is hidden alone would give it a height.
    lines = _TICKS + 1 if largest else 1
    slot = (100 - _LEFT) / len(counts)
    return Chart(
        bars=tuple(
            _bar(one, label, _LEFT + slot * (index + 0.5), slot * _BAR_SHARE, _Scale(top, written))
            for index, (label, one) in enumerate(zip(labels, counts, strict=True))
        ),
        ticks=tuple(Tick(number(step * n), _height_at(step * n, top)) for n in range(lines)),
        left=_LEFT,
        ground=_GROUND,
        words=" ".join(
            _in_words(label, one, written) for label, one in zip(labels, counts, strict=True)
        ),
        has_hidden=any(one.value is None and one.published for one in counts),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where the scale ends, and how numbers on it are written."""

    top: int
    written: Callable[[Number], str]


def _bar(one: Count, label: object, middle: float, width: float, scale: _Scale) -> Bar:
    y = _HIDDEN_TOP if one.value is None else _height_at(one.value, scale.top)
    if not one.published:
        y = _GROUND
    return Bar(
        label=label,
        value=one.value,
        text="" if one.value is None else scale.written(one.value),
        published=one.published,
        x=round(middle - width / 2, 2),
        y=y,
        width=round(width, 2),
        height=round(_GROUND - y, 2),
        middle=round(middle, 2),
    )


def _height_at(value: Number, top: int) -> float:
    return round(_GROUND - (_GROUND - _TOP) * float(value) / top, 2)


def _step(largest: Number) -> int:
    """The round step (1, 2, 5, 10, 20 …) with which the scale just holds the largest number."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if unit * factor * _TICKS >= largest:
                return unit * factor
        unit *= 10


def _in_words(label: object, one: Count, written: Callable[[Number], str]) -> str:
    if not one.published:
        return str(gettext("%(level)s: not published.", level=label))
    if one.value is None:
        return str(gettext("%(level)s: hidden.", level=label))
    return str(gettext("%(level)s: %(count)s.", level=label, count=written(one.value)))
