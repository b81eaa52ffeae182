"""Measures, prints one line per comparison, and ends with 1 where a binding target is missed."""

from __future__ import annotations

import sys
import tempfile
from itertools import chain
from pathlib import Path

from benchmarks import (
    broker,
    deciding,
    files,
    hidden,
    log,
    pages,
    providers,
    rewrapping,
    sealing,
    walls,
)


def main() -> int:
    """Run every benchmark; see docs/benchmarks.md for what the lines mean."""
    print(f"{'':<52} {'ours':>11} {'control':>11} {'':<9} {'ratio':>7}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bti-bench-") as name:
        directory = Path(name)
        for figure in chain(
            deciding.figures(),
            sealing.figures(),
            files.figures(directory),
            providers.figures(directory),
            pages.figures(directory),
            log.figures(directory),
            hidden.figures(directory),
            walls.figures(directory),
            rewrapping.figures(directory),
            broker.figures(directory),
        ):
            print(figure, flush=True)
            missed += figure.binding and not figure.held
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
