"""D2 with real mail programs: mbsync, neomutt and aioimaplib move a document and take it back by a reply."""

import imaplib
import re
from pathlib import Path

import aioimaplib

from tests.integration.choosing.office import CHANGED, Choosers
from tests.integration.clients import test_mbsync as mbsync
from tests.integration.clients import test_neomutt as neomutt
from tests.integration.clients.conftest import Reader
from tests.integration.clients.programs import needs, run, run_in_terminal

REFUSE = "Bezorging/Weigeren"


def reader(choosers: Choosers) -> Reader:
    at = choosers.bridge.listeners
    return Reader(choosers.login, at["imaps"], at["smtps"], choosers.office.data / "tls" / "cert.pem", ())


def files(home: Path, folder: str) -> dict[str, Path]:
    """Subject → file of a Maildir."""
    found = [path for kind in ("new", "cur") for path in (home / "mail" / folder / kind).iterdir()]
    return {
        line.removeprefix("Subject: "): path
        for path in found
        for line in path.read_text("utf-8", "replace").splitlines()
        if line.startswith("Subject: ")
    }


def without_mark(message: bytes) -> bytes:
    """Without the header by which mbsync finds what it appended."""
    return re.sub(rb"X-TUID: .*\n", b"", message)


@needs("mbsync", "isync")
def test_mbsync(choosers: Choosers, client: imaplib.IMAP4_SSL, tmp_path: Path) -> None:
    choosers.hand_in("1", "2")
    sync = mbsync.configured(reader(choosers), tmp_path)
    run(sync, tmp_path)
    moved = files(tmp_path, "INBOX")["1"]
    whole = moved.read_bytes()
    moved.rename(tmp_path / "mail" / REFUSE / "cur" / "1.moved.test:2,S")
    run(sync, tmp_path)
    assert choosers.is_refused()
    run(sync, tmp_path)
    found = choosers.subjects(client)
    assert sorted(subject for subject in found if subject in ("1", "2", CHANGED, "1 again 1")) == ["1", "2", CHANGED]
    back = files(tmp_path, "INBOX")["1"].read_bytes()
    assert without_mark(back) == without_mark(whole)
    before = mbsync.messages(tmp_path, "INBOX")
    run(sync, tmp_path)
    assert mbsync.messages(tmp_path, "INBOX") == before
    assert not files(tmp_path, REFUSE)
    assert choosers.subjects(client) == found
    choosers.answer(client, found[CHANGED], "ongedaan maken")
    assert not choosers.is_refused()


@needs("neomutt", "neomutt")
def test_neomutt(choosers: Choosers, client: imaplib.IMAP4_SSL, tmp_path: Path) -> None:
    choosers.hand_in("1")
    who = reader(choosers)
    settings = neomutt.CONFIGURATION.format(
        user=who.login.username,
        password=who.login.password,
        certificate=who.certificate,
        host=who.imaps.host,
        port=who.imaps.port,
        home=tmp_path,
    )
    keys = f"<last-entry><save-message><kill-line>={REFUSE}<enter><sync-mailbox><quit>"
    (tmp_path / "muttrc").write_text(f'{settings}set delete = yes\npush "{keys}"\n')
    choosers.subjects(client)
    run_in_terminal(["neomutt", "-n", "-F", str(tmp_path / "muttrc")], tmp_path)
    found = choosers.subjects(client)
    assert {"1", CHANGED} <= set(found)
    assert choosers.is_refused()
    choosers.answer(client, found[CHANGED], "undo")
    assert not choosers.is_refused()


async def test_aioimaplib(choosers: Choosers, client: imaplib.IMAP4_SSL) -> None:
    choosers.hand_in("1")
    number = choosers.subjects(client)["1"]
    who = reader(choosers)
    program = aioimaplib.IMAP4_SSL(who.imaps.host, who.imaps.port, ssl_context=who.context())
    await program.wait_hello_from_server()
    await program.login(who.login.username, who.login.password)
    await program.select("INBOX")
    moved = await program.uid("move", str(number), f'"{REFUSE}"')
    assert moved.result == "OK", moved.lines
    await program.logout()
    assert choosers.is_refused()
    found = choosers.subjects(client)
    assert found["1"] > number
    choosers.answer(client, found[CHANGED], "ongedaan maken")
    assert not choosers.is_refused()
