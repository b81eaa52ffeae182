"""A whole site for one process: the sides its settings name, opened and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.clock import SystemClock
from bti.web.app import create_app

if TYPE_CHECKING:
    from flask import Flask

    from bti.clock import Clock
    from bti.identity.password import Argon2Cost
    from bti.settings import Settings


def open_site(
    settings: Settings, *, clock: Clock | None = None, cost: Argon2Cost | None = None
) -> Flask:
    """Return the application with its databases open; nothing is migrated here.

    What a side does not serve is not even imported: a network process has no way to a case.
    """
    clock = clock or SystemClock()
    runtime = None
    if settings.serve != "network":
        from bti.bootstrap import open_runtime  # noqa: PLC0415 - the case side, see above

        runtime = open_runtime(settings, clock=clock, cost=cost)
    app = create_app(settings, runtime=runtime)
    if settings.serve != "case":
        from bti.identity.password import Passwords  # noqa: PLC0415 - beside the next line
        from bti.slt import runtime as slt_runtime  # noqa: PLC0415 - the network side, see above

        passwords = Passwords(cost) if cost else None
        app.extensions["bti.slt"] = slt_runtime.open_runtime(settings, clock, passwords=passwords)
    return app
