"""A download on its way: whole for who reads it, noise on the disk (security.md, stolen disk)."""

import os

import pytest

from postex_tui.files.sealed import SealedFile

CANARY = b"a letter of the tax office, "


def test_what_is_written_comes_back_and_is_not_on_the_disk() -> None:
    file, whole = SealedFile(), CANARY * 20_000
    for at in range(0, len(whole), 4097):
        assert file.write(whole[at : at + 4097]) == len(whole[at : at + 4097])
    on_disk = os.pread(file._file.fileno(), len(whole), 0)
    assert len(on_disk) == len(whole)
    assert CANARY not in on_disk
    file.seek(0)
    pieces = iter(lambda: file.read(70_000), b"")
    assert b"".join(pieces) == whole
    file.close()


def test_two_files_are_not_alike() -> None:
    first, second = SealedFile(), SealedFile()
    for file in (first, second):
        file.write(CANARY)
    assert os.pread(first._file.fileno(), 99, 0) != os.pread(second._file.fileno(), 99, 0)
    first.close()
    second.close()


def test_it_is_read_again_from_its_begin_alone() -> None:
    file = SealedFile()
    file.write(CANARY)
    for _ in range(2):
        assert file.seek(0) == 0
        assert file.read() == CANARY
    with pytest.raises(ValueError, match="5"):
        file.seek(5)
    file.close()
