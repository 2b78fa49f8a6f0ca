"""The whole way: a running bridge, three mail clients signed in, `postex erase account me --now` beside them."""

import imaplib
import json
import time
from pathlib import Path

import pytest

from storage.access import devices, sessions
from storage.database import Store
from storage.engine import statements
from storage.erasures.receipts import verify
from storage.keys.master import MasterKey
from storage.keys.signing import public_key
from storage.records import Scope
from tests import warm
from tests.running import COMMAND, Login, PostOffice

DAY = 24 * 3600


def token_of(office: PostOffice, master: MasterKey, login: Login) -> str:
    """A bearer session, as signing in with password and code gives it."""
    with Store.open(office.data, master) as store:
        store.write_now(statements.run, "UPDATE account SET state = 'registered' WHERE email = ?", (login.username,))
        found = store.read_now(
            devices.sign_in,
            store.server_keys,
            store.shred,
            login.username,
            login.password,
            Scope.IMAP,
            int(time.time()),
        )
        assert found.keys is not None
        started = store.write_now(
            sessions.start, store.server_keys, store.shred, found.account, found.keys, "test", int(time.time())
        )
        return started.token


def test_a_person_leaves_while_three_mail_clients_are_signed_in(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    master, login = MasterKey.load(office.data / "master.key"), office.recipients["anna"]
    token = token_of(office, master, login)
    with office.start() as bridge:
        at = bridge.listeners["imap-plain"]
        clients = [imaplib.IMAP4(at.host, at.port, timeout=20) for _ in range(3)]
        for client in clients:
            client.login(login.username, login.password)
            client.select("INBOX")
        command = [*COMMAND, "erase", "account", "me", "--now", "--yes", "--data", office.data, "--json"]
        done = warm.run(command, POSTEX_TOKEN=token)
        assert done.returncode == 0, done.stderr
        for client in clients:
            with pytest.raises(imaplib.IMAP4.abort):
                client.noop()
            client.shutdown()
        assert bridge.stop() == 0
    erased = json.loads(done.stdout)
    content = verify(json.dumps(erased["receipt"]), public_key(master.derive()))
    assert (erased["state"], {place["left"] for place in content["places"]}) == ("done", {0})
    assert content["backups"]["documents"] == content["done_at"] + 30 * DAY
    log = bridge.log.read_text()
    assert "erasure.done" in log
    assert login.username not in log
