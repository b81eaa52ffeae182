"""Ten thousand random small tables: does the verifier say what counting every data set says.

For outsiders, and for everybody who might know some of the children.

`python -m benchmarks.small_worlds [TABLES [FIRST]]`, 10,000 if nothing is said. Ends with exit status 1 and the
table at the first quarrel. `make test` compares some hundred of the same kind. The run may be cut into pieces:
FIRST is how many tables were compared before, in five hundreds, and the seeds go on from there.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.unit.disclosure.linked.agreement import agreements, insiders_agree

PART = 500


def main(tables: int = 10_000, first: int = 0) -> None:
    """Compare, part by part, each with a seed of its own."""
    if first % PART:
        raise SystemExit(f"begin at a multiple of {PART}")
    done = weak = asked = no = 0
    for seed in range(first // PART, first // PART - (-tables // PART)):
        part = min(PART, tables - done)
        compared, found = agreements(seed, part)
        questions, refused = insiders_agree(seed, part)
        done, weak = done + compared, weak + found
        asked, no = asked + questions, no + refused
        print(
            f"{done} tables: all agree, {weak} of them are weak; "
            f"{asked} questions about insiders: all agree, {no} answered with no",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
