"""Measures, prints one line per comparison, and ends with 1 where a binding target is missed."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import (
    at_size,
    broker,
    deciding,
    files,
    hidden,
    linked,
    log,
    lookups,
    pages,
    providers,
    released,
    rewrapping,
    sealing,
    signing_in,
    walls,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.side_by_side import Figure


def main() -> int:
    """Run every benchmark; see docs/benchmarks.md for what the lines mean."""
    begun = perf_counter()
    print(f"{'':<60} {'ours':>11} {'control':>11} {'':<9} {'ratio':>7}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bti-bench-") as name:
        directory = Path(name)
        for figures in (
            deciding.figures(),
            sealing.figures(),
            files.figures(directory),
            providers.figures(directory),
            pages.figures(directory),
            log.figures(directory),
            lookups.figures(directory),
            signing_in.figures(directory),
            hidden.figures(directory),
            walls.figures(directory),
            rewrapping.figures(directory),
            broker.figures(directory),
            linked.figures(),
            at_size.figures(),
            released.figures(),
        ):
            missed += _told(figures)
    print(f"{missed} binding targets missed, in {perf_counter() - begun:.0f} seconds")
    return 1 if missed else 0


def _told(figures: Iterator[Figure]) -> int:
    """Print some lines as they come, and return how many binding targets they miss.

    What fails is told and counted; the lines after it are wanted all the same.
    """
    missed = 0
    try:
        for figure in figures:
            print(figure, flush=True)
            missed += figure.binding and not figure.held
    except Exception:  # noqa: BLE001 - whatever it is, it is printed whole and ends with 1
        traceback.print_exc()
        missed += 1
    return missed


if __name__ == "__main__":
    sys.exit(main())
