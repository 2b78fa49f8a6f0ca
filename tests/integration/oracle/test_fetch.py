"""FETCH of every item and of many sections: for the seeds of the scripted cases and for every sample message."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import samples
from tests.integration.oracle.answers import Value, shown
from tests.integration.oracle.conftest import Stage
from tests.integration.oracle.play import difference, seed
from tests.integration.oracle.seeds import SEEDS
from tests.integration.oracle.talk import Talk

PARTS = ("1", "2", "3", "3.1", "3.2", "4", "99")
NO_PARTS = ("1.1", "2.1", "3.1.1", "1.1.1", "1.2.3.4.5.6.7.8.9")
ITEMS = (
    "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "RFC822", "RFC822.HEADER",
    "RFC822.TEXT", "BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "ALL", "FAST", "FULL", "(UID FLAGS UID)",
    *(f"BODY.PEEK[{part}{text}]" for part in PARTS for text in ("", ".MIME", ".HEADER", ".TEXT")),
    "BODY.PEEK[HEADER.FIELDS (FROM)]", "BODY.PEEK[HEADER.FIELDS (from TO x-none)]",
    "BODY.PEEK[HEADER.FIELDS (NONE)]", "BODY.PEEK[HEADER.FIELDS.NOT (FROM)]",
    "BODY.PEEK[HEADER.FIELDS.NOT (FROM TO SUBJECT DATE)]", 'BODY.PEEK[HEADER.FIELDS ("Subject")]',
    "BODY.PEEK[3.HEADER.FIELDS (SUBJECT)]", "BODY.PEEK[3.HEADER.FIELDS.NOT (SUBJECT)]", "BODY.PEEK[]<0.10>",
    "BODY.PEEK[]<5.20>", "BODY.PEEK[]<0.4294967295>", "BODY.PEEK[]<99999999.10>", "BODY.PEEK[TEXT]<2.3>",
    "BODY.PEEK[HEADER]<0.7>", "BODY.PEEK[1]<1.5>", "BODY.PEEK[HEADER.FIELDS (FROM)]<3.4>",
    "BODY.PEEK[1.MIME]<0.12>", "(ENVELOPE BODY.PEEK[HEADER.FIELDS (DATE)] FLAGS)",
    "(BODY.PEEK[]<0.5> BODY.PEEK[]<5.5>)",
)  # fmt: skip
OF_SAMPLES = (
    "RFC822.SIZE", "BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "ENVELOPE", "BODYSTRUCTURE", "BODY",
    "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[2]", "BODY.PEEK[2.MIME]", "BODY.PEEK[1.1]", "BODY.PEEK[2.1]",
    "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]", "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM TO CC DATE)]",
    "BODY.PEEK[HEADER.FIELDS.NOT (RECEIVED)]", "BODY.PEEK[]<100.200>", "BODY.PEEK[3]", "BODY.PEEK[2.MIME]<0.20>",
)  # fmt: skip

_PARTS = {"BODY", "BODYSTRUCTURE", *(item for item in OF_SAMPLES if item[10:11].isdigit())}
_CLOSE = "RFC 2046 section 5.1.1: the CRLF before a delimiter belongs to it, also after an inner close-delimiter"
_EXACT = "RFC 2046 section 5.1.1: a delimiter line is the whole boundary, not one that begins like it"
_UNFOLD = "RFC 5322 section 2.2.3: unfolding takes the CRLF away and keeps the white space"
_NO_COLON = (
    "RFC 5322 section 2.2: lines without a colon are no fields; where such a header ends is each server's choice"
)
_NO_BODY = "RFC 2046 section 5.1.1 leaves the end of a part without a body to the reader"
STRAYS = {
    "basic-plain-with-bad-header-separator.msg": (
        {"ENVELOPE"},
        "white space at the end of Date is no part of the date",
    ),
    "boundary-name-clash.msg": ({"BODY.PEEK[1]"}, _CLOSE),
    "missing-inner-start-boundary.msg": ({"BODY.PEEK[2]"}, _CLOSE),
    "malformedHeader-noheader.msg": ({"BODY.PEEK[HEADER.FIELDS.NOT (RECEIVED)]"}, _NO_COLON),
    "malformedHeaderStartsBody-noheader.msg": ({"BODY.PEEK[HEADER.FIELDS.NOT (RECEIVED)]"}, _NO_COLON),
    "obsolete.msg": ({"ENVELOPE"}, _UNFOLD),
    "frag.msg": ({"ENVELOPE", "BODY", "BODYSTRUCTURE"}, _UNFOLD),
    "very-long-boundary.msg": ({"BODY.PEEK[2.MIME]"}, _NO_COLON),
    "very-very-long-boundary.msg": ({"BODY.PEEK[2.MIME]"}, _NO_COLON),
    "weird-boundary.msg": (_PARTS, "RFC 2046 section 5.1.1: white space after a boundary is transport padding"),
    "double-semicolon.msg": (_PARTS, "`;;` in Content-Type: the boundary that follows is taken, Dovecot finds none"),
    "multi-digest.msg": ({"BODY", "BODYSTRUCTURE"}, "RFC 2045 section 5.2: without a subtype it is text/plain"),
    "017.eml": ({"BODY", "BODYSTRUCTURE"}, "RFC 2045 section 5.2: a type that cannot be read is text/plain"),
    "000.eml": ({"BODY.PEEK[2.MIME]"}, _NO_BODY),
    "001.eml": ({"BODY.PEEK[1.MIME]"}, _NO_BODY),
    "007.eml": (_PARTS, _EXACT),
    "016.eml": (_PARTS, _EXACT),
}
"""Items in which Dovecot strays from the RFC or fills a gap that it leaves: not compared for these messages."""


@pytest.fixture(scope="module")
def sessions(stage: Stage) -> Iterator[tuple[Talk, Talk]]:
    """(ours, oracle), the six seeds in INBOX, and every sample message in Archive of both."""
    ours, oracle = stage.account()
    seed(stage.ours, ours, len(SEEDS))
    seed(stage.oracle, oracle, len(SEEDS))
    with Talk(stage.ours.imap_port, ours) as one, Talk(stage.oracle.imap_port, oracle) as other:
        yield one, other


@pytest.mark.parametrize("item", ITEMS)
def test_items_of_seeds(sessions: tuple[Talk, Talk], item: str) -> None:
    for each in sessions:
        each.do(b"EXAMINE INBOX")
    ours, oracle = (each.do(f"FETCH 1:* {item}".encode()) for each in sessions)
    if ours != oracle:
        pytest.fail(difference(item, ours, oracle, "oracle"), pytrace=False)


@pytest.mark.parametrize("part", NO_PARTS)
@pytest.mark.parametrize("text", ["", ".MIME", ".HEADER", ".TEXT", ".HEADER.FIELDS (FROM)"])
def test_parts_that_do_not_exist(sessions: tuple[Talk, Talk], part: str, text: str) -> None:
    """Only multiparts and messages have inner parts (section 6.4.5); Dovecot answers 1.1 of a text with the text."""
    sessions[0].do(b"EXAMINE INBOX")
    answer = sessions[0].do(f"FETCH 1:* BODY.PEEK[{part}{text}]".encode())
    assert answer.status == "OK"
    assert [each[2] for each in answer.untagged] == [frozenset({(f"BODY[{part}{text}]", b"")})] * len(SEEDS)


def _sendable(path: Path) -> bytes:
    """The sample as SMTP would bring it: CRLF, no bare CR, no NUL (RFC 3501 section 4.3, literal has no NUL)."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", path.read_bytes()).replace(b"\0", b"")


def _has_parts(fetched: Value, child: int) -> bool:
    """Whether the part is a multipart or a message: then it has a part 1 of its own."""
    assert isinstance(fetched, tuple)
    assert isinstance(fetched[2], frozenset)
    (body,) = (each[1] for each in fetched[2] if isinstance(each, tuple))
    if not (isinstance(body, tuple) and len(body) > child and isinstance(body[child], tuple)):
        return False
    part = body[child]
    return isinstance(part[0], tuple) or part[:2] == (b"message", b"rfc822")


def _mismatch(ours: Value, oracle: Value, item: str) -> list[str]:
    return [] if ours == oracle else [f"{item}\n    ours   {shown(ours)[:1500]}\n    oracle {shown(oracle)[:1500]}"]


@pytest.mark.skipif(not samples.messages(), reason=samples.REASON)
@pytest.mark.parametrize("path", samples.messages(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_samples(sessions: tuple[Talk, Talk], path: Path) -> None:
    message = _sendable(path)
    found = []
    for talk in sessions:
        talk.do(b"CREATE " + path.stem.encode())
        talk.do(b"APPEND %s {%d+}\r\n%s" % (path.stem.encode(), len(message), message))
        talk.do(b"EXAMINE " + path.stem.encode())
        found.append([talk.do(b"FETCH 1 " + item.encode()) for item in OF_SAMPLES])
    inner = {"BODY.PEEK[1.1]": 0, "BODY.PEEK[2.1]": 1}
    structure = found[1][OF_SAMPLES.index("BODY")].untagged[0]
    wrong = [
        line
        for item, ours, oracle in zip(OF_SAMPLES, *found, strict=True)
        if item not in STRAYS.get(path.name, ((), ""))[0]
        and (item not in inner or _has_parts(structure, inner[item]))
        for line in _mismatch((ours.status, ours.untagged), (oracle.status, oracle.untagged), item)
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
