"""Files that a person names: new ones alone, theirs alone, and never an error of ours (security.md)."""

import os
import stat
from pathlib import Path

import pytest

from bridge.i18n import text
from postex_tui.answers import Refusal
from postex_tui.files import batch, written


def test_a_file_is_new_and_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert written.keep(Path("~/a.zip"), b"x", "en") == str(tmp_path / "a.zip")
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("a.zip", "link"):
        with pytest.raises(Refusal, match="is there already"):
            written.keep(tmp_path / name, b"y", "en")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("path", ["~nobody-of-this-machine/x", "x\0y", "/nowhere/x", "a" * 300])
def test_what_can_be_no_file_is_refused_in_words(path: str) -> None:
    with pytest.raises(Refusal) as refused:
        written.keep(Path(path), b"x", "nl")
    assert refused.value.code == "no-file"
    with pytest.raises(Refusal) as refused:
        batch.rows(Path(path), lambda message, **values: text("en", message, **values))
    assert refused.value.code == "unreadable"


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def half() -> None:
        with written.writing(tmp_path / "half", "en") as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert os.listdir(tmp_path) == []
