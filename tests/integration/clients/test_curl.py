"""curl hands in over SMTPS and reads, searches and appends over IMAPS."""

from pathlib import Path

from tests.integration.clients.conftest import Reader
from tests.integration.clients.programs import needs, run
from tests.running import DOMAIN, SENDER_ADDRESS, PostOffice

pytestmark = needs("curl", "curl")


def curl(reader: Reader, *arguments: str, home: Path, user: str | None = None) -> bytes:
    login = user or f"{reader.login.username}:{reader.login.password}"
    command = ["curl", "--silent", "--show-error", "--cacert", str(reader.certificate), "--user", login, *arguments]
    return run(command, home).stdout


def inbox(reader: Reader) -> str:
    return f"imaps://{reader.imaps.host}:{reader.imaps.port}/INBOX"


def test_fetches_searches_and_appends(reader: Reader, tmp_path: Path) -> None:
    assert curl(reader, f"{inbox(reader)};UID=1", home=tmp_path).endswith(reader.documents[0])
    assert curl(reader, inbox(reader), "-X", "SEARCH SUBJECT Factuur", home=tmp_path).strip() == b"* SEARCH 1 2 3"
    (tmp_path / "letter.eml").write_bytes(reader.documents[2])
    curl(reader, inbox(reader), "--upload-file", str(tmp_path / "letter.eml"), home=tmp_path)
    assert curl(reader, f"{inbox(reader)};MAILINDEX=4", home=tmp_path) == reader.documents[2]


def test_hands_in_over_smtps(reader: Reader, office: PostOffice, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(reader.documents[0].replace(b"invoice-0", b"by-curl-0"))
    curl(
        reader,
        f"smtps://{reader.smtps.host}:{reader.smtps.port}",
        *("--mail-from", SENDER_ADDRESS, "--mail-rcpt", reader.login.username),
        *("--upload-file", str(tmp_path / "letter.eml")),
        home=tmp_path,
        user=f"{office.sender.username}:{office.sender.password}",
    )
    assert reader.login.username.endswith(DOMAIN)
    assert curl(reader, f"{inbox(reader)};UID=4", home=tmp_path).endswith((tmp_path / "letter.eml").read_bytes())
