"""`bti bodies`: the bodies of SLT work as files: what is shipped, what is wrong in one, and taking one in."""

from __future__ import annotations

from pathlib import Path

import click

from bti.profiles import ProfileError
from bti.slt.body_file import BodyFile, load, load_file, shipped

_REFUSED = {
    "body.exists": "A body with one of these codes is there already.",
    "body.full": "There is no room for so many bodies.",
    "body.municipality": "No coordinator of that municipality has an account here.",
    "body.names": "These words may name somebody. Take them out, or say --anyway with a reason:",
}


@click.group(name="bodies", help="Look at bodies of SLT work as files, check one, take one in.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a file of bodies, and name file, key and what was expected wherever it is wrong."""
    found = _read(str(file))
    click.echo(f"{found.key}: {found.municipality}, {len(found.bodies)} bodies.")


@command.command("list")
def list_them() -> None:
    """Show the bodies that are shipped."""
    for key in shipped():
        found = load(key)
        click.echo(f"{key}  {found.municipality}  {', '.join(one.name for one in found.bodies)}")


@command.command("import")
@click.argument("bodies", type=str)
@click.option(
    "--municipality", "number", required=True, help="Number of the municipality they are of."
)
@click.option("--anyway", "reason", default="", help="Why a text that may name somebody may stand.")
def import_them(bodies: str, number: str, reason: str) -> None:
    """Take shipped bodies (by their key) or those of a file into the network database.

    The municipality must have a coordinator. A body that is there is never written over.
    """
    from bti.clock import SystemClock  # noqa: PLC0415 - the database is opened by this command alone
    from bti.settings import load_settings  # noqa: PLC0415 - as above
    from bti.slt.body_change import BodyRefusedError, import_bodies  # noqa: PLC0415 - as above
    from bti.slt.runtime import open_runtime  # noqa: PLC0415 - as above

    found = _read(bodies)
    runtime = open_runtime(load_settings(), SystemClock())
    try:
        many = import_bodies(runtime, found, number, reason=reason)
    except BodyRefusedError as refused:
        words = f" {', '.join(refused.found)}" if refused.found else ""
        raise click.ClickException(_REFUSED[refused.code] + words) from None
    finally:
        runtime.close()
    click.echo(f"{found.municipality}: {many} bodies.")


def _read(bodies: str) -> BodyFile:
    try:
        return load(bodies) if bodies in shipped() else load_file(Path(bodies))
    except ProfileError as error:
        raise click.ClickException("\n".join(str(one) for one in error.faults)) from None
