"""Try every mutant: `make mutants`, or `python -m mutants [TARGET] [TARGET/MODULE]`.

Exit status 1 when fewer than 95 in a hundred of a module's mutants are noticed by a test, or when the list of those
that cannot be noticed no longer holds.
"""

import argparse
import importlib
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutants.changes import Mutant, mutants_of
from mutants.steady import ROOT
from mutants.targets import TARGETS, Target, targets_named
from mutants.trial import survivors

_LEAST = 95.0
_HEAD = f"{'module':32} mutants  killed  survived  equivalent   score"
_EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
#: What the tests import beside our own: once, before any fork.
_NOT_OURS = (
    "sqlalchemy.orm",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "playwright.sync_api",
    "flask",
    "alembic.command",
    "psycopg",
    "pydantic_settings",
)
Name = tuple[str, str, str, int]


def main() -> int:
    """Parse the command line, try what it names, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument(
        "target", nargs="*", help="all when none is named; decisions/ground,denial is two modules"
    )
    parser.add_argument("--jobs", type=int, default=1, help="targets that are tried at once")
    given = parser.parse_args()
    try:
        chosen = targets_named(given.target or list(TARGETS))
    except LookupError as unknown:
        parser.error(f"no such target: {unknown.args[0]}")
    print(_HEAD, flush=True)
    if given.jobs > 1 and len(chosen) > 1:
        with ThreadPoolExecutor(given.jobs) as threads:
            held = list(threads.map(_apart, chosen))
    else:
        for library in _NOT_OURS:
            importlib.import_module(library)
        held = [_target(name, target) for name, target in chosen.items()]
    return 0 if all(held) else 1


def equivalents() -> dict[str, dict[Name, str]]:
    """Read the checked list: for each module the names of its mutants that change nothing, and why."""
    found: dict[str, dict[Name, str]] = {}
    for one in tomllib.loads(_EQUIVALENTS.read_text("utf-8")).get("equivalent", []):
        name = (one["where"], one["was"], one["becomes"], one.get("nth", 1))
        found.setdefault(one["module"], {})[name] = one["reason"]
    return found


def _apart(name: str) -> bool:
    """Try one target in a process of its own, and say how it went when it is done."""
    tried = subprocess.run(  # noqa: S603 - this module itself, and a name from its own list
        [sys.executable, "-m", "mutants", name], capture_output=True, check=False, text=True
    )
    print(tried.stdout.removeprefix(f"{_HEAD}\n"), end="", flush=True)
    print(tried.stderr, end="", file=sys.stderr, flush=True)
    return tried.returncode == 0


def _target(name: str, target: Target) -> bool:
    began = time.monotonic()
    held = True
    for module, left in survivors(target):
        made = mutants_of((ROOT / module).read_text("utf-8"))
        alive = {made[index].name: why for index, why in left.items()}
        held = _report(module, made, alive, equivalents().get(module, {})) and held
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return held


def _report(
    module: str, made: list[Mutant], alive: dict[Name, str], listed: dict[Name, str]
) -> bool:
    same = alive.keys() & listed.keys()
    survived = alive.keys() - same
    killed = len(made) - len(alive)
    score = 100 * killed / (len(made) - len(same))
    print(
        f"{module:32} {len(made):7} {killed:7} {len(survived):9} {len(same):11} {score:6.1f}%",
        flush=True,
    )
    for one in made:
        if one.name in survived:
            place = f"{module}:{one.lines[0]} {one.where or 'module'}"
            print(f"  {alive[one.name]}: {place} ({one.nth})\n    - {one.was}\n    + {one.becomes}")
    stale = listed.keys() - same
    for where, was, becomes, _ in stale:
        print(f"  LISTED AND KILLED, OR GONE: {where}\n    - {was}\n    + {becomes}")
    return score >= _LEAST and not stale


if __name__ == "__main__":
    sys.exit(main())
