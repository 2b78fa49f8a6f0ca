"""What the writer puts on the wire, character by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol import responses
from bridge.imap.protocol.errors import BadCharset, Status
from bridge.imap.protocol.lexer import Lexer


@given(st.text())
def test_text_is_one_printable_line(prose: str) -> None:
    line = responses.ok("a1", prose)
    assert line.startswith(b"a1 OK ")
    assert line.endswith(b"\r\n")
    assert all(0x20 <= byte <= 0x7E for byte in line[:-2])
    assert len(line) > len(b"a1 OK \r\n")
    assert not line.startswith(b"a1 OK [")


def as_literals(wire: bytes) -> Lexer:
    """A lexer over what the writer wrote, the writer's literals taken out."""
    if not wire.startswith(b"{"):
        return Lexer(wire)
    announcement, _, content = wire.partition(b"\r\n")
    assert announcement == b"{%d}" % len(content)
    return Lexer(announcement + b"\r\n", [content])


@given(
    st.binary(max_size=50).map(lambda value: value.replace(b"\0", b""))
    | st.text().map(lambda s: s.replace("\0", "").encode())
)
def test_strings_are_read_back(value: bytes) -> None:
    assert as_literals(responses.string(value)).string() == value
    assert as_literals(responses.astring(value)).astring() == value
    assert as_literals(responses.nstring(value)).nstring() == value


def test_nothing_is_nil_and_nil_is_quoted() -> None:
    assert responses.nstring(None) == b"NIL"
    assert responses.nstring(b"NIL") == b'"NIL"'
    assert responses.astring(b"nil") == b'"nil"'
    assert responses.astring(b"") == b'""'
    assert responses.string(b'a"\\') == b'"a\\"\\\\"'
    assert responses.string(b"\xe9") == b"{1}\r\n\xe9"
    assert responses.string(b"a" * 5000).startswith(b"{5000}\r\n")


@pytest.mark.parametrize("value", [b"a\r\nb", b"\x00", b"\n"])
def test_a_quoted_string_never_breaks_its_line(value: bytes) -> None:
    with pytest.raises(ValueError, match="quoted"):
        responses.quoted(value)


@pytest.mark.parametrize(
    ("line", "wire"),
    [
        (
            responses.condition("a1", Status.NO, "No such mailbox", responses.NONEXISTENT),
            b"a1 NO [NONEXISTENT] No such mailbox",
        ),
        (responses.refusal("a1", BadCharset()), b"a1 NO [BADCHARSET (US-ASCII UTF-8)] Charset not known"),
        (responses.bad("*", "x\r\na2 OK y"), b"* BAD x?a2 OK y"),
        (responses.no("a1", "\x1b[2J"), b"a1 NO ?[2J"),
        (responses.greeting("Postex", ["IMAP4rev1", "IDLE"]), b"* OK [CAPABILITY IMAP4rev1 IDLE] Postex"),
        (responses.bye("Until then"), b"* BYE Until then"),
        (responses.continuation(), b"+ OK"),
        (responses.challenge(b"Username:"), b"+ VXNlcm5hbWU6"),
        (responses.capability(["IMAP4rev1", "IDLE"]), b"* CAPABILITY IMAP4rev1 IDLE"),
        (responses.enabled([]), b"* ENABLED"),
        (responses.flags_line(["\\Seen", "work"]), b"* FLAGS (\\Seen work)"),
        (responses.exists(3), b"* 3 EXISTS"),
        (responses.recent(0), b"* 0 RECENT"),
        (responses.expunged(2), b"* 2 EXPUNGE"),
        (responses.fetch(1, [b"UID 7", b"FLAGS ()"]), b"* 1 FETCH (UID 7 FLAGS ())"),
        (responses.listing(["\\HasNoChildren"], "INBOX"), b'* LIST (\\HasNoChildren) "/" INBOX'),
        (responses.listing([], "été b", verb=b"LSUB"), b'* LSUB () "/" "&AOk-t&AOk- b"'),
        (responses.listing(["\\Noselect"], ""), b'* LIST (\\Noselect) "/" ""'),
        (responses.listing([], "A&é", utf8=True), '* LIST () "/" "A&é"'.encode()),
        (responses.listing([], "A&B", utf8=True), b'* LIST () "/" A&B'),
        (
            responses.listing([], "a", delimiter=None, extended=b'("CHILDINFO" ("SUBSCRIBED"))'),
            b'* LIST () NIL a ("CHILDINFO" ("SUBSCRIBED"))',
        ),
        (responses.status("a b", [("MESSAGES", 3), ("UNSEEN", 0)]), b'* STATUS "a b" (MESSAGES 3 UNSEEN 0)'),
        (responses.search([]), b"* SEARCH"),
        (responses.search([1, 5]), b"* SEARCH 1 5"),
        (
            responses.esearch("a1", True, minimum=1, maximum=9, count=3, found=[(1, 2), (9, 9)]),
            b'* ESEARCH (TAG "a1") UID MIN 1 MAX 9 COUNT 3 ALL 1:2,9',
        ),
        (responses.esearch("a1", False, count=0, found=[]), b'* ESEARCH (TAG "a1") COUNT 0'),
        (responses.namespace(), b'* NAMESPACE (("" "/")) NIL NIL'),
        (responses.identification([("name", "Postex"), ("os", None)]), b'* ID ("name" "Postex" "os" NIL)'),
        (responses.identification([]), b"* ID NIL"),
        (responses.ok("a", "Done", responses.append_uid(7, [(3, 3)])), b"a OK [APPENDUID 7 3] Done"),
        (
            responses.ok("a", "Done", responses.copy_uid(7, [(1, 11), (2, 12), (5, 13)])),
            b"a OK [COPYUID 7 1:2,5 11:13] Done",
        ),
        (
            responses.ok("a", "Done", responses.permanent_flags(["\\Seen", "\\*"])),
            b"a OK [PERMANENTFLAGS (\\Seen \\*)] Done",
        ),
    ],
)
def test_lines(line: bytes, wire: bytes) -> None:
    assert line == wire + b"\r\n"
