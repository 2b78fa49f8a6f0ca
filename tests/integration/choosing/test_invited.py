"""Who has not enrolled reads, and asks: nothing else, by no road that a device handed out by an admin opens."""

import imaplib
from collections.abc import Iterator

import pytest

from tests.integration.choosing.office import CHANGED, Choosers, uid
from tests.integration.choosing.test_mail import CONTROL, document, unsubscribe_address
from tests.running import DOMAIN

REFUSE = "Bezorging/Weigeren"
NOTHING = "Niets gewijzigd: zo kiest u hoe documenten bij u komen"


@pytest.fixture(scope="module")
def choosers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Choosers]:
    made = Choosers.made(tmp_path_factory.mktemp("invited") / "data", 1, 2, invited=True)
    with made.office.start() as running:
        made.bridge = running
        yield made
        assert running.stop() == 0, running.log.read_text()


@pytest.fixture
def client(choosers: Choosers) -> Iterator[imaplib.IMAP4_SSL]:
    with choosers.imap() as signed_in:
        yield signed_in


def test_a_folder_says_no_and_what_to_do(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1")
    before = choosers.subjects(client)
    whole = uid(client, before["1"])
    answers = [client.uid(verb, str(before["1"]), f'"{REFUSE}"') for verb in ("MOVE", "COPY")]
    stranger = b"From: sender0@energie0.test\r\nSubject: kept elsewhere\r\n\r\nx\r\n"
    answers += [client.append(f'"{REFUSE}"', "", None, each) for each in (whole, stranger)]
    for status, answer in answers:
        assert status == "NO"
        assert answer[0].startswith(b"[CANNOT] Choosing waits until you have enrolled")
    assert choosers.subjects(client) == before
    assert not choosers.is_refused()


def test_a_reply_and_an_unsubscription_are_answered_and_change_nothing(
    choosers: Choosers, client: imaplib.IMAP4_SSL
) -> None:
    message = document(choosers, client)
    assert choosers.submit(CONTROL, "stop", In_Reply_To=str(message["Message-ID"])) is None
    assert choosers.submit(unsubscribe_address(message), "x", Subject="stop") is None
    assert choosers.submit(CONTROL, "undo") is None
    found = choosers.subjects(client)
    assert "postex enrol" in choosers.text(client, found[NOTHING])
    assert not any(subject.startswith(CHANGED) for subject in found)
    assert not choosers.is_refused()


def test_it_writes_to_the_desks_alone(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("2")
    for desk in ("support", "privacy", "postmaster"):
        assert choosers.submit(f"{desk}@{DOMAIN}", "vraag") is None, desk
    for address in ("sender0@energie0.test", f"sender0@{DOMAIN}", f"reader0@{DOMAIN}", "x@elsewhere.test"):
        error = choosers.submit(address, "vraag")
        assert error is not None, address
        assert (error.smtp_code, error.smtp_error[:16]) == (550, b"5.7.1 enrol firs"), address
