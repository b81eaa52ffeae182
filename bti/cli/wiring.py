"""Opens what a command works with, and turns what it may meet into one line and exit status 1."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click
from sqlalchemy.exc import SQLAlchemyError

from bti.audit.guard import RolledBackError
from bti.bootstrap import open_runtime
from bti.cli.chosen import settings
from bti.cli.unseal import open_here
from bti.crypto.file_provider import KeyFileRefused
from bti.crypto.unsealing_provider import UnsealingProvider
from bti.domain.errors import KeysUnavailable
from bti.settings import SettingsError
from bti.workflows import account
from bti.workflows.actor import SystemActor
from bti.workflows.errors import Conflict, NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from bti.bootstrap import Runtime

__all__ = ["OPERATOR", "municipality", "runtime", "settings"]

OPERATOR: Final = SystemActor("operator")
"""How the log names whoever runs the command; which person that is, the machine knows."""


@contextmanager
def runtime(*, writer: str = "bti") -> Iterator[Runtime]:
    """Open the case side for one command. ``writer`` is how the access log knows the process."""
    try:
        opened = open_runtime(settings(), writer=writer)
    except (SettingsError, KeyFileRefused, OSError) as fault:
        raise click.ClickException(str(fault)) from None
    try:
        if isinstance(opened.provider, UnsealingProvider):
            open_here(opened.provider)
        yield opened
    except SQLAlchemyError as fault:
        reason = str(fault.args[0] if fault.args else fault).splitlines()[0]
        raise click.ClickException(
            f"The database did not do as asked. Is it migrated (bti db upgrade)? {reason}"
        ) from None
    except KeysUnavailable as fault:
        raise click.ClickException(f"The keys cannot be had now: {fault.reason}.") from None
    except RolledBackError as fault:
        raise click.ClickException(
            f"The access log in the database is not the one that was signed here: {fault}. Nothing "
            "was done. See docs/operations.md, «After a restore»."
        ) from None
    except Conflict:
        raise click.ClickException("Somebody else was changing the same. Try again.") from None
    except NotFound:
        raise click.ClickException("There is no such thing here.") from None
    finally:
        opened.close()


def municipality(opened: Runtime, number: str) -> uuid.UUID:
    """Return the municipality with this number, or stop."""
    found = opened.doorway.perform(account.municipality_by_number, OPERATOR, number=number)
    if found is None:
        raise click.ClickException(f"There is no municipality with number {number}.")
    return found
