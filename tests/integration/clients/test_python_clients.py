"""imaplib, IMAPClient and aioimaplib against the running bridge, over TLS with the certificate verified."""

import asyncio
import imaplib

import aioimaplib
import imapclient

from tests.integration.clients.conftest import Reader


def test_imaplib_reads_files_and_deletes(reader: Reader) -> None:
    with imaplib.IMAP4_SSL(reader.imaps.host, reader.imaps.port, ssl_context=reader.context()) as client:
        client.login(reader.login.username, reader.login.password)
        assert client.select("INBOX") == ("OK", [b"3"])
        for number, document in enumerate(reader.documents, 1):
            _, answer = client.fetch(str(number), "(RFC822)")
            assert answer[0][1].endswith(document)
        assert client.search(None, "SUBJECT", '"Factuur 1"') == ("OK", [b"2"])
        assert client.store("2", "+FLAGS", "(\\Deleted)")[0] == "OK"
        assert client.expunge() == ("OK", [b"2"])
        assert client.append("INBOX", "(\\Seen)", '" 1-Feb-2026 10:00:00 +0000"', reader.documents[1])[0] == "OK"
        assert client.select("INBOX") == ("OK", [b"3"])
        _, answer = client.fetch("3", "(BODY[] FLAGS INTERNALDATE)")
        assert answer[0][1] == reader.documents[1]
        assert b'INTERNALDATE " 1-Feb-2026 10:00:00 +0000"' in answer[0][0] + answer[1]


def test_imapclient_works_with_folders_and_idle(reader: Reader) -> None:
    with imapclient.IMAPClient(reader.imaps.host, reader.imaps.port, ssl_context=reader.context()) as client:
        client.login(reader.login.username, reader.login.password)
        assert {b"IDLE", b"MOVE", b"UIDPLUS", b"NAMESPACE", b"SPECIAL-USE"} <= set(client.capabilities())
        assert client.find_special_folder(b"\\Trash") == "Trash"
        client.create_folder("Reçus/2026")
        assert any(name == "Reçus/2026" for _, _, name in client.list_folders())
        client.select_folder("INBOX")
        uids = client.search()
        client.move(uids[:1], "Reçus/2026")
        assert client.folder_status("Reçus/2026", ["MESSAGES"]) == {b"MESSAGES": 1}
        envelope = client.fetch(uids[1:2], ["ENVELOPE", "BODYSTRUCTURE"])[uids[1]][b"ENVELOPE"]
        assert envelope.message_id == b"<invoice-1@energie.test>"
        client.delete_folder("Reçus/2026")
        client.idle()
        deliver_one(reader)
        assert (3, b"EXISTS") in client.idle_check(timeout=10)
        client.idle_done()


def deliver_one(reader: Reader) -> None:
    """A further document, appended from a second connection."""
    with imaplib.IMAP4_SSL(reader.imaps.host, reader.imaps.port, ssl_context=reader.context()) as client:
        client.login(reader.login.username, reader.login.password)
        assert client.append("INBOX", None, None, reader.documents[0])[0] == "OK"


async def test_aioimaplib_signs_in_fetches_and_idles(reader: Reader) -> None:
    client = aioimaplib.IMAP4_SSL(reader.imaps.host, reader.imaps.port, ssl_context=reader.context())
    await client.wait_hello_from_server()
    assert (await client.login(reader.login.username, reader.login.password)).result == "OK"
    assert (await client.select("INBOX")).result == "OK"
    answer = await client.uid("fetch", "1:*", "(UID BODY.PEEK[])")
    bodies = [bytes(line) for line in answer.lines if isinstance(line, bytearray)]
    assert [body.endswith(document) for body, document in zip(bodies, reader.documents, strict=True)] == [True] * 3
    idle = await client.idle_start(timeout=20)
    await asyncio.to_thread(deliver_one, reader)
    assert b"4 EXISTS" in await client.wait_server_push(timeout=10)
    client.idle_done()
    await idle
    await client.logout()
