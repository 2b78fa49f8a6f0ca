"""A damaged log: the bridge says so instead of starting without the documents in it, and `postex repair` goes on."""

import imaplib
import json
import smtplib
from pathlib import Path

from tests import warm
from tests.crash.traffic import document
from tests.running import COMMAND, DOMAIN, SENDER_ADDRESS, Bridge, PostOffice, postex

FRAME = 24 + 4096


def hand_in(bridge: Bridge, office: PostOffice, name: str) -> None:
    at = bridge.listeners["smtp-plain"]
    with smtplib.SMTP(at.host, at.port, timeout=20) as client:
        client.login(office.sender.username, office.sender.password)
        client.sendmail(SENDER_ADDRESS, [f"anna@{DOMAIN}"], document(name, 2_000))


def uids(bridge: Bridge, office: PostOffice) -> list[int]:
    at, login = bridge.listeners["imap-plain"], office.recipients["anna"]
    with imaplib.IMAP4(at.host, at.port, timeout=20) as client:
        client.login(login.username, login.password)
        client.select("INBOX", readonly=True)
        return [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]


def refusal(data: Path) -> tuple[int, dict[str, str]]:
    done = warm.run([*COMMAND, "account", "list", "--data", data, "--json"])
    return done.returncode, json.loads(done.stdout)["error"]


def test_a_damaged_log_is_told_and_repaired(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with office.start() as bridge:
        for number in range(6):
            hand_in(bridge, office, f"d{number}")
        assert uids(bridge, office) == [1, 2, 3, 4, 5, 6]
    log = office.data / "postex.db-wal"
    damaged = bytearray(log.read_bytes())
    damaged[32 + FRAME * (len(damaged) // FRAME // 2) + 100] ^= 1
    log.write_bytes(damaged)

    for _ in range(2):
        status, error = refusal(office.data)
        assert (status, error["code"]) == (1, "log-damaged")
        assert f"postex repair --data {office.data}" in error["message"]
    assert postex("repair", data=office.data)["commits_lost"] > 1
    assert postex("repair", data=office.data) == {"commits_lost": 0}
    assert (office.data / "postex.db-wal.damaged").read_bytes() == bytes(damaged)
    with office.start() as bridge:
        kept = uids(bridge, office)
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) < 6
        hand_in(bridge, office, "after")
        assert uids(bridge, office)[-1] > 1_000_000
