"""A report to child welfare in the municipality's language: the file in the form of KS Fiks, and its words.

The report is read by others than its author, so it is in the language of the municipality and not of the page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask_babel import force_locale, get_locale, gettext

from bti.clock import norwegian_date
from bti.domain.duties import Duty, basis_of
from bti.domain.legal import basis_on
from bti.domain.report_form import Wording, as_form, faults
from bti.profiles import legal_bases
from bti.web.forms.duty import letter_text

if TYPE_CHECKING:
    from datetime import datetime

    from bti.workflows.report import WrittenReport

FILE_NAME = "draft.json"
MIME = "application/json"


def wording(written: WrittenReport) -> Wording:
    """What stands where the author has written nothing, in the language that is in force."""
    letter = written.report.letter
    code = basis_of(Duty.REPORT_CHILD_WELFARE, written.sector)
    act = basis_on(legal_bases(), code, norwegian_date(written.written_at)).reference
    return Wording(
        unknown=gettext("Not known"),
        not_told=gettext("Has not been told yet."),
        unsafe=gettext("It may be dangerous for the child if this person is told now."),
        ground=gettext(
            "Duty to report, %(law)s letter %(letter)s: %(text)s.",
            law=act.get(str(get_locale()), act["nb"]),
            letter=letter.value,
            text=letter_text(letter, written.sector),
        ),
    )


def fiks_file(written: WrittenReport, at: datetime) -> bytes:
    """The report as UTF-8 in the form of KS Fiks, made at the instant ``at``.

    Raises ``ValueError`` where it is not in the form after all; what stands in it is not said.
    """
    with force_locale(written.language):
        form = as_form(written.report, written.receiver, wording(written), at)
    found = faults(form)
    if found:
        raise ValueError("; ".join(found))
    return json.dumps(form, ensure_ascii=False, indent=2).encode() + b"\n"
