"""The file of what each municipality has signed and published."""

from datetime import date

import pytest

from bti import papers
from bti.settings import SettingsError, load_settings

WHOLE = """
[9901]
name = "Lindvik kommune"
statement = "https://example.org/erklaring/1"
feedback_mail = "tilgjengelighet@example.org"
[9901.agreement]
kind = "joint"
responsible = "Lindvik og Fjellby kommuner"
reference = "2026/114"
signed_on = 2026-08-20
"""


def written(tmp_path, text):
    path = tmp_path / "papers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_given_is_read_and_what_is_not_is_missing(tmp_path):
    found = papers.read(written(tmp_path, WHOLE))
    given = papers.of(found, "Lindvik kommune")
    assert (given.agreement.reference, given.agreement.signed_on) == ("2026/114", date(2026, 8, 20))
    assert given.missing == ()
    assert papers.of(found, "Fjellby kommune").missing == ("agreement", "statement", "feedback")
    assert papers.read(None) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[9901]", "[99011]"),
        ("https://example.org/erklaring/1", "javascript:alert(1)"),
        ("https://example.org/erklaring/1", "http://example.org"),
        ("tilgjengelighet@example.org", "en@example.org?bcc=to@example.org"),
        ('kind = "joint"', 'kind = "none"'),
        ("2026-08-20", "2999-01-01"),
        ('name = "Lindvik kommune"', 'name = "Lindvik kommune"\nnoe = 1'),
        ("[9901.agreement]", "[9901.agreement"),
    ],
)
def test_a_file_with_a_fault_stops_the_start_and_says_where(tmp_path, monkeypatch, before, after):
    path = written(tmp_path, WHOLE.replace(before, after))
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_PAPERS_FILE", str(path))
    with pytest.raises(SettingsError, match="BTI_PAPERS_FILE"):
        load_settings()


def test_a_file_that_is_not_there_stops_the_start(tmp_path, monkeypatch):
    monkeypatch.setenv("BTI_MODE", "test")
    monkeypatch.setenv("BTI_PAPERS_FILE", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match="BTI_PAPERS_FILE"):
        load_settings()
