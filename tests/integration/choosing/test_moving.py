"""D2 by the folders under Delivery: what is moved or copied there chooses for its sender, and is where it was."""

import imaplib
import time

import pytest

from tests.integration.choosing.office import CHANGED, Choosers, uid
from tests.running import DOMAIN

PAPER, MAILBOX, REFUSE = "Bezorging/Papier", "Bezorging/Postvak", "Bezorging/Weigeren"


def test_a_move_chooses_and_the_message_is_where_it_was(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1", "2")
    before = choosers.subjects(client)
    client.uid("STORE", str(before["1"]), "+FLAGS", "(\\Flagged)")
    status, _ = client.uid("MOVE", str(before["1"]), f'"{REFUSE}"')
    assert status == "OK"
    assert client.response("COPYUID")[1] != [None]
    after = choosers.subjects(client)
    assert after["1"] > before["2"]
    assert after["2"] == before["2"]
    assert b"\\Flagged" in client.uid("FETCH", str(after["1"]), "(FLAGS)")[1][0]
    assert "Sender0: geweigerd" in choosers.text(client, after[CHANGED])
    assert client.status(f'"{REFUSE}"', "(MESSAGES UIDNEXT)")[1][0].endswith(b"(MESSAGES 0 UIDNEXT 2)")
    assert choosers.is_refused()
    client.uid("MOVE", str(after["2"]), f'"{MAILBOX}"')
    assert not choosers.is_refused()


def test_a_copy_and_the_expunge_of_its_original_are_a_move(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1", "2")
    found = choosers.subjects(client)
    assert client.uid("COPY", str(found["1"]), f'"{REFUSE}"')[0] == "OK"
    client.uid("STORE", f"{found['1']},{found['2']}", "+FLAGS", "(\\Deleted)")
    client.expunge()
    after = choosers.subjects(client)
    assert after["1"] > found["2"], "back, under a new UID"
    assert "2" not in after, "an ordinary deletion beside it"
    client.uid("STORE", str(after["1"]), "+FLAGS", "(\\Deleted)")
    client.expunge()
    assert "1" not in choosers.subjects(client), "deleted for itself"


def test_what_cannot_be_had_is_not_chosen_and_says_why(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1")
    client.uid("MOVE", str(choosers.subjects(client)["1"]), f'"{PAPER}"')
    found = choosers.subjects(client)
    assert "postex me address" in choosers.text(client, found["Niet gewijzigd: hoe documenten bij u komen"])
    assert "1" in found


def test_what_nobody_sent_is_refused_and_stays(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    client.append("Drafts", "", None, b"Subject: mine\r\n\r\nx\r\n")
    mine = choosers.subjects(client, "Drafts")["mine"]
    status, answer = client.uid("MOVE", str(mine), f'"{REFUSE}"')
    assert (status, answer[0][:8]) == ("NO", b"[CANNOT]")
    assert choosers.subjects(client, "Drafts") == {"mine": mine}
    assert client.append(f'"{REFUSE}"', "", None, b"Subject: from elsewhere\r\n\r\nx\r\n")[0] == "NO"
    assert "Niets gewijzigd: zo kiest u hoe documenten bij u komen" in choosers.subjects(client)


@pytest.mark.parametrize("expunged_before", [False, True])
def test_an_append_names_a_document(choosers: Choosers, client: imaplib.IMAP4_SSL, expunged_before: bool) -> None:
    """As programs do that keep folders in files; in either order nothing is lost and nothing is there twice."""
    choosers.hand_in("1")
    first = choosers.subjects(client)["1"]
    whole = uid(client, first)
    client.uid("STORE", str(first), "+FLAGS", "(\\Deleted)")
    if expunged_before:
        client.expunge()
    assert client.append(f'"{REFUSE}"', "(\\Seen)", None, whole)[0] == "OK"
    client.select("INBOX")
    client.expunge()
    found = choosers.subjects(client)
    assert uid(client, found["1"]) == whole
    assert client.uid("SEARCH", "SUBJECT", '"1"')[1][0].split() == [str(found["1"]).encode()]
    assert choosers.is_refused()


def test_five_hundred_messages_of_three_senders_are_one_confirmation_and_one_undo(
    choosers: Choosers, client: imaplib.IMAP4_SSL
) -> None:
    for sender in range(3):
        choosers.hand_in(*(f"{sender}-{number}" for number in range(6)), sender=sender)
    choosers.subjects(client)
    for _ in range(5):
        client.uid("COPY", "1:*", "INBOX")
        client.noop()
    began = time.monotonic()
    assert client.uid("MOVE", "1:*", f'"{REFUSE}"')[0] == "OK"
    assert time.monotonic() - began < 5
    found = choosers.subjects(client)
    assert len([subject for subject in found if subject.startswith(CHANGED)]) == 1
    text = choosers.text(client, found[CHANGED])
    assert all(f"Sender{sender}: geweigerd" in text for sender in range(3))
    assert len(found) == 18 * 2**5 + 1
    assert all(choosers.is_refused(sender) for sender in range(3))
    choosers.answer(client, found[CHANGED], "ongedaan maken")
    assert not any(choosers.is_refused(sender) for sender in range(3))


def test_a_move_in_pieces_is_one_act(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    for sender in range(3):
        choosers.hand_in(str(sender), sender=sender)
    found = choosers.subjects(client)
    for sender in range(3):
        client.uid("MOVE", str(found[str(sender)]), f'"{REFUSE}"')
    choosers.answer(client, choosers.subjects(client)[CHANGED], "undo")
    assert not any(choosers.is_refused(sender) for sender in range(3))


def test_two_programs_see_the_same(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1", "2")
    found = choosers.subjects(client)
    with choosers.imap() as other:
        other.select("INBOX")
        client.uid("MOVE", str(found["1"]), f'"{REFUSE}"')
        other.noop()
        seen = other.uid("SEARCH", "ALL")[1]
        client.noop()
        assert seen == client.uid("SEARCH", "ALL")[1]
        assert str(found["1"]).encode() not in seen[0].split()


def test_the_folders_stay_and_are_subscribed(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    assert client.rename(f'"{PAPER}"', "mine")[0] == "NO"
    assert client.delete(f'"{PAPER}"')[0] == "NO"
    assert client.create('"Delivery/Paper"')[0] == "NO"
    listed = [line for line in client.list()[1] if isinstance(line, bytes)]
    assert any(b"\\HasChildren" in line and line.endswith(b"Bezorging") for line in listed)
    assert any(line.endswith(b"Bezorging/Papier") for line in client.lsub()[1] if isinstance(line, bytes))


def test_who_may_write_to_whom(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1", sender=0)
    allowed = ["sender0@energie0.test", f"sender0@{DOMAIN}", f"support@{DOMAIN}", f"delivery@{DOMAIN}"]
    for address in allowed:
        assert choosers.submit(address, "vraag") is None, address
    for address in ("sender1@energie1.test", f"sender1@{DOMAIN}", f"reader39@{DOMAIN}", "x@elsewhere.test"):
        error = choosers.submit(address, "vraag")
        assert error is not None, address
        assert (error.smtp_code, error.smtp_error[:5]) == (550, b"5.7.1")
    found = choosers.subjects(client)
    assert any(subject.startswith("Uw vraag heeft nummer") for subject in found)
