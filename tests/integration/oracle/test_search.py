"""Every SEARCH key over the same six messages (RFC 3501 section 6.4.4)."""

from collections.abc import Iterator

import pytest

from tests.integration.oracle.answers import Answer
from tests.integration.oracle.conftest import Stage
from tests.integration.oracle.play import difference, seed
from tests.integration.oracle.seeds import SEEDS
from tests.integration.oracle.talk import Talk

FLAG_KEYS = (
    "ALL", "ANSWERED", "UNANSWERED", "DELETED", "UNDELETED", "DRAFT", "UNDRAFT", "FLAGGED", "UNFLAGGED", "SEEN",
    "UNSEEN", "KEYWORD Work", "KEYWORD work", "UNKEYWORD Work", "KEYWORD $Forwarded", "KEYWORD Never",
    "UNKEYWORD Never",
)  # fmt: skip
DATE_KEYS = tuple(
    f"{key} {day}"
    for key in ("BEFORE", "ON", "SINCE", "NOT 4 SENTBEFORE", "NOT 4 SENTON", "NOT 4 SENTSINCE")
    for day in (
        "7-Feb-1994",
        "8-Feb-1994",
        '"15-Jun-2022"',
        "31-Dec-2021",
        "1-Jan-2022",
        "16-jun-2022",
        "01-Mar-2022",
    )
)
HEADER_KEYS = (
    "FROM foobar", "FROM FOOBAR", 'FROM "Fred Foobar"', "FROM blurdy", "TO mooch", "TO anna", 'CC "Terry"',
    "CC team", "BCC hidden", "SUBJECT meeting", "SUBJECT MEET", 'SUBJECT ""', "SUBJECT nothing",
    'SUBJECT "two files"', "HEADER Message-ID second", "HEADER X-Priority 1", 'HEADER X-Priority ""',
    'HEADER Cc ""', "HEADER References earlier", 'HEADER Nowhere ""', "HEADER Date 2022", "HEADER Sender office",
    "HEADER Content-Type multipart",
)  # fmt: skip
TEXT_KEYS = (
    "BODY tomorrow", "BODY TOMORROW", "BODY seldomseen", "BODY nothing-of-it", 'BODY "See attached"',
    "BODY Rechnung", 'BODY "Deep text"', "TEXT foobar", "TEXT seldomseen", "TEXT tomorrow", 'TEXT "goes on and"',
    "BODY Preamble", 'TEXT "the letter itself"', 'BODY ""', 'TEXT ""',
)  # fmt: skip
SIZE_KEYS = (
    "LARGER 0",
    "LARGER 500",
    "LARGER 4294967295",
    "SMALLER 100",
    "SMALLER 10000",
    "SMALLER 0",
    "LARGER 9759",
)
LOGIC = (
    "NOT SEEN", "NOT NOT SEEN", "OR SEEN FLAGGED", "OR (SEEN) (FLAGGED DRAFT)", "SEEN FLAGGED", "(ALL)",
    "((ALL) SEEN)", "OR OR SEEN FLAGGED DRAFT", "NOT OR SEEN FLAGGED", "1:3 UNSEEN", "UID 2:4", "NOT 1:3",
    "NOT UID 1:3", "2,4 SMALLER 10000", "ALL ALL ALL", "UID 1:* NOT DELETED", "UNSEEN 1", "NEW", "OLD", "RECENT",
    "ALL NOT ALL", "NOT 7:9 ALL", "UID 100:200", "UNDELETED UNDRAFT",
)  # fmt: skip
CHARSETS = (
    "CHARSET US-ASCII SUBJECT meeting",
    "CHARSET us-ascii SUBJECT meeting",
    'CHARSET UTF-8 FROM "Jörg"',
    'CHARSET UTF-8 FROM "JÖRG"',
    'CHARSET UTF-8 SUBJECT "über"',
    'CHARSET UTF-8 SUBJECT "12 €"',
    "CHARSET UTF-8 SUBJECT {6}\r\n12 €",
    'CHARSET UTF-8 BODY "Für Sie"',
    'CHARSET UTF-8 BODY "<p>Für"',
    'CHARSET UTF-8 TEXT "FÜR SIE"',
    "CHARSET X-NEVER SUBJECT meeting",
    "CHARSET UTF-8",
    "CHARSET",
)

KEYS = (*FLAG_KEYS, *DATE_KEYS, *HEADER_KEYS, *TEXT_KEYS, *SIZE_KEYS, *LOGIC, *CHARSETS)


@pytest.fixture(scope="module")
def sessions(stage: Stage) -> Iterator[tuple[Talk, Talk]]:
    """(ours, oracle), each with the six messages, examined so that nothing changes."""
    ours, oracle = stage.account()
    seed(stage.ours, ours, len(SEEDS))
    seed(stage.oracle, oracle, len(SEEDS))
    with Talk(stage.ours.imap_port, ours) as one, Talk(stage.oracle.imap_port, oracle) as other:
        one.do(b"EXAMINE INBOX")
        other.do(b"EXAMINE INBOX")
        yield one, other


@pytest.mark.parametrize("by_uid", [b"", b"UID "], ids=["numbers", "uids"])
@pytest.mark.parametrize("keys", KEYS)
def test_search(sessions: tuple[Talk, Talk], keys: str, by_uid: bytes) -> None:
    command = by_uid + b"SEARCH " + keys.encode()
    ours, oracle = (_found(each.do(command)) for each in sessions)
    if ours != oracle:
        pytest.fail(difference(keys, ours, oracle, "oracle"), pytrace=False)


def _found(answer: Answer) -> Answer:
    """Without the FLAGS that Dovecot sends when a search names a new keyword."""
    return Answer(answer.status, answer.code, tuple(each for each in answer.untagged if each and each[0] == "SEARCH"))


DECIDED = (
    ("NOT (SEEN FLAGGED)", (1, 2, 3, 4, 5, 6), "section 6.4.4: a list is an AND, and no message is both"),
    ('BODY "boundary"', (3,), "the header of an enclosed message stands in the body of the outer one"),
    ('BODY "the letter itself"', (3,), "the header of an enclosed message stands in the body of the outer one"),
)


@pytest.mark.parametrize(("keys", "numbers", "reason"), DECIDED)
def test_where_dovecot_strays(sessions: tuple[Talk, Talk], keys: str, numbers: tuple[int, ...], reason: str) -> None:
    answer = sessions[0].do(f"SEARCH {keys}".encode())
    assert answer.untagged == (("SEARCH", *numbers),), reason


@pytest.mark.parametrize("key", ["SENTBEFORE", "SENTON", "SENTSINCE"])
def test_no_date_is_never_sent(sessions: tuple[Talk, Talk], key: str) -> None:
    """Section 6.4.4 compares the Date header: without one nothing matches (Dovecot falls back to the arrival)."""
    answer = sessions[0].do(f"SEARCH 4 {key} 1-Jan-2023".encode())
    assert answer == Answer("OK", None, (("SEARCH",),))
