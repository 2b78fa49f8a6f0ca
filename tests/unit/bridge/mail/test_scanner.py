"""`scan`: structure and spans of well-formed, odd and hostile messages."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.mail import scanner
from bridge.mail.card import Card, Piece
from bridge.mail.headers import MAX_HEADER
from bridge.mail.scanner import MAX_DEPTH, MAX_HEADERS, MAX_PARTS, scan
from tests.unit.bridge.mail import grammar
from tests.unit.bridge.mail.trees import Tree, message_spans, trees


def mail(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8")


def structure(message: bytes) -> tuple:
    """BODYSTRUCTURE, after BODY was found to be the same without its extension fields."""
    card = scan(message)
    grammar.body(card.body, extended=False)
    return grammar.body(card.bodystructure, extended=True)


def content(message: bytes, *part: int, piece: Piece = Piece.ALL) -> bytes | None:
    span = scan(message).span(part, piece)
    return message[slice(*span)] if span else None


def check_bounds(card: Card, message: bytes) -> None:
    """What holds for any input: sendable answers, every part inside the message and inside the part around it."""
    assert card.size == len(message)
    assert card.header == message[slice(*card.span((), Piece.HEADER))]
    grammar.envelope(card.envelope)
    grammar.body(card.body, extended=False)
    grammar.body(card.bodystructure, extended=True)
    rows = list(card.parts)
    assert len(rows) <= MAX_PARTS + MAX_DEPTH
    for index, row in enumerate(rows):
        assert 0 <= row.start <= row.body <= row.stop <= len(message)
        for below in rows[index + 1 : index + 1 + row.below]:
            assert row.body <= below.start
            assert below.stop <= row.stop


FORWARD = mail(
    """From: a@x.test
Content-Type: multipart/mixed; boundary=out

preamble
--out
Content-Type: text/plain; charset=utf-8

hello
you
--out
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/alternative; boundary=in

--in

plain
--in
Content-Type: text/html

<p>
--in--
--out
Content-Type: application/pdf; name="a b.pdf"
Content-Transfer-Encoding: base64
Content-ID: <1@x>
Content-Description: bill
Content-MD5: Q2hlY2s=
Content-Disposition: attachment; filename="a b.pdf"; size=3
Content-Language: nl, en
Content-Location: http://x.test/a

QUJD
--out--
epilogue
"""
)


def test_parts_of_nested_messages_are_numbered_as_rfc_3501_6_4_5_says():
    assert content(FORWARD, 1) == b"hello\r\nyou"
    assert content(FORWARD, 1, piece=Piece.MIME) == b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    assert content(FORWARD, 2, piece=Piece.MIME) == b"Content-Type: message/rfc822\r\n\r\n"
    assert content(FORWARD, 2, piece=Piece.HEADER).startswith(b"Subject: inner\r\n")
    assert content(FORWARD, 2, piece=Piece.HEADER).endswith(b"boundary=in\r\n\r\n")
    assert content(FORWARD, 2, piece=Piece.TEXT).startswith(b"--in\r\n")
    assert content(FORWARD, 2, 1) == b"plain"
    assert content(FORWARD, 2, 1, piece=Piece.MIME) == b"\r\n"
    assert content(FORWARD, 2, 2) == b"<p>"
    assert content(FORWARD, 3) == b"QUJD"
    assert content(FORWARD) == FORWARD
    assert content(FORWARD, piece=Piece.TEXT).startswith(b"preamble\r\n")


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        ((4,), Piece.ALL),
        ((1, 1), Piece.ALL),
        ((2, 3), Piece.MIME),
        ((3,), Piece.HEADER),
        ((1,), Piece.TEXT),
        ((), Piece.MIME),
    ],
)
def test_what_a_message_has_not_has_no_span(part, piece):
    assert scan(FORWARD).span(part, piece) is None


def test_bodystructure_carries_every_field():
    children, subtype, parameters, *extension = structure(FORWARD)
    assert (subtype, parameters, extension) == (b"mixed", {b"boundary": b"out"}, [None, None, None])
    text, message, pdf = children
    assert text == (b"text", b"plain", {b"charset": b"utf-8"}, None, None, b"7bit", 10, 1, None, None, None, None)
    assert message[:7] == (b"message", b"rfc822", None, None, None, b"7bit", len(content(FORWARD, 2)))
    assert message[7][1] == b"inner"
    assert [child[1] for child in message[8][0]] == [b"plain", b"html"]
    assert message[9] == content(FORWARD, 2).count(b"\n")
    assert pdf == (
        b"application",
        b"pdf",
        {b"name": b"a b.pdf"},
        b"<1@x>",
        b"bill",
        b"base64",
        4,
        b"Q2hlY2s=",
        (b"attachment", {b"filename": b"a b.pdf", b"size": b"3"}),
        (b"nl", b"en"),
        b"http://x.test/a",
    )


def test_part_1_of_a_single_part_message_is_its_body():
    message = mail("Subject: x\nContent-Type: text/html\n\n<p>\n")
    assert content(message, 1) == b"<p>\r\n"
    assert content(message, 1, piece=Piece.MIME) == content(message, piece=Piece.HEADER)
    assert content(message, 1, 1) is None
    assert structure(message)[:8] == (b"text", b"html", None, None, None, b"7bit", 5, 1)


def test_a_message_that_is_a_forward_as_a_whole():
    message = mail("Content-Type: message/rfc822\n\nSubject: in\n\nbody")
    assert content(message, piece=Piece.HEADER) == b"Content-Type: message/rfc822\r\n\r\n"
    assert content(message, 1, piece=Piece.HEADER) == b"Subject: in\r\n\r\n"
    assert content(message, 1, 1) == b"body"
    assert content(message, 1, 2) is None


def test_parts_of_a_digest_are_messages_unless_they_say_otherwise():
    message = mail(
        "Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: in\n\nbody\n--x\nContent-Type: a/b\n\n--x--"
    )
    children = structure(message)[0]
    assert [child[:2] for child in children] == [(b"message", b"rfc822"), (b"a", b"b")]
    assert content(message, 1, 1) == b"body"


@pytest.mark.parametrize("body", ["", "preamble only", "--x--\n", "--x"])
def test_a_multipart_without_content_shows_one_empty_text_part(body):
    message = mail("Content-Type: multipart/mixed; boundary=x\n\n" + body)
    children = structure(message)[0]
    assert [(child[:2], child[6]) for child in children] == [((b"text", b"plain"), 0)]
    assert content(message, 1) == b""


@pytest.mark.parametrize(
    "content_type",
    [
        "text",
        "text/",
        "/plain",
        "foo bar/baz",
        "",
        "multipart/mixed",
        "multipart/mixed; boundary=",
        'multipart/a; boundary=" "',
    ],
)
def test_a_content_type_that_cannot_be_read_counts_as_none(content_type):
    """RFC 2045 section 5.2. Dovecot sends empty names, or one empty part where the boundary is missing."""
    message = mail(f"Content-Type: {content_type}\n\nbody\n--x\n\n--x--\n")
    assert structure(message)[:3] == (b"text", b"plain", {b"charset": b"us-ascii"})
    assert content(message, 1).startswith(b"body")


def test_no_charset_is_added_to_a_type_that_was_sent_without():
    """RFC 6657 section 3 leaves the default to each subtype. Dovecot adds us-ascii to all."""
    assert structure(mail("Content-Type: text/html\n\n<p>"))[2] is None


def test_white_space_at_the_end_of_a_boundary_does_not_count():
    """RFC 2046 section 5.1.1: it was added on the way and must be deleted. Dovecot compares it."""
    message = mail('Content-Type: multipart/mixed; boundary="x "\n\n--x\n\na\n--x  \n\nb\n--x --\n')
    assert content(message, 1) == b"a"
    assert content(message, 2) == b"b"


def test_the_line_end_before_a_delimiter_is_not_content_even_of_a_multipart():
    """RFC 2046 section 5.1.1. Dovecot counts it to the inner multipart."""
    message = mail(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--i--\n--o--"
    )
    assert content(message, 1) == b"--i\r\n\r\na\r\n--i--"


@pytest.mark.parametrize(("outer", "inner"), [("a", "ab"), ("ab", "a"), ("a", "a"), ("x" * 80, "x" * 90)])
def test_the_longest_boundary_wins_and_then_the_inner_one(outer, inner):
    message = mail(
        f"Content-Type: multipart/mixed; boundary={outer}\n\n"
        f"--{outer}\nContent-Type: multipart/mixed; boundary={inner}\n\n"
        f"--{inner}\n\n1\n--{inner}\n\n2\n--{inner}--\n--{outer}\n\n3\n--{outer}--\n"
    )
    assert [content(message, *part) for part in ((1, 1), (1, 2), (2,), (3,))] == [b"1", b"2", b"3", None]


def test_an_unclosed_inner_multipart_ends_at_the_outer_delimiter():
    message = mail(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--o\n\nb\n--o--"
    )
    assert content(message, 1, 1) == b"a"
    assert content(message, 2) == b"b"


def test_what_follows_the_closing_delimiter_is_no_part():
    message = mail("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\nepilogue\n--x\n\nb\n")
    assert content(message, 1) == b"a"
    assert content(message, 2) is None


def test_a_part_header_ends_at_a_delimiter():
    message = mail(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: a/b\n--x\nContent-Type: c/d\n\n--x--"
    )
    assert [child[:2] for child in structure(message)[0]] == [(b"a", b"b"), (b"c", b"d")]


@pytest.mark.parametrize(
    "message", [b"", b"\r\n", b"\n", b"x", b"Subject: x", b"Subject: x\r\n", b"\r\nbody", b"a\n\nb"]
)
def test_messages_without_header_or_body(message):
    card = scan(message)
    check_bounds(card, message)
    assert card.span(()) == (0, len(message))
    assert card.span((1,))[1] == len(message)


def test_bare_line_feeds_end_lines_too():
    message = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\nb\n--x--\n"
    assert content(message, 1) == b"a\nb"


# --- limits: beyond them one opaque part, and no byte is lost ---

OPAQUE = (b"application", b"octet-stream")


def test_depth_is_limited():
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%03d\r\n\r\n--b%03d\r\n" % (i, i) for i in range(MAX_DEPTH + 50)
    )
    message = head + b"\r\ndeep"
    card = scan(message)
    check_bounds(card, message)
    rows = list(card.parts)
    assert len(rows) == MAX_DEPTH
    deepest = structure(message)
    while isinstance(deepest[0], tuple):
        deepest = deepest[0][0]
    assert deepest[:2] == OPAQUE
    assert message[rows[-1].body : rows[-1].stop].endswith(b"deep")


def test_nested_messages_are_limited_in_depth():
    message = b"Content-Type: message/rfc822\r\n\r\n" * (MAX_DEPTH + 50) + b"deep"
    card = scan(message)
    check_bounds(card, message)
    assert len(card.parts) == MAX_DEPTH


def test_the_number_of_parts_is_limited():
    part = b"--x\r\n\r\nabc\r\n"
    message = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 100_000 + b"--x--"
    card = scan(message)
    check_bounds(card, message)
    children = structure(message)[0]
    assert len(children) == MAX_PARTS
    assert children[-1][:2] == OPAQUE
    rest = message[slice(*card.span((MAX_PARTS,)))]
    assert rest.startswith(b"\r\nabc\r\n--x\r\n")
    assert message.endswith(rest)


def test_a_header_beyond_256_kib_counts_as_content_from_there_on():
    message = b"Subject: kept\r\n" + b"X-Pad: 0123456789\r\n" * 20_000 + b"\r\nbody"
    card = scan(message)
    check_bounds(card, message)
    assert MAX_HEADER - 100 < len(card.header) <= MAX_HEADER
    assert grammar.envelope(card.envelope)[1] == b"kept"
    assert structure(message)[:2] == OPAQUE
    assert card.header + message[slice(*card.span((1,)))] == message


def test_one_header_line_of_a_megabyte_is_content():
    message = b"Subject: " + b"a" * 1_000_000 + b"\r\n\r\nbody"
    card = scan(message)
    check_bounds(card, message)
    assert card.span((), Piece.TEXT) == (0, len(message))


def test_all_headers_together_are_limited():
    part = b"--x\r\nContent-Description: " + b"d" * 200_000 + b"\r\n\r\n\r\n"
    message = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 20 + b"--x--"
    card = scan(message)
    check_bounds(card, message)
    assert len(card.bodystructure) < MAX_HEADERS + 10_000
    assert structure(message)[0][-1][:2] == OPAQUE
    assert message[slice(*card.span((20,)))].startswith(b"Content-Description: ddd")


def test_the_search_for_ever_deeper_boundaries_is_limited(monkeypatch):
    monkeypatch.setattr(scanner, "SEARCHED_ANYHOW", 0)
    message = deep(MAX_DEPTH // 2, b"b%03d") + b"x" * 10_000
    card = scan(message)
    check_bounds(card, message)
    assert 2 < len(card.parts) < MAX_DEPTH // 2
    assert b"octet-stream" in card.body


MB = 1_000_000


def deep(count: int, boundary: bytes) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=" + boundary % i + b"\r\n\r\n--" + boundary % i + b"\r\n"
        for i in range(count)
    )


HOSTILE = {
    "delimiters": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"\r\n--a" * (MB // 5),
    "almost delimiters": b"Content-Type: multipart/mixed; boundary=ab\r\n\r\n" + b"\n--a" * (MB // 4),
    "boundaries in boundaries": deep(300, b"a%d") + b"--a\r\n" * (MB // 5),
    "boundaries that begin alike": deep(300, b"a%0300d") + (b"--a" + b"0" * 295 + b"\n") * (MB // 300),
    "periodic boundary": b"Content-Type: multipart/mixed; boundary=" + b"-" * 1000 + b"\r\n\r\n\n" + b"-" * MB,
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * (MB // 60) + b"\n" * (MB // 2),
    "digest": b"Content-Type: multipart/digest; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * (MB // 7),
    "semicolons": b"Content-Type: text/plain" + b";" * 200_000 + b"\r\n\r\n",
    "million semicolons": b"Content-Type: text/plain" + b";" * MB + b"\r\n\r\n",
    "parameters": b"Content-Type: text/plain" + b"".join(b";a%d=b" % i for i in range(20_000)) + b"\r\n\r\n",
    "continuations": b"Content-Type: a/b" + b"".join(b";n*%d*=b" % i for i in range(20_000)) + b"\r\n\r\n",
    "escaped quotes": b"Content-Type: text/plain; a=" + b'"\\' * 100_000 + b"\r\n\r\n",
    "open quotes": b"Content-Type: text/plain" + b';a="' * 50_000 + b"\r\n\r\n",
    "comments": b"From: " + b"(" * 100_000 + b")" * 100_000 + b" a@b\r\n\r\n",
    "comments in a type": b"Content-Type: " + b"(" * 200_000 + b"\r\n\r\n",
    "commas": b"From: " + b"," * 200_000 + b"\r\n\r\n",
    "angles": b"From: " + b"<" * 200_000 + b"\r\n\r\n",
    "ats": b"From: " + b"@" * 200_000 + b"\r\n\r\n",
    "groups": b"From: " + b"a:" * 100_000 + b"\r\n\r\n",
    "quoted addresses": b"From: " + b'"\\' * 100_000 + b"\r\n\r\n",
    "literals": b"From: " + b"a[" * 100_000 + b"\r\n\r\n",
    "addresses": b"From: " + b"a@b," * 50_000 + b"\r\n\r\n",
    "froms": b"From: a@b\r\n" * 20_000 + b"\r\n",
    "spaces": b"From: " + b" " * 200_000 + b"x\r\nContent-Type: a/" + b" " * 50_000 + b"\r\n\r\n",
    "folds": b"From: a\r\n" + b" \r\n" * 60_000 + b"\r\n",
    "encoded words": b"Subject: \xff" + b"=?a?q?" * 30_000 + b"\r\nComments: " + b"=?" * 30_000 + b"\r\n\r\n",
    "raw 8 bit": b"Subject: "
    + b"\xc3\xa9" * 60_000
    + b"\r\nContent-Type: a/b; name="
    + b"\xff" * 60_000
    + b"\r\n\r\n",
    "unicode domains": b"From: " + b"a@\xc3\xa9\xc3\xa8\xc3\xa9." * 10_000 + b"\r\n\r\n",
    "line feeds": b"\n" * MB,
    "carriage returns": b"Subject: " + b"\r" * 200_000 + b"\r\n\r\n",
    "NUL": b"Subject: \0\r\n\r\n" + b"\0" * MB,
}


def scanned(message):
    """Its card, and the CPU seconds that it took (R13: one at most)."""
    began = time.thread_time()
    card = scan(message)
    return card, time.thread_time() - began


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_take_bounded_time(name):
    message = HOSTILE[name]
    card, took = scanned(message)
    for _ in range(2):  # a busy machine doubles what a core takes
        if took >= 1:
            card, took = scanned(message)
    assert took < 1
    check_bounds(card, message)
    assert Card.decode(card.encode()) == card


# --- properties ---

FRAGMENTS = st.sampled_from(
    [bytes([octet]) for octet in b'\r\n \t:;="\\()<>@,a\0\xff']
    + [b"\r\n", b"--", b"--a\r\n", b"--a--", b"\r\n--ab\r\n", b"\xc3\xa9", b"=?utf-8?q?x?="]
    + [b"From: ", b"To: x@y", b"Subject: ", b"Content-Disposition: attachment; filename=", b"Content-Language: en"]
    + [b"Content-Type: multipart/mixed; boundary=a\r\n", b"Content-Type: multipart/digest; boundary=ab\r\n\r\n"]
    + [b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: text/plain; name*0=a; name*1*=%ff\r\n"]
    + [b"Content-Transfer-Encoding: base64\r\n"]
)


@given(st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=40).map(b"".join))
@example(
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n--a--"
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_a_card_that_can_be_sent_and_kept(message):
    card = scan(message)
    check_bounds(card, message)
    assert Card.decode(card.encode()) == card


@given(trees())
@settings(max_examples=200, deadline=None)
def test_spans_are_where_the_pieces_were_put(tree: Tree):
    card = scan(tree.data)
    check_bounds(card, tree.data)
    expected = message_spans(tree)
    assert {key: card.span(*key) for key in expected} == expected
    assert card.span((9,)) is None
