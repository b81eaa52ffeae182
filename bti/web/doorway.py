"""How views reach the workflows: one call, one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from flask import current_app, g

if TYPE_CHECKING:
    from collections.abc import Callable

    from bti.workflows.context import Context
    from bti.workflows.perform import Doorway

P = ParamSpec("P")
R = TypeVar("R")


def doorway() -> Doorway:
    """Return the doorway of this process."""
    found: Doorway = current_app.extensions["bti"].doorway
    return found


def perform(workflow: Callable[Concatenate[Context, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a workflow as the person of this request."""
    return doorway().perform(workflow, g.actor, *args, **kwargs)
