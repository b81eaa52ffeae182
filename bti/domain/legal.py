"""Legal references as data with dates. The texts are in ``bti/profiles/legal_bases.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bti.domain.errors import RuleBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """One version of a reference: in force from ``valid_from`` up to, not including, ``valid_to``.

    ``reference`` and ``label`` are by language (nb, nn, en).
    """

    code: str
    valid_from: date
    valid_to: date | None
    reference: Mapping[str, str]
    source: str
    label: Mapping[str, str]

    def in_force(self, on: date) -> bool:
        """Whether this version is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


def basis_on(bases: Iterable[LegalBasis], code: str, on: date) -> LegalBasis:
    """The version of ``code`` in force on a day. Raises ``RuleBroken("legal.unknown")``."""
    found = [one for one in bases if one.code == code and one.in_force(on)]
    if not found:
        raise RuleBroken("legal.unknown", basis=code, on=on)
    return max(found, key=lambda one: one.valid_from)
