"""How mail programs connect, as the control API tells it (D1)."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import pytest_asyncio

from bridge import tls
from tests.control import NOW, Desk


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        files = (opened.data / "tls" / "cert.pem", opened.data / "tls" / "key.pem")
        tls.create_self_signed(*files, "post.example.test", NOW)
        yield opened


async def test_where_to_connect_and_what_to_compare(desk: Desk) -> None:
    anna = desk.person("anna")
    desk.control.ports.update({"imaps": 1993, "smtps": 1465, "submission": 1587, "mx": 1025})
    found = (await desk.ask("GET", "/v1/connection", anna)).json()
    assert [(at["kind"], at["host"], at["port"], at["security"]) for at in found["servers"]] == [
        ("imap", "localhost", 1993, "tls"),
        ("smtp", "localhost", 1465, "tls"),
        ("smtp", "localhost", 1587, "starttls"),
    ]
    assert found["only_here"] is True
    assert found["local"] == "127.0.0.1"
    certificate = found["certificate"]
    assert certificate["self_signed"] is True
    assert certificate["fingerprint"] == tls.fingerprint(desk.data / "tls" / "cert.pem")
    assert ssl.PEM_cert_to_DER_cert(certificate["pem"])


async def test_while_no_door_is_open_the_settings_say_it(desk: Desk) -> None:
    found = (await desk.ask("GET", "/v1/connection", desk.person("anna"))).json()
    assert [at["port"] for at in found["servers"]] == [993, 465, 587]


async def test_autoconfig_is_a_file_for_mail_programs(desk: Desk) -> None:
    anna = desk.person("anna")
    found = (await desk.ask("GET", "/v1/connection/autoconfig?domain=Example.TEST", anna)).json()
    assert found["places"][0] == "https://autoconfig.example.test/mail/config-v1.1.xml"
    root = ElementTree.fromstring(found["xml"])
    provider = root.find("emailProvider")
    assert (root.tag, root.get("version")) == ("clientConfig", "1.1")
    assert provider is not None
    assert (provider.get("id"), provider.findtext("domain")) == ("example.test", "example.test")
    incoming = provider.find("incomingServer")
    assert incoming is not None
    assert {each.tag: each.text for each in incoming} == {
        "hostname": "localhost",
        "port": "993",
        "socketType": "SSL",
        "username": "%EMAILADDRESS%",
        "authentication": "password-cleartext",
    }
    outgoing = [server.findtext("socketType") for server in provider.findall("outgoingServer")]
    assert outgoing == ["SSL", "STARTTLS"]


async def test_only_a_domain_has_one(desk: Desk) -> None:
    anna = desk.person("anna")
    for bad in ("<x>", "a b.test", "..", "-a.test"):
        assert (await desk.ask("GET", f"/v1/connection/autoconfig?domain={bad}", anna)).status_code == 422


async def test_a_certificate_that_is_gone_is_told(desk: Desk) -> None:
    anna = desk.person("anna")
    (desk.data / "tls" / "cert.pem").unlink()
    answer = await desk.ask("GET", "/v1/connection", anna)
    assert (answer.status_code, answer.json()["code"]) == (503, "no-certificate")
