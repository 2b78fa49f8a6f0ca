"""Notice URLs: real services' schemes, a real HTTPS server on loopback, and what must never be reached."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import tls
from bridge.channels.outside import messenger
from bridge.channels.outside.messenger import Verdict, readable, service_of
from bridge.channels.outside.targets import Targets


@dataclass
class Service:
    """Answers every request with `status`; keeps what it was sent."""

    ca_file: str
    port: int = 0
    status: str = "200 OK"
    silent: bool = False
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"length:" in line), 0)
            self.heard.append(head + await reader.readexactly(length))
            if self.silent:
                await reader.read()
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def targets(self, *, private: bool = True, seconds: float = 15.0) -> Targets:
        return Targets(seconds, private, self.ca_file)

    def url(self, scheme: str, rest: str = "") -> str:
        return f"{scheme}://localhost:{self.port}/{rest}"


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    tls.create_self_signed(cert, key, "localhost", time.time())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    made = Service(str(cert))
    server = await asyncio.start_server(made.converse, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_a_notice_is_handed_over_and_holds_nothing_else(service: Service) -> None:
    """Nothing of the library's either: no pictures from its makers' site (S24)."""
    for scheme, rest in (("jsons", "x"), ("ntfys", "topic")):
        verdict = await service.targets().push(service.url(scheme, rest), "A document", "Read it")
        assert verdict is Verdict.FINE, scheme
    for request in service.heard:
        assert b"A document" in request
        assert b"Read it" in request
        assert b"://" not in request
        assert b"apprise" not in request.lower()
    assert json.loads(service.heard[0].partition(b"\r\n\r\n")[2])["title"] == "A document"


async def test_to_look_at_a_url_sends_nothing(service: Service) -> None:
    assert await service.targets().check(service.url("ntfys", "topic")) is Verdict.FINE
    assert service.heard == []


async def test_private_networks_are_out_of_reach(service: Service) -> None:
    """Also where the name is only looked up again later: the process connects nowhere else, whoever tries."""
    url = service.url("jsons", "x")
    assert await service.targets(private=False).push(url, "t", "b") is Verdict.NOT_PUBLIC
    assert service.connections == 0


async def test_no_redirection_is_followed(service: Service) -> None:
    service.status = f"307 Elsewhere\r\nLocation: https://localhost:{service.port}/other"
    assert await service.targets().push(service.url("jsons", "x"), "t", "b") is Verdict.NOT_NOW
    assert len(service.heard) == 1


@pytest.mark.parametrize("status", ["500 No", "999 Nonsense"])
async def test_a_service_that_refuses(service: Service, status: str) -> None:
    service.status = status
    assert await service.targets().push(service.url("jsons", "x"), "t", "b") is Verdict.NOT_NOW


async def test_a_service_that_hangs_is_given_up(service: Service) -> None:
    service.silent = True
    began = time.monotonic()
    assert await service.targets(seconds=1.5).push(service.url("jsons", "x"), "t", "b") is Verdict.NOT_NOW
    assert time.monotonic() - began < 6


async def test_a_certificate_of_nobody_we_know(service: Service) -> None:
    targets = Targets(15.0, private=True)
    assert await targets.push(service.url("jsons", "x"), "t", "b") is Verdict.NOT_NOW
    assert service.heard == []


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("jsons://localhost/?verify=no", Verdict.NOT_VERIFIED),
        ("ntfys://no-such-host.invalid/x", Verdict.UNKNOWN_HOST),
        ("slack://TokenA/TokenB/TokenC/#general", Verdict.FINE),
        ("slack://x", Verdict.NO_SUCH_SERVICE),
        ("json://localhost/", Verdict.NO_SUCH_SERVICE),
        ("file:///etc/passwd", Verdict.NO_SUCH_SERVICE),
        ("syslog://", Verdict.NO_SUCH_SERVICE),
        ("dbus://", Verdict.NO_SUCH_SERVICE),
        ("mailtos://u:p@x.test", Verdict.NO_SUCH_SERVICE),
        ("https://example.test", Verdict.NO_SUCH_SERVICE),
        ("nonsense", Verdict.NO_SUCH_SERVICE),
        ("jsons://" + "x" * 2000, Verdict.NO_SUCH_SERVICE),
    ],
)
async def test_what_may_be_set(url: str, verdict: Verdict) -> None:
    assert await Targets(20.0, private=True).check(url) is verdict


@pytest.mark.parametrize(("url", "service"), [("NTFYS://x", "ntfys"), ("ntfys:x", None), ("http://x", None)])
def test_the_service_of_a_url(url: str, service: str | None) -> None:
    assert service_of(url) == service


@pytest.mark.parametrize(
    "url",
    [
        f"discord://123456789012345678/{'a' * 68}/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        f"tgram://123456789:{'a' * 35}/12315544/",
    ],
)
async def test_no_file_of_this_machine_goes_along(tmp_path: Path, url: str) -> None:
    """These services take a template of what they send: the name of a file, such as that of the master key."""
    (tmp_path / "master.key").write_text('{"content": "secret"}')
    assert await Targets().check(url) is Verdict.FINE
    for named in (tmp_path / "master.key", f"file://{tmp_path}/master.key", "https://example.test/template"):
        assert await Targets().check(f"{url}?template={named}") is Verdict.NO_SUCH_SERVICE


def test_files_are_opened_where_programs_lie_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(messenger.__file__)
    for path in (messenger.__file__, json.__file__.encode(), tmp_path / "link"):
        assert readable(path)
    for path in (tmp_path / "master.key", "/etc/postex/relay.password", Path.home() / ".netrc", "master.key"):
        assert not readable(path)
