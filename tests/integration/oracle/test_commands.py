"""Each command of IMAP4rev1 and of the announced extensions, in the states where it may and may not be used."""

from tests.integration.oracle.conftest import Stage
from tests.integration.oracle.play import Case, Decided, assert_same, case, parametrised

READ_ONLY = "RFC 3501 section 6.3.2: no changes to a mailbox that was examined"
GRAMMAR = "RFC 3501 section 9"
UTF7 = "RFC 3501 section 5.1.3: not modified UTF-7"
_LITERAL = "Subject: appended\r\n\r\nbody\r\n"


def _append(words: str, message: str = _LITERAL) -> str:
    return f"APPEND {words} {{{len(message.encode())}}}\r\n{message}"


STATES = (
    case("noop", "NOOP", "SELECT INBOX", "NOOP", "CHECK", "CLOSE", "NOOP"),
    case("needs-selected", "FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH ALL", "EXPUNGE", "COPY 1 INBOX", "CHECK"),
    case("needs-selected-too", "CLOSE", "UNSELECT", "UID FETCH 1 FLAGS", "UID EXPUNGE 1", "MOVE 1 INBOX"),
    case("select-again", "SELECT INBOX", "SELECT Sent", "EXAMINE INBOX", "SELECT INBOX"),
    case("select-missing", "SELECT INBOX", "SELECT nowhere", "FETCH 1 FLAGS"),
    case("select-case", "SELECT inbox", "SELECT InBoX", 'EXAMINE "INBOX"', "SELECT {5}\r\nINBOX"),
    case(
        "examine-changes",
        "EXAMINE INBOX",
        "STORE 1 +FLAGS (\\Seen)",
        "EXPUNGE",
        "FETCH 3 BODY[TEXT]",
        "FETCH 3 FLAGS",
        decided={1: Decided(READ_ONLY, "NO"), 2: Decided(READ_ONLY, "NO")},
    ),
    case(
        "examine-move",
        "EXAMINE INBOX",
        "MOVE 1 Trash",
        "COPY 1 Trash",
        "UID EXPUNGE 1:*",
        "CLOSE",
        decided={
            1: Decided(READ_ONLY, "NO"),
            2: Decided("RFC 3501 section 6.4.7: COPY leaves the source as it is", "OK"),
            3: Decided(READ_ONLY, "NO"),
        },
    ),
    case("examine-close-keeps", "EXAMINE INBOX", "CLOSE", "STATUS INBOX (MESSAGES)", seeds=6),
    case("close-expunges", "SELECT INBOX", "CLOSE", "STATUS INBOX (MESSAGES)", seeds=6),
    case("unselect-keeps", "SELECT INBOX", "UNSELECT", "STATUS INBOX (MESSAGES)", seeds=6),
    case("login-twice", "LOGIN a b", "AUTHENTICATE PLAIN"),
    case("empty-mailbox", "SELECT Drafts", "FETCH 1 FLAGS", "FETCH 1:* FLAGS", "UID FETCH 1:* FLAGS", "SEARCH ALL"),
    case("empty-mailbox-change", "SELECT Drafts", "UID STORE 1:* +FLAGS (\\Seen)", "EXPUNGE", "UID COPY 1:* Sent"),
)

ERRORS = (
    case(
        "unknown",
        "FROB",
        "SELECT",
        "SELECT INBOX extra words",
        "NOOP now",
        "LOGIN one",
        decided={2: Decided(GRAMMAR + ", select", "BAD"), 3: Decided(GRAMMAR + ", noop", "BAD")},
    ),
    case("uid-unknown", "SELECT INBOX", "UID", "UID FROB 1", "UID NOOP"),
    case("fetch-syntax", "SELECT INBOX", "FETCH", "FETCH 1", "FETCH x FLAGS", "FETCH 1 ()", "FETCH 1 FROB"),
    case(
        "fetch-section-syntax",
        "SELECT INBOX",
        "FETCH 1 BODY[",
        "FETCH 1 BODY[FROB]",
        "FETCH 1 BODY[0]",
        decided={3: Decided(GRAMMAR + ", section-part: nz-number", "BAD")},
    ),
    case(
        "fetch-partial-syntax",
        "SELECT INBOX",
        "FETCH 1 BODY[]<1>",
        "FETCH 1 BODY[]<a.b>",
        "FETCH 1 BODY[MIME]",
        "FETCH 1 BODY[]<0.0>",
        decided={
            1: Decided(GRAMMAR + ", fetch-att: number and nz-number", "BAD"),
            4: Decided(GRAMMAR + ", fetch-att: number and nz-number", "BAD"),
        },
    ),
    case("store-syntax", "SELECT INBOX", "STORE 1", "STORE 1 FROB (\\Seen)", "STORE 1 FLAGS (\\Seen"),
    case("search-syntax", "SELECT INBOX", "SEARCH", "SEARCH FROB", "SEARCH BEFORE", "SEARCH BEFORE 1-Foo-2022"),
    case("search-or-syntax", "SELECT INBOX", "SEARCH OR SEEN", "SEARCH NOT", "SEARCH (SEEN", "SEARCH LARGER x"),
    case("status-syntax", "STATUS INBOX", "STATUS INBOX ()", "STATUS INBOX (FROB)", "STATUS nowhere (MESSAGES)"),
    case("append-syntax", "APPEND INBOX", "APPEND INBOX (\\Seen)", "NOOP"),
    case("append-date", _append('INBOX "99-Foo-2022 00:00:00 +0000"'), "NOOP"),
    case("copy-missing", "SELECT INBOX", "COPY 1 nowhere", "UID COPY 1 nowhere", "MOVE 1 nowhere", "COPY 1"),
    case(
        "create-bad",
        'CREATE ""',
        "CREATE INBOX",
        "CREATE inbox",
        "DELETE INBOX",
        "DELETE nowhere",
        "RENAME nowhere a",
    ),
    case("rename-taken", "CREATE a", "CREATE b", "RENAME a b", "RENAME a INBOX", "RENAME a a"),
    case(
        "quotes",
        'SELECT "INBOX',
        'STATUS "INBOX" (MESSAGES)',
        'SELECT "a\\b"',
        decided={2: Decided(GRAMMAR + ", QUOTED-CHAR", "BAD")},
    ),
)

MAILBOXES = (
    case(
        "create",
        "CREATE a",
        "CREATE a",
        "CREATE a/b",
        "CREATE a/b/c",
        "CREATE d/",
        "CREATE d",
        'LIST "" *',
        "STATUS a/b (MESSAGES)",
        decided={5: Decided("RFC 3501 section 6.3.3: the name is created without its trailing delimiter", "NO")},
    ),
    case("delete", "CREATE a", "CREATE a/b", "DELETE a/b", "DELETE a", "SELECT a", 'LIST "" *'),
    case("delete-parent", "CREATE a", "CREATE a/b", "DELETE a", 'LIST "" *', "DELETE a", "SELECT a"),
    case(
        "delete-selected",
        "CREATE a",
        "SELECT a",
        "DELETE a",
    ),
    case("delete-recreate", "CREATE a", _append("a"), "DELETE a", "CREATE a", "STATUS a (MESSAGES)"),
    case(
        "rename", "CREATE a", _append("a (\\Seen Work)"), "RENAME a b", "SELECT a", "SELECT b", "FETCH 1 (FLAGS UID)"
    ),
    case(
        "rename-children",
        "CREATE a",
        "CREATE a/b",
        "CREATE a/b/c",
        "RENAME a x",
        'LIST "" *',
        "STATUS x/b/c (MESSAGES)",
    ),
    case("rename-into-new", "CREATE x", "CREATE x/y", "CREATE a", "RENAME a x/y/z", 'LIST "" *'),
    case("rename-inbox", "RENAME INBOX old", "STATUS INBOX (MESSAGES)", "STATUS old (MESSAGES)", 'LIST "" *'),
    case(
        "rename-inbox-children",
        "CREATE INBOX/a",
        "RENAME INBOX old",
        'LIST "" *',
        decided={2: Decided("RFC 3501 section 6.3.5: inferiors of INBOX stay", "OK", None)},
    ),
    case("subscribe", "SUBSCRIBE INBOX", "CREATE a", "SUBSCRIBE a", 'LSUB "" *', "UNSUBSCRIBE a", 'LSUB "" *'),
    case("subscribe-deleted", "CREATE a", "SUBSCRIBE a", "DELETE a", 'LSUB "" *', "UNSUBSCRIBE a", 'LSUB "" *'),
    case("lsub-percent", "CREATE a", "CREATE a/b", "SUBSCRIBE a/b", 'LSUB "" %', 'LSUB "" *', 'LSUB "" a/%'),
    case(
        "unsubscribe-none",
        "UNSUBSCRIBE never",
        "SUBSCRIBE nowhere",
        decided={1: Decided("RFC 3501 section 6.3.6: a server need not validate the name", "OK")},
    ),
    case(
        "unicode",
        "CREATE R&AOk-union",
        "SELECT R&AOk-union",
        'LIST "" R*',
        "CREATE bad&",
        "CREATE &AGE-",
        decided={3: Decided(UTF7, "BAD"), 4: Decided(UTF7, "BAD")},
    ),
    case("ampersand", "CREATE A&-B", 'LIST "" A*', "SELECT A&-B", "DELETE A&-B"),
    case("quoted-names", 'CREATE "two words"', 'LIST "" two*', 'STATUS "two words" (MESSAGES UNSEEN)'),
    case("special", 'CREATE "paren(s)"', 'CREATE "100%"', 'CREATE "st*r"', 'LIST "" *'),
    case("status", "STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)", "STATUS inbox (UNSEEN)", seeds=6),
    case(
        "status-selected",
        "SELECT INBOX",
        "STATUS INBOX (MESSAGES UNSEEN)",
        "STORE 3 +FLAGS (\\Seen)",
        "STATUS INBOX (UNSEEN)",
    ),
    case("special-use", 'LIST (SPECIAL-USE) "" *', 'LIST "" % RETURN (SPECIAL-USE)'),
    case("namespace", "NAMESPACE"),
)

LISTS = (
    case(
        "wildcards",
        "CREATE a",
        "CREATE a/b",
        "CREATE a/b/c",
        "CREATE ab",
        *(
            f'LIST "" {pattern}'
            for pattern in ("%", "*", "a%", "a*", "a/%", "a/*", "%/%", "*c", "%c", "a*c", "%/%/%")
        ),
        *(
            f'LIST "{reference}" "{pattern}"'
            for reference, pattern in (("a", "%"), ("a/", "%"), ("a/", "*"), ("", ""))
        ),
    ),
    case("inbox", 'LIST "" INBOX', 'LIST "" inbox', 'LIST "" InB*', 'LIST "" I%X', 'LIST "" "nothing*"'),
    case("reference", 'LIST "a" ""', 'LIST "/" "%"', 'LIST "INBOX" "%"', 'LIST "" "INBOX/%"'),
    case(
        "extended",
        'LIST (SUBSCRIBED) "" *',
        'LIST "" (INBOX "S%")',
        'LIST "" % RETURN (CHILDREN)',
        'LIST () "" INBOX',
    ),
    case(
        "extended-subscribed",
        "CREATE a",
        "CREATE a/b",
        "SUBSCRIBE a/b",
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" %',
        'LIST (RECURSIVEMATCH) "" %',
        decided={3: Decided("RFC 5258 section 3.5: the parent exists, so it is not \\NoSelect", "OK", None)},
    ),
    case(
        "extended-missing",
        "SUBSCRIBE gone",
        'LIST (SUBSCRIBED) "" *',
        'LIST "" INBOX RETURN (SUBSCRIBED)',
        decided={
            0: Decided("RFC 3501 section 6.3.6: a server need not validate the name", "OK"),
            1: Decided("RFC 5258 section 3.1: subscribed names that do not exist are listed", "OK", None),
        },
    ),
    case("many-stars", "CREATE aaaaaaaaaaaaaaaaaaaaaaaa", 'LIST "" "a*a*a*a*a*a*a*b"', 'LIST "" "%a%a%a%a%"'),
    case("syntax", "LIST", 'LIST ""', 'LIST (FROB) "" *', 'LIST "" * RETURN (FROB)', "LSUB", 'LIST "" * RETURN'),
)

APPENDS = (
    case("plain", _append("INBOX"), "SELECT INBOX", "FETCH 4 (UID FLAGS RFC822.SIZE BODY.PEEK[])"),
    case("flags", _append("INBOX (\\Seen \\Draft Work)"), "SELECT INBOX", "FETCH 4 FLAGS"),
    case("date", _append('INBOX () "25-Dec-2021 23:30:00 -0800"'), "SELECT INBOX", "SEARCH ON 25-Dec-2021"),
    case("date-space", _append('INBOX () " 5-Dec-2021 03:30:00 +0000"'), "SELECT INBOX", "SEARCH ON 5-Dec-2021"),
    case("missing", _append("nowhere"), "NOOP", 'LIST "" nowhere'),
    case("selected", "SELECT INBOX", _append("INBOX"), "NOOP"),
    case(
        "recent-flag",
        _append("INBOX (\\Recent)"),
        "NOOP",
        decided={0: Decided("RFC 3501 section 2.3.2: a client cannot alter \\Recent, so it is left out", "OK")},
    ),
    case(
        "unknown-system-flag",
        _append("INBOX (\\Frob)"),
        "NOOP",
        decided={0: Decided("RFC 3501 section 6.3.11: NO, error in flags", "NO")},
    ),
    case("empty", "APPEND INBOX {0}\r\n", "STATUS INBOX (MESSAGES)"),
    case(
        "headless",
        _append("INBOX", "\r\nonly a body\r\n"),
        "SELECT INBOX",
        "FETCH 4 (BODY.PEEK[HEADER] BODY.PEEK[TEXT])",
    ),
    case(
        "no-body", _append("INBOX", "Subject: x\r\n"), "SELECT INBOX", "FETCH 4 (BODY.PEEK[HEADER] BODY.PEEK[TEXT])"
    ),
    case("literal-plus", "APPEND INBOX {14+}\r\nSubject: x\r\n\r\n", "STATUS INBOX (MESSAGES)"),
    case("case", _append("inbox (\\SEEN \\dRaFt)"), "SELECT INBOX", "FETCH 4 FLAGS"),
)


@parametrised(STATES)
def test_states(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(ERRORS)
def test_errors(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(MAILBOXES)
def test_mailboxes(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(LISTS)
def test_lists(stage: Stage, case: Case) -> None:
    assert_same(stage, case)


@parametrised(APPENDS)
def test_append(stage: Stage, case: Case) -> None:
    assert_same(stage, case)
