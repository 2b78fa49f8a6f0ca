"""The master key's file: refused with a text that helps, unless it is private and whole."""

import os
import re
import struct
from base64 import b64encode
from pathlib import Path

import pytest

from storage.errors import Conflict, Invalid, NotFound, WriterUnavailable
from storage.keys.master import MasterKey, ServerKeys

ACL = "system.posix_acl_access"
ANYONE = 0xFFFFFFFF


def written(path: Path, content: bytes, mode: int = 0o400) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access list as the kernel keeps it: version 2, then tag, rights, id."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def granted(path: Path, *extra: tuple[int, int, int]) -> Path:
    """Readable by its owner, and as `extra` says; skips where the file system keeps no access lists."""
    entries = [(0x01, 4, ANYONE), (0x04, 0, ANYONE), (0x10, 4, ANYONE), (0x20, 0, ANYONE)]
    kept = {(tag, who): (tag, rights, who) for tag, rights, who in [*entries, *extra]}
    try:
        os.setxattr(path, ACL, acl(*(kept[key] for key in sorted(kept))))
    except OSError as error:
        pytest.skip(f"no access lists here: {error.strerror}")
    return path


def test_a_saved_key_loads(tmp_path: Path) -> None:
    path, master = tmp_path / "master.key", MasterKey.generate()
    master.save(path)
    assert MasterKey.load(path) == master
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.read_bytes() == b64encode(master.secret) + b"\n"
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path, master = tmp_path / "master.key", MasterKey.generate()
    master.save(path)
    with pytest.raises(Conflict, match="move it away"):
        MasterKey.generate().save(path)
    assert MasterKey.load(path) == master


def test_saving_where_no_folder_is_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "master.key"
    with pytest.raises(WriterUnavailable, match=re.escape(str(path))):
        MasterKey.generate().save(path)


def test_a_systemd_credential_is_a_path_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    master = MasterKey.generate()
    written(tmp_path / "postex-master", b64encode(master.secret), 0o400)
    assert MasterKey.load(Path(os.environ["CREDENTIALS_DIRECTORY"]) / "postex-master") == master


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o644, 0o666])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "master.key", b64encode(bytes(32)), mode)
    with pytest.raises(Invalid) as refused:
        MasterKey.load(path)
    assert str(path) in str(refused.value)
    assert f"chmod 0400 {path}" in str(refused.value)


def test_an_access_list_for_the_present_user_is_fine(tmp_path: Path) -> None:
    """What systemd does for a service with a user of its own; the mode then reads 0440."""
    path = granted(written(tmp_path / "master.key", b64encode(bytes(32))), (0x02, 4, os.geteuid()))
    assert path.stat().st_mode & 0o777 == 0o440
    assert MasterKey.load(path) == MasterKey(bytes(32))


@pytest.mark.parametrize("entry", [(0x02, 4, 54321), (0x08, 4, 54321), (0x04, 4, ANYONE)])
def test_an_access_list_for_others_is_refused(tmp_path: Path, entry: tuple[int, int, int]) -> None:
    path = granted(written(tmp_path / "master.key", b64encode(bytes(32))), entry)
    with pytest.raises(Invalid, match="chmod 0400"):
        MasterKey.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"not base64 at all!",
        b64encode(bytes(31)),
        b64encode(bytes(33)),
        bytes(32),
        b64encode(bytes(9999)),
    ],
)
def test_a_file_with_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "master.key", content)
    with pytest.raises(Invalid) as refused:
        MasterKey.load(path)
    assert str(path) in str(refused.value)
    assert "recovery kit" in str(refused.value)


def test_a_missing_file_names_the_setting_and_the_kit(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(NotFound) as refused:
        MasterKey.load(path)
    for part in (str(path), "storage.master_key_file", "recovery kit"):
        assert part in str(refused.value)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot read"):
        MasterKey.load(tmp_path)


def test_server_keys_are_distinct_and_always_the_same() -> None:
    keys = MasterKey(bytes(range(32))).derive()
    values = [getattr(keys, name) for name in ServerKeys.__slots__]
    assert {len(value) for value in values} == {32}
    assert len(set(values)) == len(values) == 10
    assert keys == MasterKey(bytes(range(32))).derive()
    assert not set(values) & {getattr(MasterKey(bytes(32)).derive(), name) for name in ServerKeys.__slots__}


def test_server_keys_are_pinned() -> None:
    """A data folder made by an earlier release must open: these may never change."""
    keys = MasterKey(bytes(range(32))).derive()
    assert keys.database.hex() == "e54bec5dec5cf19246903bb0620383e616a8cd44484dacd7d754d94a9e1db5f7"
    assert keys.pepper.hex() == "4ce81b118d38da730e956ea808a14acb310d42f6fff661544a9aa613061f5aa2"


def test_nothing_of_a_key_is_shown() -> None:
    master = MasterKey(b"visible visible visible visible!")
    assert repr(master) == "MasterKey()"
    assert repr(master.derive()) == "ServerKeys()"


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(Invalid):
        MasterKey(bytes(31))
