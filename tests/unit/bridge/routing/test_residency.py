"""No document store, no domain and no backup outside Europe; the refusal names the setting (S36, D10)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import daemon
from bridge.routing import residency
from bridge.routing.residency import EUROPE
from bridge.setting_sections import Backup, Residency, Storage
from bridge.settings import Settings, SettingsError, load
from postex_tui.cli import main
from storage.engine import statements
from storage.records import Domain, DomainMode, Role
from tests.control import FIRST, Desk

DUTCH = Domain(1, "example.test", DomainMode.MANAGED, "NL")


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def settings(country: str = "", *allowed: str, backup: str = "") -> Settings:
    return Settings(
        storage=Storage(country=country), residency=Residency(countries=allowed), backup=Backup(country=backup)
    )


def test_europe_is_the_eea_with_switzerland_and_the_united_kingdom() -> None:
    assert len(EUROPE) == 32
    assert {"NL", "NO", "IS", "LI", "CH", "GB"} <= EUROPE
    assert not EUROPE & {"US", "TR", "RU", "UA", "RS", "UK"}
    assert residency.europe(settings()) == EUROPE
    assert residency.europe(settings("", "NL", "be")) == {"NL", "BE"}


@pytest.mark.parametrize(
    ("chosen", "domain", "named"),
    [
        (settings(), DUTCH, None),
        (settings("uk"), DUTCH, None),
        (settings("US"), DUTCH, "storage.country is US"),
        (settings(), replace(DUTCH, country="US"), "storage.country is empty, and the domain example.test says US"),
        (settings("NL"), replace(DUTCH, country="US"), None),
        (settings("", "NL"), replace(DUTCH, country="DE"), "example.test says DE"),
        (settings("DE", "NL"), DUTCH, "storage.country is DE"),
        (settings("US", "NL", "US"), DUTCH, None),
    ],
)
def test_what_must_not_start_names_the_setting(chosen: Settings, domain: Domain, named: str | None) -> None:
    refusal = residency.refusal(chosen, [DUTCH, domain] if named is None else [domain])
    assert (refusal is None) == (named is None), refusal
    if named is not None and refusal is not None:
        assert refusal.startswith(named) or named in refusal
        assert "residency.countries" in refusal


@pytest.mark.parametrize(
    ("chosen", "country", "may"),
    [
        (settings(), "nl", True),
        (settings(), "UK", True),
        (settings(), "US", False),
        (settings(), "", False),
        (settings("NL"), "US", True),
        (settings("", "BE"), "NL", False),
    ],
)
def test_a_domain_may_be_added_where_its_documents_would_lie(chosen: Settings, country: str, may: bool) -> None:
    assert (residency.refusal_of(chosen, "example.test", country) is None) is may


@pytest.mark.parametrize("value", ["Holland", "N", "1A", "ÅL", '["NL"]'])
def test_a_country_is_two_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("POSTEX_STORAGE__COUNTRY", value)
    with pytest.raises(SettingsError, match=r"storage\.country: must be a country of two letters"):
        load(tmp_path)


def test_countries_come_as_a_list_or_with_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postex.toml").write_text('[residency]\ncountries = ["nl", "UK"]\n')
    assert load(tmp_path).residency.countries == ("NL", "GB")
    monkeypatch.setenv("POSTEX_RESIDENCY__COUNTRIES", "el")
    assert load(tmp_path).residency.countries == ("GR",)
    monkeypatch.setenv("POSTEX_RESIDENCY__COUNTRIES", "nl, be")
    assert load(tmp_path).residency.countries == ("NL", "BE")


async def test_the_bridge_does_not_start_and_opens_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.store.write_now(statements.run, "UPDATE domain SET country = 'US' WHERE name = ?", (FIRST,))

    def ready(listeners: daemon.Listeners) -> None:
        raise AssertionError("it accepts connections")

    with pytest.raises(daemon.StartRefused, match=r"storage\.country is empty, and the domain example\.test says US"):
        await daemon.run(tmp_path, settings(), desk.store, ready)
    with pytest.raises(daemon.StartRefused, match=r"storage\.country is US"):
        await daemon.run(tmp_path, settings("US"), desk.store, ready)


def test_init_makes_nothing_outside_europe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    assert main(["init", "--data", str(data), "--domain", "example.test", "--country", "US"]) == 2
    assert "US is not there" in capsys.readouterr().err
    assert not data.exists()


async def test_no_domain_is_added_outside_europe(desk: Desk) -> None:
    owner = desk.person("owner", role=Role.OWNER)
    desk.store.write_now(statements.run, "UPDATE api_session SET stepped_up_at = started_at")
    answer = await desk.ask("POST", "/v1/domains", owner, {"name": "abroad.test", "country": "us"})
    assert (answer.status_code, answer.json()["code"]) == (422, "outside-europe"), answer.text


async def test_no_backup_goes_outside_europe(desk: Desk, tmp_path: Path) -> None:
    owner = desk.person("owner", role=Role.OWNER)
    object.__setattr__(desk.control, "settings", settings(backup="US"))
    answer = await desk.ask("POST", "/v1/backups", owner, {"destination": str(tmp_path / "backups")})
    assert (answer.status_code, answer.json()["code"]) == (422, "outside-europe"), answer.text
    assert not (tmp_path / "backups").exists()
