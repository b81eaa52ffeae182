"""What a target is: one parser, what it may raise, and sound examples."""

from collections.abc import Callable
from dataclasses import dataclass


class AcceptedError(Exception):
    """Something was accepted that nobody made."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser. ``run`` takes the fuzzed bytes; ``refusals`` are the errors it may raise."""

    run: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    longest: int = 1024
