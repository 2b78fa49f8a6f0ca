"""neomutt opens the inbox, reads a document, flags it and saves its attachment."""

import imaplib
from pathlib import Path

from tests.integration.clients.conftest import PDF, Reader
from tests.integration.clients.programs import needs, run_in_terminal

pytestmark = needs("neomutt", "neomutt")

CONFIGURATION = """
set imap_user = "{user}"
set imap_pass = "{password}"
set certificate_file = "{certificate}"
set ssl_verify_host = no
set ssl_use_system_certs = no
set folder = "imaps://{host}:{port}/"
set spoolfile = "+INBOX"
set header_cache = "{home}/cache"
set mail_check = 1
set quit = yes
set move = no
set confirmappend = no
set sort = mailbox-order
"""


def test_reads_flags_and_saves_an_attachment(reader: Reader, tmp_path: Path) -> None:
    settings = CONFIGURATION.format(
        user=reader.login.username,
        password=reader.login.password,
        certificate=reader.certificate,
        host=reader.imaps.host,
        port=reader.imaps.port,
        home=tmp_path,
    )
    target = tmp_path / "saved.pdf"
    keys = (
        "<first-entry><display-message><exit><flag-message><first-entry>"
        "<view-attachments><last-entry><save-entry><kill-line>" + str(target) + "<enter><exit><sync-mailbox><quit>"
    )
    (tmp_path / "muttrc").write_text(f'{settings}push "{keys}"\n')
    drawn = run_in_terminal(["neomutt", "-n", "-F", str(tmp_path / "muttrc")], tmp_path)
    assert target.exists(), drawn
    assert target.read_bytes() == PDF
    with imaplib.IMAP4_SSL(reader.imaps.host, reader.imaps.port, ssl_context=reader.context()) as client:
        client.login(reader.login.username, reader.login.password)
        client.select("INBOX", readonly=True)
        assert client.search(None, "FLAGGED", "SEEN")[1] == [b"1"]
