"""The printer as the settings have it."""

from pathlib import Path

import pytest

from bridge import settings
from bridge.channels.authorities import CarrierUnusable
from bridge.channels.paper import printers
from bridge.channels.paper.folder import HotFolder
from bridge.channels.paper.printing import IppRoad
from bridge.routing import places
from bridge.settings import SettingsError
from storage.deliveries.terms import Channel


def loaded(folder: Path, text: str) -> settings.Settings:
    (folder / "postex.toml").write_text(f"[printer]\n{text}\n")
    return settings.load(folder)


def test_without_a_printer_there_is_no_channel(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'country = "NL"')
    assert printers.of(tmp_path, found) is None
    assert Channel.PAPER not in places.of(found).countries


@pytest.mark.parametrize(
    ("text", "road"),
    [
        ('uri = "ipps://p.example.test/ipp/print"', IppRoad),
        ('uri = "ipp://localhost:631/printers/x"', IppRoad),
        ('folder = "hot"', HotFolder),
    ],
)
def test_a_printer_is_had_and_its_country_is_known(tmp_path: Path, text: str, road: type) -> None:
    found = loaded(tmp_path, f'{text}\ncountry = "nl"')
    assert isinstance(printers.of(tmp_path, found), road)
    assert places.of(found).countries[Channel.PAPER] == "NL"


@pytest.mark.parametrize(
    "uri",
    [
        "ipp://printer.example.test/",
        "http://localhost/",
        "ipps://",
        "ipps://u:p@x.test/",
        "ipps://x:0/",
        "ipps://[x/",
    ],
)
def test_an_address_that_will_not_do(tmp_path: Path, uri: str) -> None:
    with pytest.raises(SettingsError, match=r"printer\.uri: must "):
        loaded(tmp_path, f'uri = "{uri}"')


def test_a_letter_goes_one_way(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"printer: uri and folder cannot both be set"):
        loaded(tmp_path, 'uri = "ipp://localhost/"\nfolder = "hot"')


def test_a_file_without_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    found = loaded(tmp_path, 'uri = "ipps://p.example.test/"\nca_file = "ca.pem"')
    with pytest.raises(CarrierUnusable, match=r"printer\.ca_file"):
        printers.of(tmp_path, found)
