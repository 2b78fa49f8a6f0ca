"""Body files: durable before write returns, whole or not there, and never another file than the one named."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from storage.engine.bodies import Bodies, FileBodies, new_name
from storage.errors import Busy, Conflict, Invalid, StorageError, Tampered, WriterUnavailable

NAME = "ab" + "0" * 30
DATA = bytes(range(256)) * 20


@pytest.fixture
def bodies(tmp_path: Path) -> FileBodies:
    return FileBodies(tmp_path / "bodies")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def failing(error: int, when: Callable[..., bool] = lambda *_: True) -> Callable[..., int]:
    """Stands in for os.write or os.fsync, and fails with `error` where `when` says so."""

    def call(descriptor: int, *_: object) -> int:
        if when(descriptor):
            raise OSError(error, os.strerror(error))
        return 0

    return call


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def test_what_is_written_reads_back_from_any_offset(bodies: FileBodies) -> None:
    bodies.write(NAME, DATA)
    assert bodies.read(NAME, 0, len(DATA)) == DATA
    assert bodies.read(NAME, 100, 50) == DATA[100:150]
    assert bodies.read(NAME, len(DATA) - 3, 50) == DATA[-3:]
    assert bodies.read(NAME, len(DATA) + 1, 5) == b""
    assert bodies.size(NAME) == len(DATA)


def test_files_of_bodies_are_bodies(bodies: FileBodies) -> None:
    store: Bodies = bodies
    store.write(NAME, b"")
    assert store.size(NAME) == 0
    assert list(store.names()) == [NAME]


def test_files_lie_in_shards_and_are_private(bodies: FileBodies, tmp_path: Path) -> None:
    bodies.write(NAME, DATA)
    path = tmp_path / "bodies" / "ab" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}


def test_names_lists_bodies_only(bodies: FileBodies, tmp_path: Path) -> None:
    names = {new_name() for _ in range(20)}
    for name in names:
        bodies.write(name, b"x")
    (tmp_path / "bodies" / "README").touch()
    (tmp_path / "bodies" / next(iter(names))[:2] / "other").touch()
    assert set(bodies.names()) == names


def test_a_folder_that_cannot_be_listed_is_not_an_empty_one(bodies: FileBodies, tmp_path: Path) -> None:
    """Else a sweep would take every row for one without its body."""
    (tmp_path / "bodies").rmdir()
    with pytest.raises(Busy):
        list(bodies.names())


def test_a_body_is_never_overwritten(bodies: FileBodies) -> None:
    bodies.write(NAME, DATA)
    with pytest.raises(Conflict):
        bodies.write(NAME, b"other")
    assert bodies.read(NAME, 0, 9999) == DATA


def test_deleting_twice_is_fine(bodies: FileBodies) -> None:
    bodies.write(NAME, DATA)
    bodies.delete(NAME)
    bodies.delete(NAME)
    assert list(bodies.names()) == []
    with pytest.raises(Tampered):
        bodies.read(NAME, 0, 1)


def test_a_missing_body_is_tampering(bodies: FileBodies) -> None:
    with pytest.raises(Tampered):
        bodies.read(NAME, 0, 1)
    with pytest.raises(Tampered):
        bodies.size(NAME)


@pytest.mark.parametrize("name", ["", "../master.key", "ab/" + "0" * 29, "AB" + "0" * 30, NAME + "\n", NAME + "0"])
def test_a_name_that_leads_elsewhere_is_refused(bodies: FileBodies, name: str) -> None:
    with pytest.raises(Invalid):
        bodies.write(name, DATA)
    refusals: list[Callable[[], object]] = [
        lambda: bodies.read(name, 0, 1),
        lambda: bodies.size(name),
        lambda: bodies.delete(name),
    ]
    for refused in refusals:
        with pytest.raises(Tampered):
            refused()


def test_a_link_is_not_followed(bodies: FileBodies, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not a body")
    bodies.write(NAME, DATA)
    bodies.delete(NAME)
    (tmp_path / "bodies" / "ab" / NAME).symlink_to(secret)
    with pytest.raises(Tampered):
        bodies.read(NAME, 0, 4)


def test_file_shard_and_parent_are_synced_before_write_returns(
    bodies: FileBodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), tmp_path))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    bodies.write(NAME, DATA)
    assert synced == ["bodies", f"bodies/ab/{NAME}", "bodies/ab"]
    synced.clear()
    other = "ab" + "1" * 30
    bodies.write(other, DATA)
    assert synced == [f"bodies/ab/{other}", "bodies/ab"]


def test_the_folder_itself_is_synced_when_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    FileBodies(tmp_path / "bodies")
    assert synced == [str(tmp_path)]


def test_a_shard_another_start_made_is_synced_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been made in the moment before the power went."""
    FileBodies(tmp_path / "bodies").write(NAME, DATA)
    again = FileBodies(tmp_path / "bodies")
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    again.write("ab" + "1" * 30, DATA)
    assert str(tmp_path / "bodies") in synced


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_failed_write_leaves_nothing(
    bodies: FileBodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", failing(error))
        with pytest.raises(WriterUnavailable):
            bodies.write(NAME, DATA)
    assert files(tmp_path) == []
    bodies.write(NAME, DATA)
    assert bodies.read(NAME, 0, 9999) == DATA


@pytest.mark.parametrize("folder", [False, True])
def test_a_failed_sync_leaves_nothing(
    bodies: FileBodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bool
) -> None:
    bodies.write("ab" + "1" * 30, b"makes the shard")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO, lambda descriptor: is_folder(descriptor) == folder))
        with pytest.raises(WriterUnavailable):
            bodies.write(NAME, DATA)
    assert list(bodies.names()) == ["ab" + "1" * 30]


def test_a_shard_whose_sync_failed_is_synced_by_the_next_write(
    bodies: FileBodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(WriterUnavailable):
            bodies.write(NAME, DATA)
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    bodies.write(NAME, DATA)
    assert synced[0] == str(tmp_path / "bodies")


def test_a_write_that_is_broken_off_leaves_nothing(
    bodies: FileBodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bodies.write(NAME, DATA)
    assert files(tmp_path) == []


def test_short_writes_and_reads_are_continued(bodies: FileBodies, monkeypatch: pytest.MonkeyPatch) -> None:
    write, pread = os.write, os.pread
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:100]))
    monkeypatch.setattr(os, "pread", lambda descriptor, size, offset: pread(descriptor, min(size, 70), offset))
    bodies.write(NAME, DATA)
    assert bodies.read(NAME, 5, 9999) == DATA[5:]


@pytest.mark.parametrize(
    ("error", "refusal"), [(errno.EIO, Tampered), (errno.EMFILE, Busy), (errno.ENFILE, Busy), (errno.ENOMEM, Busy)]
)
def test_only_damage_is_called_tampering(
    bodies: FileBodies, monkeypatch: pytest.MonkeyPatch, error: int, refusal: type[StorageError]
) -> None:
    bodies.write(NAME, DATA)
    monkeypatch.setattr(os, "pread", failing(error))
    with pytest.raises(refusal):
        bodies.read(NAME, 0, 1)


def test_no_descriptor_is_left_open(bodies: FileBodies, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))
    bodies.write(NAME, DATA)
    bodies.read(NAME, 0, 1)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.EIO))
        broken.setattr(os, "pread", failing(errno.EIO))
        with pytest.raises(WriterUnavailable):
            bodies.write(new_name(), DATA)
        with pytest.raises(Tampered):
            bodies.read(NAME, 0, 1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_threads_write_side_by_side(bodies: FileBodies) -> None:
    names = [[f"{shard:02x}{writer:02x}" + "0" * 28 for shard in range(20)] for writer in range(8)]

    def write_all(mine: list[str]) -> None:
        for name in mine:
            bodies.write(name, name.encode())

    threads = [threading.Thread(target=write_all, args=(mine,)) for mine in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bodies.names()) == sorted(chain.from_iterable(names))
    assert all(bodies.read(name, 0, 99) == name.encode() for name in bodies.names())


def test_names_are_random_and_of_the_form_that_write_takes() -> None:
    assert new_name(lambda size: b"\xab" * size) == "ab" * 16
    assert len({new_name() for _ in range(100)}) == 100
