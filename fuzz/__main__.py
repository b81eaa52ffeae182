"""Run every target under atheris (libFuzzer): `make fuzz`, or `python -m fuzz --runs N [TARGET]`.

Each target runs in a process of its own with its examples as the first corpus. Exit status 1 when
one of them met an exception that is not its refusal, or accepted what nobody made.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SLOWEST_S = 25


def main() -> int:
    """Parse the command line, run what it names, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help="all when none is named")
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs for each target")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return _inside(given.inside, given.runs, given.seed)
    from fuzz.targets import TARGETS  # noqa: PLC0415 - the inner process must load it watched

    chosen = given.target or list(TARGETS)
    if strangers := [name for name in chosen if name not in TARGETS]:
        parser.error(f"no such target: {', '.join(strangers)}")
    failed = [name for name in chosen if not _run(name, given.runs, given.seed)]
    print(f"{len(chosen) - len(failed)} held, {len(failed)} did not.")
    return 1 if failed else 0


def _run(name: str, runs: int, seed: int) -> bool:
    began = time.monotonic()
    command = [sys.executable, "-m", "fuzz", "--inside", name, "--runs", str(runs)]
    done = subprocess.run(  # noqa: S603 - our own module, with a name from our own table
        [*command, "--seed", str(seed)], capture_output=True, text=True, check=False
    )
    spent = time.monotonic() - began
    held = done.returncode == 0 and f"Done {runs} runs" in done.stderr
    print(
        f"{name:20} {runs:>9} runs  {spent:6.1f} s  {'held' if held else 'DID NOT HOLD'}",
        flush=True,
    )
    if not held:
        print(done.stderr[-3000:])
    return held


def _inside(name: str, runs: int, seed: int) -> int:
    import atheris  # noqa: PLC0415 - only `make fuzz` installs it

    with atheris.instrument_imports(include=["bti"], enable_loader_override=False):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - loaded here, so that our code is watched

    target = TARGETS[name]

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except target.refusals:
            return

    with tempfile.TemporaryDirectory() as folder:
        for number, example in enumerate(target.seeds):
            (Path(folder) / f"seed-{number}").write_bytes(example)
        arguments = [f"-runs={runs}", f"-seed={seed}", f"-max_len={target.longest}"]
        quiet = ["-print_final_stats=0", f"-timeout={_SLOWEST_S}", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *arguments, *quiet, folder], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
