"""Attack a demonstration with wapiti and sqlmap: `make scan`, or `python -m scan [PERSON]`.

Everything is on 127.0.0.1 and in a temporary folder. What is done is kept in build/scan for this very code, and a
scan that was stopped, or had no more time, goes on there. Exit status 1 on a finding that is not in explained.toml,
on a tool that did not do its work, when the control's holes are not found, and when something is left to try.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from subprocess import SubprocessError

from scan import tools
from scan.answers import NotScannedError
from scan.attack import Attack, OutOfTimeError
from scan.crawl import crawl
from scan.demonstration import PEOPLE, DemonstrationError, loaded, serving
from scan.findings import explained, report
from scan.kept import CONTROL, Kept, Part, code_of
from scan.visitor import Visitor

_STATE = Path(__file__).parents[1] / "build" / "scan"
#: Long enough for one engine on an idle machine.
_SECONDS = 3600
_CONTROL = {("sqlmap", "/item", "id"), ("wapiti", "/item", "id"), ("wapiti", "/say", "word")}
#: Shows by nothing but time.
_BY_TIME = ("sqlmap", "/wait", "id")


def main() -> int:
    """Run control and scan, print the findings, and say how it went."""
    given = _given()
    began = time.monotonic()
    kept = Kept(given.state, code_of())
    print(f"{tools.versions()}, {len(kept.parts)} parts done before on this code", flush=True)
    people = given.person or list(PEOPLE)
    chosen = [given.database] if given.database else list(tools.TECHNIQUES)
    with tempfile.TemporaryDirectory(prefix="stafett-scan-") as name:
        folder = Path(name)
        try:
            if not kept.has("", "", CONTROL):
                _control(folder)
                kept.add(Part("", "", CONTROL, round(time.monotonic() - began, 1)))
            for dbms in chosen:
                if all(kept.whole(dbms, person) for person in people):
                    continue
                with loaded(folder, dbms) as made:
                    attack = Attack(made, folder, dbms, kept, began + given.seconds)
                    attack.as_one_after_the_other(people)
        except OutOfTimeError:
            print("No time for more. The same command goes on where this one stopped.")
        except (NotScannedError, DemonstrationError, tools.ToolError, SubprocessError) as fault:
            print(f"The scan says nothing: {fault}")
            return 1
    print("\n".join(kept.table()))
    findings = kept.found()
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in findings], indent=1), "utf-8")
    left = report(findings, explained())
    undone = [f"{d} {p}" for d in chosen for p in people if not kept.whole(d, p)]
    print(f"{len(findings)} findings, {left} not explained. {time.monotonic() - began:.0f} s.")
    if undone:
        print(f"Not whole: {', '.join(undone)}")
    return 1 if left or undone else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scan", description=__doc__)
    parser.add_argument("person", nargs="*", choices=[*PEOPLE, []], help="all when none is named")
    parser.add_argument(
        "--seconds",
        type=_at_least_one,
        default=_SECONDS,
        help="nothing new is begun when it has been at work for these",
    )
    parser.add_argument(
        "--database", choices=tools.TECHNIQUES, help="what the pages ask; both when none is named"
    )
    parser.add_argument("--state", type=Path, default=_STATE, help="what is done is kept here")
    parser.add_argument("--json", type=Path, help="also write the findings to this file")
    return parser.parse_args()


def _control(folder: Path) -> None:
    """Find the holes of a page that has some. Raises NotScannedError when a tool is blind."""
    here = folder / "control"
    here.mkdir()
    with serving(["-m", "scan.control"], here) as port:
        visitor = Visitor(port)
        reached = crawl(visitor, "/")
        found, _ = tools.wapiti(visitor.base, "", reached.pages, here, "control")
        for target in reached.targets:
            # As for each engine: by time only as for PostgreSQL, whose pause the control knows.
            dbms = "PostgreSQL" if "/wait" in target.address else "SQLite"
            found += tools.sqlmap(visitor.base, "", target, here, "control", dbms=dbms)
    seen = {(one.tool, one.where.partition(" ")[2], one.parameter) for one in found}
    if blind := (_CONTROL | {_BY_TIME}) - seen:
        raise NotScannedError(f"the holes of the control were not found: {sorted(blind)}")
    print("The holes of the control were found, one of them by time alone.", flush=True)


def _at_least_one(written: str) -> int:
    number = int(written)
    if number < 1:
        raise ValueError(written)
    return number


if __name__ == "__main__":
    sys.exit(main())
