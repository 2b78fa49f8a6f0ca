"""IMAP over real sockets and a real store: sign-in, the states, live updates, folders, appended messages."""

import asyncio
import base64
import imaplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.access import devices
from storage.records import Scope
from tests.reading import NOW, House, Library, opened, plain_message

READ_ONLY_DEVICE = frozenset({Scope.IMAP_READ})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    library = Library.create(tmp_path / "data")
    library.deliver(*(plain_message(f"Factuur {number}") for number in (1, 2, 3)))
    async with opened(library) as served:
        yield served


def sasl(username: str, password: str, authorise: str = "") -> bytes:
    return base64.b64encode(f"{authorise}\0{username}\0{password}".encode())


# --- sign-in ---


async def test_capabilities_come_in_the_greeting_and_change_with_sign_in(house: House) -> None:
    client = await house.connect()
    greeting = await client.line()
    assert greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
    assert b"AUTH=PLAIN" in greeting
    device = house.library.device
    answer = await client.command(f"LOGIN {device.username} {device.password}".encode())
    assert answer[-1].startswith(b"OK [CAPABILITY IMAP4rev1 ")
    assert b"IDLE" in answer[-1]
    assert b"AUTH=" not in answer[-1]
    assert (await client.command(b"CAPABILITY"))[0].strip()[2:] == answer[-1].split(b"[")[1].split(b"]")[0]
    assert house.throttle.successes == 1


async def test_authenticate_plain_with_and_without_initial_response(house: House) -> None:
    device = house.library.device
    message = sasl(device.username, device.password)
    client = await house.connect()
    await client.line()
    assert (await client.command(b"AUTHENTICATE PLAIN " + message))[-1].startswith(b"OK [CAPABILITY")
    client = await house.connect()
    await client.line()
    client.send(b"a AUTHENTICATE PLAIN\r\n")
    assert await client.line() == b"+ \r\n"
    client.send(message + b"\r\n")
    assert (await client.line()).startswith(b"a OK")


async def test_authenticate_login_asks_twice(house: House) -> None:
    device = house.library.device
    client = await house.connect()
    await client.line()
    client.send(b"a AUTHENTICATE LOGIN\r\n")
    for secret in (device.username, device.password):
        assert (await client.line()).startswith(b"+ ")
        client.send(base64.b64encode(secret.encode()) + b"\r\n")
    assert (await client.line()).startswith(b"a OK")


async def test_sign_in_can_be_cancelled_and_tried_again(house: House) -> None:
    client = await house.connect()
    await client.line()
    client.send(b"a AUTHENTICATE PLAIN\r\n*\r\n")
    assert await client.line() == b"+ \r\n"
    assert (await client.line()).startswith(b"a BAD")
    await client.sign_in(house.library.device)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"LOGIN anna@example.test px1-aaaaaaaaaa-" + b"a" * 32, b"NO [AUTHENTICATIONFAILED]"),
        (b"LOGIN anna@example.test secret", b"NO [AUTHENTICATIONFAILED]"),
        (b"AUTHENTICATE PLAIN " + base64.b64encode(b"no separators"), b"BAD"),
        (b"AUTHENTICATE PLAIN " + sasl("anna@example.test", "x", "bram@example.test"), b"NO [AUTHORIZATIONFAILED]"),
        (b"AUTHENTICATE CRAM-MD5", b"NO [CANNOT]"),
        (b"STARTTLS", b"BAD"),
        (b"SELECT INBOX", b"BAD"),
        (b"IDLE", b"BAD"),
    ],
)
async def test_what_is_refused_before_sign_in(house: House, text: bytes, answer: bytes) -> None:
    client = await house.connect()
    await client.line()
    assert (await client.command(text))[-1].startswith(answer)


async def test_a_wrong_password_is_counted_and_held_back_then_refused_unheard(house: House) -> None:
    client = await house.connect()
    await client.line()
    await client.command(b"LOGIN anna@example.test wrong")
    assert house.throttle.failures == ["anna@example.test"]
    assert house.throttle.held == [2.0]
    house.throttle.wait = 30.0
    device = house.library.device
    answer = await client.command(f"LOGIN {device.username} {device.password}".encode())
    assert answer[-1].startswith(b"NO [UNAVAILABLE]")


async def test_acting_for_another_counts_as_a_failed_sign_in_and_is_logged_as_one(house: House) -> None:
    device = house.library.device
    client = await house.connect()
    await client.line()
    with capture_logs() as logged:
        right = sasl(device.username, device.password, "bram@example.test")
        answer = await client.command(b"AUTHENTICATE PLAIN " + right)
        await client.command(b"LOGIN anna@example.test wrong")
    assert answer[-1].startswith(b"NO [AUTHORIZATIONFAILED]")
    assert (house.throttle.failures, house.throttle.held) == (["anna@example.test"] * 2, [2.0, 2.0])
    assert [each["event"] for each in logged] == ["imap_sign_in_refused"] * 2
    assert "anna" not in str(logged)
    house.throttle.wait = 30.0
    assert (await client.command(b"AUTHENTICATE PLAIN " + right))[-1].startswith(b"NO [UNAVAILABLE]")


async def test_use_of_a_device_is_noted_by_the_day(house: House) -> None:
    await house.session()
    [device] = await house.library.store.read(devices.listing, house.library.account.id)
    assert device.last_used_at == NOW - NOW % 86_400


# --- selecting ---


async def test_select_tells_all_that_rfc_3501_wants(house: House) -> None:
    client = await house.session(None)
    lines = await client.command(b"SELECT INBOX")
    assert lines[:6] == [
        b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n",
        b"* 3 EXISTS\r\n",
        b"* 3 RECENT\r\n",
        b"* OK [UNSEEN 1] First unseen\r\n",
        b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags are kept\r\n",
        b"* OK [UIDVALIDITY %d] UIDs are valid\r\n" % NOW,
    ]
    assert lines[6:] == [b"* OK [UIDNEXT 4] Next UID\r\n", b"OK [READ-WRITE] SELECT completed\r\n"]


async def test_recent_is_for_the_first_session_only_and_examine_leaves_it(house: House) -> None:
    examiner, first = await house.session(None), await house.session(None)
    assert b"* 3 RECENT\r\n" in await examiner.command(b"EXAMINE INBOX")
    assert b"* 3 RECENT\r\n" in await first.command(b"SELECT INBOX")
    second = await house.session(None)
    assert b"* 0 RECENT\r\n" in await second.command(b"SELECT INBOX")


async def test_a_select_that_fails_leaves_no_mailbox_selected(house: House) -> None:
    client = await house.session()
    assert (await client.command(b"SELECT Nowhere"))[-1].startswith(b"NO [NONEXISTENT]")
    assert (await client.command(b"FETCH 1 FLAGS"))[-1].startswith(b"BAD")


async def test_examine_changes_nothing(house: House) -> None:
    client = await house.session(None)
    assert (await client.command(b"EXAMINE INBOX"))[-1].startswith(b"OK [READ-ONLY]")
    for text in (b"STORE 1 +FLAGS (\\Seen)", b"EXPUNGE", b"MOVE 1 Trash"):
        assert (await client.command(text))[-1].startswith(b"NO [READ-ONLY]")
    lines = await client.command(b"FETCH 1 (FLAGS BODY[TEXT])")
    assert lines[0] == b"* 1 FETCH (FLAGS (\\Recent) BODY[TEXT] {7}\r\nHello\r\n)\r\n"
    assert (await client.command(b"COPY 1 Archive"))[-1].startswith(b"OK [COPYUID")


async def test_a_device_that_may_only_read_changes_nothing(house: House) -> None:
    device = house.library.new_device("reader", READ_ONLY_DEVICE)
    client = await house.session(None, device)
    assert (await client.command(b"SELECT INBOX"))[-1].startswith(b"OK [READ-ONLY]")
    for text in (
        b"STORE 1 +FLAGS (\\Seen)", b"EXPUNGE", b"COPY 1 Archive", b"UID MOVE 1 Archive", b"CREATE New",
        b"DELETE Archive", b"RENAME Archive New", b"SUBSCRIBE Archive", b"UNSUBSCRIBE Archive", b"UID EXPUNGE 1",
        b"APPEND INBOX {1+}\r\nx",
    ):  # fmt: skip
        assert (await client.command(text))[-1].startswith(b"NO [NOPERM]"), text
    await client.command(b"FETCH 1 BODY[]")
    await client.command(b"CLOSE")
    writer = await house.session()
    assert (await writer.command(b"FETCH 1 FLAGS"))[0] == b"* 1 FETCH (FLAGS (\\Recent))\r\n"


# --- live updates ---


async def test_pipelined_store_and_expunge_keep_their_order(house: House) -> None:
    client = await house.session()
    client.send(b"a STORE 2 +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\nc NOOP\r\n")
    assert [*await client.until(b"a"), *await client.until(b"b"), *await client.until(b"c")] == [
        b"a OK STORE completed\r\n",
        b"* 2 EXPUNGE\r\n",
        b"b OK EXPUNGE completed\r\n",
        b"c OK Done\r\n",
    ]


async def test_a_document_is_told_in_idle_at_once_and_commands_behind_done_are_executed(house: House) -> None:
    client = await house.session()
    client.send(b"i IDLE\r\n")
    assert await client.line() == b"+ idling\r\n"
    await house.library.arrive(plain_message("Nieuw"))
    assert [await client.line(), await client.line()] == [b"* 4 EXISTS\r\n", b"* 4 RECENT\r\n"]
    client.send(b"DONE\r\nf UID FETCH 4 (FLAGS)\r\n")
    assert await client.line() == b"i OK IDLE completed\r\n"
    assert (await client.until(b"f"))[0] == b"* 4 FETCH (UID 4 FLAGS (\\Recent))\r\n"


async def test_idle_without_a_mailbox_and_ended_by_another_command(house: House) -> None:
    client = await house.session(None)
    client.send(b"i IDLE\r\n")
    assert await client.line() == b"+ idling\r\n"
    client.send(b"n NOOP\r\n")
    assert (await client.line()).startswith(b"i BAD")
    assert await client.line() == b"n OK Done\r\n"


async def test_expunges_of_another_session_wait_while_messages_are_named_by_number(house: House) -> None:
    mine, other = await house.session(), await house.session()
    await other.command(b"STORE 1 +FLAGS (\\Deleted)")
    await other.command(b"EXPUNGE")
    lines = await mine.command(b"FETCH 1:3 (UID)")
    assert [line for line in lines if b"EXPUNGE" in line] == []
    assert lines[:3] == [b"* %d FETCH (UID %d)\r\n" % (number, number) for number in (1, 2, 3)]
    assert (await mine.command(b"STORE 1 +FLAGS (\\Seen)"))[-1].startswith(b"NO [EXPUNGEISSUED]")
    assert (await mine.command(b"FETCH 1 BODY.PEEK[]"))[-1].startswith(b"NO [EXPUNGEISSUED]")
    assert (await mine.command(b"UID FETCH 1 BODY.PEEK[]")) == [b"* 1 EXPUNGE\r\n", b"OK FETCH completed\r\n"]
    assert (await mine.command(b"FETCH 1 (UID)"))[0] == b"* 1 FETCH (UID 2)\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"UID STORE 77 +FLAGS (\\Seen)",
        b"UID COPY 77 Trash",
        b"UID MOVE 77 Trash",
        b"UID FETCH 77 (FLAGS BODY[])",
        b"UID EXPUNGE 77",
        b"UID SEARCH UID 77",
    ],
)
async def test_uid_commands_on_vanished_messages_answer_ok(house: House, text: bytes) -> None:
    client = await house.session()
    assert (await client.command(text))[-1].startswith(b"OK ")


async def test_numbers_beyond_the_mailbox_are_wrong(house: House) -> None:
    client = await house.session()
    assert (await client.command(b"FETCH 4 FLAGS"))[-1].startswith(b"BAD")
    assert (await client.command(b"SEARCH 4:9"))[0] == b"* SEARCH\r\n"


async def test_silent_store_says_nothing_to_its_own_session_and_all_to_others(house: House) -> None:
    mine, other = await house.session(), await house.session()
    assert await mine.command(b"STORE 2 +FLAGS.SILENT (\\Flagged)") == [b"OK STORE completed\r\n"]
    assert (await other.command(b"NOOP"))[0] == b"* 2 FETCH (UID 2 FLAGS (\\Flagged))\r\n"
    assert (await mine.command(b"STORE 2 +FLAGS (\\Flagged)"))[0] == (
        b"* 2 FETCH (UID 2 FLAGS (\\Flagged \\Recent))\r\n"
    )


async def test_fetching_a_body_sets_seen_and_shows_it_in_the_same_line(house: House) -> None:
    client = await house.session()
    lines = await client.command(b"FETCH 1:2 (UID BODY[TEXT])")
    assert lines == [
        b"* 1 FETCH (UID 1 BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n",
        b"* 2 FETCH (UID 2 BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\n",
        b"OK FETCH completed\r\n",
    ]
    assert await client.command(b"FETCH 1 (BODY[TEXT])") == [
        b"* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n)\r\n",
        b"OK FETCH completed\r\n",
    ]


async def test_move_tells_where_messages_went_and_leaves_no_trace(house: House) -> None:
    client = await house.session()
    lines = await client.command(b"MOVE 1:2 Archive")
    assert lines[0].startswith(b"* OK [COPYUID ")
    assert lines[0].rstrip().endswith(b" 1:2 1:2] Moved")
    assert lines[1:] == [b"* 2 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n", b"OK MOVE completed\r\n"]
    assert (await client.command(b"STATUS Archive (MESSAGES)"))[0] == b"* STATUS Archive (MESSAGES 2)\r\n"
    assert (await client.command(b"COPY 1 Nowhere"))[-1].startswith(b"NO [TRYCREATE]")


async def test_revoking_a_device_ends_its_sessions_idle_or_not_and_no_others(house: House) -> None:
    lost = house.library.new_device("lost")
    idle, silent, kept = await house.session("INBOX", lost), await house.session("INBOX", lost), await house.session()
    idle.send(b"i IDLE\r\n")
    await idle.line()
    store, account = house.library.store, house.library.account
    await store.write(devices.revoke, account.id, lost.device.id, NOW)
    async with asyncio.timeout(1):
        for client in (idle, silent):
            assert await client.line() == b"* BYE This device was revoked\r\n"
            assert await client.line() == b""
    assert (await kept.command(b"NOOP"))[-1].startswith(b"OK")
    again = await house.connect()
    await again.line()
    answer = await again.command(f"LOGIN {lost.username} {lost.password}".encode())
    assert answer[-1].startswith(b"NO [AUTHENTICATIONFAILED]")


async def test_deleting_a_mailbox_ends_other_sessions_in_it(house: House) -> None:
    owner, other = await house.session(None), await house.session(None)
    for text in (b"CREATE Weg", b"SELECT Weg"):
        await owner.command(text)
    await other.command(b"SELECT Weg")
    other.send(b"i IDLE\r\n")
    await other.line()
    assert (await owner.command(b"DELETE Weg"))[-1].startswith(b"OK")
    assert await other.line() == b"* BYE The selected mailbox was deleted\r\n"
    assert (await owner.command(b"CHECK"))[-1].startswith(b"BAD")


# --- folders ---


async def test_folders_are_made_renamed_and_deleted(house: House) -> None:
    client = await house.session(None)
    for text in (b"CREATE Bank/2025/", b"SUBSCRIBE Bank/2025", b"RENAME Bank Geld", b"CREATE &AOk-t&AOk-"):
        assert (await client.command(text))[-1].startswith(b"OK"), text
    names = [line.rstrip().rsplit(b" ", 1)[1] for line in (await client.command(b'LIST "" *'))[:-1]]
    assert [name for name in names if not name.startswith(b"Bezorging")] == sorted(
        [b"Archive", b"Drafts", b"INBOX", b"Junk", b"Sent", b"Trash", b"Geld", b"Geld/2025", b"&AOk-t&AOk-"],
        key=lambda name: name.replace(b"&AOk-", "é".encode()),
    )
    assert b'* LSUB () "/" Bank/2025\r\n' in await client.command(b'LSUB "" *')
    assert (await client.command(b"DELETE Geld"))[-1].startswith(b"OK")
    assert b'* LIST (\\NonExistent \\Noselect \\HasChildren) "/" Geld\r\n' in await client.command(b'LIST "" %')


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"CREATE INBOX", b"NO [ALREADYEXISTS]"),
        (b"CREATE Archive", b"NO [ALREADYEXISTS]"),
        (b"DELETE INBOX", b"NO [CANNOT]"),
        (b"DELETE Nowhere", b"NO [NONEXISTENT]"),
        (b"RENAME Nowhere Somewhere", b"NO [NONEXISTENT]"),
        (b"RENAME Archive Trash", b"NO [ALREADYEXISTS]"),
        (b"STATUS Nowhere (MESSAGES)", b"NO [NONEXISTENT]"),
        (b"STATUS INBOX (HIGHESTMODSEQ)", b"BAD"),
        (b"APPEND Nowhere {1+}\r\nx", b"NO [TRYCREATE]"),
        (b"APPEND INBOX {0+}\r\n", b"NO [CANNOT]"),
        (b"APPEND INBOX (\\Nonsense) {1+}\r\nx", b"NO [CANNOT]"),
        (b"SELECT INBOX (CONDSTORE)", b"BAD"),
    ],
)
async def test_refusals_of_folder_commands(house: House, text: bytes, answer: bytes) -> None:
    client = await house.session(None)
    assert (await client.command(text))[-1].startswith(answer)


async def test_rename_of_inbox_moves_its_messages_and_inbox_stays(house: House) -> None:
    client = await house.session(None)
    assert (await client.command(b"RENAME INBOX Oud"))[-1].startswith(b"OK")
    assert (await client.command(b"STATUS INBOX (MESSAGES)"))[0] == b"* STATUS INBOX (MESSAGES 0)\r\n"
    assert (await client.command(b"STATUS Oud (MESSAGES)"))[0] == b"* STATUS Oud (MESSAGES 3)\r\n"


async def test_list_with_status_and_namespace(house: House) -> None:
    client = await house.session(None)
    lines = await client.command(b'LIST "" (INBOX Sent) RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))')
    assert lines == [
        b'* LIST (\\HasNoChildren \\Subscribed) "/" INBOX\r\n',
        b"* STATUS INBOX (MESSAGES 3 UNSEEN 3)\r\n",
        b'* LIST (\\HasNoChildren \\Subscribed \\Sent) "/" Sent\r\n',
        b"* STATUS Sent (MESSAGES 0 UNSEEN 0)\r\n",
        b"OK LIST completed\r\n",
    ]
    assert (await client.command(b"NAMESPACE"))[0] == b'* NAMESPACE (("" "/")) NIL NIL\r\n'
    assert (await client.command(b"ID NIL"))[0].startswith(b'* ID ("name" "Postex"')
    assert (await client.command(b"ENABLE CONDSTORE"))[0] == b"* ENABLED\r\n"


# --- appended ---


async def test_an_appended_message_comes_back_byte_for_byte_and_lies_sealed(house: House) -> None:
    client = await house.session()
    message = b"Subject: Canary-8817\r\n\r\n" + bytes(range(1, 256)) * 200
    client.send(b'a APPEND INBOX (\\Seen $Mine) " 1-Jan-2025 00:00:00 +0100" {%d}\r\n' % len(message))
    assert (await client.line()).startswith(b"+ ")
    client.send(message + b"\r\n")
    lines = await client.until(b"a")
    assert lines[-1] == b"a OK [APPENDUID %d 4] APPEND completed\r\n" % NOW
    assert b"* 4 EXISTS\r\n" in lines
    [fetched, _] = await client.command(b"UID FETCH 4 (FLAGS INTERNALDATE BODY[])")
    assert fetched == (
        b'* 4 FETCH (UID 4 FLAGS (\\Seen \\Recent $Mine) INTERNALDATE "31-Dec-2024 23:00:00 +0000" '
        b"BODY[] {%d}\r\n%s)\r\n" % (len(message), message)
    )
    for path in house.library.store.data.rglob("*"):
        assert not path.is_file() or b"Canary-8817" not in path.read_bytes()


async def test_a_full_account_refuses_and_keeps_no_body_file(house: House) -> None:
    store = house.library.store

    def fill(session: object) -> None:
        from storage.engine import statements

        statements.run(session, "UPDATE account SET quota_bytes = 1")  # type: ignore[arg-type]

    await store.write(fill)
    client = await house.session()
    before = list(store.bodies.names())
    answer = await client.command(b"APPEND INBOX {60000+}\r\n" + b"x" * 60_000)
    assert answer[-1].startswith(b"NO [OVERQUOTA]")
    assert list(store.bodies.names()) == before


# --- a client of the standard library ---


async def test_imaplib_reads_files_and_deletes(house: House) -> None:
    device = house.library.device

    def visit() -> None:
        with imaplib.IMAP4(house.host, house.port) as client:
            client.login(device.username, device.password)
            assert client.select("INBOX") == ("OK", [b"3"])
            assert client.search(None, "SUBJECT", '"Factuur 2"') == ("OK", [b"2"])
            kind, data = client.uid("FETCH", "2", "(BODY.PEEK[])")
            assert kind == "OK"
            assert data[0][1] == plain_message("Factuur 2")
            assert client.append("Archive", r"(\Seen)", None, plain_message("Eigen"))[0] == "OK"
            assert client.copy("1", "Archive")[0] == "OK"
            client.store("1", "+FLAGS", r"\Deleted")
            assert client.expunge() == ("OK", [b"1"])
            assert client.status("Archive", "(MESSAGES)") == ("OK", [b"Archive (MESSAGES 2)"])
            client.close()

    await asyncio.to_thread(visit)
