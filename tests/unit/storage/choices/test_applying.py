"""What a decision for a reader depends on, as rows say it at that moment."""

import pytest

from storage.choices import correspondents, preferences
from storage.deliveries import external_mailboxes
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Choice, Notify, Preference, ReaderFacts
from storage.keys.outbox import OutboxKey
from storage.people import notice_urls
from tests.unit.storage.conftest import NOW, Office, Person


def facts(office: Office, person: Person) -> ReaderFacts:
    (found,) = office.store.read_now(preferences.applying, [person.account.id], None).values()
    return found.reader


def outbox_public(office: Office) -> bytes:
    return OutboxKey.of(office.store.server_keys.outbox).public_key


def test_an_external_mailbox_that_lets_us_in_no_more_is_none(office: Office, anna: Person) -> None:
    place, by = Place("imap.else.test", 993, "anna", "INBOX", "NL"), anna.account.id
    office.store.write_now(external_mailboxes.put, outbox_public(office), by, place, "secret", NOW, "system")
    assert facts(office, anna).external_country == "NL"
    assert office.store.write_now(external_mailboxes.distrust, by, NOW)
    assert facts(office, anna).external_country is None
    assert not office.store.write_now(external_mailboxes.distrust, by, NOW), "that is no news"


def test_a_notice_url_that_takes_nothing_for_a_day_is_none(office: Office, anna: Person) -> None:
    by, url = anna.account.id, "ntfys://ntfy.else.test/anna"
    office.store.write_now(notice_urls.put, by, outbox_public(office), url, "ntfys", NOW, actor="system")
    failures = [office.store.write_now(notice_urls.failed, by, NOW + after) for after in (0, 24 * 3600 - 1)]
    assert (failures, facts(office, anna).has_notice_url) == ([False, False], True)
    assert office.store.write_now(notice_urls.failed, by, NOW + 24 * 3600)
    assert not facts(office, anna).has_notice_url
    office.store.write_now(notice_urls.worked, by)
    assert facts(office, anna).has_notice_url


@pytest.mark.parametrize(("state", "known"), [("held", False), ("delivered", True), ("refused", True)])
def test_a_sender_is_known_by_what_came_and_not_by_what_is_held(
    office: Office, anna: Person, state: str, known: bool
) -> None:
    number, by = office.store.write_now(correspondents.note, "Billing@energy.test"), anna.account.id
    office.change(
        "INSERT INTO delivery (public_id, document_public_id, account_id, correspondent_id, document_type,"
        " decided_at, channel, state, notify, language, receipts, wants_mdn, ladder_step, needs_key)"
        " VALUES ('d', 'x', ?, ?, 'letter', ?, 'mailbox', ?, 'none', 'nl', 0, 0, 0, 0)",
        by,
        number,
        NOW,
        state,
    )
    assert office.store.read_now(correspondents.is_known, by, number) is known
    listed = [each.address for each in office.store.read_now(correspondents.of_reader, by)]
    assert listed == (["billing@energy.test"] if known else [])


def test_a_sender_is_known_by_what_was_chosen_for_it(office: Office, anna: Person, bram: Person) -> None:
    number = office.store.write_now(correspondents.note, "billing@energy.test")
    chosen = Preference(Choice(notify=Notify.DAILY), anna.account.id, correspondent_id=number)
    office.store.write_now(preferences.put, chosen, NOW)
    assert [office.store.read_now(correspondents.is_known, each.account.id, number) for each in (anna, bram)] == [
        True,
        False,
    ]
