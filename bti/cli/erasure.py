"""`bti erasure`: destroys a closed case by permission and two people, and certifies what backups still open."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Final

import click

from bti.cli.two_people import approved, explained, two_people
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.db.engine import empty_write_ahead_log
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.workflows import erasure

_FOLDER = click.Path(file_okay=False, path_type=Path)
REFUSED: Final = {
    "erasure.circle": "Corrections in the case refer to each other in a circle: look at the rows.",
    "erasure.open_case": "The case is not closed.",
    "retention.kept": "That rule keeps it: it takes a permission.",
    "retention.other_content": "That rule is not about all that is in a case.",
    "retention.too_early": "That rule has not run out.",
    "retention.unknown_rule": "There is no such rule: see bti/profiles/retention.toml.",
    "erasure.permission": "Give the reference of the permission: letters, digits, . / - (3 to 80 signs).",
}
"""Why a case is not erased."""

_number = click.option("--municipality", "number", metavar="NUMBER", required=True)
_out = click.option("--out", required=True, type=_FOLDER, help="Where the papers are written.")


@click.group(name="erasure", help="Destroy a case by permission, and certify its end.")
def command() -> None:
    """Group the commands."""


@command.command("case")
@_number
@click.option("--case", "case_number", metavar="NUMBER", required=True)
@click.option(
    "--permission",
    required=True,
    help="The decision by which it may be destroyed (arkivlova § 13), or rule/CODE of one that has run out.",
)
@_out
@two_people
def erase_case(
    number: str,
    case_number: str,
    permission: str,
    out: Path,
    approval_id: uuid.UUID | None,
    ask_as: str,
) -> None:
    """Delete keys and rows of a closed case for ever; writes protocol and certificate. Two people."""
    words = {"number": case_number, "permission": permission}
    with runtime() as opened:
        tenant = municipality(opened, number)
        perform = opened.doorway.perform
        try:
            perform(erasure.check_request, OPERATOR, tenant_id=tenant, **words)
            chosen = approved(
                opened,
                tenant,
                ApprovalAct.ERASURE,
                erasure.erase_params(case_number, permission),
                ask_as=ask_as,
                approval_id=approval_id,
            )
            done = perform(erasure.erase, OPERATOR, tenant_id=tenant, approval_id=chosen, **words)
        except erasure.ErasureRefused as refused:
            raise click.ClickException(REFUSED[refused.code]) from None
        except ApprovalRefused as refused:
            raise explained(refused) from None
        erasure.delete_files(opened.settings, done)
        _write(out, f"protocol-{done.case_id}", erasure.protocol_text(done), erasure.as_json(done))
        if not empty_write_ahead_log(opened.engine):
            click.echo(
                "Somebody is using the database: run bti db checkpoint before you rely on it."
            )
        click.echo(
            f"Case {done.case_id} is erased: {len(done.key_ids)} keys, {sum(done.rows.values())} rows."
        )
        found = perform(
            erasure.certify, OPERATOR, tenant_id=tenant, case_id=uuid.UUID(done.case_id)
        )
    _certificate(out, found)


@command.command()
@_number
@click.option("--case-id", required=True, type=click.UUID, help="The id in the protocol.")
@_out
def certificate(number: str, case_id: uuid.UUID, out: Path) -> None:
    """Write from when no backup opens an erased case."""
    with runtime() as opened:
        tenant = municipality(opened, number)
        found = opened.doorway.perform(erasure.certify, OPERATOR, tenant_id=tenant, case_id=case_id)
    _certificate(out, found)


def _certificate(out: Path, found: erasure.Certificate) -> None:
    text = erasure.certificate_text(found)
    _write(out, f"certificate-{found.case_id}", text, erasure.as_json(found))
    click.echo(text)


def _write(out: Path, name: str, text: str, as_json: str) -> None:
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for ending, content in ((".txt", text), (".json", as_json)):
        descriptor = os.open(out / f"{name}{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
