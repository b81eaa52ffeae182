"""A release on the screen: what was counted, what readers will see, and why the rest is hidden."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bti.disclosure.preview import Line

_HIDDEN: Final = ":"
_IMPOSSIBLE: Final = "nobody can be here"
_TOTAL: Final = "total"


def show(lines: Iterable[Line]) -> None:
    """Print each number before and after. About persons: for the screen of those who approve alone."""
    click.echo("Counted and shown (this is about persons: it stays here)")
    for table, numbers in groupby(lines, key=lambda line: line.table):
        click.echo(f"\n{' by '.join(table)}")
        click.echo(f"  {'':<40}{'counted':>8}{'shown':>8}  why")
        for one in numbers:
            if one.why.value == _IMPOSSIBLE:
                continue
            shown = _HIDDEN if one.shown is None else str(one.shown)
            why = "" if one.shown is not None else one.why.value
            click.echo(f"  {where(one):<40}{one.counted:>8}{shown:>8}  {why}".rstrip())


def where(line: Line) -> str:
    """Where a number stands, in words."""
    return " / ".join(_TOTAL if label == "_T" else label.replace("_", " ") for label in line.labels)
