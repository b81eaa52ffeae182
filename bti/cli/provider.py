"""`bti provider`: whether the key provider can be used, and what is done once when it is set up.

Shows no key. Root keys are rotated and restored elsewhere (`bti keys`).
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bti.cli.chosen import settings
from bti.crypto.errors import ProviderUnavailable
from bti.crypto.file_provider import KeyFileRefused, lock_root_key
from bti.crypto.private_file import read_secret_line
from bti.crypto.provider import Health
from bti.crypto.shares import split
from bti.key_provider import key_provider, pkcs11_provider, start_secret_file
from bti.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bti.settings import Settings


@click.group(name="provider", help="Set up and check where the root key is kept.")
def command() -> None:
    """Group the commands."""


@command.command()
def status() -> None:
    """Tell whether the provider can be used now; exit status 1 when not."""
    with _explained() as chosen:
        provider = key_provider(chosen)
        health = provider.health()
    click.echo(f"{provider.name}: {health}")
    if health is not Health.READY:
        raise click.exceptions.Exit(1)


@command.command(name="make-root")
def make_root() -> None:
    """Generate the root key BTI_ROOT_REF inside the hardware module."""
    with _explained() as chosen:
        if chosen.key_provider != "pkcs11":
            raise click.ClickException(
                "Only a hardware module has its root key made in this way. A root key file is made at the "
                "first start, and a key service's key by those who run the service."
            )
        way = pkcs11_provider(chosen).make_root(chosen.root_ref)
    click.echo(f"Made {chosen.root_ref} in {chosen.pkcs11_token}; it works by {way.name}.")


@command.command(name="log-in")
def log_in() -> None:
    """Try a corrected PIN once, after a wrong one has stopped the program from trying."""
    with _explained() as chosen:
        if chosen.key_provider != "pkcs11":
            raise click.ClickException("Only a hardware module has a PIN.")
        pkcs11_provider(chosen).log_in_by_hand()
    click.echo("The PIN is right.")


@command.command(name="lock-file")
def lock_file() -> None:
    """Lock the root key file with the passphrase in BTI_ROOT_KEY_PASSPHRASE_FILE."""
    with _explained() as chosen:
        path = chosen.root_key_passphrase_file
        if path is None:
            raise click.ClickException("Set BTI_ROOT_KEY_PASSPHRASE_FILE first.")
        passphrase = read_secret_line(path, "passphrase file")
        name = lock_root_key(chosen.case_side().root_key_file, passphrase)
    click.echo(f"{name} is locked. Copies made before are not: destroy or replace them.")


@command.command()
@click.option("--needed", type=click.IntRange(2, 255), default=3, show_default=True)
@click.option("--made", type=click.IntRange(2, 255), default=5, show_default=True)
def share(needed: int, made: int) -> None:
    """Split the start secret (passphrase, PIN or secret id) for BTI_KEY_START=sealed."""
    if needed > made:
        raise click.BadParameter("There cannot be more needed than made.", param_hint="--needed")
    with _explained() as chosen:
        path = start_secret_file(chosen)
        if path is None:
            raise click.ClickException(
                "There is no file with a start secret: a passphrase, PIN or secret file must be set."
            )
        secret = read_secret_line(path, "file with the start secret")
    # When it was made tells old papers from new ones; the rest keeps two sets of one day apart.
    set_id = f"start-{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}"
    for number, line in enumerate(split(secret.encode(), needed, made, set_id), 1):
        click.echo(f"Share {number} of {made}; any {needed} open. One paper, one person:\n{line}\n")
    click.echo(
        f"Try them before you rely on them: set BTI_KEY_START=sealed, start, and let {needed} people run "
        f"`bti keys unseal`. Only then delete {path}.",
        err=True,
    )


@contextmanager
def _explained() -> Iterator[Settings]:
    """The settings; what a provider may meet becomes one line and exit status 1."""
    try:
        yield settings()
    except (SettingsError, KeyFileRefused, ValueError, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    except ProviderUnavailable as fault:
        raise click.ClickException(f"The provider cannot be used now: {fault.reason}.") from None
