"""Published test tables by path: how many numbers are hidden besides the small ones, beside the best known.

`python -m benchmarks.third_party --counts FILE --spec FILE [--best N]`. The files are anybody's: CSV and a spec
as for `bti protect`. Suppression alone is measured, and against outsiders, since that is what other programs
promise. Ends with 1 where the release is not safe or hides more than a tenth above N; docs/disclosure.md says
where and why it does.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from bti.disclosure.linked.attack import attack
from bti.disclosure.linked.cells import Universe
from bti.disclosure.linked.counts import codes_in, count, read_rows
from bti.disclosure.linked.promise import must_hide
from bti.disclosure.linked.spec import with_rules
from bti.disclosure.linked.spec_file import open_dimensions, read_spec
from bti.disclosure.linked.suppress import suppress
from bti.disclosure.linked.verify import verify

WITHIN = 1.10


def main(arguments: list[str]) -> int:
    """Measure one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=Path, required=True)
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--best", type=int)
    chosen = parser.parse_args(arguments)
    text = chosen.spec.read_text(encoding="utf-8")
    rows = read_rows(chosen.counts.read_text(encoding="utf-8-sig"))
    spec = with_rules(read_spec(text, codes_in(rows, open_dimensions(text))), known_cases=0)
    counts = count(Universe(spec), rows)
    publication = verify(suppress(counts), counts).publication
    small = int(np.count_nonzero(must_hide(counts)))
    besides = len(publication.hidden) - small
    recovered = len(attack(publication))
    print(
        f"{chosen.counts.name}: {len(publication.shown)} numbers, {small} small, "
        f"{besides} hidden besides, best known {chosen.best}, {recovered} recovered"
    )
    too_many = chosen.best is not None and besides > WITHIN * chosen.best
    return 1 if recovered or too_many else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
