"""How often somebody may ask."""

import pytest

from bridge import pace
from bridge.pace import Pace


def test_a_window_opens_with_its_first_question_and_each_has_its_own() -> None:
    asked = Pace(2, 60)
    assert [asked.wait("anna", 100), asked.wait("anna", 159), asked.wait("anna", 159)] == [0, 0, 1]
    assert asked.wait("bram", 159) == 0
    assert asked.wait("anna", 160) == 0


def test_a_clock_set_back_locks_nobody_out() -> None:
    asked = Pace(1, 60)
    assert (asked.wait("anna", 1000), asked.wait("anna", 10)) == (0, 0)


def test_what_is_over_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_REMEMBERED", 3)
    asked = Pace(1, 60)
    assert [asked.wait(who, who) for who in range(0, 600, 10)] == [0] * 60
    assert len(asked._windows) < 10
