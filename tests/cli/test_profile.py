"""Local rules from the command line: what is there, where it is from, and what is wrong in a file."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import bti.profiles
from bti.cli import main

SHIPPED = Path(bti.profiles.__file__).parent


def run(*words, **env):
    return CliRunner().invoke(main, ["profile", *map(str, words)], env=env)


def test_a_whole_file_can_be_used_and_says_when_its_source_is_over():
    done = run("check", SHIPPED / "nordre_land" / "1.toml")
    assert done.exit_code == 0
    assert "nordre_land/1 can be used from 2022-01-01." in done.output
    assert "Handlingsplan for SLT i Nordre Land 2022–2025 is until 2025-12-31." in done.output


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "moss.toml: valid_from: expected a date such as 2026-08-01, found 'snart'"),
        ("nb", "moss.toml: valid_from: forventet en dato som 2026-08-01, fant 'snart'"),
        ("nn", "moss.toml: valid_from: venta ein dato som 2026-08-01, fann 'snart'"),
    ],
)
def test_a_broken_file_is_named_with_key_and_what_was_expected(tmp_path, language, words):
    text = (SHIPPED / "moss" / "1.toml").read_text("utf-8")
    broken = tmp_path / "moss.toml"
    broken.write_text(text.replace("valid_from = 2025-01-01", "valid_from = 'snart'"), "utf-8")
    done = run("check", broken, BTI_LANGUAGE=language)
    assert (done.exit_code, done.output) == (1, f"Error: {words}\n")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = (SHIPPED / "moss" / "1.toml").read_text("utf-8")
    text = text.replace("valid_from = 2025-01-01", "valid_from = 'snart'")
    text = text.replace('extends = "standard/1"', 'extends = "standard/1"\nday = 3')
    broken = tmp_path / "moss.toml"
    broken.write_text(text + "\n[levels.0.steps.1]\nwho = 'nobody'\nafter = ['9']\n", "utf-8")
    done = run("check", broken)
    keys = [line.split(": ")[1] for line in done.output.removeprefix("Error: ").splitlines()]
    local = ["day", "levels.0.steps.1.who", "levels.0.steps.1.after"]
    assert keys == [*local, "valid_from", *local[1:], "day"]


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_file_that_is_not_there_is_said_so(path, tmp_path):
    done = run("check", tmp_path / path)
    assert done.exit_code == 1
    assert "expected a TOML file, it is missing" in done.output


def test_every_profile_is_listed_with_its_versions():
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == [
        "aukra/1",
        "moss/1",
        "nordre_land/1",
        "standard/1",
        "vaaler/1",
    ]


def test_it_is_shown_where_a_municipality_has_said_what_it_says():
    shown = run("show", "moss").output
    assert (
        "teams.drug_advice: SLT handlingsplan for Moss 2025–2028, Innsatsområde 3, tiltak 12\n"
        in shown
    )
    assert "Innsatsområde 3, tiltak 10 (read out of it)" in shown
    assert shown.endswith("Everything else is the standard's.\n")
    assert run("show", "standard").output.endswith("This is the standard.\n")
    assert run("show", "oslo").exit_code == 1
