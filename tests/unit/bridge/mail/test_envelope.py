"""ENVELOPE: the rules of RFC 3501 section 7.4.2."""

import pytest

from bridge.mail.addresses import MAX_ADDRESSES
from bridge.mail.scanner import scan
from tests.unit.bridge.mail import grammar


def envelope(header: bytes) -> tuple:
    return grammar.envelope(scan(header + b"\r\n").envelope)


FROM = ((None, None, b"a", b"b"),)


def test_absent_fields_are_nil():
    assert envelope(b"") == (None,) * 10


def test_empty_texts_are_empty_strings_and_empty_lists_are_nil():
    header = b"Date:\r\nSubject: \r\nMessage-ID:\r\nIn-Reply-To:\r\nTo:\r\nCc: ,\r\nBcc: (c)\r\n"
    assert envelope(header) == (b"", b"", None, None, None, None, None, None, b"", b"")


@pytest.mark.parametrize("more", [b"", b"Sender:\r\nReply-To: \r\n"])
def test_sender_and_reply_to_repeat_from_where_they_are_absent_or_empty(more):
    assert envelope(b"From: a@b\r\n" + more)[2:5] == (FROM, FROM, FROM)


def test_sender_and_reply_to_as_sent():
    found = envelope(b"From: a@b\r\nSender: s@s\r\nReply-To: r@r\r\n")
    assert found[2:5] == (FROM, ((None, None, b"s", b"s"),), ((None, None, b"r", b"r"),))


def test_groups_are_marked_by_nil_hosts():
    found = envelope(b"To: g: a@b;, undisclosed:;\r\n")[5]
    begin, end = (None, None, b"g", None), (None, None, None, None)
    assert found == (begin, *FROM, end, (None, None, b"undisclosed", None), end)


def test_a_missing_domain_or_local_part_is_never_nil():
    assert envelope(b"To: root, John Doe\r\n")[5] == (
        (None, None, b"root", b"MISSING_DOMAIN"),
        (b"John Doe", None, b"MISSING_MAILBOX", b"MISSING_DOMAIN"),
    )


def test_raw_8_bit_text_leaves_as_encoded_words():
    """RFC 6855 section 3: no raw UTF-8 before UTF8=ACCEPT; a host goes as IDNA. Dovecot sends raw literals."""
    found = envelope("Subject: café\r\nFrom: Zoë <zoë@bücher.test>\r\n".encode())
    assert found[1] == b"=?utf-8?b?Y2Fmw6k=?="
    assert found[2] == ((b"=?utf-8?b?Wm/Dqw==?=", None, b"=?utf-8?b?em/Dqw==?=", b"xn--bcher-kva.test"),)


def test_a_host_that_is_no_domain_still_leaves_in_7_bits():
    label = "é" * 100
    assert envelope(f"To: a@{label}\r\n".encode())[5][0][3].isascii()


def test_what_a_quoted_string_cannot_hold_is_made_safe():
    assert envelope(b'Subject: a"b\\c\rd\0e\r\n')[1] == b'a"b\\c d?e'


def test_fields_that_may_stand_once_count_by_their_last_and_lists_are_joined():
    found = envelope(b"Subject: 1\r\nTo: a@b\r\nSubject: 2\r\nTo: a@b\r\n")
    assert (found[1], found[5]) == (b"2", FROM + FROM)


def test_white_space_of_a_folded_line_stays():
    """RFC 5322 section 2.2.3. Dovecot shrinks it to one space."""
    assert envelope(b"Subject: a\r\n  b\r\n\tc\r\n")[1] == b"a  b\tc"


def test_the_number_of_addresses_is_limited():
    assert len(envelope(b"To: " + b"a@b," * 5000 + b"\r\n")[5]) == MAX_ADDRESSES
