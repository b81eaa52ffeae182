"""`bti year`: tasks of the year wheel as files: what is shipped, what is wrong in one, and taking one in."""

from __future__ import annotations

from pathlib import Path

import click

from bti.profiles import ProfileError
from bti.slt.year_file import YearFile, load, load_file, shipped

_REFUSED = {
    "year.exists": "A task with one of these codes is there already.",
    "year.full": "There is no room for so many tasks.",
    "year.municipality": "No coordinator of that municipality has an account here.",
    "year.names": "These words may name somebody. Take them out, or say --anyway with a reason:",
}


@click.group(name="year", help="Look at tasks of the year wheel as files, check one, take one in.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a file of tasks, and name file, key and what was expected wherever it is wrong."""
    found = _read(str(file))
    click.echo(f"{found.key}: {found.municipality}, {len(found.tasks)} tasks.")


@command.command("list")
def list_them() -> None:
    """Show the files that are shipped, and how many tasks are in each."""
    for key in shipped():
        found = load(key)
        click.echo(f"{key}  {found.municipality}  {found.document}  {len(found.tasks)} tasks")


@command.command("import")
@click.argument("year", type=str)
@click.option(
    "--municipality", "number", required=True, help="Number of the municipality they are of."
)
@click.option("--anyway", "reason", default="", help="Why a text that may name somebody may stand.")
def import_them(year: str, number: str, reason: str) -> None:
    """Take shipped tasks (by their key) or those of a file into the network database.

    The municipality must have a coordinator. A task that is there is never written over.
    """
    from bti.clock import SystemClock  # noqa: PLC0415 - the database is opened by this command alone
    from bti.settings import load_settings  # noqa: PLC0415 - as above
    from bti.slt.runtime import open_runtime  # noqa: PLC0415 - as above
    from bti.slt.year_change import YearRefusedError, import_year  # noqa: PLC0415 - as above

    found = _read(year)
    runtime = open_runtime(load_settings(), SystemClock())
    try:
        many = import_year(runtime, found, number, reason=reason)
    except YearRefusedError as refused:
        words = f" {', '.join(refused.found)}" if refused.found else ""
        raise click.ClickException(_REFUSED[refused.code] + words) from None
    finally:
        runtime.close()
    click.echo(f"{found.municipality}: {many} tasks.")


def _read(year: str) -> YearFile:
    try:
        return load(year) if year in shipped() else load_file(Path(year))
    except ProfileError as error:
        raise click.ClickException("\n".join(str(one) for one in error.faults)) from None
