"""The log of a bridge that nobody else keeps short."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import kept_log


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """As the first run opens it."""
    monkeypatch.setattr(kept_log, "MOST", 10)
    opened = os.open(tmp_path / "bridge.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    yield opened
    os.close(opened)


def test_it_goes_on_anew_and_the_last_one_is_kept(tmp_path: Path, stream: int) -> None:
    log, before = tmp_path / "bridge.log", tmp_path / "bridge.log.1"
    for number in range(3):
        os.write(stream, b"short\n")
        assert not kept_log.turn(tmp_path, stream)
        os.write(stream, b"longer %d\n" % number)
        assert kept_log.turn(tmp_path, stream)
        assert (log.read_bytes(), before.read_bytes()) == (b"", b"short\nlonger %d\n" % number)
    assert stat.S_IMODE(before.stat().st_mode) == 0o600


def test_what_somebody_else_keeps_is_left_alone(tmp_path: Path, stream: int) -> None:
    os.write(stream, b"a journal of its own")
    (tmp_path / "bridge.log").rename(tmp_path / "elsewhere.log")
    assert not kept_log.turn(tmp_path, stream)
    (tmp_path / "bridge.log").write_bytes(b"an older one, from the first run")
    assert not kept_log.turn(tmp_path, stream)
    assert (tmp_path / "elsewhere.log").read_bytes() == b"a journal of its own"
