"""`postex serve` as a process: its ready line, its end, and what stops it from starting."""

import asyncio
import imaplib
import json
import os
import signal
import smtplib
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge import daemon, settings, tls
from tests import stores, warm
from tests.running import COMMAND, PORTS_ON_LOOPBACK, PostOffice, postex

ALL = {"imaps", "imap-plain", "smtps", "submission", "mx", "smtp-plain"}
MESSAGE = b"From: facturen@energie.test\r\nTo: anna@example.test\r\nSubject: Test\r\n\r\nBody\r\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    return PostOffice.create(tmp_path_factory.mktemp("made") / "data", ("anna",))


@pytest.fixture
def office(made: PostOffice, tmp_path: Path) -> PostOffice:
    return made.copied_to(tmp_path / "data")


def trust(office: PostOffice) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(office.data / "tls" / "cert.pem"))


def serve(data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    return warm.run([*COMMAND, "serve", "--data", data], **(PORTS_ON_LOOPBACK | settings))


def said(log: Path, event: str) -> bool:
    return any(json.loads(line)["event"] == event for line in log.read_text().splitlines())


def test_all_six_listeners_are_told_and_accept(office: PostOffice) -> None:
    with office.start(wrapper=("env",)) as bridge:  # from nothing, as an admin starts it
        assert set(bridge.listeners) == ALL
        for at in bridge.listeners.values():
            assert at.host == "127.0.0.1"
            socket.create_connection((at.host, at.port), 5).close()


def test_what_is_off_is_left_out_and_closed(office: PostOffice) -> None:
    off = {"POSTEX_IMAP__PLAINTEXT_PORT": "off", "POSTEX_SMTP__PLAINTEXT_PORT": "off", "POSTEX_SMTP__MX_PORT": "off"}
    with office.start(**off) as bridge:
        assert set(bridge.listeners) == {"imaps", "smtps", "submission"}
        assert listening_ports(bridge.process.pid) == {at.port for at in bridge.listeners.values()}


def test_plaintext_stays_on_loopback_whatever_host_says(office: PostOffice) -> None:
    with office.start(POSTEX_HOST="0.0.0.0") as bridge:
        hosts = {name: at.host for name, at in bridge.listeners.items()}
    assert {name for name, host in hosts.items() if host == "127.0.0.1"} == {"imap-plain", "smtp-plain"}
    assert {host for name, host in hosts.items() if "plain" not in name} == {"0.0.0.0"}


def listening_ports(pid: int) -> set[int]:
    """TCP ports on which the process itself listens, from /proc (state 0A)."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


def test_a_document_goes_in_and_comes_out_over_tls(office: PostOffice) -> None:
    anna = office.recipients["anna"]
    with office.start() as bridge:
        smtps, imaps = bridge.listeners["smtps"], bridge.listeners["imaps"]
        with smtplib.SMTP_SSL(smtps.host, smtps.port, context=trust(office), timeout=10) as smtp:
            smtp.login(office.sender.username, office.sender.password)
            smtp.sendmail("facturen@energie.test", ["anna@example.test"], MESSAGE)
        with imaplib.IMAP4_SSL(imaps.host, imaps.port, ssl_context=trust(office), timeout=10) as imap:
            imap.login(anna.username, anna.password)
            imap.select("INBOX")
            fetched = imap.fetch("1", "(BODY.PEEK[])")[1][0]
    assert isinstance(fetched, tuple)
    assert fetched[1].endswith(MESSAGE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_with_0(office: PostOffice, number: signal.Signals) -> None:
    with office.start() as bridge:
        bridge.process.send_signal(number)
        assert bridge.process.wait(20) == 0
        assert said(bridge.log, "bridge.stopped")


def test_clients_get_a_farewell_and_no_new_ones_come_in(office: PostOffice) -> None:
    with office.start() as bridge:
        imaps, smtps = bridge.listeners["imaps"], bridge.listeners["smtps"]
        imap = imaplib.IMAP4_SSL(imaps.host, imaps.port, ssl_context=trust(office), timeout=10)
        smtp = smtplib.SMTP_SSL(smtps.host, smtps.port, context=trust(office), timeout=10)
        bridge.process.send_signal(signal.SIGTERM)
        assert imap.readline().startswith(b"* BYE")
        assert smtp.getreply()[0] == 421
        smtp.close()
        imap.shutdown()
        assert bridge.process.wait(20) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((imaps.host, imaps.port), 5)


def test_a_hand_in_under_way_is_finished_before_the_end(office: PostOffice) -> None:
    anna = office.recipients["anna"]
    with office.start() as bridge:
        plain = bridge.listeners["smtp-plain"]
        smtp = smtplib.SMTP(plain.host, plain.port, timeout=10)
        smtp.login(office.sender.username, office.sender.password)
        smtp.mail("facturen@energie.test")
        smtp.rcpt("anna@example.test")
        assert smtp.docmd("DATA")[0] == 354
        smtp.send(MESSAGE[:40])
        bridge.process.send_signal(signal.SIGTERM)
        wait_for(lambda: said(bridge.log, "bridge.draining"))
        smtp.send(MESSAGE[40:] + b".\r\n")
        assert smtp.getreply()[0] == 250
        smtp.close()
        assert bridge.process.wait(20) == 0
    with office.start() as bridge:
        plain = bridge.listeners["imap-plain"]
        with imaplib.IMAP4(plain.host, plain.port, timeout=10) as imap:
            imap.login(anna.username, anna.password)
            assert imap.select("INBOX")[1] == [b"1"]


def wait_for(condition: Callable[[], bool]) -> None:
    """Another process is waited for, at most ten seconds."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_second_process_is_told_who_holds_the_folder(office: PostOffice) -> None:
    with office.start():
        second = serve(office.data)
        assert (second.returncode, second.stdout) == (1, "")
        assert f"{office.data} is in use by a running bridge" in second.stderr
        other = warm.run([*COMMAND, "account", "list", "--data", office.data, "--json"])
        assert json.loads(other.stdout)["error"]["code"] == "sign-in-needed"
    assert postex("account", "list", data=office.data)["accounts"]


@pytest.mark.parametrize("setting", ["IMAP__TLS_PORT", "SMTP__MX_PORT", "IMAP__PLAINTEXT_PORT"])
def test_a_taken_port_is_named_with_its_setting(office: PostOffice, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(office.data, **{f"POSTEX_{setting}": str(port)})
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"postex: cannot listen on 127.0.0.1 port {port} ({setting.lower().replace('__', '.')})")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"POSTEX_SMTP__TLS_PORT": "smtp"}, 2, "smtp.tls_port: must be a port"),
        ({"POSTEX_SMTP__TLS_PROT": "1"}, 2, "POSTEX_SMTP__TLS_PROT: there is no such setting"),
        ({"POSTEX_HOST": "203.0.113.7"}, 1, "see the setting host"),
        ({"POSTEX_TLS__KEY_FILE": "nowhere.pem"}, 1, "nowhere.pem"),
    ],
)
def test_what_stops_the_start(office: PostOffice, settings: dict[str, str], status: int, words: str) -> None:
    done = serve(office.data, **settings)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_renewed_certificate_is_used_without_a_restart(office: PostOffice, tmp_path: Path) -> None:
    new = (tmp_path / "new" / "cert.pem", tmp_path / "new" / "key.pem")
    tls.create_self_signed(*new, "example.test", time.time())
    with office.start() as bridge:
        at = bridge.listeners["imaps"]
        before = ssl.get_server_certificate((at.host, at.port))
        for source, name in zip(new, ("cert.pem", "key.pem"), strict=True):
            source.replace(office.data / "tls" / name)
        wait_for(lambda: said(bridge.log, "tls.certificate_loaded"))
        after = ssl.get_server_certificate((at.host, at.port))
    assert before != after
    assert after.strip() == (office.data / "tls" / "cert.pem").read_text().strip()


def test_no_core_dumps_and_room_for_connections(office: PostOffice) -> None:
    with office.start() as bridge:
        limits = Path(f"/proc/{bridge.process.pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
    assert rows["Max core file size"][:2] == ["0", "0"]
    soft, hard = rows["Max open files"][:2]
    assert int(soft) == min(int(hard), 65_536)


def test_nothing_in_the_folder_is_for_others(office: PostOffice) -> None:
    with office.start() as bridge:
        assert bridge.listeners
    for path in office.data.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert path.name == "cert.pem" or not mode & 0o077, (path.name, oct(mode))


def test_a_failed_disk_ends_the_process_though_a_client_waits(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Composition only: that the store notices is shown by tests of the crash suite."""
    anna = office.recipients["anna"]
    chosen = settings.Settings(
        imap=settings.Imap(tls_port=0, plaintext_port=0),
        smtp=settings.Smtp(tls_port=0, submission_port=0, mx_port=0),
    )

    async def fail_while_a_client_waits() -> None:
        with stores.opened(office.data) as store:
            listening: asyncio.Future[daemon.Listeners] = asyncio.get_running_loop().create_future()
            reached = asyncio.Event()

            async def never(*_: object) -> None:
                reached.set()
                await asyncio.Event().wait()

            monkeypatch.setattr(store, "write", never)
            running = asyncio.ensure_future(daemon.run(office.data, chosen, store, listening.set_result))
            at = (await listening)["imap-plain"]
            _, writer = await asyncio.open_connection(at.host, at.port)
            writer.write(f'a LOGIN {anna.username} {anna.password}\r\nb CREATE "x"\r\n'.encode())
            await reached.wait()
            store.failed.set()
            with pytest.raises(daemon.StorageFailed, match="disk"):
                await running
            writer.close()

    asyncio.run(asyncio.wait_for(fail_while_a_client_waits(), 20))
