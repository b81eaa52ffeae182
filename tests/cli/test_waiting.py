"""Whoever waits for long is told what takes so long, and nobody else is told anything."""

import io

from bti.cli import waiting
from bti.cli.waiting import Waiting


class Screen(io.StringIO):
    """A terminal as far as anybody can tell."""

    def isatty(self):
        return True


def tell_two_stages(monkeypatch):
    """What a terminal shows of them."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with Waiting() as told:
        for done in (0, 2, 5, 3):
            told("prove", done, 5)
        told("walk", 1, 2)
    return screen.getvalue()


def test_a_short_wait_shows_nothing(monkeypatch):
    assert tell_two_stages(monkeypatch) == ""


def test_a_long_one_shows_each_stage_by_a_bar_of_its_own(monkeypatch):
    monkeypatch.setattr(waiting, "_PATIENCE", 0.0)
    proved, walked = tell_two_stages(monkeypatch).strip().split("\n")
    assert "prove" in proved
    assert "100%" in proved
    assert "walk" in walked
    assert "50%" in walked
