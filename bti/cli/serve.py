"""`bti serve`: answers requests until it is stopped."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
from waitress import create_server  # type: ignore[import-untyped]  # it ships no annotations

from bti.cli.chosen import settings
from bti.cli.sweeping import forget_what_was_sent, sweeping
from bti.clock import SystemClock
from bti.settings import SettingsError
from bti.slt.runtime import open_runtime as open_network
from bti.slt.secret_box import KeyFileError
from bti.web import uploads
from bti.web.app import create_app

if TYPE_CHECKING:
    from flask import Flask

    from bti.bootstrap import Runtime
    from bti.settings import Settings

# More than are at work: two passwords are computed at a time, and whoever waits for a turn holds a
# thread. With eight of them a class that signed in held up every other page.
_THREADS = 64
_IN_MEMORY = 512 * 1024
_ANSWER_AHEAD = 1024 * 1024
_NEVER = 1 << 40


@click.command(name="serve", help="Serve Stafett until stopped.")
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of BTI_PORT.")
def command(port: int | None) -> None:
    """Open the sides that the settings name and print the address when it answers."""
    if port is not None:
        os.environ["BTI_PORT"] = str(port)  # the option is the setting by another name
    chosen = settings()
    with ExitStack() as stack:
        try:
            app = build(chosen, stack)
            server = listen(app, chosen)
        except (OSError, KeyFileError) as fault:
            raise click.ClickException(str(fault)) from None
        stack.callback(server.close)
        stack.enter_context(sweeping(app))
        click.echo(f"Stafett answers on http://{chosen.host}:{chosen.port}")
        server.run()


def build(chosen: Settings, stack: ExitStack) -> Flask:
    """Return the application with its runtimes; `stack` closes them."""
    case_side = None
    if chosen.serve != "network":
        case_side = _case_side(chosen, stack)
    app = create_app(chosen, runtime=case_side)
    if chosen.serve != "case":
        network = open_network(chosen, SystemClock())
        stack.callback(network.close)
        app.extensions["bti.slt"] = network
    return app


def _case_side(chosen: Settings, stack: ExitStack) -> Runtime:
    """Open the case side; `stack` closes it. Imported here: a network process has no way to a case, see `open_site`."""
    from bti.bootstrap import open_runtime  # noqa: PLC0415 - see above
    from bti.crypto.errors import SealError  # noqa: PLC0415 - see above
    from bti.crypto.file_provider import KeyFileRefused  # noqa: PLC0415 - see above
    from bti.crypto.unsealing_provider import UnsealingProvider  # noqa: PLC0415 - see above
    from bti.keyd.server import SocketRefusedError  # noqa: PLC0415 - see above

    try:
        opened = open_runtime(chosen, writer="web")
        stack.callback(opened.close)
        if isinstance(opened.provider, UnsealingProvider):
            from bti.cli.unseal import waiting_for_shares  # noqa: PLC0415 - see above

            stack.enter_context(waiting_for_shares(chosen, opened.provider, opened))
    except (KeyFileRefused, SealError, SettingsError, SocketRefusedError) as fault:
        raise click.ClickException(str(fault)) from None
    return opened


def listen(app: Flask, chosen: Settings) -> Any:  # noqa: ANN401 - waitress ships no annotations
    """Return a server bound to the address of the settings.

    Forwarded headers are kept for Werkzeug's ProxyFix only where a proxy is believed.
    """
    forget_what_was_sent()
    if chosen.serve != "network":
        from bti.cli.spool import seal_large_requests  # noqa: PLC0415 - see _case_side

        seal_large_requests()
    largest = uploads.largest_request(app)
    return create_server(
        app,
        host=chosen.host,
        port=chosen.port,
        threads=_THREADS,
        ident=None,
        clear_untrusted_proxy_headers=chosen.trusted_proxies == 0,
        max_request_body_size=largest + 1,
        inbuf_overflow=largest + 1 if chosen.serve == "network" else _IN_MEMORY,
        # What waits for a slow reader waits here too. The application is held back at the first
        # number, so the second is never reached: beyond it answers would lie readable on disk.
        outbuf_high_watermark=_ANSWER_AHEAD,
        outbuf_overflow=_NEVER,
    )
