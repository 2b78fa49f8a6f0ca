"""A wrong setting stops the start with its name and what is allowed; the environment wins over the file."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from bridge import settings


def refused(data: Path) -> str:
    with pytest.raises(settings.SettingsError) as raised:
        settings.load(data)
    return str(raised.value)


def test_defaults_are_safe(tmp_path: Path) -> None:
    loaded = settings.load(tmp_path)
    assert loaded.host == "127.0.0.1"
    assert (loaded.imap.tls_port, loaded.imap.plaintext_port) == (993, "off")
    assert (loaded.smtp.tls_port, loaded.smtp.submission_port, loaded.smtp.mx_port) == (465, 587, 25)
    assert loaded.smtp.plaintext_port == "off"
    assert loaded.tls.minimum_version == "1.2"


def test_environment_wins_over_file_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postex.toml").write_text("[smtp]\ntls_port = 4650\nmx_port = 2500\n")
    monkeypatch.setenv("POSTEX_SMTP__TLS_PORT", "0")
    monkeypatch.setenv("POSTEX_SMTP__SUBMISSION_PORT", "off")
    loaded = settings.load(tmp_path).smtp
    assert (loaded.tls_port, loaded.mx_port, loaded.submission_port) == (0, 2500, "off")


@pytest.mark.parametrize("value", ["-1", "65536", "off ", "imap", "", "1e3", "٣", "9" * 5000, "0000999999"])
def test_wrong_port_names_the_setting_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("POSTEX_IMAP__TLS_PORT", value)
    problem = refused(tmp_path)
    assert problem.startswith("imap.tls_port: must be a port from 1 to 65535, 0 ")
    assert "POSTEX_IMAP__TLS_PORT" in problem
    assert problem.count("\n") == 0


@pytest.mark.parametrize("value", ["true", "1.5", "[993]", '"993x"'])
def test_wrong_port_in_the_file(tmp_path: Path, value: str) -> None:
    (tmp_path / "postex.toml").write_text(f"[imap]\ntls_port = {value}\n")
    assert refused(tmp_path).startswith("imap.tls_port: must be a port")


@pytest.mark.parametrize(
    ("text", "name"),
    [("colour = 1", "colour"), ("[imap]\ntsl_port = 1", "imap.tsl_port"), ("[http]\nport = 80", "http")],
)
def test_unknown_key_in_the_file(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "postex.toml").write_text(text)
    problem = refused(tmp_path)
    assert problem.startswith(f"{name}: there is no such setting")
    assert "postex.toml" in problem


@pytest.mark.parametrize("name", ["POSTEX_IMAP__TSL_PORT", "POSTEX_COLOUR", "POSTEX_IMPA__TLS_PORT", "POSTEX_SMTP"])
def test_unknown_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    problem = refused(tmp_path)
    assert "there is no such setting" in problem
    assert name in problem


def test_variables_of_the_command_line_are_not_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTEX_DATA", "/somewhere")
    assert settings.load(tmp_path).host == "127.0.0.1"


def test_every_wrong_setting_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postex.toml").write_text('host = "here"\n[throttle]\ntrusted_networks = ["10.0.0.1/8"]\n')
    monkeypatch.setenv("POSTEX_SMTP__MX_PORT", "x")
    problem = refused(tmp_path)
    assert {line.split(":")[0] for line in problem.splitlines()} == {
        "host",
        "throttle.trusted_networks",
        "smtp.mx_port",
    }


@pytest.mark.parametrize("text", ["host = ", "\xff"])
def test_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / "postex.toml").write_bytes(text.encode("latin-1"))
    assert "postex.toml: cannot be read" in refused(tmp_path)


@pytest.mark.parametrize("value", ["-x.test", "x-.test", "a..b", "a b", "é.test", "", "a" * 64])
def test_hostname_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("POSTEX_HOSTNAME", value)
    assert refused(tmp_path).startswith("hostname: must be a host name")


def test_template_loads_and_keeps_others_out(tmp_path: Path) -> None:
    (tmp_path / "postex.toml").write_text(settings.template("post.example.test"))
    loaded = settings.load(tmp_path)
    assert (loaded.hostname, loaded.host) == ("post.example.test", "127.0.0.1")


def test_secrets_never_stand_in_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password pasted into the wrong variable is not shown again."""
    monkeypatch.setenv("POSTEX_HOST", "px1-canary-secret")
    assert "canary" not in refused(tmp_path)


@pytest.mark.parametrize("value", ["10.0.0.0/8, 2001:db8::/32", "10.0.0.0/8,2001:db8::/32"])
def test_networks_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("POSTEX_THROTTLE__TRUSTED_NETWORKS", value)
    networks = settings.load(tmp_path).throttle.trusted_networks
    assert networks == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize("value", ["[", "10.0.0.1/8", "everyone", "10.0.0.0/8;10.1.0.0/16"])
def test_networks_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("POSTEX_THROTTLE__TRUSTED_NETWORKS", value)
    assert refused(tmp_path).startswith("throttle.trusted_networks: must be networks in CIDR form")


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("POSTEX_TLS__MINIMUM_VERSION", "1.1", "tls.minimum_version: must be '1.2' or '1.3'"),
        ("POSTEX_SMTP__MAX_MESSAGE_BYTES", "1", "smtp.max_message_bytes: must be greater than or equal to 65536"),
        ("POSTEX_LOG__LEVEL", "chatty", "log.level: must be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_the_rule_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert refused(tmp_path).startswith(rule)
