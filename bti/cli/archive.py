"""`bti archive`: the package of a closed case by two people, its check anywhere, and that the archive has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bti.archive.package import MESSAGE
from bti.archive.schema import SchemaError, schema_faults
from bti.archive.verify import verify
from bti.audit.note import NoteError, VerifierKey
from bti.cli.archive_files import write_note, write_package
from bti.cli.two_people import approved, explained, two_people
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.crypto.errors import SealError
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.workflows import archive
from bti.workflows.attachment_file import FileDamaged

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

REFUSED: Final = {
    "archive.not_packed": "No package was made of the case.",
    "archive.open_case": "The case is not closed.",
    "archive.other_package": "Another package than that one was made of the case last.",
    "archive.reference": "Give the archive's reference: letters, digits, . / - (3 to 80 signs).",
}
"""Why a case is not packed or marked."""

_number = click.option("--municipality", "number", metavar="NUMBER", required=True)
_case = click.option("--case", "case_number", metavar="NUMBER", required=True)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_keys = click.option(
    "--key",
    "keys",
    metavar="KEY",
    required=True,
    multiple=True,
    help="The municipality's key for packages: bti archive key.",
)


@click.group(name="archive", help="Pack closed cases for the archive, and check packages.")
def command() -> None:
    """Group the commands."""


@command.command()
@_number
@_case
@click.option("--out", required=True, type=_FOLDER, help="A folder that is not there.")
@two_people
def export(
    number: str, case_number: str, out: Path, approval_id: uuid.UUID | None, ask_as: str
) -> None:
    """Write the archive package of a closed case to a new folder. Two people."""
    if out.exists():
        raise click.ClickException(f"{out} is there already.")
    with runtime() as opened:
        tenant = municipality(opened, number)
        perform = opened.doorway.perform
        try:
            perform(archive.check_request, OPERATOR, tenant_id=tenant, number=case_number)
            chosen = approved(
                opened,
                tenant,
                ApprovalAct.CASE_EXPORT,
                archive.archive_params(case_number),
                ask_as=ask_as,
                approval_id=approval_id,
            )
            material = perform(
                archive.open_whole,
                OPERATOR,
                tenant_id=tenant,
                number=case_number,
                approval_id=chosen,
            )
            manifest = write_package(out, material)
            note = perform(
                archive.sign, OPERATOR, tenant_id=tenant, material=material, manifest=manifest
            )
        except archive.ArchiveRefused as refused:
            raise click.ClickException(REFUSED[refused.code]) from None
        except ApprovalRefused as refused:
            raise explained(refused) from None
        except (SealError, FileDamaged):
            raise click.ClickException(
                "Something of the case does not open: nothing is signed. See bti audit verify and "
                "bti attachments, and destroy what was written."
            ) from None
        write_note(out, note)
        key = perform(archive.public_key, OPERATOR, tenant_id=tenant)
    _must_hold(out, [key])
    click.echo(f"The package of case {case_number} is in {out}. It is not encrypted: keep it so.")


@command.command(name="verify")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@_keys
@click.option(
    "--log-key",
    "log_keys",
    metavar="KEY",
    multiple=True,
    help="The municipality's key for its access log: checks the extract's checkpoints too.",
)
@click.option(
    "--schemas",
    type=_FOLDER,
    help="A folder with the schemas of Fiks Arkiv V1: checks the message against them too.",
)
@click.pass_context
def check(
    ctx: click.Context,
    folder: Path,
    keys: tuple[str, ...],
    log_keys: tuple[str, ...],
    schemas: Path | None,
) -> None:
    """Check a package anywhere: whose it is, and that nothing is missing, added or changed."""
    report = verify(folder, _parsed(keys), log_keys=_parsed(log_keys))
    said = [str(fault) for fault in report.faults]
    if report.holds and schemas is not None:
        try:
            broken = schema_faults((folder / MESSAGE).read_bytes(), schemas)
        except SchemaError as fault:
            raise click.ClickException(str(fault)) from None
        said += [f"the message breaks the schema: {one}" for one in broken]
    for one in said:
        click.echo(one)
    if said or report.statement is None:
        click.echo("The package does NOT hold.")
        ctx.exit(1)
    click.echo(f"Whole: case {report.statement.number}, {report.statement.files} files.")


@command.command()
@_number
def key(number: str) -> None:
    """Print the public key that packages are verified with. Give it to the archive."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        click.echo(opened.doorway.perform(archive.public_key, OPERATOR, tenant_id=tenant))


@command.command()
@_number
@_case
@click.option(
    "--package", "folder", required=True, type=_FOLDER, help="The package as it was sent."
)
@click.option("--reference", required=True, help="What the archive calls it.")
def received(number: str, case_number: str, folder: Path, reference: str) -> None:
    """Note that the archive has the package. From then on fewer may open the case."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        perform = opened.doorway.perform
        statement = _must_hold(folder, [perform(archive.public_key, OPERATOR, tenant_id=tenant)])
        try:
            perform(
                archive.receive,
                OPERATOR,
                tenant_id=tenant,
                number=case_number,
                manifest=statement,
                reference=reference,
            )
        except archive.ArchiveRefused as refused:
            raise click.ClickException(REFUSED[refused.code]) from None
    click.echo(f"Case {case_number} is archived as {reference}.")


def _must_hold(folder: Path, keys: Sequence[str]) -> bytes:
    """Return the digest of the manifest of a package that holds. Raises ``click.ClickException``."""
    report = verify(folder, _parsed(keys))
    if report.statement is None or report.faults:
        said = "; ".join(str(fault) for fault in report.faults)
        raise click.ClickException(f"The package does not hold: {said}")
    return report.statement.manifest


def _parsed(keys: Sequence[str]) -> list[VerifierKey]:
    try:
        return [VerifierKey.parse(one) for one in keys]
    except NoteError as fault:
        raise click.ClickException(f"A key: {fault}") from None
