"""`bti keys`: how the keys stand, new generations, and their end. Never shows a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from bti.cli.keys_drill import command as drill
from bti.cli.keys_recovery import export_recovery, recover
from bti.cli.keys_root import change_root
from bti.cli.two_people import approved, explained, two_people
from bti.cli.unseal import unseal
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.crypto.errors import SealError
from bti.crypto.private_file import KeyFileRefused
from bti.crypto.provider import TenantPurpose
from bti.crypto.usage import USES
from bti.db.engine import empty_write_ahead_log
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.domain.errors import AccessDenied
from bti.keyd.generations import DESTROYABLE, KeyHeldError
from bti.workflows import keys

if TYPE_CHECKING:
    import uuid

    from bti.bootstrap import Runtime
    from bti.keyd.generations import Generation

HELD: Final = {
    "keys.active": "It is in use: everything new goes under it. Rotate first.",
    "keys.destroyed": "It is destroyed already.",
    "keys.in_use": "{count} rows still need it. Run bti keys rewrap first.",
    "keys.no_such": "There is no such generation.",
    "keys.not_rotatable": "This key gets a successor with a new epoch of the log alone.",
    "keys.root_in_use": "{count} keys are under another root key still. Run this again.",
    "keys.too_early": "Not before {when:%Y-%m-%d}: dumps of the key store may still be needed.",
}
"""Why a key is not touched now."""

DAMAGED: Final = (
    "A stored key does not open: it was changed in the database, or another root key made it. What was "
    "moved before it stays moved. Run bti audit verify."
)

_number = click.option(
    "--municipality", "number", metavar="NUMBER", help="Only this municipality; else every one."
)


@click.group(name="keys", help="See how the keys stand, give them successors, and end them.")
def command() -> None:
    """Group the commands."""


@command.command()
@_number
def status(number: str | None) -> None:
    """List keys by purpose and generation, after opening one."""
    with runtime() as opened:
        for tenant, name in _chosen(opened, number):
            try:
                found = opened.doorway.perform(keys.status, OPERATOR, tenant_id=tenant)
            except AccessDenied:
                raise click.ClickException("The root key does not open the keys.") from None
            click.echo(name)
            for row in found.generations:
                click.echo(_line(row))
            click.echo(
                f"{found.data_keys} data keys; the kek has wrapped at least {found.used.wraps}, "
                f"the busiest column was sealed at least "
                f"{max(found.used.tenant_seals, found.used.case_seals)} times"
            )
            if found.left_behind:
                click.echo(f"{found.left_behind} are under an older kek: run bti keys rewrap")
            if found.worn:
                click.echo("A key has done half of what it may: run bti keys rotate")


@command.command()
@_number
def inventory(number: str | None) -> None:
    """List every key with its age, and every use of cryptography in this program."""
    with runtime() as opened:
        now = opened.clock.now()
        for tenant, name in _chosen(opened, number):
            found = opened.doorway.perform(keys.status, OPERATOR, tenant_id=tenant)
            click.echo(name)
            for row in found.generations:
                days = (now - row.made_at).days
                click.echo(f"{_line(row)}  {days} days old  id {row.key_id.hex()[:8]}")
            held = opened.doorway.perform(keys.data_keys, OPERATOR, tenant_id=tenant)
            for kind, generation, state, count in held:
                click.echo(f"data keys: {kind:10} generation {generation}  {state:10} {count}")
    click.echo("\nUses of cryptography in this program")
    for module, (primitive, purpose) in sorted(USES.items()):
        click.echo(f"{module:34} {primitive}: {purpose}")


@command.command()
@_number
@click.option("--if-due", is_flag=True, help="Only where the key is 30 days old or worn.")
def rotate(number: str | None, *, if_due: bool) -> None:
    """Make a new key-encryption key and move the data keys to it; finishes what was cut off."""
    with runtime() as opened:
        for tenant, name in _chosen(opened, number):
            if if_due and not opened.doorway.perform(keys.is_due, OPERATOR, tenant_id=tenant):
                click.echo(f"{name}: not due")
                continue
            try:
                done = keys.rotate(opened.doorway, OPERATOR, tenant_id=tenant)
            except SealError:
                raise click.ClickException(DAMAGED) from None
            what = "is active" if done.fresh else "was active already; an earlier rotation is done"
            click.echo(f"{name}: kek generation {done.generation} {what}, {done.moved} keys moved")


@command.command("rotate-ops")
@_number
def rotate_ops(number: str | None) -> None:
    """Make a new ops key and seal level, status, dates and kinds anew; finishes what was cut off."""
    _seal_anew(number, TenantPurpose.OPS)


@command.command("rotate-directory")
@_number
def rotate_directory(number: str | None) -> None:
    """Make a new directory key: MACs, names of staff, codes and user names; finishes what was cut off."""
    _seal_anew(number, TenantPurpose.DIRECTORY)


@command.command("rotate-root")
def rotate_root() -> None:
    """Move every tenant key to a new root key; may be cut off and run again."""
    with runtime() as opened:
        try:
            told = change_root(opened)
        except SealError:
            raise click.ClickException(DAMAGED) from None
        except KeyHeldError as held:
            raise click.ClickException(HELD[held.code].format(**held.facts)) from None
        except KeyFileRefused as refused:
            raise click.ClickException(str(refused)) from None
    click.echo(told)


@command.command()
@_number
def rewrap(number: str | None) -> None:
    """Move what is left under older keys, without a new key."""
    with runtime() as opened:
        for tenant, name in _chosen(opened, number):
            try:
                moved = keys.rewrap(opened.doorway, OPERATOR, tenant_id=tenant)
            except SealError:
                raise click.ClickException(DAMAGED) from None
            click.echo(f"{name}: {moved} keys moved")


@command.command()
@click.option("--municipality", "number", metavar="NUMBER", required=True)
@click.option(
    "--purpose",
    default="kek",
    show_default=True,
    type=click.Choice([one.value for one in sorted(DESTROYABLE)]),
)
@click.option("--generation", required=True, type=click.IntRange(min=1))
@two_people
def destroy(
    number: str, purpose: str, generation: int, approval_id: uuid.UUID | None, ask_as: str
) -> None:
    """Destroy a retired key for ever, after its date and when nothing is under it. Needs two people."""
    which = TenantPurpose(purpose)
    act, params = ApprovalAct.KEY_DESTROY, keys.destroy_params(which, generation)
    with runtime() as opened:
        tenant = municipality(opened, number)
        chosen = approved(opened, tenant, act, params, ask_as=ask_as, approval_id=approval_id)
        try:
            opened.doorway.perform(
                keys.destroy,
                OPERATOR,
                tenant_id=tenant,
                purpose=which,
                generation=generation,
                approval_id=chosen,
            )
        except ApprovalRefused as refused:
            raise explained(refused) from None
        except KeyHeldError as held:
            raise click.ClickException(HELD[held.code].format(**held.facts)) from None
        except SealError:
            raise click.ClickException(DAMAGED) from None
        if not empty_write_ahead_log(opened.engine):
            click.echo(
                "Somebody is using the database: run bti db checkpoint before you rely on it."
            )
    click.echo(
        f"{purpose} generation {generation} is destroyed. No copy of the key store opens it."
    )


command.add_command(export_recovery)
command.add_command(recover)
command.add_command(drill)
command.add_command(unseal)


@command.command("rotate-index")
@_number
def rotate_index(number: str | None) -> None:
    """Make a new index key and the tokens of national ids and baits anew; finishes what was cut off."""
    _seal_anew(number, TenantPurpose.INDEX)


def _seal_anew(number: str | None, purpose: TenantPurpose) -> None:
    left = 0
    with runtime() as opened:
        for tenant, name in _chosen(opened, number):
            try:
                done = keys.rotate_sealing(
                    opened.doorway, OPERATOR, tenant_id=tenant, purpose=purpose
                )
            except SealError:
                raise click.ClickException(DAMAGED) from None
            except AccessDenied:
                raise click.ClickException(
                    "A row was changed in SQL. Run bti audit verify."
                ) from None
            what = "is active" if done.fresh else "was active already; an earlier rotation is done"
            click.echo(
                f"{name}: {purpose} generation {done.generation} {what}, {done.moved} rows made anew"
            )
            for row in done.left:
                click.echo(f"{name}: left as it is: {row.table} {row.row_id}")
            left += len(done.left)
    if left:
        raise click.ClickException(
            f"{left} rows do not open, or were changed in SQL: everything else is done. Run bti audit verify,"
            " and put them back from a backup before the key they name is destroyed."
        )


def _chosen(opened: Runtime, number: str | None) -> list[tuple[uuid.UUID, str]]:
    """Return id and «number name» of one municipality or of all."""
    if number is not None:
        municipality(opened, number)  # stops with a word when there is none
    found = opened.doorway.perform(keys.municipalities, OPERATOR)
    return [(tenant, f"{own} {name}") for tenant, own, name in found if number in {None, own}]


def _line(row: Generation) -> str:
    line = (
        f"{row.purpose:10} generation {row.generation}  {row.state:10} {row.provider} "
        f"{row.root_ref}  made {row.made_at:%Y-%m-%d}"
    )
    if row.destroyed_at is not None:
        return f"{line}  destroyed {row.destroyed_at:%Y-%m-%d}"
    if row.destroy_after is not None:
        return f"{line}  may be destroyed from {row.destroy_after:%Y-%m-%d}"
    return line
