"""Settings over the control API: their documentation, what is in force and what the next start would take."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.records import Role
from tests.control import Desk, Person


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


async def asked(desk: Desk, owner: Person) -> Mapping[str, Any]:
    answer = await desk.ask("GET", "/v1/settings", owner)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    return content | {"by_name": {each["name"]: each for each in content["items"]}}


async def test_each_setting_with_its_documentation(desk: Desk) -> None:
    found = await asked(desk, desk.person("olga", role=Role.OWNER))
    port, level, days = (found["by_name"][name] for name in ("imap.tls_port", "log.level", "ladder.hold_days"))
    assert port["meaning"] == "IMAP over implicit TLS (RFC 8314)."
    assert (port["section"], port["about"]) == ("imap", "Reading: where mail clients connect.")
    assert (port["value"], port["default"], port["origin"], port["choices"]) == ("993", "993", "default", ["off"])
    assert (level["kind"], level["choices"]) == ("choice", ["debug", "info", "warning", "error"])
    assert (days["kind"], days["least"], days["most"]) == ("number", 1, 89)
    assert found["by_name"]["relay.password_file"]["kind"] == "file"
    assert found["file"] == str(desk.data / "postex.toml")


async def test_what_the_next_start_would_take(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    (desk.data / "postex.toml").write_text("[imap]\ntls_port = 1993\n[backup]\nkeep_days = 35\n")
    monkeypatch.setenv("POSTEX_LOG__LEVEL", "debug")
    found = (await asked(desk, owner))["by_name"]
    assert (found["imap.tls_port"]["value"], found["imap.tls_port"]["next"]) == ("993", "1993")
    assert (found["backup.keep_days"]["origin"], found["backup.keep_days"]["next"]) == ("file", None)
    assert (found["log.level"]["origin"], found["log.level"]["next"]) == ("environment", '"debug"')


async def test_a_wrong_file_is_told_before_the_start(desk: Desk) -> None:
    owner = desk.person("olga", role=Role.OWNER)
    (desk.data / "postex.toml").write_text("[imap]\ntls_port = 99999\n")
    assert (await asked(desk, owner))["problem"].startswith("imap.tls_port: must be a port")
    (desk.data / "postex.toml").write_text("[imap\n")
    assert "cannot be read" in (await asked(desk, owner))["problem"]
