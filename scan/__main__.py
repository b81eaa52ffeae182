"""Attack a demonstration with wapiti and sqlmap: `make scan`, or `python -m scan [PERSON]`.

Everything is on 127.0.0.1 and in a temporary folder. Exit status 1 on a finding that is not in
explained.toml, on a tool that did not do its work, and when the control's holes are not found.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scan import tools
from scan.answers import NotScannedError, answered
from scan.crawl import Target, crawl, left_alone
from scan.demonstration import (
    ANSWERS,
    PEOPLE,
    DemonstrationError,
    copy_of,
    loaded,
    serving,
    signed_in,
    still_signed_in,
)
from scan.findings import explained, report
from scan.forged import forged
from scan.visitor import Visitor

if TYPE_CHECKING:
    from scan.demonstration import Loaded
    from scan.tools import Finding

_MODULE_IN_A_HURRY_S = 4
_CONTROL = {("sqlmap", "/item", "id"), ("wapiti", "/item", "id"), ("wapiti", "/say", "word")}

#: Read by one class for all forms; tried in the first form that has them.
_THE_SAME_EVERYWHERE = {"version", "submission", "csrf_token", "language", "next"}


def main() -> int:
    """Run control and scan, print the findings, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m scan", description=__doc__)
    parser.add_argument("person", nargs="*", choices=[*PEOPLE, []], help="all when none is named")
    parser.add_argument(
        "--seconds",
        type=_at_least_one,
        help="for each person: sqlmap begins no new address when it has been at work for these",
    )
    parser.add_argument(
        "--database", choices=tools.TECHNIQUES, default="SQLite", help="what the pages ask"
    )
    parser.add_argument("--json", type=Path, help="also write the findings to this file")
    given = parser.parse_args()
    began = time.monotonic()
    print(tools.versions())
    with tempfile.TemporaryDirectory(prefix="stafett-scan-") as name:
        folder = Path(name)
        try:
            _control(folder, in_a_hurry=given.seconds is not None)
        except (NotScannedError, tools.ToolError) as fault:
            print(f"The scan says nothing: {fault}")
            return 1
        with loaded(folder, given.database) as made:
            scan = Scan(made, folder, given.database, given.seconds)
            whole = scan.attack(given.person or list(PEOPLE))
        findings = scan.found
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in findings], indent=1), "utf-8")
    left = report(findings, explained())
    print(f"{len(findings)} findings, {left} not explained. {time.monotonic() - began:.0f} s.")
    return 1 if left or not whole else 0


def _control(folder: Path, *, in_a_hurry: bool) -> None:
    """Find the holes of a page that has some. Raises NotScannedError when a tool is blind."""
    here = folder / "control"
    here.mkdir()
    with serving(["-m", "scan.control"], here) as port:
        visitor = Visitor(port)
        reached = crawl(visitor, "/")
        found = tools.wapiti(visitor.base, "", reached.pages, here, "control")
        for target in reached.targets:
            found += tools.sqlmap(
                visitor.base,
                "",
                target,
                here,
                "control",
                dbms="SQLite",
                in_a_hurry=in_a_hurry,
            )
    seen = {(one.tool, one.where.partition(" ")[2], one.parameter) for one in found}
    if blind := _CONTROL - seen:
        raise NotScannedError(f"the holes of the control were not found: {sorted(blind)}")
    print("The holes of the control were found.")


def _at_least_one(written: str) -> int:
    number = int(written)
    if number < 1:
        raise ValueError(written)
    return number


class Scan:
    """One run: a demonstration, what was tried in it by whom, and what was found."""

    def __init__(self, made: Loaded, folder: Path, dbms: str, seconds: int | None) -> None:
        """Begin with nothing tried. ``seconds``: for each person; None takes its time."""
        self.found: list[Finding] = []
        self._made, self._folder, self._dbms, self._seconds = made, folder, dbms, seconds
        self._tried: set[str] = set()

    def attack(self, people: list[str]) -> bool:
        """Attack as one after the other; tell whether everybody was done to the end."""
        untried: set[str] = set()
        whole = True
        for person in people:
            here = self._folder / person
            here.mkdir()
            began = time.monotonic()
            try:
                untried |= self._attack_as(person, here)
                self.found += answered(here / ANSWERS, person)
            except (NotScannedError, DemonstrationError, tools.ToolError) as fault:
                print(f"{person}: NOT TO THE END: {fault}")
                whole = False
            print(f"{person}: {time.monotonic() - began:.0f} s", flush=True)
        if untried := untried - self._tried:
            print(f"sqlmap has not tried {len(untried)}: {', '.join(sorted(untried))}")
        return whole and not untried

    def _attack_as(self, person: str, here: Path) -> set[str]:
        """Crawl and attack as one person: wapiti on one copy of the demonstration, sqlmap on another.

        Returns the kinds of address that were reached and not tried.
        """
        module_s = tools.MODULE_S if self._seconds is None else _MODULE_IN_A_HURRY_S
        with copy_of(self._made, here / "first") as port:
            visitor, start = signed_in(person, port)
            reached = crawl(visitor, start)
            self.found += tools.wapiti(
                visitor.base, visitor.cookie_line(), reached.pages, here, person, module_s
            )
            _still(visitor, reached.pages, person)
        with copy_of(self._made, here / "second") as port:
            visitor, start = signed_in(person, port)
            every = crawl(visitor, start).targets
            forms, taken = forged(visitor, every, person)
            self.found += taken
            targets = [
                one for one in every if one.shape not in self._tried and _has_something_to_try(one)
            ]
            # Searches first: on some engines they are tried by time too.
            targets.sort(key=lambda one: one.method != "GET")
            done = self._inject(visitor, targets, here, person)
            _still(visitor, reached.pages, person)
        print(
            f"{person}: {len(reached.pages)} pages, {reached.forms} forms, {forms} kinds sent without "
            f"the right token; sqlmap tried {done} of {len(targets)} kinds of address not tried before"
        )
        return {one.shape for one in targets[done:]}

    def _inject(self, visitor: Visitor, targets: list[Target], here: Path, person: str) -> int:
        """Let sqlmap try one address after the other; return how many there was time for."""
        # Counted from here: on a slow machine the other tool has used it all up by now.
        until = math.inf if self._seconds is None else time.monotonic() + self._seconds
        for done, target in enumerate(targets):
            if time.monotonic() > until:
                return done
            told = replace(target, known=frozenset(_THE_SAME_EVERYWHERE & self._tried))
            self.found += tools.sqlmap(
                visitor.base,
                visitor.cookie_line(),
                told,
                here,
                person,
                dbms=self._dbms,
                in_a_hurry=self._seconds is not None,
            )
            self._tried.update((target.shape, *(name for name, _ in target.fields)))
        return len(targets)


def _has_something_to_try(target: Target) -> bool:
    names = {name for name, _ in target.fields} - {"csrf_token"}
    return not left_alone(target.address) and bool(names or "?" in target.address)


def _still(visitor: Visitor, pages: tuple[str, ...], person: str) -> None:
    if not still_signed_in(visitor, pages):
        raise NotScannedError(f"{person} was signed out on the way")


if __name__ == "__main__":
    sys.exit(main())
