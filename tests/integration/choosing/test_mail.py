"""D2 by mail to the control address, as a signed-in reader and as everybody else (S5, S43)."""

import email
import email.policy
import imaplib
import smtplib

import pytest

from bridge.channels.marks import Mark, Marks
from storage.deliveries.terms import JobKind
from storage.keys.master import MasterKey
from tests.integration.choosing.office import CHANGED, Choosers, uid
from tests.running import DOMAIN

CONTROL = f"delivery@{DOMAIN}"
NOTHING = "Niets gewijzigd: zo kiest u hoe documenten bij u komen"
MINE = "Uw voorkeuren: Sender0"


def document(choosers: Choosers, client: imaplib.IMAP4_SSL) -> email.message.EmailMessage:
    """A first document of sender 0, as the reader has it."""
    choosers.hand_in("1")
    found = email.message_from_bytes(uid(client, choosers.subjects(client)["1"]), policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def unsubscribe_address(message: email.message.EmailMessage) -> str:
    return str(message["List-Unsubscribe"]).strip("<>").removeprefix("mailto:").partition("?")[0]


@pytest.mark.parametrize(
    "text", ["stop", "Weigeren graag\n\nOp 5 okt 2026 schreef Sender <s@energie0.test>:\n> papier\n"]
)
def test_a_word_about_the_document_that_is_answered(choosers: Choosers, client: imaplib.IMAP4_SSL, text: str) -> None:
    answered = document(choosers, client)
    assert choosers.submit(CONTROL, text, In_Reply_To=str(answered["Message-ID"])) is None
    assert CHANGED in choosers.subjects(client)
    assert choosers.is_refused()
    assert not choosers.is_refused(1), "of this sender alone"
    assert choosers.submit(CONTROL, "ongedaan maken") is None
    assert not choosers.is_refused()


def test_an_unsubscription_of_a_mail_program(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    """RFC 2369: the word may stand in the subject, the text is the program's."""
    message = document(choosers, client)
    assert str(message["List-Id"]).endswith(f".delivery.{DOMAIN}>")
    address, text = unsubscribe_address(message), "This message was automatically generated."
    assert choosers.submit(address, text, Subject="stop") is None
    assert choosers.is_refused()


def test_preferences_are_shown_and_the_newest_stands(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    address = unsubscribe_address(document(choosers, client))
    for text in ("voorkeuren?", "stop", "postvak", "preferences?"):
        assert choosers.submit(address, text) is None
    found = choosers.subjects(client)
    assert [subject for subject in found if subject.startswith(MINE)] == [MINE]
    assert "postvak" in choosers.text(client, found[MINE])
    choosers.answer(client, found[MINE], "weigeren")
    assert choosers.is_refused()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("papier of stop?", {}),
        ("no stop", {}),
        ("bitte stoppen Sie", {}),
        ("> stop", {}),
        ("stop", {"In_Reply_To": "<unknown@energie.test>"}),
        ("stop", {"Subject": "Re: something"}),
        ("Ik wil niet stoppen", {"Subject": "stop"}),
    ],
)
def test_what_is_not_clear_changes_nothing_and_is_answered(
    choosers: Choosers, client: imaplib.IMAP4_SSL, text: str, fields: dict[str, str]
) -> None:
    answered = document(choosers, client)
    wanted = fields or {"In_Reply_To": str(answered["Message-ID"])}
    assert choosers.submit(CONTROL, text, **wanted) is None
    assert NOTHING in choosers.subjects(client)
    assert not choosers.is_refused()


AUTOMATIC = {
    "Auto_Submitted": "auto-replied",
    "Precedence": "auto_reply",
    "List_Id": "<x.test>",
    "List_Unsubscribe": "<mailto:x@x.test>",
    "X_Autoreply": "yes",
}


@pytest.mark.parametrize("name", AUTOMATIC)
def test_automatic_mail_does_nothing_and_gets_no_answer(
    choosers: Choosers, client: imaplib.IMAP4_SSL, name: str
) -> None:
    """RFC 3834."""
    address = unsubscribe_address(document(choosers, client))
    before = choosers.subjects(client)
    assert choosers.submit(address, "stop", **{name: AUTOMATIC[name]}) is None
    assert choosers.subjects(client) == before
    assert not choosers.is_refused()


def test_a_tag_that_was_altered_is_about_nobody(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    answered = document(choosers, client)
    address = unsubscribe_address(answered)
    local, _, domain = address.partition("@")
    altered = f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}"
    assert choosers.submit(altered, "stop", In_Reply_To=str(answered["Message-ID"])) is None
    assert NOTHING in choosers.subjects(client)
    assert not choosers.is_refused()


def test_html_alone_is_read_without_what_it_quotes_or_hides(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    address = unsubscribe_address(document(choosers, client))
    header = f"From: {choosers.name}@{DOMAIN}\r\nTo: {address}\r\nContent-Type: text/html\r\n\r\n"
    for page in ("<blockquote>stop</blockquote><p>ok</p>", "<p style='display:none'>stop</p><p>ok</p>"):
        assert choosers.submit_bytes(address, f"{header}{page}\r\n".encode()) is None
        assert NOTHING in choosers.subjects(client)
        assert not choosers.is_refused()
    assert choosers.submit_bytes(address, f"{header}<p>stop</p><blockquote>papier</blockquote>\r\n".encode()) is None
    assert choosers.is_refused()


def test_nobody_commands_without_a_sign_in(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    address = unsubscribe_address(document(choosers, client))
    at = choosers.bridge.listeners["mx"]
    with smtplib.SMTP(at.host, at.port) as stranger:
        for to in (address, CONTROL):
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                stranger.sendmail("x@elsewhere.test", [to], "Subject: stop\r\n\r\nstop\r\n")
            code, text = refused.value.recipients[to]
            assert (code, text[:5]) == (550, b"5.7.1")


def test_a_stranger_asks_and_gets_no_answer_outside(choosers: Choosers) -> None:
    """RFC 5321 section 4.5.1; the question has a ticket and lies with the owners."""
    at = choosers.bridge.listeners["mx"]
    with smtplib.SMTP(at.host, at.port) as stranger:
        stranger.ehlo("elsewhere.test")
        stranger.mail("x@elsewhere.test")
        code, text = stranger.rcpt("postmaster")
        assert code in (250, 452), text
        stranger.rset()
        stranger.mail("x@elsewhere.test")
        assert stranger.rcpt(f"privacy@{DOMAIN}")[0] == 250
        assert stranger.rcpt(f"{choosers.name}@{DOMAIN}")[0] == 452, "it comes alone"


def test_a_question_gets_a_number(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    for desk in ("support", "privacy", "postmaster"):
        assert choosers.submit(f"{desk}@{DOMAIN}", "Hoe werkt dit?") is None
    numbers = [subject for subject in choosers.subjects(client) if subject.startswith("Uw vraag heeft nummer")]
    assert len(set(numbers)) == 3


def test_a_question_and_a_report_do_not_come_together(choosers: Choosers) -> None:
    """The one would be lost in the other's 250."""
    key = MasterKey.load(choosers.office.data / "master.key").derive().message_tag
    report = Marks(key, "any").bounce_address(Mark(JobKind.EMAIL, 1), DOMAIN)
    at = choosers.bridge.listeners["mx"]
    for first, second in ((report, f"privacy@{DOMAIN}"), (f"privacy@{DOMAIN}", report)):
        with smtplib.SMTP(at.host, at.port) as stranger:
            stranger.ehlo("elsewhere.test")
            stranger.mail("x@elsewhere.test")
            assert [stranger.rcpt(first)[0], stranger.rcpt(second)[0]] == [250, 452]
