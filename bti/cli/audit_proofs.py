"""`bti audit proof | witness | new-epoch`: what a log shows to others, and how it goes on after a restore."""

from __future__ import annotations

from pathlib import Path

import click

from bti.audit.signer import SignerRefusedError
from bti.audit.witnessing import ask_all
from bti.cli.logd import signer_of, witnesses_of
from bti.cli.two_people import explained
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.clock import SystemClock
from bti.domain.approval import ApprovalRefused
from bti.jobs.witness import post
from bti.workflows import audit_epoch
from bti.workflows.epoch_people import NotProvenError

_one_number = click.option(
    "--municipality", "number", metavar="NUMBER", required=True, help="The municipality's number."
)


@click.command()
@_one_number
@click.option("--entry", "idx", type=click.IntRange(min=0), required=True, help="Counted from 0.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that is not there, such as entry.tlog-proof.",
)
def proof(number: str, idx: int, out: Path) -> None:
    """Write the proof of one entry, for `python -m bti.audit.verify --proof FILE`."""
    with runtime() as opened:
        text = opened.doorway.perform(
            audit_epoch.proof, OPERATOR, tenant_id=municipality(opened, number), idx=idx
        )
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as fault:
        raise click.ClickException(f"{out}: {fault.strerror}") from None
    click.echo(f"The proof of entry {idx} is in {out}")


@click.command()
@click.pass_context
def witness(ctx: click.Context) -> None:
    """Ask the witnesses of BTI_WITNESSES to sign now. `bti logd` does so by itself."""
    with runtime() as opened:
        places = witnesses_of(opened.settings)
        if not places:
            raise click.ClickException("BTI_WITNESSES names none.")
        asked = ask_all(opened.engine, places, post, SystemClock().now())
    for one in asked:
        told = f"NOT signed: {one.fault}" if one.at is None else f"signed at {one.at.isoformat()}"
        click.echo(f"{one.tenant}: {one.witness}: {told}")
    if not asked:
        click.echo("Every log is signed as it stands.")
    ctx.exit(1 if any(one.at is None for one in asked) else 0)


@click.command(name="new-epoch")
@_one_number
@click.option(
    "--reason",
    required=True,
    type=click.Choice([str(one) for one in audit_epoch.EpochReason]),
    help="restore: a backup was put back. signer: another signer or way. key: it is lost or known.",
)
@click.option("--ask-as", metavar="USERNAME", required=True, help="An administrator who does this.")
@click.option(
    "--approve-as", metavar="USERNAME", required=True, help="The data protection officer."
)
def new_epoch(number: str, reason: str, ask_as: str, approve_as: str) -> None:
    """Begin a new tree where the old one cannot go on. What was lost stays visible.

    Both prove who they are here, with password and code: where a log was put back nobody can sign
    in. Make the log's new key known to witnesses and auditors.
    """
    with runtime() as opened:
        if opened.provider is None:
            raise click.ClickException("Run this with the key broker's settings, as its user.")
        tenant = municipality(opened, number)
        sequenced = opened.settings.audit_log == "sequenced"
        asks, agrees = _shown(ask_as), _shown(approve_as)
        try:
            begun = opened.doorway.perform(
                audit_epoch.begin,
                OPERATOR,
                tenant_id=tenant,
                reason=audit_epoch.EpochReason(reason),
                asks=asks,
                agrees=agrees,
                signer=signer_of(opened.settings) if sequenced else None,
            )
        except NotProvenError as fault:
            raise click.ClickException(
                f"That did not prove that it is {fault.username}. Wait for a new code."
            ) from None
        except ApprovalRefused as refused:
            raise explained(refused) from None
        except (SignerRefusedError, OSError) as fault:
            raise click.ClickException(f"The signer: {fault}") from None
    click.echo(
        f"Epoch {begun.epoch} has begun. {begun.signed} entries were signed before, "
        f"{begun.found} stood here: {max(begun.signed - begun.found, 0)} are lost."
    )


def _shown(username: str) -> audit_epoch.Shown:
    secret = click.prompt(f"Password of {username}", hide_input=True, err=True)
    code = click.prompt(f"Code of {username}", hide_input=True, err=True)
    return audit_epoch.Shown(username, secret, code)
