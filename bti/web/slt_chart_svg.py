"""The bars of a page as a drawing that stands alone, for files: the same geometry, with its colours in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from markupsafe import escape

from bti.slt.document import Drawing
from bti.web.document_page import chart_of
from bti.web.slt_chart import Bar, Chart

_WIDTH, _HEIGHT = 640, 230
_INK, _SOFT, _LINE, _BAR = "#1e2b3c", "#47505c", "#b4bac2", "#0a5080"
_FONT: Final = "Libertinus Serif"


def svg_of(drawing: Drawing) -> str:
    """The drawing; what it says in words is put beside it by the file."""
    chart = chart_of(drawing)
    parts = "".join((*_scale(chart), *(_bar(one, drawing.hidden, chart) for one in chart.bars)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="{_FONT}" font-size="12">'
        '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="7" height="7" fill="#ffffff"/>'
        f'<rect width="2" height="7" fill="{_LINE}"/></pattern></defs>{parts}</svg>'
    )


def _scale(chart: Chart) -> Iterator[str]:
    for tick in chart.ticks:
        y = _down(tick.y)
        yield f'<path d="M{_across(chart.left)} {y}H{_WIDTH}" stroke="{_LINE}" fill="none"/>'
        yield _text(chart.left - 1.5, tick.y, 4, tick.text, _SOFT, "end")


def _bar(bar: Bar, hidden: str, chart: Chart) -> str:
    label = _text(bar.middle, chart.ground, 18, str(bar.label), _SOFT)
    if not bar.published:
        return _text(bar.middle, chart.ground, -7, "–", _SOFT) + label
    fill = f'fill="{_BAR}"'
    if bar.value is None:
        fill = f'fill="url(#hatch)" stroke="{_SOFT}" stroke-dasharray="4 3"'
    box = (
        f'<rect x="{_across(bar.x)}" y="{_down(bar.y)}" width="{_across(bar.width)}" '
        f'height="{_down(bar.height)}" {fill}/>'
    )
    words = hidden if bar.value is None else bar.text
    return box + _text(bar.middle, bar.y, -5, words, _INK) + label


def _text(x: float, y: float, lower: int, words: str, fill: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{_across(x)}" y="{round(_down(y) + lower, 2)}" text-anchor="{anchor}" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def _across(percent: float) -> float:
    return round(percent * _WIDTH / 100, 2)


def _down(percent: float) -> float:
    return round(percent * _HEIGHT / 100, 2)
