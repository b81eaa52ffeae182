"""`bti attack`: tries to see through a release, from its published files alone."""

from __future__ import annotations

from pathlib import Path

import click

from bti.cli.waiting import Waiting
from bti.disclosure.tables import TableError


@click.command(name="attack")
@click.option(
    "--release",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="What bti protect wrote.",
)
@click.option(
    "--know",
    "known_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV: one row for each child the attacker knows, with every dimension.",
)
def command(folder: Path, known_file: Path | None) -> None:
    """Print each number that can be recovered; exit status 1 if there is any, 2 without an answer.

    An outsider sees the release; --know adds children an insider knows whole.
    """
    from bti.disclosure.linked.attack import attack  # noqa: PLC0415 - slow to load, only used here
    from bti.disclosure.linked.counts import read_known  # noqa: PLC0415 - as above
    from bti.disclosure.linked.export import ReleaseTextError, read_release  # noqa: PLC0415 - as above
    from bti.disclosure.linked.reader import Unanswered  # noqa: PLC0415 - as above

    try:
        publication = read_release((folder / "release.json").read_text(encoding="utf-8"))
        known = []
        if known_file is not None:
            known = read_known(publication.universe, known_file.read_text(encoding="utf-8-sig"))
        with Waiting() as waiting:
            found = attack(publication, known=known, progress=waiting)
    except (OSError, UnicodeDecodeError, ReleaseTextError, TableError) as fault:
        raise click.UsageError(f"{folder}: {fault}.") from None
    except (Unanswered, ValueError) as fault:
        raise click.UsageError(f"{folder}: {fault}.") from None
    for one in found:
        said = publication.universe.describe(one.cell).items()
        where = ", ".join(f"{name}={label}" for name, label in said) or "everybody"
        number = str(one.least) if one.least == one.most else f"{one.least} to {one.most}"
        click.echo(f"{where}: {number}")
    hidden = len(publication.hidden)
    click.echo(f"{len(found)} recovered; {hidden} of {len(publication.shown)} numbers are hidden.")
    if found:
        raise SystemExit(1)
