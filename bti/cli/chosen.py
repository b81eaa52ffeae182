"""The settings of one command. Imports neither side, so that a network process can start from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bti.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from bti.settings import Settings


def settings() -> Settings:
    """Return the settings, or stop with one line per fault."""
    try:
        return load_settings()
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from None
