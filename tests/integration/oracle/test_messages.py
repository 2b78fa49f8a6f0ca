"""Commands on the messages of a selected mailbox: numbers and sets, flags, COPY, MOVE, EXPUNGE, and what two sessions
and IDLE are told of it."""

from tests.integration.oracle.conftest import Stage
from tests.integration.oracle.play import Case, Decided, assert_same, case, parametrised

SEQ_RANGE = "RFC 3501 section 9, seq-range: 9:* is *:9, so the last message is in it"
UNCHANGED = ((1, "FETCH", frozenset({("FLAGS", frozenset({"\\SEEN", "\\RECENT"}))})),)
NEW_VALUE = "RFC 3501 section 6.4.6: the new value is returned"
GRAMMAR = "RFC 3501 section 9, sequence-set"
SETS = (
    "1",
    "*",
    "1:*",
    "*:1",
    "3:1",
    "2,1",
    "1,1,1",
    "1:2,2:3",
    "2:2",
    "*:*",
    "1:3,*",
    "4",
    "2:9",
    "9:12",
    "1,9",
)
BAD_SETS = (
    "0",
    "0:2",
    "1:0",
    "-1",
    "1:",
    ":1",
    ",1",
    "1,",
    "1,,2",
    "a",
    "1:2:3",
    "4294967295",
    "4294967296",
    "1.5",
    "$",
)

SEQUENCES = (
    *(case(f"fetch {each}", "SELECT INBOX", f"FETCH {each} (UID)") for each in SETS),
    *(case(f"uid fetch {each}", "SELECT INBOX", f"UID FETCH {each} (FLAGS)") for each in SETS),
    *(
        case(f"search {each}", "SELECT INBOX", f"SEARCH {each}", f"SEARCH UID {each}", f"UID SEARCH {each}")
        for each in SETS
    ),
    case("fetch 9:*", "SELECT INBOX", "UID FETCH 9:* (FLAGS)"),
    case("search 9:*", "SELECT INBOX", "SEARCH 9:*", decided={1: Decided(SEQ_RANGE, "OK", (("SEARCH", 3),))}),
    case("uid search 9:*", "SELECT INBOX", "UID SEARCH UID 9:*"),
    case(
        "fetch bad sets",
        "SELECT INBOX",
        *(f"FETCH {each} (UID)" for each in BAD_SETS),
        decided={8: Decided(GRAMMAR, "BAD"), 15: Decided("RFC 5182 is not announced", "BAD")},
    ),
    case(
        "uid fetch bad sets",
        "SELECT INBOX",
        *(f"UID FETCH {each} (UID)" for each in BAD_SETS),
        decided={8: Decided(GRAMMAR, "BAD"), 15: Decided("RFC 5182 is not announced", "BAD")},
    ),
    case(
        "store sets",
        "SELECT INBOX",
        "STORE 9 +FLAGS (\\Seen)",
        "UID STORE 9 +FLAGS (\\Seen)",
        "UID STORE 1,9 +FLAGS (X)",
    ),
    case("copy sets", "SELECT INBOX", "COPY 9 Sent", "UID COPY 9 Sent", "UID COPY 2:9 Sent", "COPY 3:1 Sent"),
    case(
        "gaps",
        "SELECT INBOX",
        "UID STORE 2 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "UID FETCH 2 (FLAGS)",
        "UID FETCH 1:3 (FLAGS)",
    ),
    case(
        "gaps-search",
        "SELECT INBOX",
        "STORE 2 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "SEARCH 2",
        "UID SEARCH UID 2:*",
        "SEARCH UID 9:*",
    ),
)

FLAGS = (
    case("set", "SELECT INBOX", "STORE 1 FLAGS (\\Flagged)", "FETCH 1 FLAGS", "STORE 1 FLAGS ()", "FETCH 1 FLAGS"),
    case(
        "add-remove", "SELECT INBOX", "STORE 1:3 +FLAGS (\\Draft X)", "STORE 1:2 -FLAGS (X \\Seen)", "FETCH 1:3 FLAGS"
    ),
    case("silent", "SELECT INBOX", "STORE 1:3 +FLAGS.SILENT (\\Seen)", "FETCH 1:3 FLAGS", "NOOP"),
    case(
        "unchanged",
        "SELECT INBOX",
        "STORE 1 +FLAGS (\\Seen)",
        "STORE 1 -FLAGS (\\Draft)",
        "NOOP",
        decided={1: Decided(NEW_VALUE, "OK", UNCHANGED), 2: Decided(NEW_VALUE, "OK", UNCHANGED)},
    ),
    case("no-parentheses", "SELECT INBOX", "STORE 3 +FLAGS \\Seen \\Flagged", "FETCH 3 FLAGS"),
    case(
        "case",
        "SELECT INBOX",
        "STORE 3 +FLAGS (\\sEEn)",
        "STORE 3 +FLAGS (worK)",
        "STORE 3 +FLAGS (WORK)",
        "FETCH 3 FLAGS",
        decided={3: Decided(NEW_VALUE, "OK", None)},
    ),
    case(
        "keywords",
        "SELECT INBOX",
        "STORE 1 +FLAGS ($MDNSent NonJunk)",
        "SEARCH KEYWORD nonjunk",
        "SEARCH UNKEYWORD $MDNSent",
    ),
    case(
        "recent",
        "SELECT INBOX",
        "STORE 1 +FLAGS (\\Recent)",
        "STORE 1 -FLAGS (\\Recent)",
        "FETCH 1 FLAGS",
        decided={
            1: Decided("RFC 3501 section 2.3.2: \\Recent cannot be altered, so it is left out", "OK", None),
            2: Decided("RFC 3501 section 2.3.2: \\Recent cannot be altered, so it is left out", "OK", None),
        },
    ),
    case(
        "uid-store",
        "SELECT INBOX",
        "UID STORE 2:3 +FLAGS (\\Answered)",
        "UID STORE 2 FLAGS.SILENT (X)",
        "UID FETCH 2 FLAGS",
    ),
    case(
        "body-sets-seen", "SELECT INBOX", "FETCH 3 BODY[TEXT]<0.5>", "FETCH 2 BODY.PEEK[TEXT]<0.5>", "FETCH 2:3 FLAGS"
    ),
    case("rfc822-sets-seen", "SELECT INBOX", "FETCH 2 RFC822.HEADER", "FETCH 3 RFC822.TEXT", "FETCH 2:3 FLAGS"),
    case("persist", "SELECT INBOX", "STORE 1 FLAGS (\\Answered X)", "CLOSE", "SELECT INBOX", "FETCH 1 (FLAGS UID)"),
)

MOVES = (
    case("copy", "SELECT INBOX", "COPY 2:3 Sent", "SELECT Sent", "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)"),
    case("copy-self", "SELECT INBOX", "COPY 1 INBOX", "NOOP", "FETCH 4 (FLAGS UID)"),
    case("copy-reversed", "SELECT INBOX", "UID COPY 3,1 Sent", "SELECT Sent", "FETCH 1:* (UID ENVELOPE)"),
    case("copy-keyword", "SELECT INBOX", "COPY 2 Sent", "SELECT Sent", "FETCH 1 FLAGS", "SEARCH KEYWORD Work"),
    case("move", "SELECT INBOX", "MOVE 1 Trash", "FETCH 1:* UID", "SELECT Trash", "FETCH 1:* (UID FLAGS)"),
    case("move-many", "SELECT INBOX", "UID MOVE 1,3,5 Trash", "SEARCH ALL", "UID MOVE 1 Trash", seeds=6),
    case("move-all", "SELECT INBOX", "MOVE 1:* Trash", "SEARCH ALL", "STATUS Trash (MESSAGES UNSEEN)", seeds=6),
    case("expunge", "SELECT INBOX", "STORE 2,4,6 +FLAGS.SILENT (\\Deleted)", "EXPUNGE", "FETCH 1:* UID", seeds=6),
    case(
        "expunge-all", "SELECT INBOX", "STORE 1:* +FLAGS.SILENT (\\Deleted)", "EXPUNGE", "NOOP", "SEARCH ALL", seeds=6
    ),
    case("expunge-none", "SELECT INBOX", "EXPUNGE", "UID EXPUNGE 1:*", "CLOSE", "STATUS INBOX (MESSAGES)"),
    case(
        "uid-expunge",
        "SELECT INBOX",
        "STORE 1:3 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 2",
        "UID EXPUNGE 9,1",
        "FETCH 1 UID",
    ),
    case(
        "uid-not-reused",
        "SELECT INBOX",
        "STORE 3 +FLAGS.SILENT (\\Deleted)",
        "EXPUNGE",
        "COPY 1 INBOX",
        "NOOP",
        "FETCH 1:* UID",
    ),
)

TWO_SESSIONS = (
    case(
        "arrival",
        "SELECT INBOX",
        "2> SELECT Sent",
        "2> APPEND INBOX {14+}\r\nSubject: x\r\n\r\n",
        "NOOP",
        "FETCH 4 (UID FLAGS)",
    ),
    case("flags", "SELECT INBOX", "2> SELECT INBOX", "2> STORE 1 +FLAGS (\\Flagged)", "NOOP", "FETCH 1 FLAGS"),
    case("silent-is-told", "SELECT INBOX", "2> SELECT INBOX", "2> STORE 1 +FLAGS.SILENT (\\Flagged)", "NOOP"),
    case(
        "expunge",
        "SELECT INBOX",
        "2> SELECT INBOX",
        "2> STORE 2 +FLAGS (\\Deleted)",
        "2> EXPUNGE",
        "NOOP",
        "FETCH 1:* UID",
    ),
    case(
        "not-during-search",
        "SELECT INBOX",
        "2> SELECT INBOX",
        "2> STORE 1 +FLAGS (\\Deleted)",
        "2> EXPUNGE",
        "SEARCH 1:3",
        "NOOP",
    ),
    case("move", "SELECT INBOX", "2> SELECT INBOX", "2> MOVE 1 Trash", "NOOP", "FETCH 1:* UID"),
    case(
        "uid-of-gone",
        "SELECT INBOX",
        "2> SELECT INBOX",
        "2> STORE 2 +FLAGS (\\Deleted)",
        "2> EXPUNGE",
        "UID STORE 2 +FLAGS (\\Seen)",
        "NOOP",
    ),
    case("recent-once", "SELECT INBOX", "2> SELECT INBOX", "2> FETCH 1:* FLAGS", "FETCH 1:* FLAGS"),
    case(
        "idle-arrival",
        "SELECT INBOX",
        "IDLE",
        "2> APPEND INBOX {14+}\r\nSubject: x\r\n\r\n",
        "told",
        "told",
        "DONE",
        "FETCH 4 UID",
    ),
    case(
        "idle-flags", "SELECT INBOX", "2> SELECT INBOX", "IDLE", "2> STORE 2 +FLAGS (\\Seen)", "told", "DONE", "NOOP"
    ),
    case(
        "idle-expunge",
        "SELECT INBOX",
        "2> SELECT INBOX",
        "2> STORE 2 +FLAGS.SILENT (\\Deleted)",
        "NOOP",
        "IDLE",
        "2> EXPUNGE",
        "told",
        "DONE",
        decided={7: Decided("RFC 9051 has no RECENT", "OK")},
    ),
)


@parametrised(SEQUENCES)
def test_sequence_sets(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(FLAGS)
def test_flags(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(MOVES)
def test_moves(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(TWO_SESSIONS)
def test_two_sessions(stage: Stage, case: Case) -> None:
    assert_same(stage, case)
