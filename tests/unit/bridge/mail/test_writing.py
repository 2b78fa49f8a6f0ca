"""Our own mail: valid for others' parsers, and nothing in a value becomes a header or a line."""

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.scanner import scan
from bridge.mail.writing import Letter, Person, flat, write

NAMES = ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"]
LETTER = Letter(
    Person("postmaster@example.test", "Postex"),
    Person("anna@example.test", "Anna de Vries"),
    "New device",
    "Hello\n\nA line.",
    "nl",
    1_760_000_000,
    "abc@example.test",
)


def parsed(message: bytes) -> EmailMessage:
    made = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    assert not made.defects
    return made


def test_a_plain_letter_is_seven_bit_and_says_that_no_person_wrote_it() -> None:
    message = write(LETTER)
    assert message.isascii()
    assert message.startswith(
        b'From: "Postex" <postmaster@example.test>\r\nTo: "Anna de Vries" <anna@example.test>\r\n'
    )
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in message
    assert b"\r\nDate: Thu, 09 Oct 2025 08:53:20 +0000\r\n" in message
    assert message.endswith(b"\r\n\r\nHello\r\n\r\nA line.\r\n")
    assert scan(message).size == len(message)


def test_what_is_not_ascii_comes_back() -> None:
    text = "Eén regel van " + "veel woorden " * 30 + "\n\nÉén “regel”"
    letter = replace(LETTER, recipient=Person("zoë@example.test", 'Zoë "Z" Ôl'), subject="Één " * 30, text=text)
    made = parsed(write(letter))
    assert made["Subject"] == " ".join("Één " for _ in range(30)).replace("  ", " ").strip()
    assert made["To"].addresses[0].display_name == 'Zoë "Z" Ôl'
    assert made.get_content().splitlines() == [line.rstrip() for line in text.splitlines()]


def test_a_name_that_looks_like_an_encoded_word_is_shown_as_it_is() -> None:
    trick = "=?utf-8?q?admin?="
    made = parsed(write(replace(LETTER, recipient=Person("a@example.test", trick), subject=trick)))
    assert (made["Subject"], made["To"].addresses[0].display_name) == (trick, trick)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=600))
def test_no_value_makes_a_header_or_an_overlong_line(name: str, subject: str, text: str) -> None:
    message = write(replace(LETTER, recipient=Person("a@example.test", name), subject=subject, text=text))
    assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")
    header, _, body = message.partition(b"\r\n\r\n")
    found = [line.partition(":")[0] for line in header.decode().split("\r\n") if not line.startswith(" ")]
    assert found == [*NAMES, "Content-Language", "Content-Transfer-Encoding"]
    assert all(line.strip() and len(line) <= 998 for line in header.split(b"\r\n"))
    assert all(len(line) <= 78 for line in body.split(b"\r\n"))


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co", "Cf")), max_size=200))
def test_a_subject_comes_back_as_it_was(subject: str) -> None:
    # RFC 2047 by its own decoder: the parser's policy has faults of its own with words at line ends.
    raw = re.search(rb"Subject: ?(.*?)\r\nAuto-Submitted", write(replace(LETTER, subject=subject)), re.DOTALL)
    assert raw is not None
    from bridge.mail.words import decoded_words

    assert decoded_words(raw[1].decode().replace("\r\n", "")) == flat(subject)


@pytest.mark.parametrize(
    "address", ["", "a", "@b", "a@", "a b@c", "a@b\r\nBcc: x@y", "a@b>, <x@y.test", "a@b c", "a\0@b", "a@[::1]"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        write(replace(LETTER, recipient=Person(address)))


def test_a_local_part_with_special_characters_is_quoted() -> None:
    made = parsed(write(replace(LETTER, recipient=Person('a"<b>,c@example.test', "A"))))
    assert [each.addr_spec for each in made["To"].addresses] == ['"a\\"<b>,c"@example.test']
