"""Groups of commands whose modules are imported only when they are called.

`bti settings` must work where the database driver does not, and help must be quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group that finds its commands in modules, each under the name `command`.

    A module that is not shipped is left out: the demonstration need not be part of every
    installation.
    """

    def __init__(self, *, modules: Mapping[str, str], **attributes: Any) -> None:  # noqa: ANN401 - click's own
        """Map command names to module names."""
        super().__init__(**attributes)
        self._modules = dict(modules)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands that are there."""
        shipped = [name for name, module in self._modules.items() if find_spec(module)]
        return sorted({*super().list_commands(ctx), *shipped})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None."""
        module = self._modules.get(cmd_name)
        if module is None or find_spec(module) is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = import_module(module).command
        return found
