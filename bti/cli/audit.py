"""`bti audit`: proves the access log, writes it out and shows its public key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bti.cli.audit_proofs import new_epoch, proof, witness
from bti.cli.two_people import approved, explained, two_people
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.workflows import audit_check
from bti.workflows.errors import NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from bti.bootstrap import Runtime
    from bti.workflows.audit_check import CheckOutcome, LogChoice

_number = click.option("--municipality", "number", metavar="NUMBER", help="Only this municipality.")
_one_number = click.option(
    "--municipality", "number", metavar="NUMBER", required=True, help="The municipality's number."
)


@click.group(name="audit", help="Prove the access log.")
def command() -> None:
    """Group the commands."""


@command.command()
@_number
@click.option(
    "--known",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A checkpoint kept elsewhere; shows whether the whole database was put back in time.",
)
@click.option(
    "--key", "kept", multiple=True, help="A public key of the log that was kept elsewhere."
)
@click.pass_context
def verify(
    ctx: click.Context, number: str | None, known: Sequence[Path], kept: Sequence[str]
) -> None:
    """Check every entry, signature and row. Exit status 0 when all is whole, else 1."""
    notes = [path.read_text("utf-8", "replace") for path in known]
    whole = True
    with runtime() as opened:
        chosen = None if number is None else municipality(opened, number)
        choices = opened.doorway.perform(audit_check.logs, OPERATOR)
        for choice in choices:
            if chosen in {None, choice.tenant_id}:
                whole &= _verify(opened, choice, notes, kept)
        if not choices:
            click.echo("There is no log yet.")
    ctx.exit(0 if whole else 1)


@command.command()
@_one_number
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A directory that is not there."
)
@two_people
def export(number: str, out: Path, approval_id: uuid.UUID | None, ask_as: str) -> None:
    """Write the log out for `python -m bti.audit.verify`. Needs two people."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        params = audit_check.export_params(out)
        act = ApprovalAct.AUDIT_EXPORT
        chosen = (
            approval_id
            if opened.settings.mode == "demo"
            else approved(opened, tenant, act, params, ask_as=ask_as, approval_id=approval_id)
        )
        try:
            count = opened.doorway.perform(
                audit_check.export, OPERATOR, tenant_id=tenant, directory=out, approval_id=chosen
            )
        except ApprovalRefused as refused:
            raise explained(refused) from None
        except OSError as fault:
            raise click.ClickException(f"{out}: {fault.strerror}") from None
        keys = _keys(opened, tenant)
    click.echo(f"{count} entries are in {out}")
    named = " ".join(f"--key {one}" for one in keys)
    click.echo(f"Check them anywhere: python -m bti.audit.verify {out} {named}")


@command.command()
@_one_number
def checkpoint(number: str) -> None:
    """Show the newest signed checkpoint, to be kept elsewhere for `bti audit verify --known`."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        click.echo(
            opened.doorway.perform(audit_check.checkpoint, OPERATOR, tenant_id=tenant), nl=False
        )


@command.command()
@_one_number
def key(number: str) -> None:
    """Show the public key that checkpoints are signed with: one line for each epoch."""
    with runtime() as opened:
        click.echo("\n".join(_keys(opened, municipality(opened, number))))


@command.command()
@_one_number
@click.option(
    "--years",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="The rule asked about.",
)
def age(number: str, years: int) -> None:
    """Count what is older than a rule, and what still needs it. Removes nothing."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        found = opened.doorway.perform(audit_check.age, OPERATOR, tenant_id=tenant, years=years)
    oldest = f"{found.oldest:%Y-%m-%d}" if found.oldest else "-"
    click.echo(f"The oldest entry is from {oldest}. Older than {years} years: {found.older}.")
    click.echo(f"Of these say how a row stands now: {found.rows}.")
    click.echo(f"Of the others are about a case that is kept: {found.cases}.")
    click.echo(f"Needed by neither: {found.rest}. Nothing is removed.")


for _more in (proof, witness, new_epoch):
    command.add_command(_more)


def _verify(opened: Runtime, choice: LogChoice, notes: Sequence[str], kept: Sequence[str]) -> bool:
    name = f"{choice.number} {choice.name}".strip() or f"{choice.tenant_id} (no municipality)"
    try:
        found = opened.doorway.perform(
            audit_check.verify,
            OPERATOR,
            tenant_id=choice.tenant_id,
            known=_own(notes, choice),
            kept_keys=_own(kept, choice),
        )
    except NotFound:
        click.echo(f"{name}: NOT intact: its signing key cannot be opened")
        return False
    for line in _report(found):
        click.echo(f"{name}: {line}")
    # A log without its municipality is a finding in itself, even when it proves.
    return found.intact and bool(choice.name)


def _own(notes: Sequence[str], choice: LogChoice) -> list[str]:
    return [note for note in notes if note.startswith(f"stafett/{choice.tenant_id}/")]


def _report(found: CheckOutcome) -> list[str]:
    proven = f"{found.size} entries, root {found.root}, until {found.until or '-'}"
    warned = [f"warning: {line}" for line in found.silences]
    if found.intact:
        return [f"intact: {proven}", *warned]
    lines = [f"NOT intact: {line}" for line in found.findings]
    if not found.complete:
        lines.append("rows were not compared: the log itself must be right first")
    return [*lines, f"proven: {proven}", *warned]


def _keys(opened: Runtime, tenant: uuid.UUID) -> tuple[str, ...]:
    return opened.doorway.perform(audit_check.verifier_keys, OPERATOR, tenant_id=tenant)
