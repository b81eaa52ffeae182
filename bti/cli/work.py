"""`bti work`: what must be done every hour and every night, without a person."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING, Final

import click

from bti.cli.wiring import runtime
from bti.jobs.claims import Claims
from bti.jobs.table import Place, jobs_for
from bti.jobs.work import Worker
from bti.workflows.work import LATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bti.settings import Settings

_PLACES: Final = click.Choice([one.value for one in Place])


@click.group(
    name="work",
    invoke_without_command=True,
    help="Do what is due every hour and every night until stopped.",
)
@click.option("--once", is_flag=True, help="Do what is due now, and stop.")
@click.option(
    "--for",
    "places",
    type=_PLACES,
    multiple=True,
    help="Only jobs of this place; may be given again.  [default: all, or work with BTI_KEYD_SOCKET]",
)
@click.pass_context
def command(ctx: click.Context, *, once: bool, places: Sequence[str]) -> None:
    """Work, unless a command below was asked for. Several may work at the same time."""
    if ctx.invoked_subcommand is not None:
        return
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with runtime(writer="work") as opened:
        jobs = jobs_for(opened.settings, _chosen(opened.settings, places))
        worker = Worker(opened, jobs, Claims(opened.engine))
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, lambda _number, _frame: worker.stopped.set())
        if not once:
            click.echo(f"At work: {', '.join(job.name for job in jobs)}.")
            worker.run()
            return
        done, failed = worker.round()
    click.echo(f"{done} done, {failed} failed.")
    ctx.exit(1 if failed else 0)


@command.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """List the jobs, when each is due and how it went. Exit status 1 when one is late."""
    late = False
    with runtime() as opened:
        now = opened.clock.now()
        rows = Claims(opened.engine).all()
    for row in rows:
        late |= now - row.owed_at > LATE
        done = f"done {row.done_at:%Y-%m-%d %H:%M}" if row.done_at else "never done"
        line = f"{row.name:12} {done}, due {row.due_at:%Y-%m-%d %H:%M} UTC"
        if row.held_until is not None and row.held_until > now:
            line += ", in hand"
        if row.failures:
            line += f", failed {row.failures} times in a row: {row.fault}"
        click.echo(line + (", LATE" if now - row.owed_at > LATE else ""))
    if not rows:
        click.echo("bti work has never run here.")
    ctx.exit(1 if late else 0)


def _chosen(chosen: Settings, places: Sequence[str]) -> frozenset[Place]:
    if places:
        return frozenset(map(Place, places))
    # A worker that asks a broker has neither the keys nor the files.
    return frozenset(Place) if chosen.keyd_socket is None else frozenset({Place.WORK})
