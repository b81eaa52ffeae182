"""One run against one engine: what each person reaches is tried, and what is done is kept at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from scan import tools
from scan.answers import Answers, NotScannedError
from scan.crawl import crawl, left_alone
from scan.demonstration import ANSWERS, DemonstrationError, copy_of, signed_in, still_signed_in
from scan.forged import forged
from scan.kept import FORMS, INJECTED, WAPITI, Part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scan.crawl import Reached, Target
    from scan.demonstration import Loaded
    from scan.kept import Kept
    from scan.tools import Finding
    from scan.visitor import Visitor

#: Read by one class for all forms; tried in the first form that has them.
_THE_SAME_EVERYWHERE = frozenset({"version", "submission", "csrf_token", "language", "next"})


class OutOfTimeError(Exception):
    """There is something left, and no time to begin it."""


class _Session:
    """One person signed in to a copy, and what was answered there."""

    def __init__(self, visitor: Visitor, reached: Reached, here: Path, person: str) -> None:
        self.visitor, self.reached = visitor, reached
        self.here, self.person = here, person
        self.answers = Answers(here / ANSWERS)


class Attack:
    """A demonstration, who has tried what in it, and until when something new is begun."""

    def __init__(self, made: Loaded, folder: Path, dbms: str, kept: Kept, until: float) -> None:
        """``until``: by ``time.monotonic``."""
        self._made, self._folder, self._dbms = made, folder, dbms
        self._kept, self._until = kept, until

    def as_one_after_the_other(self, people: list[str]) -> None:
        """Attack as each of them: first sqlmap and forged forms, then wapiti. Raises OutOfTimeError."""
        for name, attack in ((INJECTED, self._forms_as), (WAPITI, self._pages_as)):
            for person in people:
                if self._kept.has(self._dbms, person, name):
                    continue
                self._in_time()
                here = self._folder / self._dbms / name / person
                here.mkdir(parents=True)
                try:
                    with copy_of(self._made, here / "copy") as port:
                        visitor, start = signed_in(person, port)
                        attack(_Session(visitor, crawl(visitor, start), here, person))
                except (NotScannedError, DemonstrationError, tools.ToolError, OSError) as fault:
                    print(f"{self._dbms} {person}: NOT TO THE END: {fault}", flush=True)

    def _pages_as(self, who: _Session) -> None:
        pages = who.reached.pages
        done = self._began(who)
        found, cut = tools.wapiti(
            who.visitor.base, who.visitor.cookie_line(), pages, who.here, who.person
        )
        done(Part(self._dbms, who.person, WAPITI, count=len(pages), cut=cut), found)

    def _forms_as(self, who: _Session) -> None:
        if not self._kept.has(self._dbms, who.person, FORMS):
            done = self._began(who)
            forms, taken = forged(who.visitor, who.reached.targets, who.person)
            done(Part(self._dbms, who.person, FORMS, count=forms), taken)
        if self._inject(who):
            self._kept.add(Part(self._dbms, who.person, INJECTED))

    def _inject(self, who: _Session) -> bool:
        """Let sqlmap try one kind of address after the other; return whether it gave up at none."""
        given_up = False
        for target in who.reached.targets:
            tried = self._kept.tried(self._dbms)
            if target.shape in tried or not _has_something_to_try(target):
                continue
            self._in_time()
            told = replace(target, known=_THE_SAME_EVERYWHERE & tried)
            done = self._began(who)
            base, cookies = who.visitor.base, who.visitor.cookie_line()
            try:
                found = tools.sqlmap(base, cookies, told, who.here, who.person, dbms=self._dbms)
            except tools.ToolError as fault:
                print(f"{self._dbms} {who.person}: NOT TO THE END: {fault}", flush=True)
                given_up = True
                continue
            fields = tuple(name for name, _ in target.fields)
            done(Part(self._dbms, who.person, target.shape, fields=fields), found)
        return not given_up

    def _began(self, who: _Session) -> Callable[[Part, list[Finding]], None]:
        """Return what keeps a part that begins now, once it is done and was not done outside."""
        began = time.monotonic()
        who.answers.since(who.person)

        def done(part: Part, found: list[Finding]) -> None:
            if not still_signed_in(who.visitor, who.reached.pages):
                raise NotScannedError(f"{who.person} was signed out on the way")
            told, broken = who.answers.since(who.person)
            spent = time.monotonic() - began
            self._kept.add(
                replace(part, seconds=round(spent, 1), answers=told, found=(*found, *broken))
            )
            print(
                f"{self._dbms} {who.person}: {part.name}: {sum(told.values())} requests, {spent:.0f} s",
                flush=True,
            )

        return done

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            raise OutOfTimeError


def _has_something_to_try(target: Target) -> bool:
    names = {name for name, _ in target.fields} - {"csrf_token"}
    return not left_alone(target.address) and bool(names or "?" in target.address)
