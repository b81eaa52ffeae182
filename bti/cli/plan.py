"""`bti plan`: SLT plans as files; what is shipped, and what is wrong in one."""

from __future__ import annotations

import gettext
from pathlib import Path

import click

from bti import paths
from bti.profiles import ProfileError
from bti.slt.plan_file import load, load_file, shipped


@click.group(name="plan", help="Look at the SLT plans that are shipped, and check a file of one.")
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
