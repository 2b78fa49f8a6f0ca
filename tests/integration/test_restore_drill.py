"""R15: a new machine, the kit, a backup and a keyring backup give the same post office; nothing else is used."""

import imaplib
import json
import shutil
import smtplib
import ssl
from pathlib import Path

import pytest

from storage.engine.repair import UID_JUMP
from storage.keys.recovery import RecoveryKit
from storage.people import accounts
from tests import stores
from tests.crash.traffic import document, stored
from tests.integration.clients.programs import needs, run
from tests.integration.clients.test_mbsync import CONFIGURATION
from tests.restoring import Kept
from tests.restoring import run as command
from tests.running import DOMAIN, SENDER_ADDRESS, Bridge, Login, PostOffice, postex

SMALL, LARGE = 3_000, 90_000


def hand_in(bridge: Bridge, office: PostOffice, *documents: tuple[str, int], to: tuple[str, ...]) -> None:
    address = bridge.listeners["smtp-plain"]
    with smtplib.SMTP(address.host, address.port, timeout=20) as client:
        client.login(office.sender.username, office.sender.password)
        for name, size in documents:
            refused = client.sendmail(SENDER_ADDRESS, [f"{each}@{DOMAIN}" for each in to], document(name, size))
            assert not refused


def names(bridge: Bridge, login: Login) -> list[str]:
    """Each whole: it ends with its own name."""
    found = stored(bridge.listeners["imap-plain"], login)
    assert all(body.endswith(f"end of {name}\r\n".encode()) for name, body in found)
    return sorted(name for name, _ in found)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept.create(tmp_path / "old")


def test_the_drill(kept: Kept, tmp_path: Path) -> None:
    with kept.office.start() as bridge:
        hand_in(bridge, kept.office, ("one", SMALL), ("two", LARGE), to=("anna", "bram"))
        made = kept.back_up()  # while it runs, and nobody signed in
        hand_in(bridge, kept.office, ("later", SMALL), to=("anna",))
        assert bridge.stop() == 0
    shutil.rmtree(kept.office.data)
    restored, said = kept.restore(tmp_path / "new")
    assert (said["documents"], said["accounts"], said["erased"]) == (2, 4, [])
    assert (made["documents"], made["bodies"], made["unreadable_bodies"]) == (2, 2, 0)
    with restored.start() as bridge:
        assert (
            names(bridge, restored.recipients["anna"]) == names(bridge, restored.recipients["bram"]) == ["one", "two"]
        )
        hand_in(bridge, restored, ("after", SMALL), to=("anna",))
        assert names(bridge, restored.recipients["anna"]) == ["after", "one", "two"]
        assert uids(bridge, restored.recipients["anna"])[-1] > UID_JUMP
        certificate = ssl.create_default_context(cafile=str(restored.data / "tls" / "cert.pem"))
        imaps = bridge.listeners["imaps"]
        with imaplib.IMAP4_SSL(imaps.host, imaps.port, ssl_context=certificate) as client:
            client.login(restored.recipients["bram"].username, restored.recipients["bram"].password)
        assert bridge.stop() == 0


def uids(bridge: Bridge, login: Login) -> list[int]:
    address = bridge.listeners["imap-plain"]
    with imaplib.IMAP4(address.host, address.port) as client:
        client.login(login.username, login.password)
        client.select("INBOX", readonly=True)
        found: bytes = client.uid("SEARCH", "ALL")[1][0]
        return [int(uid) for uid in found.split()]


def test_a_backup_of_ninety_days_ago_with_the_keyring_of_today(kept: Kept, tmp_path: Path) -> None:
    """Who was erased meanwhile is unreadable and gone; all others read as ever."""
    with kept.office.start() as bridge:
        hand_in(bridge, kept.office, ("to both", SMALL), ("large", LARGE), to=("anna", "bram"))
        hand_in(bridge, kept.office, ("to anna", LARGE), to=("anna",))
        kept.back_up()
        assert bridge.stop() == 0
    old = shutil.copytree(kept.backups, tmp_path / "kept for too long")
    erased = shred(kept.office, "anna")
    made_later = kept.office.add_recipient("carla")
    kept.back_up()
    restored, said = kept.restore(tmp_path / "new", old)
    assert said["erased"] == [erased]
    assert len(said["made_after_backup"]) == 1
    with restored.start() as bridge:
        assert names(bridge, restored.recipients["bram"]) == ["large", "to both"]
        address = bridge.listeners["imap-plain"]
        for gone in (restored.recipients["anna"], made_later):
            with imaplib.IMAP4(address.host, address.port) as client, pytest.raises(imaplib.IMAP4.error):
                client.login(gone.username, gone.password)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            hand_in(bridge, restored, ("new", SMALL), to=("anna",))
        assert bridge.stop() == 0
    for path in restored.data.rglob("*"):
        assert not path.is_file() or b"anna@" not in path.read_bytes()


def shred(office: PostOffice, name: str) -> str:
    """What an erasure does first; the public id of the account."""
    with stores.opened(office.data) as store:
        account = store.read_now(accounts.by_email, f"{name}@{DOMAIN}")
        store.shred.delete(account.public_id)
    return account.public_id


def test_refusals_are_one_clear_line(kept: Kept, tmp_path: Path) -> None:
    kept.back_up()
    target = tmp_path / "new"
    sources = (kept.backups, "--keyring", kept.keyrings)
    (backup,) = [path for path in kept.backups.iterdir() if (path / "manifest.json").exists()]
    wrong = command("restore", *sources, data=target, text=RecoveryKit.generate().text)
    mistyped = command("restore", *sources, data=target, text=kept.kit[:-1] + ("A" if kept.kit[-1] != "A" else "B"))
    taken = command("restore", *sources, data=kept.office.data, text=kept.kit)
    database = backup / "database.db"
    database.write_bytes(database.read_bytes()[:-1] + b"\0")
    altered = command("restore", *sources, data=target, text=kept.kit)
    for done, code, word in (
        (wrong, "backup-wrong-kit", "does not open"),
        (mistyped, "invalid-kit", "checksum"),
        (taken, "backup-not-empty", "not empty"),
        (altered, "backup-altered", "database.db is not as it was"),
    ):
        assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, code)
        assert len(done.stderr.splitlines()) == 1
        assert word in done.stderr
    assert not target.exists() or list(target.iterdir()) == []


def test_a_rollback_is_said(kept: Kept, tmp_path: Path) -> None:
    kept.back_up()
    newer = kept.back_up()
    head = tmp_path / "head.json"
    manifest = json.loads((Path(newer["folder"]) / "manifest.json").read_text())
    head.write_text(json.dumps(manifest["content"]["audit_head"]))
    oldest = sorted(path for path in kept.backups.iterdir() if (path / "manifest.json").exists())
    first = next(path for path in oldest if path != Path(newer["folder"]))
    _, said = kept.restore(tmp_path / "new", first, "--head", str(head))
    assert said["head"] == "cut"


def test_a_new_kit_opens_the_next_backup_and_the_old_one_the_last(kept: Kept, tmp_path: Path) -> None:
    before = Path(kept.back_up()["folder"])
    new = postex("kit", "new", data=kept.office.data)["recovery_kit"]
    after = Path(kept.back_up()["folder"])
    old, kept.kit = kept.kit, new
    kept.restore(tmp_path / "new", after)
    done = command("restore", before, "--keyring", kept.keyrings, data=tmp_path / "no", text=new)
    assert json.loads(done.stdout)["error"]["code"] == "backup-wrong-kit"
    kept.kit = old
    kept.restore(tmp_path / "older", before)


def test_a_timer_needs_no_session_that_holds(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that ended is passed over, with the bridge up and down."""
    monkeypatch.setenv("POSTEX_TOKEN", "ps1-nobody-nothing")
    assert kept.back_up()["unreadable_bodies"] == 0
    with kept.office.start():
        assert kept.back_up()["unreadable_bodies"] == 0


@needs("mbsync", "isync")
def test_a_client_that_synchronised_before_maps_nothing_wrongly(kept: Kept, tmp_path: Path) -> None:
    """`lost` had UID 3; without the jump `after` would get it, and mbsync take it for what it has already."""
    (tmp_path / "mail").mkdir()
    anna = kept.office.recipients["anna"]
    with kept.office.start() as bridge:
        hand_in(bridge, kept.office, ("one", SMALL), ("two", LARGE), to=("anna",))
        kept.back_up()
        hand_in(bridge, kept.office, ("lost", SMALL), to=("anna",))
        synchronise(bridge, kept.office, anna, tmp_path)
        assert local(tmp_path) == ["lost", "one", "two"]
        assert bridge.stop() == 0
    restored, _ = kept.restore(tmp_path / "new")
    with restored.start() as bridge:
        hand_in(bridge, restored, ("after", SMALL), to=("anna",))
        synchronise(bridge, restored, anna, tmp_path)
        assert {"after", "one", "two"} <= set(local(tmp_path))
        synchronise(bridge, restored, anna, tmp_path)
        assert local(tmp_path) == names(bridge, anna)
        assert bridge.stop() == 0


def synchronise(bridge: Bridge, office: PostOffice, login: Login, home: Path) -> None:
    imaps = bridge.listeners["imaps"]
    text = CONFIGURATION.format(
        host=imaps.host,
        port=imaps.port,
        user=login.username,
        password=login.password,
        certificate=office.data / "tls" / "cert.pem",
        mail=home / "mail",
    )
    (home / "mbsyncrc").write_text(text)
    run(["mbsync", "-c", str(home / "mbsyncrc"), "all"], home)


def local(home: Path) -> list[str]:
    """What each message in the Maildir says it is, at its end."""
    files = [path for kind in ("new", "cur") for path in (home / "mail" / "INBOX" / kind).iterdir()]
    return sorted(path.read_text().rstrip().rpartition("end of ")[2] for path in files)
