"""Legal references as data with dates. The texts are in ``bti/profiles/legal_bases.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bti.domain.errors import RuleBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """One version of a reference: in force from ``valid_from`` up to, not including, ``valid_to``.

    ``valid_from`` is None for an act that is passed and has no date yet: it is in force on no day.
    ``reference`` and ``label`` are by language (nb, nn, en).
    """

    code: str
    valid_from: date | None
    valid_to: date | None
    reference: Mapping[str, str]
    source: str
    label: Mapping[str, str]

    def in_force(self, on: date) -> bool:
        """Whether this version is in force on a day."""
        begun = self.valid_from is not None and self.valid_from <= on
        return begun and (self.valid_to is None or on < self.valid_to)


def basis_on(bases: Iterable[LegalBasis], code: str, on: date) -> LegalBasis:
    """The version of ``code`` in force on a day, the newest of several.

    Raises ``RuleBroken("legal.unknown")``.
    """
    found = [one for one in bases if one.code == code and one.in_force(on)]
    if not found:
        raise RuleBroken("legal.unknown", basis=code, on=on)
    return max(found, key=lambda one: one.valid_from or date.min)
