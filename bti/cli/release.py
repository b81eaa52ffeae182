"""`bti release`: half-year counts to the network side, past the eyes of two persons.

The only command that knows both sides. What crosses is a sealed release and nothing else.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from bti.cli import release_file
from bti.cli.release_file import Pending, PendingError
from bti.cli.two_people import approved, explained, two_people
from bti.cli.wiring import OPERATOR, municipality, runtime
from bti.clock import norwegian_date
from bti.disclosure.tables import HalfYear, TableError
from bti.disclosure.verify import NotSafe
from bti.domain.approval import ApprovalAct, ApprovalRefused
from bti.slt.release import PublishRefusedError, earliest_publication, publish_release
from bti.slt.runtime import open_runtime as open_network
from bti.slt.secret_box import KeyFileError
from bti.workflows import audit_check, release

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterator

    from bti.bootstrap import Runtime
    from bti.disclosure.tables import CountTable, Position, ProtectedTable
    from bti.slt.runtime import SltRuntime

_HIDDEN: Final = ":"
_WIDTH: Final = 10
_REFUSALS: Final = {
    "release.frozen": "Other numbers for this half-year have been published already.",
    "release.too_early": "It is too early to publish this half-year.",
    "release.publisher": "The name of the one who approves cannot be used.",
}


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
def prepare(period: HalfYear, number: str, by: str) -> None:
    """Count, hide what could tell about a child, and keep the result for approval.

    Shows the true counts on this screen; they are written nowhere.
    """
    if not by.strip():
        raise click.BadParameter("say who prepares", param_hint="--by")
    with runtime() as opened, _explained():
        number, tenant_id = _chosen(opened, number)
        made = opened.doorway.perform(release.prepare, OPERATOR, tenant_id=tenant_id, period=period)
        path = release_file.path_of(opened.settings.var_dir, number, period)
        release_file.save(path, Pending(made.release.canonical_json(), by.strip()))
    show(made.counts, made.release.table)
    click.echo(f"\nPrepared by {by.strip()}. Another person approves:")
    click.echo(f"  bti release approve --municipality {number} --period {period} --by NAME")


@command.command("approve")
@_period
@_number
@click.option("--by", required=True, metavar="NAME", help="Who approves; not who prepared.")
def approve(period: HalfYear, number: str, by: str) -> None:
    """Approve exactly the numbers that are prepared. Shows them as readers will see them."""
    with runtime() as opened, _explained():
        number, _ = _chosen(opened, number)
        path = release_file.path_of(opened.settings.var_dir, number, period)
        pending = release_file.load(path).approved(by)
        release_file.save(path, pending)
    _print_table(pending.release.table, lambda spot: _shown(pending.release.table, spot))
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
        if opened.settings.mode != "demo":
            ready = pending.ready()
            params = release.publish_params(str(ready.period), ready.sha256())
            act = ApprovalAct.RELEASE_PUBLISH
            approval_id = approved(
                opened, tenant_id, act, params, ask_as=ask_as, approval_id=approval_id
            )
        network = open_network(opened.settings, opened.clock)
        try:
            publish_pending(opened, network, tenant_id, pending, approval_id)
        finally:
            network.close()
        path.unlink()
    click.echo(f"{period} is published, approved by {pending.approved_by}.")


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
    ready = pending.ready()
    return opened.doorway.perform(
        release.publish,
        OPERATOR,
        tenant_id=tenant_id,
        hand_over=lambda: publish_release(network, ready, by=pending.approved_by),
        params=release.publish_params(str(ready.period), ready.sha256()),
        approval_id=approval_id,
    )


def show(counts: CountTable, table: ProtectedTable) -> None:
    """Print the true counts, what readers will see, and why each number is hidden."""
    truth = counts.with_totals()
    click.echo("Counted (this is about persons: it stays here)")
    _print_table(table, lambda spot: str(truth[spot[0]][spot[1]]))
    click.echo(f"\nShown to readers ({_HIDDEN} is hidden)")
    _print_table(table, lambda spot: _shown(table, spot))
    hidden = table.hidden()
    if hidden:
        click.echo("\nHidden, and why")
    for row, column in hidden:
        value = truth[row][column]
        where = f"{_labels(table.rows.codes)[row]} / {_labels(table.columns.codes)[column]}"
        click.echo(f"  {where:<24}{value:>6}  {_why(value, table.threshold)}")


def _why(value: int, threshold: int) -> str:
    if value == 0:
        return "zero also tells something"
    if value < threshold:
        return f"under {threshold}"
    return "a smaller one could be worked out from it"


def _print_table(table: ProtectedTable, text: Callable[[Position], str]) -> None:
    rows, columns = _labels(table.rows.codes), _labels(table.columns.codes)
    click.echo(" " * _WIDTH + "".join(f"{name:>{_WIDTH}}" for name in columns))
    for row, name in enumerate(rows):
        cells = (text((row, column)) for column in range(len(columns)))
        click.echo(f"{name:<{_WIDTH}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells))


def _labels(codes: tuple[str, ...]) -> tuple[str, ...]:
    return (*(code.removeprefix("age_").replace("_", " ") for code in codes), "total")


def _shown(table: ProtectedTable, spot: Position) -> str:
    value = table.value(spot)
    return _HIDDEN if value is None else str(value)


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
    try:
        yield
    except ApprovalRefused as refused:
        raise explained(refused) from None
    except (PendingError, KeyFileError) as fault:
        raise click.ClickException(str(fault)) from None
    except PublishRefusedError as fault:
        raise click.ClickException(_REFUSALS.get(fault.code, fault.code)) from None
    except NotSafe as fault:
        raise click.ClickException(
            f"These numbers cannot be made safe to publish: {fault}"
        ) from None
    except release.NotEndedError as fault:
        raise click.ClickException(
            f"The half-year is not over before {fault.until} has passed."
        ) from None
