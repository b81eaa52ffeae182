"""`bti release`: half-year counts to the network side, past the eyes of two persons.

The only command that knows both sides. What crosses is a sealed release and nothing else.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bti.cli import release_file, release_preview
from bti.cli.release_file import CHECKLIST, Pending, PendingError
from bti.cli.two_people import approved, explained, two_people
from bti.cli.waiting import Waiting
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.clock import norwegian_date
from bti.disclosure.release import ReleaseError, checked_reason
from bti.disclosure.tables import HalfYear, TableError
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.slt import release as network_release
from bti.slt.release import PublishRefusedError, ReleaseDamagedError, earliest_publication
from bti.slt.runtime import open_runtime as open_network
from bti.slt.secret_box import KeyFileError
from bti.workflows import audit_check, release, release_record

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from bti.bootstrap import Runtime
    from bti.disclosure.menu import Population
    from bti.domain.approval import Params
    from bti.slt.runtime import SltRuntime

_REFUSALS: Final = {
    "release.frozen": "Other numbers for this half-year have been published already.",
    "release.too_early": "It is too early to publish this half-year.",
    "release.publisher": "The name of the one who approves cannot be used.",
    "release.not_seen": "Something was published after this was prepared: bti release prepare.",
    "release.signature": "The release is not signed as it should be.",
    "release.signer": "Earlier releases were signed with another key: look at who made them.",
    "release.unknown": "Nothing is published for this half-year.",
    "release.reason": "Say why in 10 to 500 characters: --reason TEXT.",
    "release.published_before": "This half-year was published before. To correct it: --correct TEXT.",
    "release.nothing_to_correct": "This half-year was never published: leave out --correct.",
    "release.unknown_text": "The network side has a release that was not made here. Nothing is prepared "
    "until somebody has found out why.",
    "release.missing": "A release that went out from here is gone from the network side. Nothing is "
    "prepared until somebody has found out why.",
    "release.not_prepared": "This was not prepared here: bti release prepare.",
}
_MAX_FILE: Final = 10_000


class _PeriodType(click.ParamType[HalfYear]):
    name = "period"

    def convert(
        self, value: str | HalfYear, param: click.Parameter | None, ctx: click.Context | None
    ) -> HalfYear:
        """Read "2026H1"."""
        try:
            return value if isinstance(value, HalfYear) else HalfYear.parse(value)
        except TableError as fault:
            self.fail(str(fault), param, ctx)


_period = click.option("--period", type=_PeriodType(), required=True, help="As 2026H1.")
_number = click.option(
    "--municipality", "number", metavar="NUMBER", default="", help="Needed if there are several."
)


@click.group(name="release", help="Publish half-year counts to the network side.")
def command() -> None:
    """Group the commands."""


@command.command("prepare")
@_period
@_number
@click.option("--by", required=True, metavar="NAME", help="Who prepares.")
@click.option(
    "--population",
    "population_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Lines as age_0_5;412: how many children of each age live in the municipality.",
)
@click.option(
    "--correct", "reason", metavar="TEXT", help="A new version of a published half-year: why."
)
def prepare(
    period: HalfYear, number: str, by: str, population_file: Path, reason: str | None
) -> None:
    """Count, hide what could tell about a child, and keep the result for approval.

    Proven together with everything published before. Shows the true counts on this screen.
    """
    if not by.strip():
        raise click.BadParameter("say who prepares", param_hint="--by")
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        with _network(opened) as network, Waiting() as waiting:
            made = release.prepare(
                opened.doorway,
                OPERATOR,
                tenant_id=tenant_id,
                period=period,
                published=network_release.published_releases(network, number),
                population=_population(population_file),
                reason=None if reason is None else checked_reason(reason),
                progress=waiting,
            )
        path = release_file.path_of(opened.settings.var_dir, number, period)
        release_file.save(path, Pending(made.release.canonical_json(), by.strip()))
    release_preview.show(made.lines)
    click.echo(
        f"\nVersion {made.release.edition.version}, prepared by {by.strip()}. Another person approves:"
    )
    click.echo(f"  bti release approve --municipality {number} --period {period} --by NAME")


@command.command("preview")
@_period
@_number
def preview(period: HalfYear, number: str) -> None:
    """Show what is prepared: each number before and after, what is hidden and why, and the checklist."""
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        _shown(opened, tenant_id, release_file.path_of(opened.settings.var_dir, number, period))
    click.echo("\nTo be ticked by whoever approves:")
    for point, words in CHECKLIST.items():
        click.echo(f"  {point:<16}{words}")


@command.command("approve")
@_period
@_number
@click.option("--by", required=True, metavar="NAME", help="Who approves; not who prepared.")
@click.option(
    "--tick",
    "ticked",
    multiple=True,
    type=click.Choice(tuple(CHECKLIST)),
    help="A point of the checklist you have looked at. You are asked for the others.",
)
def approve(period: HalfYear, number: str, by: str, ticked: tuple[str, ...]) -> None:
    """Approve exactly the numbers that are prepared, after the preview and every point of the checklist."""
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        path = release_file.path_of(opened.settings.var_dir, number, period)
        pending = _shown(opened, tenant_id, path)
        click.echo("\nCould a child be recognised?")
        said = [
            point
            for point, words in CHECKLIST.items()
            if point in ticked or click.confirm(f"  {words}", default=False)
        ]
        pending = pending.approved(by, said)
        release_file.save(path, pending)
    click.echo(f"\nApproved by {pending.approved_by}: {pending.approved_sha256[:16]}")
    click.echo(f"  bti release publish --municipality {number} --period {period}")


@command.command("publish")
@_period
@_number
@two_people
def publish(period: HalfYear, number: str, approval_id: uuid.UUID | None, ask_as: str) -> None:
    """Publish approved numbers. They stay as they are: a correction is a new version.

    The yes of two people who sign in is needed for exactly these numbers; in a demonstration not.
    """
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        earliest = earliest_publication(period)
        if norwegian_date(opened.clock.now()) < earliest:
            raise click.ClickException(f"{period} may be published from {earliest} on.")
        path = release_file.path_of(opened.settings.var_dir, number, period)
        pending = release_file.load(path)
        ready = pending.ready()
        params = release.publish_params(
            release.PUBLISH, str(ready.period), ready.sha256(), ready.edition.reason or ""
        )
        approval_id = _agreed(opened, tenant_id, params, ask_as, approval_id)
        with _network(opened) as network:
            publish_pending(opened, network, tenant_id, pending, approval_id)
        path.unlink()
    version = ready.edition.version
    click.echo(f"{period} version {version} is published, approved by {pending.approved_by}.")


@command.command("withdraw")
@_period
@_number
@click.option("--reason", required=True, metavar="TEXT", help="Why it is taken back.")
@two_people
def withdraw(
    period: HalfYear, number: str, reason: str, approval_id: uuid.UUID | None, ask_as: str
) -> None:
    """Take a published half-year back. Readers may have kept it, so it goes on counting as known.

    The yes of two people who sign in is needed; in a demonstration not. New numbers for the half-year
    are prepared with --correct.
    """
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        reason = checked_reason(reason)
        with _network(opened) as network:
            standing = network_release.standing_release(network, number, period)
            if standing is None:
                raise PublishRefusedError("release.unknown")
            params = release.publish_params(
                release.WITHDRAW, str(period), standing.sha256(), reason
            )
            approval_id = _agreed(opened, tenant_id, params, ask_as, approval_id)
            opened.doorway.perform(
                release.withdraw,
                OPERATOR,
                tenant_id=tenant_id,
                params=params,
                hand_over=lambda: network_release.withdraw_release(
                    network, number, period, reason=reason, sha256=standing.sha256()
                ),
                approval_id=approval_id,
            )
    click.echo(f"{period} version {standing.edition.version} is withdrawn.")


def publish_pending(
    opened: Runtime,
    network: SltRuntime,
    tenant_id: uuid.UUID,
    pending: Pending,
    approval_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Hand an approved release over the wall, entered in the municipality's log.

    Raises ``PendingError``, ``PublishRefusedError`` and ``ApprovalRefused``.
    """
    return opened.doorway.perform(
        release.publish,
        OPERATOR,
        tenant_id=tenant_id,
        release=pending.ready(),
        hand_over=lambda signed: network_release.publish_release(
            network, signed, by=pending.approved_by
        ),
        approval_id=approval_id,
    )


def _agreed(
    opened: Runtime,
    tenant_id: uuid.UUID,
    params: Params,
    ask_as: str,
    approval_id: uuid.UUID | None,
) -> uuid.UUID | None:
    if opened.settings.mode == "demo":
        return approval_id
    act = ApprovalAct.RELEASE_PUBLISH
    return approved(opened, tenant_id, act, params, ask_as=ask_as, approval_id=approval_id)


def _shown(opened: Runtime, tenant_id: uuid.UUID, path: Path) -> Pending:
    pending = release_file.load(path)
    found = pending.release
    lines = opened.doorway.perform(release.preview, OPERATOR, tenant_id=tenant_id, release=found)
    edition = found.edition
    why = "" if edition.reason is None else f" ({edition.reason})"
    click.echo(f"{found.period} version {edition.version}{why}, prepared by {pending.prepared_by}")
    click.echo(f"Proven together with {len(edition.known)} earlier releases.\n")
    release_preview.show(lines)
    return pending


def _population(path: Path) -> Population:
    found = {}
    for line in path.read_text(encoding="utf-8-sig")[:_MAX_FILE].splitlines():
        band, mark, many = line.strip().partition(";")
        if not band:
            continue
        if not mark or not (many.isascii() and many.isdigit()) or band in found:
            raise TableError(f"{path.name}: not a line as age_0_5;412: {line[:40]}")
        found[band] = int(many)
    return found


@contextmanager
def _network(opened: Runtime) -> Iterator[SltRuntime]:
    network = open_network(opened.settings, opened.clock)
    try:
        yield network
    finally:
        network.close()


def _chosen(opened: Runtime, number: str) -> tuple[str, uuid.UUID]:
    if number:
        return number, municipality(opened, number)
    known = opened.doorway.perform(audit_check.logs, OPERATOR)
    if len(known) != 1:
        raise click.ClickException(
            "Say which municipality: "
            + ", ".join(f"--municipality {one.number} ({one.name})" for one in known)
            if known
            else "There is no municipality here yet."
        )
    return known[0].number, known[0].tenant_id


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what a release may meet into one line and exit status 1."""
    from bti.disclosure.half_year import TooFewError  # noqa: PLC0415 - slow to load, only used here
    from bti.disclosure.linked.verify import NotSafe  # noqa: PLC0415 - as above

    try:
        yield
    except ApprovalRefused as refused:
        raise explained(refused) from None
    except (PendingError, KeyFileError) as fault:
        raise click.ClickException(str(fault)) from None
    except (PublishRefusedError, release.ReleaseRefusedError) as fault:
        raise click.ClickException(_REFUSALS.get(fault.code, fault.code)) from None
    except ReleaseDamagedError as fault:
        raise click.ClickException(
            f"A published release is not what was published: {fault}. Nothing is done until "
            "somebody has found out why."
        ) from None
    except release_record.RecordDamagedError as fault:
        raise click.ClickException(
            f"What is kept here of earlier releases is damaged (record {fault.record}). Nothing is "
            "prepared or published until it is restored from a backup or somebody has found out why."
        ) from None
    except TooFewError as fault:
        raise click.ClickException(f"Nothing can be told of this half-year: {fault}.") from None
    except (TableError, ReleaseError) as fault:
        raise click.ClickException(f"{fault}.") from None
    except NotSafe as fault:
        raise click.ClickException(
            f"These numbers cannot be made safe to publish ({fault}). Where few have come or gone "
            "since a release, the earlier numbers stand."
        ) from None
    except release.NotEndedError as fault:
        raise click.ClickException(
            f"The half-year is not over before {fault.until} has passed."
        ) from None
