"""Plans from the command line: what is there, and what is wrong in a file."""

import pytest
from click.testing import CliRunner

from bti.cli import main
from bti.slt.plan_file import PLANS


def run(*words, **env):
    return CliRunner().invoke(main, ["plan", *map(str, words)], env=env)


def test_a_whole_plan_is_counted_and_every_shipped_one_is_listed():
    assert run("check", PLANS / "vaaler-2023.toml").output.endswith("2023–2026, 39 measures.\n")
    assert "moss-2025  Moss kommune  2025-01-01 to 2028-12-31  19 measures" in run("list").output


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "measures.4.area: expected one of 1, 2, 3, 4, found '9'"),
        ("nb", "measures.4.area: forventet en av 1, 2, 3, 4, fant '9'"),
        ("nn", "measures.4.area: venta ein av 1, 2, 3, 4, fann '9'"),
    ],
)
def test_a_broken_plan_is_told_whole_in_the_users_language(tmp_path, language, words):
    text = (PLANS / "moss-2025.toml").read_text("utf-8")
    first, mark, rest = text.partition("[measures.4]\narea = ")
    broken = tmp_path / "moss.toml"
    broken.write_text(first + mark + rest.replace('"1"', '"9"', 1), "utf-8")
    done = run("check", broken, BTI_LANGUAGE=language)
    assert (done.exit_code, done.output) == (1, f"Error: moss.toml: {words}\n")
