"""What must answer before this process takes requests; each side adds its own question."""

from collections.abc import Callable
from typing import Final

from flask import Flask

Check = Callable[[], bool]

_KEY: Final = "bti.ready"


def add(app: Flask, check: Check) -> None:
    """Ask `check` too, each time someone asks whether the process is ready."""
    app.extensions.setdefault(_KEY, []).append(check)


def is_ready(app: Flask) -> bool:
    """Whether every side's check says yes."""
    checks: list[Check] = app.extensions.get(_KEY, [])
    return all(check() for check in checks)
