"""What a log opens with, as the plan sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date

    from bti.domain.codes import Arena, MeasureType, Party


class FirstPlan(Protocol):
    """The goal and measure that a log opens with."""

    @property
    def goal(self) -> str:
        """The goal in words."""

    @property
    def title(self) -> str:
        """The measure's name."""

    @property
    def description(self) -> str:
        """What is done."""

    @property
    def arena(self) -> Arena:
        """Where."""

    @property
    def kind(self) -> MeasureType:
        """Of what sort."""

    @property
    def party(self) -> Party:
        """Whose it is to carry out."""

    @property
    def responsible(self) -> str:
        """By whom, as a function."""

    @property
    def start_on(self) -> date:
        """From when."""

    @property
    def evaluate_on(self) -> date:
        """When it is evaluated."""
