"""`bti bodies`: the bodies of SLT work as files: what is shipped, what is wrong in one, and taking one in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.cli.network_files import Files, TakeInError, commands_for
from bti.slt.body_file import BodyFile, load, load_file, shipped

if TYPE_CHECKING:
    from bti.slt.runtime import SltRuntime


def _take_in(runtime: SltRuntime, found: BodyFile, number: str, reason: str) -> int:
    from bti.slt.body_change import BodyRefusedError, import_bodies  # noqa: PLC0415 - opens the database

    try:
        return import_bodies(runtime, found, number, reason=reason)
    except BodyRefusedError as refused:
        raise TakeInError(refused.code, refused.found) from None


command = commands_for(
    Files(
        name="bodies",
        noun="bodies",
        help="Look at bodies of SLT work as files, check one, take one in.",
        shipped=shipped,
        load=load,
        load_file=load_file,
        many=lambda found: len(found.bodies),
        line=lambda found: ", ".join(one.name for one in found.bodies),
        take_in=_take_in,
        refused={
            "body.exists": "A body with one of these codes is there already.",
            "body.full": "There is no room for so many bodies.",
            "body.municipality": "No coordinator of that municipality has an account here.",
            "body.names": "These words may name somebody. Take them out, or say --anyway with a reason:",
        },
    )
)
