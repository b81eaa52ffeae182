"""`bti protect`: disclosure control for anybody's table. Needs no installation and no database."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bti.cli.waiting import Waiting
from bti.disclosure.tables import TableError

if TYPE_CHECKING:
    from bti.disclosure.linked.counts import Counts
    from bti.disclosure.linked.history import History

MAX_FILE: Final = 200_000_000


@click.command(name="protect")
@click.option(
    "--counts",
    "counts_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="CSV: one row for each child, or with a column of counts.",
)
@click.option(
    "--spec",
    "spec_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="TOML: dimensions, tables and rules (docs/disclosure.md).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A folder that does not exist or is empty.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Secret of rounding, made when missing. Without it nothing is rounded.",
)
def command(counts_file: Path, spec_file: Path, out: Path, key_file: Path | None) -> None:
    """Write tables that are safe to publish, or nothing and exit status 1."""
    from bti.disclosure.linked.engine import protect  # noqa: PLC0415 - slow to load, only used here
    from bti.disclosure.linked.export import ReleaseTextError, files  # noqa: PLC0415 - as above
    from bti.disclosure.linked.verify import NotSafe  # noqa: PLC0415 - as above

    if out.exists() and any(out.iterdir()):
        raise click.ClickException(f"{out} is not empty.")
    try:
        counts, history = _counted(_text(counts_file), _text(spec_file), spec_file.parent)
        with Waiting() as waiting:
            outcome = protect(counts, key=_key(key_file), history=history, progress=waiting)
    except (TableError, ReleaseTextError) as fault:
        raise click.ClickException(f"{fault}.") from None
    except NotSafe as fault:
        raise click.ClickException(
            f"No safe release exists ({fault}). Nothing is written."
        ) from None
    _write_all(out, files(outcome))
    publication = outcome.verified.publication
    click.echo(
        f"{out}: {len(publication.universe.tables)} tables by {publication.method.value}, "
        f"{len(publication.hidden)} of {len(publication.shown)} numbers hidden."
    )


def _counted(table: str, spec_text: str, folder: Path) -> tuple[Counts, History]:
    """The rows in the space of the spec, and what was published before; paths are from the spec's folder."""
    from bti.disclosure.linked.cells import Universe  # noqa: PLC0415 - slow to load
    from bti.disclosure.linked.counts import codes_in, count, read_rows  # noqa: PLC0415 - as above
    from bti.disclosure.linked.export import read_release  # noqa: PLC0415 - as above
    from bti.disclosure.linked.history import History, Past  # noqa: PLC0415 - as above
    from bti.disclosure.linked.spec_file import open_dimensions, read_spec  # noqa: PLC0415 - as above

    rows = read_rows(table)
    spec = read_spec(spec_text, codes_in(rows, open_dimensions(spec_text)))
    releases = [
        read_release(_text(folder / one.release / "release.json")) for one in spec.published
    ]
    keep = {name for release in releases for name in release.universe.names}
    keep |= {name for one in spec.published for name, _ in one.where}
    universe = Universe(replace(spec, keep=tuple(sorted(keep))))
    pasts = []
    for one, release in zip(spec.published, releases, strict=True):
        then = None
        if one.counts:
            fixed = dict(one.where)
            before = [{**fixed, **row} for row in read_rows(_text(folder / one.counts))]
            then = count(universe, before)
        pasts.append(Past(release, then, one.where))
    counts = count(universe, rows)
    return counts, History(counts, pasts)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise click.ClickException(f"{path} is too large.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{path} is not UTF-8.") from None
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}.") from None


def _key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    from bti.disclosure.linked.rounding import KEY_LENGTH  # noqa: PLC0415 - slow to load

    if not path.exists():
        path.write_text(secrets.token_hex(KEY_LENGTH) + "\n", encoding="ascii")
        path.chmod(0o600)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_LENGTH:
        raise click.ClickException(f"{path} is not a key of rounding.")
    return key


def _write_all(out: Path, contents: dict[str, bytes]) -> None:
    """All files or none: written beside and moved into place."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".protect-", dir=out.parent))
    try:
        for name, content in contents.items():
            (beside / name).write_bytes(content)
        if out.exists():
            out.rmdir()
        beside.replace(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
