"""`bti meetings`: finished minutes of the network side, written for the archive."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bti.cli.network import opened
from bti.clock import SystemClock, norwegian_date
from bti.slt.meeting_export import ExportRefusedError, export_minutes

if TYPE_CHECKING:
    from datetime import datetime

_REFUSED = {
    "export.day": "The day must be over: what is finished later that day would be missing.",
    "export.nothing": "No meeting of that municipality was finished by then.",
}


@click.group(name="meetings", help="Write finished minutes of the network side for the archive.")
def command() -> None:
    """Group the commands."""


@command.command()
@click.option("--municipality", "number", required=True, help="Four digits.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day, which must be over; yesterday if it is left out.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
def export(number: str, until: datetime | None, out: Path) -> None:
    """Write every finished meeting until a day to a folder of its own in OUT, named after the day.

    Asked for again, the folder must hold the same bytes; it is never written over.
    """
    yesterday = norwegian_date(SystemClock().now()) - timedelta(days=1)
    day = yesterday if until is None else until.date()
    with opened() as runtime:
        try:
            files = export_minutes(runtime, number, day)
        except ExportRefusedError as refused:
            raise click.ClickException(_REFUSED[refused.code]) from None
    folder = out / f"minutes-{number}-{day.isoformat()}"
    if folder.exists():
        _must_be_the_same(folder, files)
        click.echo(f"{folder} is there already, and holds the same.")
        return
    _write(folder, files)
    click.echo(f"{folder}: {(len(files) - 1) // 2} meetings. Check: sha256sum -c manifest.sha256")


def _must_be_the_same(folder: Path, files: dict[str, bytes]) -> None:
    there = {one.name: one for one in folder.iterdir()}
    wrong = sorted(set(there) ^ set(files))
    wrong += [
        name for name in sorted(set(there) & set(files)) if there[name].read_bytes() != files[name]
    ]
    if wrong:
        raise click.ClickException(f"{folder} is there, and is not the same: {', '.join(wrong)}.")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Fill the folder under another name first: what has the right name is whole."""
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(mode=0o700, parents=True)
    for name, content in files.items():
        descriptor = os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    part.rename(folder)
