"""Tells whoever waits for a long calculation how far it has come, when it has gone on for a while."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE: Final = 2.0
"""Seconds before one is told what takes so long."""


class Waiting:
    """A bar on standard error for each stage; the engine tells it of its stages by calling it."""

    def __init__(self) -> None:
        """Begin to wait."""
        self._begun = time.monotonic()
        self._shown = ExitStack()
        self._stage: tuple[str, int] | None = None
        self._done = 0
        self._update: Callable[[int], None]

    def __enter__(self) -> Self:
        """Return what the engine calls."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last bar on a line of its own."""
        self._shown.close()

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Show that ``done`` of ``of`` are done in a stage."""
        if time.monotonic() - self._begun < _PATIENCE:
            return
        if self._stage != (stage, of):
            self._shown.close()
            bar = click.progressbar(length=of, label=stage, file=sys.stderr)
            self._update = self._shown.enter_context(bar).update
            self._stage, self._done = (stage, of), 0
        self._update(max(0, done - self._done))
        self._done = max(self._done, done)
