"""`bti indicator`: numbers that others have published, such as Ungdata: what is shipped, what is wrong in a file, and bringing one in."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from bti import paths
from bti.clock import SystemClock, norwegian_date
from bti.slt.indicator import IndicatorFileError
from bti.slt.indicator_file import About, load, read_file, shipped, text_of

_REFUSED: Final = {
    "indicator.title": "Say what the file is called (--title).",
    "indicator.source": "Say whose numbers they are (--source).",
    "indicator.address": "An address begins with https:// or http://.",
    "indicator.text": "Each text is one line of at most 200 signs, and no formula.",
    "indicator.correction": "Other numbers stand under this title. Say why these correct them (--reason).",
    "indicator.names": "These words may name somebody. Take them out, or say why they may stand (--reason):",
    "indicator.reason": "A reason has 10 to 500 signs.",
    "indicator.full": "There is no room for more files.",
    "indicator.municipality": "No coordinator of that municipality has an account here.",
}
_language = click.option(
    "--language",
    type=click.Choice(["nb", "nn", "en"]),
    default="en",
    show_default=True,
    envvar="BTI_LANGUAGE",
    help="Language of the complaint.",
)


@click.group(name="indicator", help="Look at files of indicators, check one, bring one in.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--municipality", "number", default="", help="Its number, where the file has places.")
@_language
def check(file: Path, number: str, language: str) -> None:
    """Check a CSV or JSON-stat file, and name line, column and what is wrong wherever it is wrong."""
    try:
        found = read_file(_text(file), number, today=norwegian_date(_now()))
    except IndicatorFileError as error:
        raise _complaint(file.name, error, language) from None
    click.echo(f"{file.name}: {len(found.readings)} numbers, sha256 {found.sha256}.")


@command.command("list")
def list_them() -> None:
    """Show the files that are shipped."""
    for key in shipped():
        about, _ = load(key)
        click.echo(f"{key}  {about.title}  {about.source}")


@command.command("import")
@click.argument("file", type=str)
@click.option(
    "--municipality", "number", required=True, help="Number of the municipality it is for."
)
@click.option("--title", default="", help="What it is called. One title is one row of versions.")
@click.option("--source", default="", help="Whose numbers they are.")
@click.option("--address", default="", help="Where they can be found.")
@click.option("--terms", default="", help="On which terms they may be used.")
@click.option("--compared-with", default="", help="What the comparison is, such as the country.")
@click.option("--reason", default="", help="Why it corrects what stands, or a name may stand.")
@_language
def import_it(file: str, number: str, reason: str, language: str, **said: str) -> None:
    """Bring a shipped file (by its key) or one from the disk into the network database.

    The municipality must have a coordinator. The same file again changes nothing; one that corrects it is a new
    version, and the old one is kept.
    """
    from bti.settings import load_settings  # noqa: PLC0415 - the database is opened by this command alone
    from bti.slt.indicator_change import (  # noqa: PLC0415 - as above
        BringIn,
        IndicatorRefusedError,
        import_indicators,
    )
    from bti.slt.runtime import open_runtime  # noqa: PLC0415 - as above

    runtime = open_runtime(load_settings(), SystemClock())
    try:
        about, text = load(file) if file in shipped() else (About("", ""), _text(Path(file)))
        given = {name: value for name, value in said.items() if value}
        whole = About(**{**{name: getattr(about, name) for name in About.__slots__}, **given})
        done = import_indicators(runtime, BringIn(text, whole, reason), number)
    except IndicatorFileError as error:
        raise _complaint(Path(file).name, error, language) from None
    except IndicatorRefusedError as refused:
        words = f" {', '.join(refused.found)}" if refused.found else ""
        raise click.ClickException(_REFUSED[refused.code] + words) from None
    finally:
        runtime.close()
    click.echo(f"{done.title}: {done.readings} numbers{'' if done.new else ', as before'}.")


def _now() -> datetime:
    return SystemClock().now()


def _text(file: Path) -> str:
    try:
        return text_of(file.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{file.name}: {error.strerror}") from None


def _complaint(name: str, error: IndicatorFileError, language: str) -> click.ClickException:
    catalogue = gettext.translation(
        "messages", paths.TRANSLATIONS, [language], fallback=language == "en"
    )
    return click.ClickException("\n".join(_lines(name, error, catalogue.gettext)))


def _lines(name: str, error: IndicatorFileError, translate: Callable[[str], str]) -> list[str]:
    """A line for each fault: the file, the line and the column where there are such, and what is wrong."""
    return [
        ": ".join(
            [name, *([str(one.line)] if one.line else []), *([one.column] if one.column else [])]
        )
        + f": {one.said(translate)}"
        for one in error.faults
    ]
