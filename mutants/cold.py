"""A change that shows on import: the tests are started anew, in a fork that has imported nothing of ours."""

import ast
import importlib
import importlib.abc
import importlib.machinery
import os
import pickle
import signal
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from mutants.forks import STILL, SURVIVED, forked
from mutants.steady import ARGUMENTS, ROOT, Steady

#: Processor seconds for all tests of one trial.
_SECONDS = 120


def is_killed_cold(module: str, tree: ast.Module, tests: Sequence[str], shared: Path) -> bool:
    """Tell whether one of ``tests`` fails when ``module`` (a path from the root) is ``tree``.

    ``tests`` may be options too. In ``shared`` is what all trials use.
    """
    with tempfile.TemporaryDirectory(prefix="m-") as folder:

        def run() -> int:
            os.environ["TMPDIR"] = folder
            tempfile.tempdir = None
            sys.meta_path.insert(0, _Instead(module, tree))
            signal.setitimer(signal.ITIMER_PROF, _SECONDS)
            arguments = [*ARGUMENTS, "-x", f"--basetemp={folder}/t", *tests]
            return int(pytest.main(arguments, plugins=[Steady(shared)]))

        return forked(run, still=STILL) != SURVIVED


def lines_on_import(module: str) -> set[int]:
    """Return the lines of ``module`` that run when it is imported, in whatever function they stand."""
    with tempfile.NamedTemporaryFile(prefix="m-") as file:

        def run() -> int:
            lines: set[int] = set()

            def ran(frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401 - a tracer
                if frame.f_code.co_filename != str(ROOT / module):
                    return None
                lines.add(frame.f_lineno)
                return ran

            sys.settrace(ran)
            importlib.import_module(_name(module))
            sys.settrace(None)
            Path(file.name).write_bytes(pickle.dumps(lines))
            return SURVIVED

        forked(run)
        found: set[int] = pickle.loads(Path(file.name).read_bytes())  # noqa: S301 - our own fork wrote it
        return found


def compiled(tree: ast.Module, module: str) -> CodeType:
    """Compile a tree as if it stood in the module's file. Odd code is what a mutant is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code: CodeType = compile(tree, str(ROOT / module), "exec")
        return code


def _name(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


class _Instead(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports one module with its change."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        importlib.machinery.SourceFileLoader.__init__(self, _name(module), str(ROOT / module))
        self._code = compiled(tree, module)

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Answer for the one module."""
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.path)

    def get_code(self, _fullname: str) -> CodeType:
        """Return the changed code."""
        return self._code
