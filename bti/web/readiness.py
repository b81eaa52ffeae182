"""What must answer before this process takes requests; each side adds its own question."""

from collections.abc import Callable
from typing import Final

from flask import Flask

Check = Callable[[], bool]
Notices = Callable[[], tuple[str, ...]]

_KEY: Final = "bti.ready"
_NOTICES: Final = "bti.notices"


def add(app: Flask, check: Check) -> None:
    """Ask `check` too, each time someone asks whether the process is ready."""
    app.extensions.setdefault(_KEY, []).append(check)


def is_ready(app: Flask) -> bool:
    """Whether every side's check says yes."""
    checks: list[Check] = app.extensions.get(_KEY, [])
    return all(check() for check in checks)


def add_notices(app: Flask, notices: Notices) -> None:
    """Tell `notices` too: what an operator should look at though requests can be served."""
    app.extensions.setdefault(_NOTICES, []).append(notices)


def notices_of(app: Flask) -> tuple[str, ...]:
    """Every side's notices: short codes."""
    found: list[Notices] = app.extensions.get(_NOTICES, [])
    return tuple(code for notices in found for code in notices())
