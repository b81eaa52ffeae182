"""A report of concern to child welfare (bekymringsmelding) as its author writes it.

The duty is personal (barnevernsloven § 13-2). So nothing here asks for a case, a consent or a leader: what
is refused is a slip in a form. What is not known may be left out; the form says that it is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from bti.domain.codes import Sector
from bti.domain.duties import CaseLetter, GuardiansKnow, letters_for
from bti.domain.errors import RuleBroken

MOST_GUARDIANS: Final = 2
#: As the receiving form has them, so that a report is not turned away for them.
PHONE: Final = re.compile(r"\+?[0-9]+(?:[- ][0-9]+)*", re.ASCII)
_SIGN: Final = "[A-Za-zæøåÆØÅ0-9_-]"
EMAIL: Final = re.compile(
    rf"{_SIGN}+(?:\.{_SIGN}+)*@[A-Za-zæøåÆØÅ0-9-]+(?:\.[A-Za-zæøåÆØÅ0-9-]+)*\.[A-Za-z]{{2,}}"
)


class Told(StrEnum):
    """Whether somebody has been told of the report (orientert). Nobody must be, where it is unsafe."""

    YES = "yes"
    NO = "no"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person lives or a body is. Every part may be empty."""

    line: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    place: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """Whether somebody was told, and why not in the author's words; they may be empty."""

    told: Told
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedChild:
    """Whom it is about. ``national_id`` is checked digits, or empty where it is not known."""

    name: str = field(repr=False)
    national_id: str = field(default="", repr=False)
    unborn: bool = False
    phone: str = field(default="", repr=False)
    address: Address = field(default_factory=Address)
    informed: Informed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGuardian:
    """Somebody who has the care of the child, as far as the author knows."""

    name: str = field(repr=False)
    phone: str = field(default="", repr=False)
    informed: Informed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports, under their own name, and the body they work for."""

    name: str = field(repr=False)
    role: str
    phone: str = field(repr=False)
    email: str = field(repr=False)
    body: str
    organisation_number: str = ""
    address: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report. ``guardians`` may be empty where nobody is known, and holds two at most."""

    letter: CaseLetter
    child: ReportedChild
    guardians: tuple[ReportedGuardian, ...]
    reporter: Reporter
    what: str = field(repr=False)
    history: str = field(default="", repr=False)
    views: str = field(default="", repr=False)
    interpreter: str = field(default="", repr=False)
    helpers: str = field(default="", repr=False)

    @property
    def guardians_know(self) -> GuardiansKnow:
        """What the record of the report says of the guardians: the most careful of what is true."""
        told = {one.informed.told for one in self.guardians}
        if Told.UNSAFE in told:
            return GuardiansKnow.UNSAFE
        return GuardiansKnow.YES if told == {Told.YES} else GuardiansKnow.NO


def check_report(report: Report, *, sector: Sector) -> Report:
    """Check a report before it is kept; returns it.

    Raises ``RuleBroken`` with report.no_child, report.nothing_said, report.no_reporter, report.phone,
    report.email, report.too_many_guardians, report.number_of_unborn or duty.letter_not_in_law.
    """
    if report.letter not in letters_for(sector):
        raise RuleBroken("duty.letter_not_in_law")
    if not report.child.name.strip():
        raise RuleBroken("report.no_child")
    if report.child.unborn and report.child.national_id:
        raise RuleBroken("report.number_of_unborn")
    if not report.what.strip():
        raise RuleBroken("report.nothing_said")
    if len(report.guardians) > MOST_GUARDIANS:
        raise RuleBroken("report.too_many_guardians", most=MOST_GUARDIANS)
    reporter = report.reporter
    if not (reporter.name.strip() and reporter.role.strip() and reporter.body.strip()):
        raise RuleBroken("report.no_reporter")
    if PHONE.fullmatch(reporter.phone) is None:
        raise RuleBroken("report.phone")
    if EMAIL.fullmatch(reporter.email) is None:
        raise RuleBroken("report.email")
    return report


def check_receipt(*, reported_on: date, received_on: date, today: date) -> date:
    """Check the day a receipt came; returns it. A receipt confirms nothing and closes nothing.

    Raises ``RuleBroken`` with duty.in_future or duty.received_early.
    """
    if received_on > today:
        raise RuleBroken("duty.in_future")
    if received_on < reported_on:
        raise RuleBroken("duty.received_early")
    return received_on
