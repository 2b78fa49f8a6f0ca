"""Device passwords and live sessions over the API: what each may do, who is told, what stays hidden."""

import email
import email.policy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bridge.connections import Connection, Ending, Tls
from bridge.mail.card import Card
from storage.access import break_glass, devices, enrolment
from storage.engine import statements
from storage.errors import SignInRefused
from storage.mail import mailboxes
from storage.mail.reading import Reader
from storage.oversight import audit
from storage.records import AccountState, Device, DeviceCredentials, Origin, Role, Scope
from tests.control import NOW, Desk, Person

IMAP = frozenset({Scope.IMAP})
SEND = frozenset({Scope.SMTP_SEND})


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.person("anna")


@pytest.fixture
def admin(desk: Desk) -> Person:
    return desk.person("admin", Role.DOMAIN_ADMIN)


class Guest:
    def __init__(self) -> None:
        self.told: list[Ending] = []

    def expel(self, ending: Ending) -> None:
        self.told.append(ending)


def make(desk: Desk, person: Person, label: str = "phone", **more: Any) -> DeviceCredentials:
    store = desk.store
    lock = (store.server_keys, store.shred, person.account, person.keys)
    return store.write_now(devices.add, *lock, label, more.pop("scopes", IMAP), NOW, **more)


def come_in(desk: Desk, device: Device) -> tuple[Guest, Connection]:
    """As a door does after a sign-in."""
    guest = Guest()
    return guest, desk.control.connections.enter(guest, "imaps", device, "192.0.2.7", Tls("TLSv1.3", "AES"))


async def inbox(desk: Desk, person: Person) -> list[str]:
    """Subjects, in order of arrival."""
    mailbox = desk.store.read_now(mailboxes.by_name, person.account.id, person.keys, "INBOX")
    copies = desk.store.read_now(mailboxes.select, mailbox.id, person.keys).copies
    reader = Reader(desk.store, person.account, person.keys, Card.decode)
    messages = [await reader.body(copy.document_id) for copy in copies]
    return [str(email.message_from_bytes(message, policy=email.policy.default)["Subject"]) for message in messages]


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    detail: str = answer.json()["detail"]
    return detail


async def test_a_new_device_opens_the_account_and_its_owner_is_told(desk: Desk, anna: Person) -> None:
    wanted = {"label": "tablet", "networks": ["192.0.2.0/24"], "expires_at": NOW + 3600}
    answer = await desk.ask("POST", "/v1/accounts/me/devices", anna, wanted)
    assert answer.status_code == 201
    made = answer.json()
    shown = made["device"]
    assert (shown["label"], shown["scopes"], shown["origin"]) == ("tablet", ["imap", "smtp-send"], "owner")
    assert (shown["networks"], shown["expires_at"], shown["sessions"]) == (["192.0.2.0/24"], NOW + 3600, 0)
    store = desk.store
    secret = (store.server_keys, store.shred, made["username"], made["password"], Scope.IMAP, NOW)
    assert store.read_now(devices.sign_in, *secret, "192.0.2.9").account == anna.account
    with pytest.raises(SignInRefused):
        store.read_now(devices.sign_in, *secret, "198.51.100.1")
    assert await inbox(desk, anna) == ["Nieuw apparaat: tablet"]
    assert made["password"] not in json.dumps((await desk.ask("GET", f"{anna.path}/devices", anna)).json())


async def test_without_a_notice_there_is_no_device(desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise SignInRefused

    monkeypatch.setattr("storage.mail.documents.deliver", fails)
    await desk.ask("POST", "/v1/accounts/me/devices", anna, {"label": "tablet"})
    assert desk.store.read_now(devices.listing, anna.account.id) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"label": ""}, "invalid-request"),
        ({"label": "x" * 101}, "invalid-request"),
        ({"label": "a\nb"}, "invalid"),
        ({"label": "x", "scopes": []}, "invalid-request"),
        ({"label": "x", "scopes": ["all"]}, "invalid-request"),
        ({"label": "x", "networks": ["10.0.0.1/8"]}, "invalid"),
        ({"label": "x", "networks": ["10.0.0.0/8"] * 21}, "invalid-request"),
        ({"label": "x", "expires_at": NOW}, "invalid"),
        ({"label": "x", "expires_at": 2**60}, "invalid-request"),
        ({"label": "x", "colour": "red"}, "invalid-request"),
    ],
)
@pytest.mark.parametrize("language", ["en", "nl"])
async def test_a_wrong_device_is_refused_and_leaves_nothing(
    desk: Desk, anna: Person, body: dict[str, Any], code: str, language: str
) -> None:
    answer = await desk.ask("POST", "/v1/accounts/me/devices", anna, body, **{"Accept-Language": language})
    assert refused(answer, 422, code)
    assert answer.headers["content-language"] == language
    assert (desk.store.read_now(devices.listing, anna.account.id), await inbox(desk, anna)) == ([], [])


async def test_a_new_device_and_a_change_need_a_fresh_proof(desk: Desk, anna: Person) -> None:
    device = make(desk, anna).device
    desk.clock.turn(301)
    path = f"{anna.path}/devices"
    refused(await desk.ask("POST", path, anna, {"label": "x"}), 403, "step-up-needed")
    refused(await desk.ask("PATCH", f"{path}/{device.id}", anna, {"label": "x"}), 403, "step-up-needed")
    assert (await desk.ask("DELETE", f"{path}/{device.id}", anna)).status_code == 200, "losing a phone is urgent"


async def test_nobody_makes_a_device_for_another(desk: Desk, anna: Person, admin: Person) -> None:
    """It is told who can; the same of an account that is none."""
    answer = await desk.ask("POST", f"{anna.path}/devices", admin, {"label": "x"}, **{"Accept-Language": "en"})
    refused(answer, 404, "not-found")
    assert "only its owner can do" in answer.json()["detail"]
    nobody = "/v1/accounts/nobody@example.test/devices"
    other = await desk.ask("POST", nobody, admin, {"label": "x"}, **{"Accept-Language": "en"})
    assert other.json() == answer.json()


async def test_a_change_keeps_what_is_left_out(desk: Desk, anna: Person) -> None:
    device = make(desk, anna, expires_at=NOW + 60, networks=("192.0.2.0/24",)).device
    guest, _ = come_in(desk, device)
    path = f"{anna.path}/devices/{device.id}"
    shown = (await desk.ask("PATCH", path, anna, {"label": "old phone"})).json()
    assert (shown["label"], shown["networks"], shown["expires_at"]) == ("old phone", ["192.0.2.0/24"], NOW + 60)
    assert (shown["sessions"], guest.told) == (1, [])
    shown = (await desk.ask("PATCH", path, anna, {"networks": [], "expires_at": None})).json()
    assert (shown["label"], shown["networks"], shown["expires_at"]) == ("old phone", [], None)
    refused(await desk.ask("PATCH", path, anna, {"scopes": ["smtp-send"]}), 422, "invalid-request")
    refused(await desk.ask("PATCH", f"{anna.path}/devices/99", anna, {"label": "x"}), 404, "not-found")
    refused(await desk.ask("PATCH", f"{anna.path}/devices/{2**70}", anna, {"label": "x"}), 404, "not-found")


async def test_an_admin_revokes_and_the_owner_is_told(desk: Desk, anna: Person, admin: Person) -> None:
    device = make(desk, anna).device
    desk.store.listen(desk.control.connections.changed)
    guest, _ = come_in(desk, device)
    answer = await desk.ask("DELETE", f"{anna.path}/devices/{device.id}", admin)
    assert answer.json()["revoked_at"] == NOW
    assert guest.told == [Ending.REVOKED]
    assert await inbox(desk, anna) == ["Apparaat ingetrokken: phone"]
    refused(await desk.ask("DELETE", f"{anna.path}/devices/{device.id}", admin), 404, "not-found")
    (event,) = desk.store.read_now(
        statements.rows, "SELECT actor, subject, detail FROM audit_event WHERE kind = 'device.revoked'"
    )
    assert event == (f"account:{admin.account.id}", f"account:{anna.account.id}", f'{{"device":{device.id}}}')
    assert desk.store.read_now(audit.verify, desk.store.server_keys) is None


async def test_one_s_own_revocation_needs_no_notice(desk: Desk, anna: Person) -> None:
    device = make(desk, anna).device
    assert (await desk.ask("DELETE", f"{anna.path}/devices/{device.id}", anna)).status_code == 200
    assert await inbox(desk, anna) == []


async def test_helpers_see_neither_labels_nor_whereabouts(desk: Desk, anna: Person) -> None:
    helper = desk.person("helper", Role.SUPPORT)
    device = make(desk, anna, label="Anna's secret phone", networks=("192.0.2.0/24",)).device
    desk.store.write_now(devices.touch, device.id, NOW, "198.51.100.0/24", None)
    guest, _ = come_in(desk, device)
    for path in ("devices", "sessions"):
        text = (await desk.ask("GET", f"{anna.path}/{path}", helper)).text
        for planted in ("secret", "192.0.2", "198.51.100", "anna@"):
            assert planted not in text
    assert guest.told == []
    refused(await desk.ask("DELETE", f"{anna.path}/devices/{device.id}", helper), 404, "not-found")


async def test_a_break_glass_device_is_hidden_while_a_bar_holds_and_never_ends_here(
    desk: Desk, anna: Person, admin: Person
) -> None:
    device = make(desk, anna, label="access", scopes=frozenset({Scope.IMAP_READ}), origin=Origin.BREAK_GLASS).device
    helper = desk.person("helper", Role.SUPPORT)
    columns = "account_id, reason, hours, requested_by, requested_at, device_id, bar_basis, bar_until"
    values = (anna.account.id, "x", 1, admin.account.id, NOW, device.id, "law", NOW + 1000)
    desk.store.write_now(
        statements.run, f"INSERT INTO break_glass ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
    )
    assert desk.store.read_now(break_glass.hidden_devices, anna.account.id, NOW) == {device.id}
    _, connection = come_in(desk, device)
    own = f"{anna.path}/devices/{device.id}"

    async def seen(who: Person) -> tuple[int, int]:
        listed = (await desk.ask("GET", f"{anna.path}/devices", who)).json()["devices"]
        live = (await desk.ask("GET", f"{anna.path}/sessions", who)).json()["sessions"]
        return len(listed), sum(each["kind"] == "mail" for each in live)

    assert (await seen(anna), await seen(helper), await seen(admin)) == ((0, 0), (0, 0), (1, 1))
    refused(await desk.ask("DELETE", own, anna), 404, "not-found")
    refused(await desk.ask("DELETE", f"{anna.path}/sessions/mail-{connection.number}", anna), 404, "not-found")
    desk.clock.turn(1000)
    later = Person(anna.account, anna.keys, desk.token(anna.account, anna.keys))
    assert await seen(later) == (1, 1)
    assert "postex break-glass" in refused(await desk.ask("DELETE", own, later), 409, "break-glass-device")


# --- on the machine, with nobody signed in ---


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data", operator=True) as opened:
        yield opened


async def test_the_operator_needs_a_secret_that_opens_the_account(machine: Desk) -> None:
    anna, bram = machine.person("anna"), machine.person("bram")
    phone, sends, others = make(machine, anna), make(machine, anna, scopes=SEND), make(machine, bram)
    path = f"{anna.path}/devices"
    refused(await machine.ask("POST", path, None, {"label": "x"}), 422, "secret-needed")
    for wrong in ("px1-wrong-wrong", "wrong", others.password, sends.password):
        answer = await machine.ask("POST", path, None, {"label": "x", "secret": wrong})
        assert wrong not in answer.text
        refused(answer, 403, "sign-in-refused")
    made = await machine.ask("POST", path, None, {"label": "tablet", "secret": f" {phone.password}\n"})
    assert made.status_code == 201
    assert (await machine.ask("POST", path, None, {"label": "erp", "scopes": ["smtp-send"]})).status_code == 201
    assert await inbox(machine, anna) == ["Nieuw apparaat: tablet", "Nieuw apparaat: erp"]


async def test_an_enrolment_code_is_used_up_only_if_the_device_was_made(machine: Desk) -> None:
    anna, store = machine.person("anna", state=AccountState.INVITED), machine.store
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    code = store.write_now(enrolment.add_enrolment, *lock, NOW).code
    path = f"{anna.path}/devices"
    refused(await machine.ask("POST", path, None, {"label": "a\nb", "secret": code}), 422, "invalid")
    assert (await machine.ask("POST", path, None, {"label": "phone", "secret": code})).status_code == 201
    refused(await machine.ask("POST", path, None, {"label": "x", "secret": code}), 403, "sign-in-refused")


# --- live sessions ---


async def test_who_is_signed_in_is_listed_with_what_is_known(desk: Desk, anna: Person) -> None:
    device = make(desk, anna).device
    _, connection = come_in(desk, device)
    mail, control = (await desk.ask("GET", f"{anna.path}/sessions", anna)).json()["sessions"]
    assert mail == {
        "id": f"mail-{connection.number}",
        "kind": "mail",
        "door": "imaps",
        "device": device.id,
        "label": "phone",
        "since": NOW,
        "used_at": None,
        "network": "192.0.2.0/24",
        "tls_version": "TLSv1.3",
        "tls_cipher": "AES",
        "client": None,
        "current": False,
    }
    assert (control["kind"], control["door"], control["client"], control["current"]) == (
        "control",
        "control",
        "test",
        True,
    )


async def test_a_program_is_shown_as_long_as_that_is_allowed(desk: Desk, anna: Person) -> None:
    _, connection = come_in(desk, make(desk, anna).device)
    connection.client = "Thunderbird 128"
    for allowed, shown in ((1, "Thunderbird 128"), (0, None)):
        desk.store.write_now(statements.run, "UPDATE account SET client_noted = ?", (allowed,))
        mail = (await desk.ask("GET", f"{anna.path}/sessions", anna)).json()["sessions"][0]
        assert mail["client"] == shown


async def test_sessions_of_both_kinds_end_by_their_number(desk: Desk, anna: Person, admin: Person) -> None:
    guest, connection = come_in(desk, make(desk, anna).device)
    left = await desk.ask("DELETE", f"{anna.path}/sessions/mail-{connection.number}", admin)
    assert left.status_code == 200
    assert guest.told == [Ending.ENDED]
    (own,) = [each["id"] for each in left.json()["sessions"] if each["kind"] == "control"]
    other = desk.person("other")
    for path in (f"{other.path}/sessions/{own}", f"{other.path}/sessions/mail-{connection.number}"):
        refused(await desk.ask("DELETE", path, admin), 404, "not-found")
    assert (await desk.ask("DELETE", f"{anna.path}/sessions/{own}", admin)).status_code == 200
    refused(await desk.ask("GET", "/v1/session", anna), 401, "session-ended")
    for wrong in ("mail", "mail-x", "tv-1", "control--1", "control-" + "9" * 30, "mail-٣"):
        refused(await desk.ask("DELETE", f"{anna.path}/sessions/{wrong}", admin), 404, "not-found")
    kinds = desk.store.read_now(
        statements.rows, "SELECT actor FROM audit_event WHERE kind = 'session.ended' ORDER BY position"
    )
    assert kinds == [(f"account:{admin.account.id}",)] * 2


async def test_sessions_that_are_over_are_not_listed(desk: Desk, anna: Person) -> None:
    desk.token(anna.account, anna.keys)
    desk.clock.turn(16 * 60)
    later = Person(anna.account, anna.keys, desk.token(anna.account, anna.keys))
    assert len((await desk.ask("GET", f"{anna.path}/sessions", later)).json()["sessions"]) == 1
