"""Shares on paper: written out once for their keepers, and read back from files or typed in."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bti.crypto.shares import Share, ShareError, combine, split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from typing import TypeVar

    Command = TypeVar("Command", bound=Callable[..., object])

_LINE: Final = "stafett-share-v1|"
_WIDTH: Final = 60


def hand_out(
    secret: bytes, *, what: str, needed: int, made: int, on: date, directory: Path | None
) -> None:
    """Split a secret and write each share into a file of its own (0600), or all to the screen, once.

    Shares are proven before they are given away: the first and the last that are needed restore
    the secret. Raises ``click.ClickException``.
    """
    set_id = f"{what}-{on:%Y%m%d}-{secrets.token_hex(2)}"
    try:
        shares = split(secret, needed, made, set_id)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None
    if not combine(shares[:needed]) == combine(shares[-needed:]) == secret:
        raise click.ClickException(
            "The shares do not restore what was split. Nothing is given out."
        )
    for number, share in enumerate(shares, start=1):
        page = _page(share, f"Share {number} of {made} of set {set_id}. Any {needed} are needed.")
        if directory is None:
            click.echo(page)
        else:
            _write(directory, f"{set_id}-{number}-of-{made}.txt", page)
    if directory is not None:
        click.echo(f"{made} shares are in {directory}. Print each once, then delete the files.")


def shares_option(command: Command) -> Command:
    """Give a command the option ``share_files``."""
    return click.option(
        "--share-file",
        "share_files",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        help="A file with one share; give one for each. Without any, shares are typed in.",
    )(command)


def gather(files: Sequence[Path], *, what: str) -> bytes:
    """Return the secret that the shares in ``files``, or those typed in, restore.

    Raises ``click.ClickException`` saying which share is wrong or how many are missing.
    """
    try:
        return combine([share_in(path) for path in files] if files else _typed(what))
    except ShareError as fault:
        raise click.ClickException(str(fault)) from None


def gather_sets(files: Sequence[Path]) -> list[bytes]:
    """Return the secret of each set that the files' shares belong to. Raises as `gather`."""
    if not files:
        raise click.ClickException("Give the shares: --share-file, once for each.")
    sets: dict[str, list[str]] = {}
    try:
        for text in map(share_in, files):
            sets.setdefault(Share.parse(text).set_id, []).append(text)
        return [combine(texts) for texts in sets.values()]
    except ShareError as fault:
        raise click.ClickException(str(fault)) from None


def _typed(what: str) -> list[str]:
    texts: list[str] = []
    needed = 1
    while len(texts) < needed:
        text = click.prompt(f"A share of {what}", err=True)
        try:
            share = Share.parse(text)
        except ShareError as fault:
            click.echo(str(fault), err=True)
            continue
        needed = share.needed
        texts.append(text)
        click.echo(
            f"Share {share.number} of set {share.set_id}: {len(texts)} of {needed}", err=True
        )
    return texts


def share_in(path: Path) -> str:
    """Return the share in a file (``-``: standard input). Raises ``click.ClickException``."""
    with click.open_file(str(path), encoding="utf-8", errors="replace") as file:
        joined = "".join(file.read().lower().splitlines())
    start = joined.find(_LINE)
    if start < 0:
        raise click.ClickException(f"There is no share in {path}.")
    return joined[start:].split("end of share")[0]


def _page(share: str, title: str) -> str:
    # In pieces that an eye can follow; reading takes no notice of spaces and line ends.
    pieces = [share[at : at + _WIDTH] for at in range(0, len(share), _WIDTH)]
    return "\n".join(
        [title, "Keep it sealed, apart from the others.", "", *pieces, "end of share", ""]
    )


def _write(directory: Path, name: str, page: str) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise click.ClickException(f"{directory / name}: {fault.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(page)
