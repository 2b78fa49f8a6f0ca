"""R4: a full disk is answered with 4xx only; what was acknowledged is there; reading goes on; room heals it.

Two ways to fill it: a small tmpfs (needs the right to mount) and RLIMIT_FSIZE, which stops one file from growing.
"""

import contextlib
import os
import resource
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.traffic import document, stored
from tests.running import DOMAIN, SENDER_ADDRESS, Address, Login, PostOffice

MEGABYTE = 1_000_000


class HandIns:
    """One sender, one document after the other; keeps what was answered."""

    def __init__(self, address: Address, login: Login) -> None:
        self.address, self.login = address, login
        self.acknowledged: set[str] = set()
        self.codes: list[int] = []

    def hand_in(self, name: str, size: int) -> int:
        with smtplib.SMTP(self.address.host, self.address.port, timeout=30) as client:
            client.login(self.login.username, self.login.password)
            client.mail(SENDER_ADDRESS)
            code, _ = client.rcpt(f"anna@{DOMAIN}")
            if code == 250:
                code, _ = client.data(document(name, size))
        self.codes.append(code)
        if code == 250:
            self.acknowledged.add(name)
        return code

    def until_full(self, size: int, prefix: str, most: int = 400) -> None:
        for number in range(most):
            if self.hand_in(f"{prefix}-{number}", size) != 250:
                return
        raise AssertionError(f"{most} documents of {size} bytes did not fill the disk")


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "postex-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield folder
    finally:
        unmount(folder)


def unmount(folder: Path) -> None:
    """Workers of a killed bridge hold its log for a moment longer."""
    deadline = time.monotonic() + 10
    while (done := subprocess.run(["umount", str(folder)], capture_output=True)).returncode:
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.1)


@pytest.mark.parametrize("size", [3_000, 300_000])
def test_a_full_disk_loses_nothing_and_heals(size: int, tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "made", recipients=("anna",))
    with small_disk(tmp_path / "disk", 12) as disk:
        (disk / "ballast").write_bytes(bytes(6 * MEGABYTE))
        office = office.copied_to(disk / "data")
        with office.start() as bridge:
            sender = HandIns(bridge.listeners["smtp-plain"], office.sender)
            sender.until_full(size, "before", most=4000)
            assert {code // 100 for code in sender.codes} == {2, 4}
            found = stored(bridge.listeners["imap-plain"], office.recipients["anna"])
            assert sorted(name for name, _ in found) == sorted(sender.acknowledged)
            (disk / "ballast").unlink()
            assert sender.hand_in("after", size) == 250
            found = stored(bridge.listeners["imap-plain"], office.recipients["anna"])
            assert sorted(name for name, _ in found) == sorted(sender.acknowledged)


def test_a_file_that_may_not_grow_is_a_4xx(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with office.start() as bridge:
        sender = HandIns(bridge.listeners["smtp-plain"], office.sender)
        assert sender.hand_in("first", 3_000) == 250
        resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        assert 400 <= sender.hand_in("large", 900_000) < 500
        sender.until_full(3_000, "small")
        assert {code // 100 for code in sender.codes} == {2, 4}
        resource.prlimit(bridge.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert sender.hand_in("after", 900_000) == 250
        found = stored(bridge.listeners["imap-plain"], office.recipients["anna"])
        assert sorted(name for name, _ in found) == sorted(sender.acknowledged)


def test_the_small_disk_is_small(tmp_path: Path) -> None:
    """The control: the disk of these tests does run full."""
    with small_disk(tmp_path / "disk", 1) as disk:
        assert shutil.disk_usage(disk).total == 1024 * 1024
        with pytest.raises(OSError, match="No space left"):
            (disk / "file").write_bytes(bytes(2 * MEGABYTE))
