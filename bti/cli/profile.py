"""`bti profile`: what municipalities have decided about their own way of working, as files."""

from __future__ import annotations

import gettext
from datetime import date
from pathlib import Path

import click

from bti import paths
from bti.profiles import Fact, Profile, ProfileError, Said, available, load, load_file, versions

_SAID = {Said.STATED: "", Said.READ: " (read out of it)"}


@click.group(name="profile", help="Look at local rules, and check a file of them.")
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
    """Check a file of local rules, and name file, key and what was expected wherever it is wrong.

    All faults are told, one a line. What it extends is looked for among the profiles that are shipped.
    """
    try:
        profile = load_file(file)
    except ProfileError as error:
        catalogue = gettext.translation(
            "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
        )
        lines = [one.said(catalogue.gettext) for one in error.faults]
        raise click.ClickException("\n".join(lines)) from None
    click.echo(f"{profile.key} can be used from {profile.valid_from}.")
    for source in profile.sources.values():
        # A clock of the machine's own is enough for a hint to somebody who edits a file.
        if source.period is not None and source.period[1] < date.today():  # noqa: DTZ011 - see above
            click.echo(f"Look whether it still holds: {source.title} is until {source.period[1]}.")


@command.command("list")
def list_them() -> None:
    """Show every profile that is shipped, with its versions."""
    for name in available():
        for profile in versions(name):
            click.echo(f"{profile.key}  from {profile.valid_from}  {profile.title.nb}")


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what a profile has said itself and where that stands; the rest is the standard's."""
    try:
        profile = load(name)
    except ProfileError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{profile.key}  from {profile.valid_from}  {profile.title.nb}")
    for fact in profile.facts.values():
        click.echo(f"{fact.key}: {_place(profile, fact)}")
    click.echo("Everything else is the standard's." if profile.facts else "This is the standard.")


def _place(profile: Profile, fact: Fact) -> str:
    return f"{profile.sources[fact.source].title}, {fact.place}{_SAID[fact.said]}"
