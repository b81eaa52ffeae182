"""The menu of released tables: which codes are counted, in which order. One table so far."""

from collections.abc import Mapping
from typing import Final

from bti.disclosure.tables import Axis, CountTable, HalfYear, TableError

LEVELS: Final = Axis("level", ("level_0", "level_1", "level_2", "level_3"))
"""The highest level reached in the half-year."""

AGE_BANDS: Final = Axis(
    "age_band", ("age_0_5", "age_6_9", "age_10_12", "age_13_15", "age_16_18", "age_19_23")
)
"""Age in whole years on the last day of the half-year; 10-12 and 13-15 mirror Ungdata's grades."""

_OLDEST: Final = (5, 9, 12, 15, 18, 23)


def age_band(age: int) -> str:
    """The code of the band for an age in whole years; raises TableError outside 0 to 23."""
    if age < 0:
        raise TableError("an age is not negative")
    for code, oldest in zip(AGE_BANDS.codes, _OLDEST, strict=True):
        if age <= oldest:
            return code
    raise TableError("the table ends at 23 years")


def level_by_age(period: HalfYear, counts: Mapping[tuple[str, str], int]) -> CountTable:
    """Unique children by level and age band; a missing pair is nobody.

    Raises TableError for a code outside the menu or a negative count.
    """
    strangers = [
        pair for pair in counts if pair[0] not in LEVELS.codes or pair[1] not in AGE_BANDS.codes
    ]
    if strangers:
        raise TableError(f"not in the menu: {strangers[0][0][:40]} / {strangers[0][1][:40]}")
    return CountTable(
        period=period,
        rows=LEVELS,
        columns=AGE_BANDS,
        counts=tuple(
            tuple(counts.get((level, band), 0) for band in AGE_BANDS.codes)
            for level in LEVELS.codes
        ),
    )
