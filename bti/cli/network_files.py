"""Commands for what the network side takes in as files: look at what is shipped, check a file, take one in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import click

from bti.profiles import ProfileError

if TYPE_CHECKING:
    from bti.slt.runtime import SltRuntime


class Brought(Protocol):
    """A file that was read."""

    @property
    def key(self) -> str:
        """What it is called here."""

    @property
    def municipality(self) -> str:
        """Whose it is."""


F = TypeVar("F", bound=Brought)


class TakeInError(Exception):
    """It was not taken in: ``code`` is a key of ``Files.refused``, ``found`` the words that may name somebody."""

    def __init__(self, code: str, found: tuple[str, ...]) -> None:
        super().__init__(code)
        self.code = code
        self.found = found


@dataclass(frozen=True, slots=True)
class Files(Generic[F]):
    """One kind of file. ``noun`` is what it holds, in plural; ``line`` what a list says of one."""

    name: str
    noun: str
    help: str
    shipped: Callable[[], tuple[str, ...]]
    load: Callable[[str], F]
    load_file: Callable[[Path], F]
    many: Callable[[F], int]
    line: Callable[[F], str]
    #: Takes it in for a municipality's number with a reason, and returns how many. Raises TakeInError.
    take_in: Callable[[SltRuntime, F, str, str], int]
    refused: Mapping[str, str]

    def read(self, named: str) -> F:
        """A shipped one by its key, or the one in a file."""
        try:
            return self.load(named) if named in self.shipped() else self.load_file(Path(named))
        except ProfileError as error:
            raise click.ClickException("\n".join(str(one) for one in error.faults)) from None


def commands_for(files: Files[F]) -> click.Group:
    """The group with ``check``, ``list`` and ``import``."""
    group = click.Group(files.name, help=files.help)
    noun = files.noun

    @group.command(
        help=f"Check a file of {noun}, and name file, key and what was expected wherever it is wrong."
    )
    @click.argument("file", type=click.Path(path_type=Path))
    def check(file: Path) -> None:
        found = files.read(str(file))
        click.echo(f"{found.key}: {found.municipality}, {files.many(found)} {noun}.")

    @group.command("list", help=f"Show the {noun} that are shipped.")
    def list_them() -> None:
        for key in files.shipped():
            found = files.load(key)
            click.echo(f"{key}  {found.municipality}  {files.line(found)}")

    @group.command(
        "import",
        help=f"Take shipped {noun} (by their key) or those of a file into the network database. The municipality "
        "must have a coordinator. What is there is never written over.",
    )
    @click.argument("named", type=str, metavar=files.name.upper())
    @click.option(
        "--municipality", "number", required=True, help="Number of the municipality they are of."
    )
    @click.option(
        "--anyway", "reason", default="", help="Why a text that may name somebody may stand."
    )
    def import_them(named: str, number: str, reason: str) -> None:
        from bti.clock import SystemClock  # noqa: PLC0415 - the database is opened by this command alone
        from bti.settings import load_settings  # noqa: PLC0415 - as above
        from bti.slt.runtime import open_runtime  # noqa: PLC0415 - as above

        found = files.read(named)
        runtime = open_runtime(load_settings(), SystemClock())
        try:
            many = files.take_in(runtime, found, number, reason)
        except TakeInError as refused:
            words = f" {', '.join(refused.found)}" if refused.found else ""
            raise click.ClickException(files.refused[refused.code] + words) from None
        finally:
            runtime.close()
        click.echo(f"{found.municipality}: {many} {noun}.")

    return group
