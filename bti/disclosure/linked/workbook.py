"""Released tables as one workbook for Excel."""

import datetime as dt
from io import BytesIO
from typing import Final

import xlsxwriter

from bti.disclosure.linked.layout import HIDDEN, IMPOSSIBLE, sheets
from bti.disclosure.linked.publication import Publication

_LONGEST_NAME: Final = 31
_MADE: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - sheets know no zones
"""Not when it was made: the same release is the same file."""
_WIDTHS: Final = (24, 14)


def workbook(publication: Publication) -> bytes:
    """A sheet that explains the signs, and one for each table. Text stays text and is never a formula."""
    spec = publication.universe.spec
    written = BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        book.set_properties({"title": spec.title, "created": _MADE})
        heading = book.add_format({"bold": True, "bottom": 1})
        sign = book.add_format({"align": "right"})
        tenth = book.add_format({"num_format": "0.0"})
        about = book.add_worksheet("Om tabellene")
        about.set_column(0, 0, 80)
        for row, text in enumerate(_about(publication)):
            about.write_string(row, 0, text, heading if row == 0 else None)
        for number, one in enumerate(sheets(publication), start=1):
            sheet = book.add_worksheet(_sheet_name(one.name, number))
            sheet.freeze_panes(1, one.labels)
            sheet.set_column(0, max(one.labels - 1, 0), _WIDTHS[0])
            sheet.set_column(one.labels, len(one.columns) - 1, _WIDTHS[1])
            for column, name in enumerate(one.columns):
                sheet.write_string(0, column, name, heading)
            for row, line in enumerate(one.lines, start=1):
                for column, value in enumerate(line):
                    if isinstance(value, str):
                        sheet.write_string(
                            row, column, value, sign if column >= one.labels else None
                        )
                    elif isinstance(value, int):
                        sheet.write_number(row, column, value)
                    else:
                        sheet.write_number(row, column, float(value), tenth)
    return written.getvalue()


def _about(publication: Publication) -> tuple[str, ...]:
    """In Norwegian, as everything that is for readers of the tables."""
    spec = publication.universe.spec
    how = (
        f"Tall er avrundet og kan avvike med inntil {publication.slack}."
        if publication.slack
        else ""
    )
    return (
        spec.title or "Unike barn",
        f"Periode: {spec.period or '-'}",
        f"{HIDDEN}  Vises ikke av hensyn til personvernet",
        f"{IMPOSSIBLE}  Kan ikke forekomme",
        how,
    )


def _sheet_name(name: str, number: int) -> str:
    """At most 31 characters, different from all others: names begin with numbers of their own."""
    return name if len(name) <= _LONGEST_NAME else f"{number:03d}-{name}"[:_LONGEST_NAME]
