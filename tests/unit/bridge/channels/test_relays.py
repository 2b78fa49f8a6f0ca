"""What the settings say of a relay and of mailboxes elsewhere is used, or stops the start with the setting's name."""

from pathlib import Path
from typing import Any

import pytest

from bridge import tls
from bridge.channels.authorities import CarrierUnusable
from bridge.channels.email import relays
from bridge.channels.external import doorways, hosts
from bridge.channels.external.hosts import NoSuchHost
from bridge.settings import Settings
from tests.smtp_office import NOW


def settings(**section: Any) -> Settings:
    return Settings.model_validate({"hostname": "mail.example.test", "relay": section})


def test_no_relay_by_default(tmp_path: Path) -> None:
    assert relays.of(tmp_path, Settings()) is None


def test_a_relay_with_its_password_and_its_certificate(tmp_path: Path) -> None:
    tls.create_self_signed(tmp_path / "ca.pem", tmp_path / "key.pem", "relay.test", NOW)
    (tmp_path / "secret").write_text("hunter2\nanother line\n")
    (tmp_path / "secret").chmod(0o400)
    made = relays.of(
        tmp_path,
        settings(host="Relay.test", username="postex", password_file="secret", ca_file="ca.pem", tls="starttls"),
    )
    assert made is not None
    assert (made.host, made.tls, made.password, made.hostname) == (
        "relay.test",
        "starttls",
        "hunter2",
        "mail.example.test",
    )
    assert "hunter2" not in repr(made)
    assert len(made.context.get_ca_certs()) + made.context.cert_store_stats()["x509"] >= 1


@pytest.mark.parametrize(
    ("section", "mode", "setting"),
    [
        ({"username": "postex"}, 0o400, "relay.password_file"),
        ({"username": "postex", "password_file": "none"}, 0o400, "relay.password_file"),
        ({"username": "postex", "password_file": "secret"}, 0o644, "relay.password_file"),
        ({"username": "postex", "password_file": "empty"}, 0o400, "relay.password_file"),
        ({"ca_file": "none"}, 0o400, "relay.ca_file"),
        ({"ca_file": "secret"}, 0o400, "relay.ca_file"),
    ],
)
def test_files_that_cannot_be_used_stop_the_start(
    tmp_path: Path, section: dict[str, Any], mode: int, setting: str
) -> None:
    for name, text in (("secret", "hunter2\n"), ("empty", "")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    with pytest.raises(CarrierUnusable, match=setting) as raised:
        relays.of(tmp_path, settings(host="relay.test", **section))
    assert "hunter2" not in str(raised.value)
    for_notices = Settings.model_validate({"notice_relay": {"host": "relay.test", **section}})
    with pytest.raises(CarrierUnusable, match=f"notice_{setting}"):
        relays.for_notices(tmp_path, for_notices)


def test_the_certificates_of_external_mailboxes_have_their_own_setting(tmp_path: Path) -> None:
    with pytest.raises(CarrierUnusable, match=r"external\.ca_file"):
        doorways.of(tmp_path, Settings.model_validate({"external": {"ca_file": "none"}}))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "0.0.0.0",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "224.0.0.1",
        "localhost",
    ],
)
async def test_a_private_host_is_none(host: str) -> None:
    with pytest.raises(NoSuchHost):
        await hosts.addresses(host, 993, private=False)


async def test_a_public_host_and_an_allowed_one() -> None:
    assert await hosts.addresses("1.1.1.1", 993, private=False) == ["1.1.1.1"]
    assert await hosts.addresses("127.0.0.1", 993, private=True) == ["127.0.0.1"]
