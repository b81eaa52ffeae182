"""A change within a function: put into the functions that are there, in a fork of a run that has begun.

Starting Python, importing and collecting cost more than most tests; they are done once. Every test is then run
unchanged to learn which lines it reaches, and each mutant meets the tests that reach it, the quickest first.
"""

import ast
import gc
import os
import shutil
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, SimpleNamespace
from typing import Any

import pytest

from mutants.changes import mutants_of, mutated
from mutants.cold import compiled
from mutants.forks import KILLED, STILL, SURVIVED, forked
from mutants.steady import ROOT

Where = tuple[str, int]
"""A module (path from the root) and a place in its list of mutants."""
Reached = dict[tuple[str, int], set[pytest.Item]]
"""Module and line → the tests that reach it."""
Functions = dict[tuple[str, int], list[FunctionType]]
"""Name and first line → the functions made from it."""
_Cached = type(cache(int))
_NUMBER_BYTES = 4


class Warm:
    """The plugin that takes the place of pytest's loop over the tests.

    Afterwards ``found`` has the mutants that no test noticed, and why, and ``order`` the tests, those that reach
    one of ``modules`` first; ``held`` tells whether the tests hold when nothing is changed.
    """

    def __init__(self, modules: Sequence[str], scratch: Path) -> None:
        """Mutate ``modules``; ``scratch`` is where the tests make their folders."""
        self._modules = modules
        self._scratch = scratch
        self._failed = False
        #: Processor seconds, and seconds on the wall.
        self._took: dict[pytest.Item, tuple[float, float]] = {}
        self._reached: Reached = defaultdict(set)
        self._functions: dict[str, Functions] = {}
        self._caches: dict[str, list[Any]] = {}
        self.found: dict[Where, str] = {}
        self.order: list[str] = []
        self.held = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice a failure."""
        self._failed = self._failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once as they are, and then those that reach a mutant against it."""
        self._caches = {one: _caches(str(ROOT / one)) for one in self._modules}
        self._baseline(session)
        # What stands now is never collected, so that a fork does not copy it page by page.
        gc.collect()
        self._functions = {one: _functions(str(ROOT / one)) for one in self._modules}
        gc.freeze()
        touching = {one for items in self._reached.values() for one in items}
        ranked = sorted(session.items, key=lambda one: (one not in touching, self._took[one][1]))
        self.order = [one.nodeid for one in ranked]
        # Also in a fork, and with their own code put back into the functions.
        self.held = not self._failed and all(
            self._killer(session, ranked, self._change(module, ast.parse(_source(module)))) is None
            for module in self._modules
        )
        if self.held:
            for module in self._modules:
                self._module(session, module)
        return True

    def _baseline(self, session: pytest.Session) -> None:
        """Learn which tests reach each line, and how long each takes."""
        files = {str(ROOT / module): module for module in self._modules}
        for watched in (True, False):
            for item, after in zip(session.items, [*session.items[1:], None], strict=True):
                _forget(one for caches in self._caches.values() for one in caches)
                began, at = time.process_time(), time.monotonic()
                with _watching(files, item, self._reached) if watched else nullcontext():
                    _run_one(item, after or _session_only(session))
                self._took[item] = (time.process_time() - began, time.monotonic() - at)

    def _module(self, session: pytest.Session, module: str) -> None:
        source = _source(module)
        last: dict[str, pytest.Item] = {}
        for index, mutant in enumerate(mutants_of(source)):
            if not mutant.inside:
                continue
            first, end = mutant.lines
            tests = {one for line in range(first, end + 1) for one in self._reached[module, line]}
            if not tests:
                self.found[module, index] = "no test reaches it"
                continue
            key = partial(self._rank, last.get(mutant.where))
            change = self._change(module, mutated(source, mutant))
            killer = self._killer(session, sorted(tests, key=key), change)
            if killer is None:
                self.found[module, index] = "survived"
            else:
                last[mutant.where] = killer

    def _rank(self, first: pytest.Item | None, item: pytest.Item) -> tuple[bool, float]:
        return item is not first, self._took[item][1]

    def _change(self, module: str, tree: ast.Module) -> Callable[[], None]:
        code = compiled(tree, module)
        return partial(_put_in, self._functions[module], code, self._caches[module])

    def _killer(
        self, session: pytest.Session, tests: list[pytest.Item], change: Callable[[], None]
    ) -> pytest.Item | None:
        """Return which of the tests noticed the change, or None."""
        kept = {*self._scratch.glob("*")}
        reading, writing = os.pipe()

        def run() -> int:
            change()
            for number, item in enumerate(tests):
                after = tests[number + 1] if number + 1 < len(tests) else _session_only(session)
                # Ends a loop that never would. Processor time: a busy machine ends nothing.
                signal.setitimer(signal.ITIMER_PROF, 2 + 8 * self._took[item][0])
                os.write(writing, number.to_bytes(_NUMBER_BYTES, "big"))
                _run_one(item, after)
                if self._failed:
                    return KILLED
            return SURVIVED

        with os.fdopen(reading, "rb") as told:
            try:
                status = forked(run, still=STILL)
            finally:
                os.close(writing)
            tried = told.read()
        for one in {*self._scratch.glob("*")} - kept:
            shutil.rmtree(one, ignore_errors=True)
        return None if status == SURVIVED else tests[int.from_bytes(tried[-_NUMBER_BYTES:], "big")]


def _source(module: str) -> str:
    return (ROOT / module).read_text("utf-8")


def _run_one(item: pytest.Item, after: object) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


def _session_only(session: pytest.Session) -> object:
    """Stand for a next test that shares nothing but the session, so that all the rest is torn down."""
    return SimpleNamespace(listchain=lambda: [session])


@contextmanager
def _watching(files: dict[str, str], item: pytest.Item, reached: Reached) -> Iterator[None]:
    """Note which lines of some files a test reaches, in every thread."""

    def called(frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401 - a tracer
        return ran if frame.f_code.co_filename in files else None

    def ran(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - a tracer
        if event == "line":
            reached[files[frame.f_code.co_filename], frame.f_lineno].add(item)
        return ran

    threading.settrace(called)
    sys.settrace(called)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]  # None ends it


def _functions(path: str) -> Functions:
    """Find every function that came from a file, whatever holds it now."""
    found = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename == path:
            found[one.__code__.co_qualname, one.__code__.co_firstlineno].append(one)
    return found


def _caches(path: str) -> list[Any]:
    """Find every function of a file that remembers its answers."""
    found = [one for one in gc.get_objects() if isinstance(one, _Cached)]
    return [one for one in found if _file_of(one.__wrapped__) == path]


def _forget(caches: Iterable[Any]) -> None:
    """Let functions be run again that would give a remembered answer."""
    for one in caches:
        one.cache_clear()


def _file_of(function: object) -> str | None:
    return function.__code__.co_filename if isinstance(function, FunctionType) else None


def _put_in(functions: Functions, changed: CodeType, caches: Sequence[Any] = ()) -> None:
    """Give each function its code of ``changed``; ``LookupError`` when none of them is there.

    What was remembered before is forgotten.
    """
    _forget(caches)
    there = [
        (function, code)
        for code in _codes(changed)
        for function in functions.get((code.co_qualname, code.co_firstlineno), ())
    ]
    if not there:
        raise LookupError("no function of the module is in memory")
    for function, code in there:
        if function.__code__ != code:
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)
