"""`bti year`: tasks of the year wheel as files: what is shipped, what is wrong in one, and taking one in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bti.cli.network_files import Files, TakeInError, commands_for
from bti.slt.year_file import YearFile, load, load_file, shipped

if TYPE_CHECKING:
    from bti.slt.runtime import SltRuntime


def _take_in(runtime: SltRuntime, found: YearFile, number: str, reason: str) -> int:
    from bti.slt.year_change import YearRefusedError, import_year  # noqa: PLC0415 - opens the database

    try:
        return import_year(runtime, found, number, reason=reason)
    except YearRefusedError as refused:
        raise TakeInError(refused.code, refused.found) from None


command = commands_for(
    Files(
        name="year",
        noun="tasks",
        help="Look at tasks of the year wheel as files, check one, take one in.",
        shipped=shipped,
        load=load,
        load_file=load_file,
        many=lambda found: len(found.tasks),
        line=lambda found: f"{found.document}  {len(found.tasks)} tasks",
        take_in=_take_in,
        refused={
            "year.exists": "A task with one of these codes is there already.",
            "year.full": "There is no room for so many tasks.",
            "year.municipality": "No coordinator of that municipality has an account here.",
            "year.names": "These words may name somebody. Take them out, or say --anyway with a reason:",
        },
    )
)
