"""`bti plan`: SLT plans as files: what is shipped, what is wrong in one, and taking one in."""

from __future__ import annotations

import gettext
from pathlib import Path

import click

from bti import paths
from bti.profiles import ProfileError
from bti.slt.plan_file import load, load_file, shipped

_REFUSED = {
    "plan.exists": "There is a plan that begins that day already.",
    "plan.municipality": "No coordinator of that municipality has an account here.",
    "plan.names": "These words may name somebody. Take them out, or say --anyway with a reason:",
}


@click.group(name="plan", help="Look at SLT plans as files, check one, take one in.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--language",
    type=click.Choice(["nb", "nn", "en"]),
    default="en",
    show_default=True,
    envvar="BTI_LANGUAGE",
    help="Language of the complaint.",
)
def check(file: Path, language: str) -> None:
    """Check a file of a plan, and name file, key and what was expected wherever it is wrong."""
    try:
        plan = load_file(file)
    except ProfileError as error:
        catalogue = gettext.translation(
            "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
        )
        lines = [one.said(catalogue.gettext) for one in error.faults]
        raise click.ClickException("\n".join(lines)) from None
    click.echo(f"{plan.key}: {plan.title}, {len(plan.measures)} measures.")


@command.command("list")
def list_them() -> None:
    """Show every plan that is shipped."""
    for key in shipped():
        plan = load(key)
        click.echo(
            f"{key}  {plan.municipality}  {plan.first_day} to {plan.last_day}  "
            f"{len(plan.measures)} measures"
        )


@command.command("import")
@click.argument("plan", type=str)
@click.option(
    "--municipality", "number", required=True, help="Number of the municipality it is for."
)
@click.option("--anyway", "reason", default="", help="Why a text that may name somebody may stand.")
def import_it(plan: str, number: str, reason: str) -> None:
    """Take a shipped plan (by its key) or a plan in a file into the network database.

    The municipality must have a coordinator. A plan that begins the same day is never written over.
    """
    from bti.clock import SystemClock  # noqa: PLC0415 - the database is opened by this command alone
    from bti.settings import load_settings  # noqa: PLC0415 - as above
    from bti.slt.plan_change import PlanRefusedError, import_plan  # noqa: PLC0415 - as above
    from bti.slt.runtime import open_runtime  # noqa: PLC0415 - as above

    try:
        found = load(plan) if plan in shipped() else load_file(Path(plan))
    except ProfileError as error:
        raise click.ClickException("\n".join(str(one) for one in error.faults)) from None
    runtime = open_runtime(load_settings(), SystemClock())
    try:
        import_plan(runtime, found, number, reason=reason)
    except PlanRefusedError as refused:
        words = f" {', '.join(refused.found)}" if refused.found else ""
        raise click.ClickException(_REFUSED[refused.code] + words) from None
    finally:
        runtime.close()
    click.echo(f"{found.title}: {len(found.measures)} measures.")
