"""What the log is told of a start that needed shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.keyd import unsealing

if TYPE_CHECKING:
    from bti.keyd.unsealing import Owed
    from bti.workflows.context import Context


def note(context: Context, *, owed: Owed) -> None:
    """Enter refused shares and the opening in every municipality's log."""
    unsealing.enter(context.session, context.recorder, owed)
