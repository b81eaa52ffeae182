"""`bti logd`: the sequencer of the access log as a process of its own."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

import click

from bti.audit.note import NoteError
from bti.audit.sequence import Sequencer
from bti.audit.signer import StatefulSigner
from bti.audit.witnessing import WitnessPlace, ask_all, witness_places
from bti.cli.chosen import settings
from bti.clock import SystemClock
from bti.db.engine import make_engine
from bti.jobs.logd import LogDaemon
from bti.jobs.signer import SocketSigner
from bti.jobs.witness import post
from bti.settings import SettingsError

if TYPE_CHECKING:
    from bti.audit.signer import LogSigner
    from bti.settings import Settings


@click.command(name="logd", help="Place and sign the entries of the access log until stopped.")
@click.option("--once", is_flag=True, help="Place what waits now, and stop.")
def command(*, once: bool) -> None:
    """Open the database and the signer. Asks for no key of a case or a municipality."""
    chosen = settings()
    try:
        url = chosen.case_database()
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from None
    if chosen.audit_log != "sequenced":
        raise click.ClickException("BTI_AUDIT_LOG is not sequenced: entries place themselves.")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    places = witnesses_of(chosen)
    engine, clock = make_engine(url), SystemClock()
    daemon = LogDaemon(
        Sequencer(engine, signer_of(chosen), clock),
        (lambda: ask_all(engine, places, post, clock.now())) if places else None,
    )
    try:
        if once:
            while daemon.sequencer.turn():
                pass
            return
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, lambda _number, _frame: daemon.stopped.set())
        click.echo("The sequencer of the access log is at work.")
        daemon.run()
    finally:
        engine.dispose()


def signer_of(chosen: Settings) -> LogSigner:
    """Return the signer that the settings name: a process of its own, or a folder."""
    if chosen.signer_socket is not None:
        return SocketSigner(chosen.signer_socket)
    if chosen.signer_dir is None:
        raise click.ClickException("BTI_SIGNER_DIR is not set.")
    return StatefulSigner(chosen.signer_dir)


def witnesses_of(chosen: Settings) -> tuple[WitnessPlace, ...]:
    """Return the witnesses that the settings name, or stop."""
    try:
        return witness_places(chosen.witnesses)
    except NoteError as fault:
        raise click.ClickException(f"BTI_WITNESSES: {fault}") from None
