"""Bearer sessions: what a token opens, and for how long."""

import pytest

from storage.access import sessions
from storage.access.sessions import ABSOLUTE, IDLE, Opened, Token
from storage.errors import Invalid, NotFound, SignInRefused, Tampered
from storage.oversight import audit
from storage.people import accounts
from tests.unit.storage.conftest import NOW, Office, Person


def start(office: Office, person: Person, now: int = NOW, client: str = "terminal") -> Token:
    store = office.store
    return store.write_now(sessions.start, store.server_keys, store.shred, person.account, person.keys, client, now)


def opened(office: Office, token: str, now: int = NOW) -> Opened:
    return office.store.read_now(sessions.open, office.store.server_keys, office.store.shred, token, now)


def refused(office: Office, token: str, now: int = NOW) -> None:
    with pytest.raises(SignInRefused):
        opened(office, token, now)


def test_a_token_opens_the_accounts_keys_and_counts_as_a_step_up(office: Office, anna: Person) -> None:
    made = start(office, anna)
    found = opened(office, f" {made.token.upper()} ")
    assert found.account == anna.account
    assert found.keys.same_key(anna.keys)
    assert found.api_session == made.session
    assert made.session.stepped_up_at == NOW
    assert made.token not in repr(made)
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_it_ends_when_idle_and_after_eight_hours(office: Office, anna: Person) -> None:
    made = start(office, anna)
    opened(office, made.token, NOW + IDLE - 1)
    refused(office, made.token, NOW + IDLE)
    for now in range(NOW, NOW + ABSOLUTE, IDLE - 1):
        office.store.write_now(sessions.note_use, made.session.id, now)
        opened(office, made.token, now)
    refused(office, made.token, NOW + ABSOLUTE)


def test_use_never_goes_back_and_a_clock_set_back_ends_it(office: Office, anna: Person) -> None:
    made = start(office, anna)
    office.store.write_now(sessions.note_use, made.session.id, NOW - 50)
    opened(office, made.token, NOW + IDLE - 1)
    opened(office, made.token, NOW - sessions.SET_BACK)
    refused(office, made.token, NOW - sessions.SET_BACK - 1)


def test_only_a_registered_account_has_sessions(office: Office, anna: Person) -> None:
    made = start(office, anna)
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    refused(office, made.token)
    office.store.write_now(accounts.resume, anna.account.id, NOW)
    opened(office, made.token)
    office.store.shred.delete(anna.account.public_id)
    refused(office, made.token)


def test_whatever_else_is_no_token(office: Office, anna: Person, bram: Person) -> None:
    made, other = start(office, anna).token, start(office, bram).token
    crossed = made.rpartition("-")[0] + "-" + other.rpartition("-")[2]
    shorter = made[:-8]
    for token in ("", "ps1", "ps1--", crossed, shorter, made.replace("ps1", "px1"), "ps1-é-é", anna.device.password):
        refused(office, token)


def test_ended_one_by_one_or_all_but_one(office: Office, anna: Person, bram: Person) -> None:
    first, second, third = (start(office, anna) for _ in range(3))
    kept = start(office, bram)
    with pytest.raises(NotFound):
        office.store.write_now(sessions.end, first.session.id, bram.account.id, NOW, "account:2")
    office.store.write_now(sessions.end, first.session.id, anna.account.id, NOW, "account:1")
    refused(office, first.token)
    assert office.store.write_now(sessions.end_all, anna.account.id, NOW, third.session.id) == 1
    refused(office, second.token)
    opened(office, third.token)
    assert office.store.read_now(sessions.listing, anna.account.id) == [third.session]
    assert office.store.write_now(sessions.end_all, anna.account.id, NOW) == 1
    assert office.rows("SELECT account_id FROM key_slot WHERE kind = 'session'") == [(bram.account.id,)]
    opened(office, kept.token)


def test_step_up_is_noted(office: Office, anna: Person) -> None:
    made = start(office, anna)
    office.store.write_now(sessions.step_up, made.session.id, NOW + 600)
    assert opened(office, made.token, NOW + 1200).api_session.stepped_up_at == NOW + 600
    with pytest.raises(NotFound):
        office.store.write_now(sessions.step_up, made.session.id + 1, NOW)


def test_what_is_over_goes_with_the_next_sign_in(office: Office, anna: Person, bram: Person) -> None:
    start(office, anna)
    made = start(office, bram, NOW + IDLE)
    assert office.rows("SELECT public_id FROM key_slot WHERE kind = 'session'") == [
        (sessions.slot_name(made.session.selector),)
    ]


@pytest.mark.parametrize("client", ["x" * 101, "a\nb", "\x1b[2J"])
def test_a_client_has_a_printable_name(office: Office, anna: Person, client: str) -> None:
    with pytest.raises(Invalid):
        start(office, anna, client=client)


def test_a_slot_altered_or_of_another_session_opens_nothing(office: Office, anna: Person, bram: Person) -> None:
    own, second, other = start(office, anna), start(office, anna), start(office, bram)
    for column in ("salt", "commitment", "sealed_key"):
        for donor in (second, other):
            ours, theirs = (sessions.slot_name(token.session.selector) for token in (own, donor))
            ((kept,),) = office.rows(f"SELECT {column} FROM key_slot WHERE public_id = ?", ours)
            ((moved,),) = office.rows(f"SELECT {column} FROM key_slot WHERE public_id = ?", theirs)
            for value in (moved, kept[:-1] + bytes([kept[-1] ^ 1]), b""):
                office.change(f"UPDATE key_slot SET {column} = ? WHERE public_id = ?", value, ours)
                with pytest.raises((SignInRefused, Tampered)):
                    opened(office, own.token)
            office.change(f"UPDATE key_slot SET {column} = ? WHERE public_id = ?", kept, ours)
    office.change("UPDATE api_session SET slot_id = (SELECT slot_id FROM api_session WHERE selector = ?)"
                  " WHERE selector = ?", other.session.selector, own.session.selector)  # fmt: skip
    refused(office, own.token)
    refused(office, own.token.rpartition("-")[0] + "-" + other.token.rpartition("-")[2])
