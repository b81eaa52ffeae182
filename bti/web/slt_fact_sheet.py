"""One page for the press: published counts and what anybody can read in the plan. No status, finding, action or minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask_babel import gettext, ngettext

from bti.slt.document import Block, Document, Heading, Points, Words
from bti.slt.plan import Plan
from bti.slt.report_stored import Basis
from bti.web.filters import day_year
from bti.web.slt_numbers import half_year
from bti.web.slt_paper_numbers import none_yet, periods_of, totals

#: What has room on one page beside the numbers.
_MOST_AREAS: Final = 8
_MOST_SIGNS: Final = 90


def fact_sheet(basis: Basis) -> Document:
    """The fact sheet in the language that is in force."""
    draft = basis.draft
    return Document(
        title=gettext("Facts about children and young people who get help early"),
        name=f"facts-{draft.period}-{draft.language}",
        language=draft.language,
        made_on=basis.today,
        facts=(
            (gettext("Municipality"), basis.municipality),
            (gettext("Half-year"), half_year(draft.period)),
            (gettext("Made"), day_year(basis.today)),
        ),
        blocks=(*_numbers(basis), *_plan(basis), *_contact(basis)),
    )


def _numbers(basis: Basis) -> Iterator[Block]:
    yield Heading(gettext("How many"))
    found = basis.releases
    if not periods_of(found, basis.draft.period):
        yield none_yet()
        return
    yield Words(
        gettext(
            "Children and young people who had a log of early help from the municipality in each half-year. Each is counted once."
        )
    )
    yield from totals(found, basis.draft.period)
    most = max(one.release.threshold - 1 for one in found)
    yield Words(
        gettext(
            "Numbers from 0 to %(most)s are hidden, and some larger ones with them, so that nobody can work out anything about one child. The others are rounded, so a small change may be the rounding alone.",
            most=most,
        )
    )
    last = max(found, key=lambda one: one.period)
    yield Words(
        gettext(
            "Source: %(municipality)s, numbers published %(day)s.",
            municipality=basis.municipality,
            day=day_year(last.published_at),
        ),
        quiet=True,
    )


def _plan(basis: Basis) -> Iterator[Block]:
    yield Heading(gettext("What the municipality does"))
    if basis.plan is None:
        year = basis.draft.period.year
        yield Words(gettext("There is no plan here for %(year)s.", year=year))
        return
    plan = basis.plan[0].plan
    yield Words(plan.title, plan.language)
    yield Points(tuple(_public(plan)))
    if plan.areas:
        yield Words(gettext("Focus areas:"))
        yield Points(tuple(_short(one.name) for one in plan.areas[:_MOST_AREAS]), plan.language)
        more = len(plan.areas) - _MOST_AREAS
        if more > 0:
            yield Words(ngettext("And %(num)d more.", "And %(num)d more.", more))


def _public(plan: Plan) -> Iterator[str]:
    """What stands on the first page of any plan."""
    yield gettext(
        "The plan is for %(first)s to %(last)s.",
        first=day_year(plan.first_day),
        last=day_year(plan.last_day),
    )
    if plan.adopted and plan.adopted_by:
        yield gettext(
            "Adopted %(day)s by %(by)s.", day=day_year(plan.adopted), by=_short(plan.adopted_by)
        )
    yield ngettext("It has %(num)d measure.", "It has %(num)d measures.", len(plan.measures))


def _contact(basis: Basis) -> Iterator[Block]:
    yield Heading(gettext("Contact"))
    yield Words(basis.draft.contact or gettext("SLT coordinator"))


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SIGNS else f"{text[: _MOST_SIGNS - 1].rstrip()}…"
