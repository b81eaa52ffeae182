"""All mutants of some modules against the tests that belong to them."""

import ast
import importlib
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from mutants.changes import Mutant, mutants_of, mutated
from mutants.cold import is_killed_cold, lines_on_import
from mutants.forks import SURVIVED, forked
from mutants.steady import ARGUMENTS, ROOT, Steady
from mutants.targets import Target
from mutants.warm import Warm, Where


class BaselineError(Exception):
    """The tests do not hold on the unchanged modules, so they say nothing about a mutant."""


def survivors(target: Target) -> Iterator[tuple[str, dict[int, str]]]:
    """Try every mutant of a target's modules against its tests; give for each module those that no test noticed.

    By their place in the module's list of mutants, with the reason, as soon as a module is done.

    Raises ``BaselineError`` when the tests fail unchanged.
    """
    with _shared() as shared:
        found, order = _warm(target, shared)
        for module in target.modules:
            source = (ROOT / module).read_text("utf-8")
            cold = partial(is_killed_cold, module, tests=[*target.options, *order], shared=shared)
            if cold(ast.parse(source)):
                raise BaselineError(f"{module}: the tests fail when they are started anew")
            on_import = lines_on_import(module)
            for index, mutant in enumerate(mutants_of(source)):
                shows = not mutant.inside or (
                    (module, index) in found and not on_import.isdisjoint(_lines(mutant))
                )
                if not shows:
                    continue
                found.pop((module, index), None)
                if not cold(mutated(source, mutant)):
                    found[module, index] = "survived"
            yield module, {index: why for (of, index), why in found.items() if of == module}


def _lines(mutant: Mutant) -> range:
    first, last = mutant.lines
    return range(first, last + 1)


@contextmanager
def _shared() -> Iterator[Path]:
    """Give a folder for what all trials use, and end what they left running."""
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        try:
            yield Path(folder)
        finally:
            # In a fork: no trial may find anything imported that is not a library's.
            forked(partial(_stop, Path(folder)))


def _stop(shared: Path) -> int:
    importlib.import_module("tests.postgres_server").stop_server(shared)
    return 0


def _warm(target: Target, shared: Path) -> tuple[dict[Where, str], list[str]]:
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        told, said = Path(folder) / "told", Path(folder) / "said"

        def run() -> int:
            plugin = Warm(target.modules, Path(folder) / "t")
            rest = [*target.options, *(f"--deselect={one}" for one in target.left_out)]
            arguments = [*ARGUMENTS, *rest, f"--basetemp={folder}/t", *target.tests]
            pytest.main(arguments, plugins=[Steady(shared), plugin])
            told.write_bytes(pickle.dumps((plugin.found, plugin.order)))
            return 0 if plugin.held else 1

        if forked(run, said) != SURVIVED:
            raise BaselineError(said.read_text("utf-8", "replace")[-4000:])
        result: tuple[dict[Where, str], list[str]]
        result = pickle.loads(told.read_bytes())  # noqa: S301 - our own fork wrote it
        return result
