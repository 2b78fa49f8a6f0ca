"""Commands for contact address, notice URL and transcript, without a bridge: the very same routes."""

import time
from pathlib import Path

import pytest

from bridge.channels.outside.messenger import Verdict
from bridge.channels.outside.targets import Targets
from bridge.routing import orders
from storage.deliveries import jobs, transcript
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from tests import stores
from tests.control import Desk, Person
from tests.unit.postex_tui.test_people import Shell

TOPIC = "ntfys://ntfy.example.test/secret-topic"


@pytest.fixture
def anna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Signed in now, with a line in her transcript; the settings have a relay, nothing is sent to it here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = desk.person("anna")
    desk.store.write_now(
        transcript.note, made.account.id, None, "notice.sent", 1_760_000_000, None, "at-once email 2"
    )
    desk.store.close()
    (tmp_path / "data" / "postex.toml").write_text('[relay]\nhost = "relay.test"\ncountry = "NL"\n')
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Shell(tmp_path / "data", capsys, monkeypatch)


def code_sent(data: Path) -> str:
    """What the job in the outbox is to send."""
    with stores.opened(data) as store:
        (number,) = store.read_now(statements.rows, "SELECT max(id) FROM job WHERE kind = 'notice'")[0]
        job = store.read_now(jobs.get, number)
        order = orders.parse(jobs.payload(OutboxKey.of(store.server_keys.outbox), job))
    assert order.code is not None
    return order.code


def test_a_contact_address_is_proved(shell: Shell, anna: Person, tmp_path: Path) -> None:
    assert shell.refused(anna, "me", "contact", "verify") == "no-contact-address"
    shell.json(anna, "me", "set", "--contact-email", "anna@elsewhere.test")
    assert "on its way" in shell.words(anna, "me", "contact", "verify")
    assert shell.refused(anna, "me", "contact", "confirm", "1234") == "invalid"
    code = code_sent(tmp_path / "data")
    assert "is confirmed" in shell.words(anna, "me", "contact", "confirm", f"{code[:4]} {code[4:]}")
    assert shell.refused(anna, "me", "contact", "verify") == "contact-proved"
    changed = shell.words(anna, "me", "set", "--phone", "0612345678")
    assert "another goes to the contact address" in changed


def test_a_notice_url_is_set_tried_and_removed(
    shell: Shell, anna: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed: list[str] = []

    async def push(self: Targets, url: str, title: str, body: str) -> Verdict:
        pushed.append(url)
        return Verdict.FINE

    async def check(self: Targets, url: str) -> Verdict:
        return Verdict.FINE if url == TOPIC else Verdict.NO_SUCH_SERVICE

    monkeypatch.setattr(Targets, "push", push)
    monkeypatch.setattr(Targets, "check", check)
    assert shell.refused(anna, "me", "notice-url", "show") == "not-found"
    assert "Give one: postex me notice-url set" in shell.run(anna, "me", "notice-url", "show", "--json")[1]
    assert "give one: postex me external set" in shell.run(anna, "me", "external", "show", "--json")[1]
    assert shell.refused(anna, "me", "notice-url", "set", "file:///etc/passwd") == "notice-url-service"
    assert "(ntfys)" in shell.words(anna, "me", "notice-url", "set", TOPIC)
    shown = shell.words(anna, "me", "notice-url", "show")
    assert shown.startswith("ntfys since ")
    assert "secret" not in shown
    shell.words(anna, "me", "notice-url", "test")
    assert pushed == [TOPIC]
    assert shell.json(anna, "me", "notice-url", "remove") == {"removed": True}
    assert shell.refused(anna, "me", "notice-url", "remove") == "not-found"


def test_the_transcript_is_listed(shell: Shell, anna: Person) -> None:
    assert shell.words(anna, "me", "transcript") == "2025-10-09 08:53:20  notice.sent           at-once email 2\n"
    (line,) = shell.json(anna, "me", "transcript")["transcript"]
    assert (line["kind"], line["detail"], line["document"]) == ("notice.sent", "at-once email 2", None)


def test_who_notices_name(shell: Shell, anna: Person) -> None:
    assert shell.refused(anna, "me", "notices") == "usage"
    assert "name the domain" in shell.words(anna, "me", "notices", "--name-senders")
    assert "not from whom" in shell.words(anna, "me", "notices", "--no-name-senders")
