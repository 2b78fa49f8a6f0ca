"""mbsync (isync) keeps a Maildir and the mailbox the same, both ways; a second run finds nothing to do."""

import imaplib
import re
from pathlib import Path

from tests.integration.clients.conftest import Reader
from tests.integration.clients.programs import needs, run

pytestmark = needs("mbsync", "isync")

CONFIGURATION = """
IMAPAccount postex
Host {host}
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {certificate}

IMAPStore far
Account postex

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
"""


def configured(reader: Reader, home: Path) -> list[str]:
    (home / "mail").mkdir()
    text = CONFIGURATION.format(
        host=reader.imaps.host,
        port=reader.imaps.port,
        user=reader.login.username,
        password=reader.login.password,
        certificate=reader.certificate,
        mail=home / "mail",
    )
    (home / "mbsyncrc").write_text(text)
    return ["mbsync", "-c", str(home / "mbsyncrc"), "all"]


def messages(home: Path, folder: str) -> dict[str, bytes]:
    """Maildir messages by file name, without mbsync's own X-TUID header; mbsync stores LF."""
    files = [path for kind in ("new", "cur") for path in (home / "mail" / folder / kind).iterdir()]
    return {path.name: re.sub(rb"X-TUID: .*\n", b"", path.read_bytes()) for path in sorted(files)}


def test_sync_both_ways_then_nothing_to_do(reader: Reader, tmp_path: Path) -> None:
    sync = configured(reader, tmp_path)
    run(sync, tmp_path)
    fetched = list(messages(tmp_path, "INBOX").values())
    for document in reader.documents:
        assert any(content.endswith(document.replace(b"\r\n", b"\n")) for content in fetched)

    first = next(iter(sorted((tmp_path / "mail/INBOX/new").iterdir())))
    first.rename(tmp_path / "mail/INBOX/cur" / f"{first.name.split(':')[0]}:2,FS")
    (tmp_path / "mail/Archive/cur/1.local.test:2,S").write_bytes(reader.documents[0].replace(b"\r\n", b"\n"))
    run(sync, tmp_path)
    with imaplib.IMAP4_SSL(reader.imaps.host, reader.imaps.port, ssl_context=reader.context()) as client:
        client.login(reader.login.username, reader.login.password)
        assert client.status("Archive", "(MESSAGES)")[1] == [b"Archive (MESSAGES 1)"]
        client.select("INBOX")
        assert client.search(None, "SEEN", "FLAGGED")[1] != [b""]

    before = {folder: messages(tmp_path, folder) for folder in ("INBOX", "Archive")}
    run(sync, tmp_path)
    assert {folder: messages(tmp_path, folder) for folder in ("INBOX", "Archive")} == before
