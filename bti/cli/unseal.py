"""`bti keys unseal`: shares of the start secret, given to the process that waits for them.

A share is typed without echo, or read from a file or from standard input; it never stands on the
command line, where other users of the machine could read it.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from bti.cli.chosen import settings
from bti.cli.harden import harden
from bti.cli.paper import share_in
from bti.crypto.errors import ProviderUnavailable
from bti.crypto.shares import Share, ShareError
from bti.domain.errors import KeysUnavailable
from bti.keyd.client import Channel
from bti.keyd.peers import AllowList, Side
from bti.keyd.server import Server, listen
from bti.keyd.unsealing import Door, Unsealing
from bti.keyd.wire import MOST_SHARE
from bti.workflows import unseal as workflow
from bti.workflows.actor import SystemActor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.bootstrap import Runtime
    from bti.crypto.unsealing_provider import UnsealingProvider
    from bti.keyd.unsealing import Owed
    from bti.settings import Settings

_WHO: Final = "operator"
#: Opening a locked root key file takes a second or two; a slow machine may need ten times that.
_SECONDS: Final = 60.0
_NOBODY: Final = (
    "No process waits for shares at {place}. Is it running, is BTI_KEY_START=sealed in its settings, and "
    "may this user ask it (BTI_KEYD_ADMIN_USERS)?"
)
_REFUSED: Final = (
    "Refused. Either this share is damaged (compare it with the paper, sign by sign), or the shares given "
    "do not belong together or are of another secret; then all of them are forgotten. It is entered."
)


@click.command()
@click.option(
    "--share-file",
    "share_files",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    multiple=True,
    help="A file with one share, or - for standard input. Without any, one share is typed, unseen.",
)
@click.option(
    "--status", is_flag=True, help="Only tell how far it has come; exit status 1: closed."
)
def unseal(share_files: tuple[Path, ...], *, status: bool) -> None:
    """Give one's share to the process that was started closed (BTI_KEY_START=sealed)."""
    place = _place(settings())
    channel = Channel(place, seconds=_SECONDS)
    try:
        if status:
            now = _ask(channel, place, "unsealing", {})
            click.echo(_told(now))
            raise click.exceptions.Exit(0 if now["opened"] else 1)
        if _ask(channel, place, "unsealing", {})["opened"]:
            click.echo("The keys are open already; no share is needed.")
            return
        texts = (share_in(path) for path in share_files) if share_files else iter([_typed()])
        for text in texts:
            _give(channel, place, text)
    finally:
        channel.close()


@contextmanager
def waiting_for_shares(
    chosen: Settings, provider: UnsealingProvider, opened: Runtime
) -> Iterator[None]:
    """Take shares at a socket of this process's own while the block runs.

    The same questions and answers as those of `bti keyd`, and no others. Raises
    ``SocketRefusedError`` or ``OSError``.
    """

    def enter(owed: Owed) -> None:
        opened.doorway.perform(workflow.note, SystemActor("unseal"), owed=owed)

    # From now on shares lie in this memory.
    harden(lock_memory=False)
    place = _place(chosen)
    allowed = AllowList(MappingProxyType({os.geteuid(): Side.ADMIN, 0: Side.ADMIN}))
    server = Server(listen(place, mode=0o600), Door(Unsealing(provider, enter)), allowed, most=4)
    thread = threading.Thread(target=server.run, name="shares")
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join()
        place.unlink(missing_ok=True)


def open_here(provider: UnsealingProvider) -> None:
    """Let whoever is at the terminal open the keys for this one command; nothing is asked elsewhere.

    An empty line goes on without keys: not every command needs them.
    """
    if not sys.stdin.isatty():
        return
    while not provider.progress().opened:
        text = _typed(optional=True)
        if not text:
            return
        try:
            now = provider.offer_share(text)
        except ProviderUnavailable as fault:
            raise click.ClickException(
                f"The provider cannot be used now: {fault.reason}."
            ) from None
        click.echo(
            "The keys are open." if now.opened else f"{now.given} of {now.needed} given.", err=True
        )


def _place(chosen: Settings) -> Path:
    if chosen.serve == "network":
        raise click.ClickException("The network side has no keys to open.")
    own = chosen.unseal_socket or chosen.var_dir / "unseal.sock"
    return chosen.keyd_socket or chosen.keyd_listen or own


def _typed(*, optional: bool = False) -> str:
    found: str = click.prompt(
        "Share of the start secret",
        hide_input=True,
        err=True,
        default="" if optional else None,
        show_default=False,
    )
    return found


def _give(channel: Channel, place: Path, text: str) -> None:
    if len(text) > MOST_SHARE:
        raise click.ClickException("That is no share.")
    try:
        share = Share.parse(text)
        click.echo(f"Share {share.number} of set {share.set_id}:")
    except ShareError:
        pass  # refused and counted where the keys are, not here
    now = _ask(channel, place, "unseal", {"share": text})
    if now["trouble"]:
        raise click.ClickException(
            f"The shares could not be tried: {now['trouble']}. They are forgotten: give them again."
        )
    if now["refused_now"]:
        raise click.ClickException(f"{_REFUSED} {_told(now)}")
    click.echo(_told(now))


def _ask(channel: Channel, place: Path, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = channel.ask(verb, _WHO, args)
    except KeysUnavailable:
        raise click.ClickException(_NOBODY.format(place=place)) from None
    if "ok" not in answer:
        raise click.ClickException(f"This user may not give shares at {place}.")
    found: dict[str, Any] = answer["ok"]
    return found


def _told(now: dict[str, Any]) -> str:
    refused = f", {now['refused']} refused since the start" if now["refused"] else ""
    if now["opened"]:
        return f"Open{refused}."
    given = f"{now['given']} of {now['needed']} given" if now["needed"] else "no share given yet"
    return f"Closed: {given}{refused}."
