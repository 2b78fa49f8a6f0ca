"""Mailboxes: names, hierarchy, UIDVALIDITY, counters, \\Recent, subscriptions."""

import pytest

from storage.deliveries.terms import Channel
from storage.errors import Conflict, Invalid, NotFound, Tampered
from storage.mail import documents, mailboxes
from storage.mail.mailbox_names import normal
from storage.records import Flag, Mailbox, MailboxChange, SpecialUse
from tests.unit.storage.conftest import NOW, Office, Person

SIX = ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]
DELIVERY = ["Bezorging/E-mail", "Bezorging/Papier", "Bezorging/Postvak", "Bezorging/Weigeren"]


def create(office: Office, person: Person, name: str, special: SpecialUse | None = None) -> Mailbox:
    return office.store.write_now(mailboxes.create, person.account.id, person.keys, name, NOW, special)


def rename(office: Office, person: Person, source: str, target: str) -> None:
    office.store.write_now(mailboxes.rename, person.account.id, person.keys, source, target, NOW)


def delete(office: Office, person: Person, name: str) -> None:
    office.store.write_now(mailboxes.delete, person.account.id, person.keys, name)


def names(office: Office, person: Person) -> list[str]:
    """Without the delivery folders."""
    found = office.store.read_now(mailboxes.listing, person.account.id, person.keys)
    return [box.name for box in found if box.chooses is None]


def test_every_account_begins_with_six(office: Office, anna: Person) -> None:
    found = office.store.read_now(mailboxes.listing, anna.account.id, anna.keys)
    assert names(office, anna) == SIX
    assert {box.special for box in found if box.chooses is None} == set(SpecialUse)
    assert len({box.uid_validity for box in found}) == len(found)


@pytest.mark.parametrize(
    ("given", "stored"),
    [("inbox", "INBOX"), ("InBox/a", "INBOX/a"), ("a/", "a"), ("Café/日本", "Café/日本"), ("inboxes", "inboxes")],
)
def test_names_have_one_form(given: str, stored: str) -> None:
    assert normal(given) == stored


@pytest.mark.parametrize(
    "name", ["", "/", "/a", "a//b", "a\x00b", "a\nb", "\x7f", "\ud800", "é" * 501, "a/" * 40 + "a"]
)
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        normal(name)


def test_create_makes_superiors_and_refuses_twice(office: Office, anna: Person, bram: Person) -> None:
    made = create(office, anna, "Tax/2026/Q1")
    assert names(office, anna) == sorted([*SIX, "Tax", "Tax/2026", "Tax/2026/Q1"])
    assert office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Tax/2026/Q1") == made
    with pytest.raises(Conflict):
        create(office, anna, "Tax/2026/")
    with pytest.raises(Conflict):
        create(office, anna, "inbox")
    with pytest.raises(Conflict):
        create(office, anna, "Second", SpecialUse.SENT)
    assert create(office, bram, "Tax/2026/Q1").id != made.id


def test_a_name_made_again_has_a_greater_uid_validity(office: Office, anna: Person) -> None:
    """Even within one second, and with the clock set back (R7)."""
    first = create(office, anna, "a")
    delete(office, anna, "a")
    again = office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "a", NOW - 10**6)
    assert again.uid_validity > first.uid_validity


def test_rename_takes_children_along(office: Office, anna: Person) -> None:
    create(office, anna, "a/b/c")
    create(office, anna, "ab")
    rename(office, anna, "a", "x/y")
    assert names(office, anna) == sorted([*SIX, "ab", "x", "x/y", "x/y/b", "x/y/b/c"])
    rename(office, anna, "x/y/b", "b")
    assert "b/c" in names(office, anna)


def test_rename_refuses(office: Office, anna: Person) -> None:
    create(office, anna, "a/b")
    for source, target, error in (
        ("none", "x", NotFound),
        ("a", "Sent", Conflict),
        ("a", "a", Conflict),
        ("a", "a/b/c", Invalid),
        ("a", "", Invalid),
    ):
        with pytest.raises(error):
            rename(office, anna, source, target)
    assert names(office, anna) == sorted([*SIX, "a", "a/b"])


def test_rename_of_inbox_moves_its_messages(office: Office, anna: Person) -> None:
    office.deliver(b"1", anna)
    rename(office, anna, "INBOX", "old/mail")
    assert {"INBOX", "old", "old/mail"} <= set(names(office, anna))
    moved = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "old/mail")
    assert len(office.store.read_now(documents.copies_of, moved.id)) == 1
    assert office.store.read_now(documents.copies_of, anna.inbox) == []
    assert office.deliver(b"2", anna).copies == ((anna.inbox, 2),)


def test_a_special_mailbox_can_be_renamed_but_not_deleted(office: Office, anna: Person) -> None:
    rename(office, anna, "Trash", "Prullenbak")
    box = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Prullenbak")
    assert box.special is SpecialUse.TRASH
    for name in ("INBOX", "Prullenbak"):
        with pytest.raises(Invalid):
            delete(office, anna, name)
    create(office, anna, "Trash")
    assert {"Trash", "Prullenbak"} <= set(names(office, anna))


def test_delete_takes_the_messages_and_tells(office: Office, anna: Person) -> None:
    box = create(office, anna, "a/b")
    create(office, anna, "a/b/c")
    office.deliver(b"1", anna, mailbox_ids=(box.id,))
    changes: list[MailboxChange] = []
    office.store.listen(changes.append)  # type: ignore[arg-type]
    delete(office, anna, "a/b")
    assert [(change.mailbox_id, change.deleted) for change in changes] == [(box.id, True)]
    assert names(office, anna) == sorted([*SIX, "a", "a/b/c"])
    assert office.rows("SELECT count(*) FROM document") == [(0,)]
    with pytest.raises(NotFound):
        office.store.read_now(mailboxes.status, box.id)
    with pytest.raises(NotFound):
        delete(office, anna, "a/b")


def test_status_counts(office: Office, anna: Person) -> None:
    empty = office.store.read_now(mailboxes.status, anna.inbox)
    assert (empty.messages, empty.recent, empty.unseen, empty.uid_next) == (0, 0, 0, 1)
    for _ in range(3):
        office.deliver(b"x", anna)
    office.flag(anna.inbox, Flag.SEEN, (2, 2))
    office.store.write_now(mailboxes.select, anna.inbox, anna.keys, claim_recent=True)
    office.deliver(b"x", anna)
    status = office.store.read_now(mailboxes.status, anna.inbox)
    assert (status.messages, status.recent, status.unseen, status.uid_next) == (4, 1, 3, 5)


def test_nobody_selects_a_mailbox_of_another(office: Office, anna: Person, bram: Person) -> None:
    with pytest.raises(NotFound):
        office.store.read_now(mailboxes.select, anna.inbox, bram.keys)


def test_recent_belongs_to_one_session(office: Office, anna: Person) -> None:
    office.deliver(b"1", anna)
    assert office.store.read_now(mailboxes.select, anna.inbox, anna.keys).first_recent_uid == 1
    assert office.store.write_now(mailboxes.select, anna.inbox, anna.keys, claim_recent=True).first_recent_uid == 1
    assert office.store.read_now(mailboxes.select, anna.inbox, anna.keys).first_recent_uid == 2
    office.deliver(b"2", anna)
    claims = [office.store.write_now(mailboxes.claim_recent, anna.inbox, 3) for _ in range(2)]
    assert claims == [2, 3]
    assert office.store.write_now(mailboxes.claim_recent, anna.inbox, 2) == 3, "never back"


def test_subscriptions_outlive_their_mailbox(office: Office, anna: Person, bram: Person) -> None:
    def subscribed() -> list[str]:
        found = office.store.read_now(mailboxes.subscriptions, anna.account.id, anna.keys)
        return [name for name in found if not name.startswith("Bezorging/")]

    assert subscribed() == SIX
    office.store.write_now(mailboxes.subscribe, anna.account.id, anna.keys, "never/made")
    office.store.write_now(mailboxes.subscribe, anna.account.id, anna.keys, "never/made")
    office.store.write_now(mailboxes.unsubscribe, anna.account.id, anna.keys, "inbox")
    office.store.write_now(mailboxes.unsubscribe, anna.account.id, anna.keys, "unknown")
    assert subscribed() == ["Archive", "Drafts", "Junk", "Sent", "Trash", "never/made"]
    found = office.store.read_now(mailboxes.subscriptions, bram.account.id, bram.keys)
    assert found == sorted([*SIX, *DELIVERY])


def test_a_sealed_name_moved_or_altered_is_refused(office: Office, anna: Person, bram: Person) -> None:
    one, two = create(office, anna, "one"), create(office, anna, "two")
    others = create(office, bram, "theirs")
    for source in (two.id, others.id):
        office.change(
            "UPDATE mailbox SET sealed_name = (SELECT sealed_name FROM mailbox WHERE id = ?) WHERE id = ?",
            source,
            one.id,
        )
        assert names(office, anna) == sorted([*SIX, "two"]), "refused alone"
        with pytest.raises(Tampered):
            office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "one")
    office.change(
        "UPDATE subscription SET sealed_name = (SELECT max(sealed_name) FROM subscription WHERE account_id = ?)"
        " WHERE account_id = ?",
        bram.account.id,
        anna.account.id,
    )
    assert office.store.read_now(mailboxes.subscriptions, anna.account.id, anna.keys) == []


def test_delivery_folders_follow_the_language(office: Office, anna: Person) -> None:
    """S34."""

    def shown() -> list[str]:
        found = office.store.read_now(mailboxes.listing, anna.account.id, anna.keys)
        return [box.name for box in found if box.chooses is not None]

    paper = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Bezorging/Papier")
    assert shown() == DELIVERY
    office.change("UPDATE account SET locale = 'en' WHERE id = ?", anna.account.id)
    assert shown() == ["Delivery/E-mail", "Delivery/Mailbox", "Delivery/Paper", "Delivery/Refuse"]
    again = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Delivery/Paper")
    assert (again.id, again.uid_validity, again.chooses) == (paper.id, paper.uid_validity, Channel.PAPER)
    with pytest.raises(NotFound):
        office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Bezorging/Papier")
    assert "Delivery/Paper" in office.store.read_now(mailboxes.subscriptions, anna.account.id, anna.keys)


@pytest.mark.parametrize("name", ["Bezorging/Papier", "Delivery/Paper", "Delivery/Paper/2026"])
def test_delivery_folders_stay(office: Office, anna: Person, name: str) -> None:
    with pytest.raises(Conflict):
        create(office, anna, name)
    with pytest.raises(Invalid):
        delete(office, anna, "Bezorging/Papier")
    with pytest.raises(Invalid):
        rename(office, anna, "Bezorging/Papier", "mine")
    create(office, anna, "mine")
    with pytest.raises(Conflict):
        rename(office, anna, "mine", name)


def test_an_older_folder_keeps_its_name(office: Office, anna: Person) -> None:
    """Made before there were delivery folders."""
    made = create(office, anna, "mine")
    tag = anna.keys.name_tag("Bezorging/Papier")
    (public,) = office.rows("SELECT public_id FROM mailbox WHERE id = ?", made.id)[0]
    sealed = anna.keys.seal_name("Bezorging/Papier", mailbox=public)
    office.change("UPDATE mailbox SET name_tag = ?, sealed_name = ? WHERE id = ?", tag, sealed, made.id)
    found = {box.name: box.chooses for box in office.store.read_now(mailboxes.listing, anna.account.id, anna.keys)}
    assert found["Bezorging/Papier"] is None
    assert found["Bezorging/Papier (Postex)"] is Channel.PAPER
    mine = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Bezorging/Papier")
    assert mine.id == made.id


def test_the_folder_of_an_external_mailbox_is_there_for_those_who_have_one(office: Office, anna: Person) -> None:
    office.change(
        "INSERT INTO external_mailbox (account_id, host, port, username, sealed_password, folder, country,"
        " verified_at, changed_at) VALUES (?, 'imap.test', 993, 'a', x'00', 'INBOX', 'NL', 1, 1)",
        anna.account.id,
    )
    found = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Bezorging/Extern")
    assert found.chooses is Channel.EXTERNAL
