"""`control.shared_socket`: the app for users of the machine who may not read the data folder (web view, SSH)."""

import os
import socket
import stat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from bridge.api import sockets
from bridge.api.serving import MOST_REQUESTS
from tests.running import PORTS_ON_LOOPBACK, PostOffice

NOBODY = 65534


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """As short as a socket's address must be, in a folder of a group."""
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o2750)
    return folder / "door.sock"


def answers(path: Path, group: int) -> bool:
    """Whether a user without any rights, of that group, comes in."""
    asking = get_context("fork").Process(target=_ask, args=(path, group))
    asking.start()
    asking.join(20)
    return asking.exitcode == 0


def _ask(path: Path, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(NOBODY)
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(str(path))
        way.sendall(b"GET /v1/health HTTP/1.1\r\nHost: postex\r\nConnection: close\r\n\r\n")
        os._exit(0 if b" 200 " in way.recv(100) else 1)


def test_it_is_there_for_its_group_and_goes_with_the_bridge(tmp_path: Path, door: Path) -> None:
    office = PostOffice.create(tmp_path / "data")
    bridge = office.start(**PORTS_ON_LOOPBACK, POSTEX_CONTROL__SHARED_SOCKET=str(door))
    try:
        assert stat.S_IMODE(door.stat().st_mode) == 0o660
        assert stat.S_IMODE((office.data / sockets.SOCKET).stat().st_mode) == 0o600
        with sockets.reach(door) as address, httpx.Client(transport=httpx.HTTPTransport(uds=address)) as http:
            assert http.get("http://postex/v1/health").status_code == 200
            assert http.get("http://postex/v1/accounts").status_code == 401
    finally:
        bridge.stop()
    assert not door.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_others_come_as_far_as_the_door(tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="postex-door-", dir="/tmp") as folder:
        os.chown(folder, 0, NOBODY)
        Path(folder).chmod(0o2750)
        door = Path(folder) / "door.sock"
        office = PostOffice.create(tmp_path / "data")
        bridge = office.start(**PORTS_ON_LOOPBACK, POSTEX_CONTROL__SHARED_SOCKET=str(door))
        try:
            assert answers(door, NOBODY)
            assert not answers(door, NOBODY - 1)
            assert not answers(office.data / sockets.SOCKET, NOBODY)
        finally:
            bridge.stop()


def test_a_file_that_is_no_socket_is_not_taken_away(tmp_path: Path, door: Path) -> None:
    door.write_text("precious")
    office = PostOffice.create(tmp_path / "data")
    with pytest.raises(AssertionError, match=r"control socket .*door\.sock"):
        office.start(**PORTS_ON_LOOPBACK, POSTEX_CONTROL__SHARED_SOCKET=str(door))
    assert door.read_text() == "precious"
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(OSError, match="refused"):
        probe.connect(str(door))


def test_guests_who_take_all_places_leave_the_owners(tmp_path: Path, door: Path) -> None:
    office = PostOffice.create(tmp_path / "data")
    bridge = office.start(**PORTS_ON_LOOPBACK, POSTEX_CONTROL__SHARED_SOCKET=str(door))
    guests = [socket.socket(socket.AF_UNIX) for _ in range(MOST_REQUESTS + 20)]
    try:
        with (
            sockets.address_of(office.data) as address,
            httpx.Client(transport=httpx.HTTPTransport(uds=address)) as http,
        ):
            assert http.get("http://postex/v1/health").status_code == 200
            for each in guests:
                each.connect(str(door))
            assert {http.get("http://postex/v1/health").status_code for _ in range(20)} == {200}
        guests[-1].settimeout(10)
        assert guests[-1].recv(1) == b""
    finally:
        for each in guests:
            each.close()
        bridge.stop()
