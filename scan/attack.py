"""One run against one engine: what each person reaches is tried, and what is done is kept at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from scan import tools
from scan.answers import Answers, NotScannedError
from scan.crawl import Target, crawl, left_alone
from scan.demonstration import ANSWERS, DemonstrationError, copy_of, signed_in, still_signed_in
from scan.forged import forged
from scan.kept import FORMS, WAPITI, WHOLE, Part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scan.demonstration import Loaded
    from scan.kept import Kept
    from scan.tools import Finding
    from scan.visitor import Visitor

#: Read by one class for all forms; tried in the first form that has them.
_THE_SAME_EVERYWHERE = frozenset({"version", "submission", "csrf_token", "language", "next"})


class OutOfTimeError(Exception):
    """There is something left, and no time to begin it."""


class Attack:
    """A demonstration, who has tried what in it, and until when something new is begun."""

    def __init__(self, made: Loaded, folder: Path, dbms: str, kept: Kept, until: float) -> None:
        """``until``: by ``time.monotonic``."""
        self._made, self._folder, self._dbms = made, folder, dbms
        self._kept, self._until = kept, until

    def as_one_after_the_other(self, people: list[str]) -> None:
        """Attack as each of them. Raises OutOfTimeError."""
        for person in people:
            if self._kept.has(self._dbms, person, WHOLE):
                continue
            here = self._folder / self._dbms / person
            here.mkdir(parents=True)
            try:
                self._attack_as(person, here)
            except (NotScannedError, DemonstrationError, tools.ToolError, OSError) as fault:
                print(f"{self._dbms} {person}: NOT TO THE END: {fault}", flush=True)

    def _attack_as(self, person: str, here: Path) -> None:
        answers = Answers(here / ANSWERS)
        if not self._kept.has(self._dbms, person, WAPITI):
            self._in_time()
            with copy_of(self._made, here / "first") as port:
                visitor, start = signed_in(person, port)
                pages = crawl(visitor, start).pages
                began = self._began(visitor, answers, person, pages)
                cookies = visitor.cookie_line()
                found, cut = tools.wapiti(visitor.base, cookies, pages, here, person)
                began(Part(self._dbms, person, WAPITI, count=len(pages), cut=cut), found)
        self._in_time()
        with copy_of(self._made, here / "second") as port:
            visitor, start = signed_in(person, port)
            reached = crawl(visitor, start)
            began = self._began(visitor, answers, person, reached.pages)
            if not self._kept.has(self._dbms, person, FORMS):
                forms, taken = forged(visitor, reached.targets, person)
                began(Part(self._dbms, person, FORMS, count=forms), taken)
            self._inject(visitor, reached.targets, reached.pages, here, person, answers)

    def _inject(
        self,
        visitor: Visitor,
        every: tuple[Target, ...],
        pages: tuple[str, ...],
        here: Path,
        person: str,
        answers: Answers,
    ) -> None:
        """Let sqlmap try one kind of address after the other; where it gives up, go on with the next."""
        given_up = False
        for target in every:
            tried = self._kept.tried(self._dbms)
            if target.shape in tried or not _has_something_to_try(target):
                continue
            self._in_time()
            told = replace(target, known=_THE_SAME_EVERYWHERE & tried)
            began = self._began(visitor, answers, person, pages)
            cookies = visitor.cookie_line()
            try:
                found = tools.sqlmap(visitor.base, cookies, told, here, person, dbms=self._dbms)
            except tools.ToolError as fault:
                print(f"{self._dbms} {person}: NOT TO THE END: {fault}", flush=True)
                given_up = True
                continue
            fields = tuple(name for name, _ in target.fields)
            began(Part(self._dbms, person, target.shape, fields=fields), found)
        if not given_up:
            self._kept.add(Part(self._dbms, person, WHOLE))

    def _began(
        self, visitor: Visitor, answers: Answers, person: str, pages: tuple[str, ...]
    ) -> Callable[[Part, list[Finding]], None]:
        """Return what keeps a part that begins now, once it is done and was not done outside."""
        began = time.monotonic()
        answers.since(person)

        def done(part: Part, found: list[Finding]) -> None:
            if not still_signed_in(visitor, pages):
                raise NotScannedError(f"{person} was signed out on the way")
            told, broken = answers.since(person)
            spent = time.monotonic() - began
            self._kept.add(
                replace(part, seconds=round(spent, 1), answers=told, found=(*found, *broken))
            )
            print(
                f"{self._dbms} {person}: {part.name}: {sum(told.values())} requests, {spent:.0f} s",
                flush=True,
            )

        return done

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            raise OutOfTimeError


def _has_something_to_try(target: Target) -> bool:
    names = {name for name, _ in target.fields} - {"csrf_token"}
    return not left_alone(target.address) and bool(names or "?" in target.address)
