"""getmail fetches the inbox and hands each document to a program."""

import re
from pathlib import Path

from tests.integration.clients.conftest import Reader
from tests.integration.clients.programs import needs, run

pytestmark = needs("getmail", "getmail6")

CONFIGURATION = """
[retriever]
type = SimpleIMAPSSLRetriever
server = {host}
port = {port}
username = {user}
password = {password}
ca_certs = {certificate}
mailboxes = ("INBOX",)
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > {mail}/$$")
allow_root_commands = true
[options]
read_all = true
delivered_to = false
received = false
"""


def test_fetches_the_inbox(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    text = CONFIGURATION.format(
        host=reader.imaps.host,
        port=reader.imaps.port,
        user=reader.login.username,
        password=reader.login.password,
        certificate=reader.certificate,
        mail=tmp_path / "mail",
    )
    (tmp_path / "getmailrc").write_text(text)
    run(["getmail", "--getmaildir", str(tmp_path), "--rcfile", "getmailrc"], tmp_path)
    own_header = re.compile(rb"X-getmail-.*\n")
    fetched = [own_header.sub(b"", path.read_bytes()) for path in (tmp_path / "mail").iterdir()]
    assert len(fetched) == len(reader.documents)
    for document in reader.documents:
        assert any(content.endswith(document.replace(b"\r\n", b"\n")) for content in fetched)
