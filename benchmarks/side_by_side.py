"""How two ways are compared: in turns in one run, so that a busy machine slows both alike."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One comparison. ``ratio`` is ours to the control's rate; ``target`` is its floor.

    ``binding`` False: the target belongs to the next version, and is printed only.
    """

    name: str
    unit: str
    ours: float
    control: float
    ratio: float
    target: float
    binding: bool = True

    @property
    def held(self) -> bool:
        """Whether the ratio reaches the target."""
        return self.ratio >= self.target

    @property
    def verdict(self) -> str:
        """What the target says of this figure."""
        if self.held:
            return "held"
        return "BELOW TARGET" if self.binding else "not reached, not binding"

    def __str__(self) -> str:
        rates = f"{self.ours:>11,.0f} {self.control:>11,.0f}"
        return (
            f"{self.name:<60} {rates} {self.unit:<9} {self.ratio:>7.3f}"
            f"   at least {self.target:.3f}   {self.verdict}"
        )


def compare(
    ours: Callable[[], int], control: Callable[[], int], *, rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Return both rates per second and the middle of the rounds' ratios.

    Each function does its work once and returns how many things it did. One round warms up.
    """
    ours()
    control()
    pairs = [(_rate(ours), _rate(control)) for _ in range(rounds)]
    return (
        median(one for one, _ in pairs),
        median(other for _, other in pairs),
        median(one / other for one, other in pairs),
    )


def _rate(work: Callable[[], int]) -> float:
    begun = perf_counter()
    done = work()
    return done / (perf_counter() - begun)
