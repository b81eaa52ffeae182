"""Accounts in a browser: who a colleague is, a lost phone, somebody who leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.visitor import nb

if TYPE_CHECKING:
    from datetime import date

    from tests.browser.visitor import Visitor


def ask_for_a_reset(asta: Visitor, colleague: str) -> str:
    """Ask the leader; what is missing is said first. Returns the address of the approval."""
    asta.visit(f"/accounts/{colleague}").send(nb("Ask the leader"), 422)
    asta.choose(lost="phone").fill(reason="Mistet på bussen").send(nb("Ask the leader"))
    asta.sees(nb("Let a colleague set up the sign-in again"), "Mistet på bussen")
    return asta.path


def say_yes(siv: Visitor, approval: str, name: str) -> None:
    """The leader reads what it is about, and says yes."""
    siv.visit("/approvals").follow(nb("Look and answer"))
    assert siv.path == approval
    siv.sees(name, nb("Let a colleague set up the sign-in again")).send(nb("Approve"))
    siv.visit("/approvals")


def show_both_halves(asta: Visitor, siv: Visitor, approval: str, name: str) -> None:
    """The one who asked sees the password, once; the one who said yes sees the code."""
    asta.visit(approval).send(nb("Show the password"))
    asta.sees(name, nb("The person also needs a code, which the one who said yes has."))
    siv.visit(approval).follow(nb("Show the code")).sees(name, nb("Code for the app"))
    asta.does_not_see(nb("Code for the app"))


def plan_a_last_day(asta: Visitor, colleague: str, day: date) -> None:
    """A day after which somebody no longer works here."""
    asta.visit(f"/accounts/{colleague}")
    asta.fill(last_day=day.isoformat()).send(nb("Set the last day"))
    asta.sees(nb("The person stays after all"))


def register(asta: Visitor, colleague: str, national_id: str) -> None:
    """Who a colleague is; a slip of the pen is explained."""
    asta.visit(f"/accounts/{colleague}")
    asta.page.locator("main summary", has_text=nb("Register the number")).click()
    asta.fill(national_id=national_id[:-1]).send(nb("Register"), 422)
    asta.fill(national_id=national_id).send(nb("Register"))
    asta.sees(nb("The person sees this on their own page.")).does_not_see(national_id)
