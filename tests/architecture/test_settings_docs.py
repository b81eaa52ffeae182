"""docs/settings.md and the settings class say the same, setting by setting."""

from pathlib import Path

from bti.settings import documented

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_table_of_settings_is_the_class():
    table = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if "`BTI_" in line]
    rows = [line for line in table if line.startswith("| ")]

    assert rows == [f"| `{row.name}` | `{row.default}` | {row.meaning} |" for row in documented()]


def test_every_setting_says_what_it_means():
    assert [row.name for row in documented() if len(row.meaning.split()) < 3] == []
