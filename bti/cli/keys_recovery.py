"""`bti keys export-recovery` and `recover`: the root key as shares on paper, and back on a new machine."""

from __future__ import annotations

from pathlib import Path

import click

from bti.cli.keys_root import RECOVERED_ELSEWHERE, passphrase_of
from bti.cli.paper import gather, hand_out, shares_option
from bti.cli.wiring import OPERATOR, runtime, settings
from bti.clock import norwegian_date
from bti.crypto.file_provider import KeyFileRefused
from bti.crypto.root_files import rebuild, secret_of
from bti.crypto.root_recovery import RecoveryRefused
from bti.workflows import keys

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("export-recovery")
@click.option("--shares", required=True, type=int, help="How many shares to make.")
@click.option("--threshold", required=True, type=int, help="How many are needed to restore.")
@click.option(
    "--out", type=_FOLDER, help="A directory for one file each; else they are shown once."
)
def export_recovery(shares: int, threshold: int, out: Path | None) -> None:
    """Split the root key into shares for people who keep them apart."""
    with runtime() as opened:
        instead = RECOVERED_ELSEWHERE.get(opened.settings.key_provider)
        if instead is not None:
            raise click.ClickException(instead)
        path = opened.settings.case_side().root_key_file
        try:
            secret = secret_of(path, passphrase_of(opened.settings))
        except KeyFileRefused as refused:
            raise click.ClickException(str(refused)) from None
        # Entered before the first share exists: nobody gets one that the log does not know of.
        for tenant, _, _ in opened.doorway.perform(keys.municipalities, OPERATOR):
            opened.doorway.perform(keys.note_recovery_export, OPERATOR, tenant_id=tenant)
        on = norwegian_date(opened.clock.now())
        hand_out(secret, what="root", needed=threshold, made=shares, on=on, directory=out)


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The root key file to write. Default: where this installation looks for it.",
)
@shares_option
def recover(out: Path | None, share_files: tuple[Path, ...]) -> None:
    """Rebuild the root key file from shares, on a machine that has none."""
    chosen = settings()
    path = out or chosen.case_side().root_key_file
    secret = gather(share_files, what="the root key")
    try:
        names = rebuild(path, secret, passphrase_of(chosen))
    except (RecoveryRefused, KeyFileRefused) as refused:
        raise click.ClickException(str(refused)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename}: {fault.strerror}") from None
    click.echo(f"{names[0]} is in {path}. Next: bti keys status")
