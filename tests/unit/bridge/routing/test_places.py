"""Where channels lead, by the settings: no relay and no printer until they are named."""

from pathlib import Path

from bridge.routing import places
from bridge.setting_sections import Ladder, Printer, Relay
from bridge.settings import Settings
from storage.deliveries.terms import Channel


def test_nothing_is_there_until_it_is_named() -> None:
    made = places.of(Settings())
    assert (dict(made.countries), made.notices_by_email) == ({}, False)


def test_a_relay_and_a_printer_lead_to_their_countries() -> None:
    relay, printer = Relay(host="relay.test", country="NL"), Printer(uri="ipp://127.0.0.1/", country="BE")
    made = places.of(Settings(relay=relay, printer=printer))
    assert (dict(made.countries), made.notices_by_email) == ({Channel.EMAIL: "NL", Channel.PAPER: "BE"}, True)


def test_a_hot_folder_is_a_printer_and_a_relay_for_notices_takes_no_documents() -> None:
    printer = Printer(folder=Path("out"), country="NL")
    made = places.of(Settings(notice_relay=Relay(host="relay.test"), printer=printer))
    assert (dict(made.countries), made.notices_by_email) == ({Channel.PAPER: "NL"}, True)


def test_the_deadline_for_whom_has_not_registered() -> None:
    assert places.of(Settings(ladder=Ladder(hold_days=30))).hold_days == 30
