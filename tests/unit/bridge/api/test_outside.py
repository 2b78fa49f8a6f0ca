"""Contact addresses, notice URLs and the transcript at the control API (S11, S48, D14)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bridge.api.control import TRIALS
from bridge.channels.outside import targets
from bridge.channels.outside.messenger import Verdict
from bridge.channels.outside.targets import Targets
from storage.deliveries import transcript
from storage.deliveries.terms import DAY, Choice, Notify
from storage.people import contact_proofs
from tests.outside import CONTACT, Bureau, bureau

VERIFICATION, URL = "/v1/me/contact/verification", "/v1/me/notice-url"
TOPIC = "ntfys://ntfy.example.test/CANARY-TOPIC"


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Bureau]:
    async with bureau(tmp_path) as opened:
        yield opened


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What would go to notice URLs; `test_messenger` shows that it really does."""
    found: list[tuple[str, str, str]] = []

    async def check(self: Targets, url: str) -> Verdict:
        return Verdict.FINE

    async def push(self: Targets, url: str, title: str, body: str) -> Verdict:
        found.append((url, title, body))
        return Verdict.NOT_NOW if "away" in url else Verdict.FINE

    monkeypatch.setattr(Targets, "check", check)
    monkeypatch.setattr(Targets, "push", push)
    return found


async def ask(office: Bureau, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """As Anna, signed in a moment ago."""
    token = office.desk.token(office.anna.account, office.anna.keys)
    headers = {"Authorization": f"Bearer {token}"}
    return await office.desk.http.request(method, path, json=body, headers=headers)


async def code_of(office: Bureau) -> str:
    """What came to the contact address."""
    await office.after(1)
    found = re.search(r"\d{4} \d{4}", office.relay.text())
    assert found is not None
    return found[0]


async def set_contact(office: Bureau, address: str | None) -> httpx.Response:
    answer = await ask(office, "PATCH", "/v1/me", {"contact_email": address})
    assert answer.status_code == 200, answer.text
    return answer


def is_proved(office: Bureau) -> bool:
    sql = "SELECT contact_email_verified_at IS NOT NULL FROM account WHERE id = ?"
    return bool(office.rows(sql, office.anna.account.id)[0][0])


async def test_an_address_is_a_channel_once_its_code_came_back(office: Bureau) -> None:
    """S11."""
    await set_contact(office, CONTACT)
    assert not is_proved(office)
    begun = await ask(office, "POST", VERIFICATION)
    assert (begun.status_code, begun.json()["until"]) == (202, office.now + DAY)
    code = await code_of(office)
    assert office.relay.taken[-1][1] == CONTACT
    assert code not in office.desk.data.joinpath("postex.db").read_bytes().decode("latin-1")
    confirmed = await ask(office, "POST", f"{VERIFICATION}/confirm", {"code": code})
    assert confirmed.status_code == 200, confirmed.text
    assert is_proved(office)
    await office.after(1)
    assert office.relay.last["Subject"] == "This is your contact address now"
    again = await ask(office, "POST", VERIFICATION)
    assert again.json()["code"] == "contact-proved"


async def test_a_code_may_be_guessed_five_times(office: Bureau) -> None:
    await set_contact(office, CONTACT)
    await ask(office, "POST", VERIFICATION)
    code = (await code_of(office)).replace(" ", "")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(contact_proofs.TRIES):
        answer = await ask(office, "POST", f"{VERIFICATION}/confirm", {"code": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "contact-code-wrong")
    answer = await ask(office, "POST", f"{VERIFICATION}/confirm", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "contact-code-over")
    assert not is_proved(office)


@pytest.mark.parametrize("what", ["a day later", "another address", "none asked for"])
async def test_a_code_that_counts_no_more(office: Bureau, what: str) -> None:
    await set_contact(office, CONTACT)
    code = "12345678"
    if what != "none asked for":
        await ask(office, "POST", VERIFICATION)
        code = await code_of(office)
    if what == "a day later":
        office.desk.clock.turn(DAY)
    if what == "another address":
        await set_contact(office, "eve@elsewhere.test")
    answer = await ask(office, "POST", f"{VERIFICATION}/confirm", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "contact-code-over")
    assert not is_proved(office)


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８"])
async def test_what_is_no_code(office: Bureau, code: str) -> None:
    await set_contact(office, CONTACT)
    answer = await ask(office, "POST", f"{VERIFICATION}/confirm", {"code": code})
    assert answer.status_code == 422


async def test_strangers_are_not_filled_with_codes(office: Bureau) -> None:
    """Neither another address nor an erased field shortens the pause, which doubles; a day's rest ends it."""
    for number, pause in enumerate((0, 60, 120, 240)):
        await set_contact(office, f"stranger{number}@elsewhere.test")
        if pause:
            early = await ask(office, "POST", VERIFICATION)
            assert (early.status_code, early.json()["retry_after"]) == (429, pause)
            assert early.headers["retry-after"] == str(pause)
            office.desk.clock.turn(pause - 1)
            assert (await ask(office, "POST", VERIFICATION)).status_code == 429
            office.desk.clock.turn(1)
        assert (await ask(office, "POST", VERIFICATION)).status_code == 202
        erased = await ask(office, "POST", "/v1/me/fields/contact-email/erasure")
        assert erased.status_code == 201, erased.text
    office.desk.clock.turn(DAY)
    await set_contact(office, CONTACT)
    await ask(office, "POST", VERIFICATION)
    office.desk.clock.turn(60)
    assert (await ask(office, "POST", VERIFICATION)).status_code == 202


async def test_without_an_address_or_a_relay_nothing_is_promised(tmp_path: Path, office: Bureau) -> None:
    answer = await ask(office, "POST", VERIFICATION)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-contact-address")
    async with bureau(tmp_path / "without", with_relay=False) as other:
        await set_contact(other, CONTACT)
        answer = await ask(other, "POST", VERIFICATION)
        assert (answer.status_code, answer.json()["code"]) == (409, "no-relay")


async def test_a_change_is_told_at_the_address_proved_before(office: Bureau) -> None:
    """S48: old and new."""
    office.prove()
    changed = await set_contact(office, "thief@elsewhere.test")
    assert changed.json()["told"] == ["mailbox", "contact"]
    assert not is_proved(office)
    await office.after(1)
    assert [taken[1] for taken in office.relay.taken] == [CONTACT]
    assert "your contact address" in office.relay.text().replace("\n", " ")
    number = changed.json()["changes"][0]["id"]
    undone = await ask(office, "POST", f"/v1/me/changes/{number}/undo")
    assert undone.status_code == 200, undone.text
    await office.after(1)
    assert is_proved(office)
    assert office.relay.taken[-1][1] == CONTACT
    assert office.relay.last["Subject"] == "A change of your account was undone"


async def test_a_change_with_no_proved_address_is_told_in_the_mailbox_alone(office: Bureau) -> None:
    changed = await ask(office, "PATCH", "/v1/me", {"phone": "0612345678"})
    assert changed.json()["told"] == ["mailbox"]
    await office.after(1)
    assert office.relay.taken == []


async def test_a_notice_url_is_kept_sealed_and_used(office: Bureau, pushed: list[tuple[str, str, str]]) -> None:
    assert (await ask(office, "GET", URL)).status_code == 404
    made = await ask(office, "PUT", URL, {"url": TOPIC})
    assert (made.status_code, made.json()["service"]) == (200, "ntfys")
    assert "CANARY" not in (await ask(office, "GET", URL)).text
    assert b"CANARY-TOPIC" not in office.rows("SELECT sealed_url FROM notice_url")[0][0]
    assert (await ask(office, "POST", f"{URL}/test")).status_code == 204
    office.choose(Choice(notify=Notify.AT_ONCE))
    office.arrive("payslip")
    await office.after(120)
    assert [title for _, title, _ in pushed] == ["Notices come here", "A document is waiting for you"]
    assert {url for url, _, _ in pushed} == {TOPIC}
    assert "payslip" in pushed[1][2]
    assert office.transcript() == ["notice.sent at-once url 1"]
    assert (await ask(office, "DELETE", URL)).status_code == 204
    assert (await ask(office, "DELETE", URL)).status_code == 404


async def test_a_url_that_fails_three_times_gives_way_to_the_address(
    office: Bureau, pushed: list[tuple[str, str, str]]
) -> None:
    office.prove()
    await ask(office, "PUT", URL, {"url": "ntfys://away.test/x"})
    office.choose(Choice(notify=Notify.AT_ONCE))
    office.arrive()
    for _ in range(3):
        assert office.relay.taken == []
        await office.after(7 * 3600)
    assert len(pushed) == 3
    assert office.relay.taken[-1][1] == CONTACT
    assert office.transcript() == ["notice.sent at-once email 1"]


@pytest.mark.parametrize("verdict", [Verdict.NOT_PUBLIC, Verdict.NO_SUCH_SERVICE, Verdict.NOT_VERIFIED])
async def test_a_url_that_can_never_be_used_gives_way_at_once(
    office: Bureau, pushed: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    """As when its name leads into a private network since."""

    async def refuses(self: Targets, url: str, title: str, body: str) -> Verdict:
        return verdict

    office.prove()
    await ask(office, "PUT", URL, {"url": TOPIC})
    monkeypatch.setattr(Targets, "push", refuses)
    office.choose(Choice(notify=Notify.AT_ONCE))
    office.arrive()
    await office.after(120)
    assert office.relay.taken[-1][1] == CONTACT


async def test_a_url_that_fails_with_nowhere_else_to_go(office: Bureau, pushed: list[tuple[str, str, str]]) -> None:
    await ask(office, "PUT", URL, {"url": "ntfys://away.test/x"})
    office.choose(Choice(notify=Notify.AT_ONCE))
    office.arrive()
    for _ in range(3):
        await office.after(7 * 3600)
    assert office.transcript() == ["notice.failed at-once url not-now"]


async def fails(office: Bureau) -> None:
    """A notice that is given up, a few minutes after it was due."""
    office.arrive()
    for _ in range(3):
        await office.after(600)


@pytest.mark.parametrize("again", ["set anew", "a trial"])
async def test_a_url_that_takes_nothing_for_a_day_is_paused_and_told_until_it_works(
    office: Bureau, pushed: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    await ask(office, "PUT", URL, {"url": "ntfys://away.test/x"})
    office.choose(Choice(notify=Notify.AT_ONCE))
    await fails(office)
    await fails(office)
    assert (await ask(office, "GET", URL)).json()["paused_at"] is None, "an hour is nothing"
    office.desk.clock.turn(24 * 3600)
    await fails(office)
    assert (await ask(office, "GET", URL)).json()["paused_at"] == office.now
    assert office.transcript()[-1] == "notice-url.paused"
    office.arrive()
    assert "no-notice-address" in str(office.rows("SELECT reasons FROM delivery ORDER BY id DESC")[0][0])
    await office.after(3600)
    assert len(pushed) == 9, "nothing more goes there"
    monkeypatch.setattr(Targets, "push", _takes)
    if again == "a trial":
        assert (await ask(office, "POST", f"{URL}/test")).status_code == 204
    else:
        await ask(office, "PUT", URL, {"url": TOPIC})
    assert (await ask(office, "GET", URL)).json()["paused_at"] is None
    office.arrive()
    await office.after(120)
    assert office.transcript()[-1] == "notice.sent at-once url 4", "also of those that nobody was told of"


async def test_a_url_that_works_now_and_then_is_not_paused(
    office: Bureau, pushed: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(office, "PUT", URL, {"url": "ntfys://away.test/x"})
    office.choose(Choice(notify=Notify.AT_ONCE))
    for _ in range(2):
        await fails(office)
        office.desk.clock.turn(12 * 3600)
        with monkeypatch.context() as works:
            works.setattr(Targets, "push", _takes)
            office.arrive()
            await office.after(120)
        office.desk.clock.turn(12 * 3600)
    assert (await ask(office, "GET", URL)).json()["paused_at"] is None


async def _takes(self: Targets, url: str, title: str, body: str) -> Verdict:
    return Verdict.FINE


async def test_a_url_sealed_for_another_is_refused(office: Bureau, pushed: list[tuple[str, str, str]]) -> None:
    """S73."""
    await ask(office, "PUT", URL, {"url": TOPIC})
    eve = office.desk.person("eve")
    office.write(
        "INSERT INTO notice_url (account_id, sealed_url, service, changed_at)"
        " SELECT ?, sealed_url, service, changed_at FROM notice_url",
        eve.account.id,
    )
    answer = await office.desk.ask("POST", f"{URL}/test", eve)
    assert (answer.status_code, answer.json()["code"]) == (500, "tampered")
    assert pushed == []


async def test_notices_name_senders_while_that_is_agreed_to(office: Bureau) -> None:
    """S35, S57."""
    office.prove()
    office.choose(Choice(notify=Notify.AT_ONCE))
    for named, expected in ((True, 1), (True, 1), (False, 0), (False, 0)):
        answer = await ask(office, "PUT", "/v1/me/notice-sender", {"named": named})
        assert (answer.status_code, answer.json()["named"]) == (200, named)
        office.arrive()
        await office.after(120)
        assert office.relay.text().count("From: example.test.") == expected
    found = (await ask(office, "GET", "/v1/accounts/me/consents")).json()["consents"]
    assert [(each["purpose"], each["holds"]) for each in found] == [("notice-sender", False)]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.test", "notice-url-service"),
        ("file:///etc/passwd", "notice-url-service"),
        ("jsons://127.0.0.1/x", "notice-url-private"),
        ("jsons://no-such-host.invalid/x", "notice-url-host"),
        ("jsons://127.0.0.1/x?verify=no", "notice-url-certificate"),
    ],
)
async def test_a_url_that_must_not_be_set(office: Bureau, url: str, code: str) -> None:
    answer = await ask(office, "PUT", URL, {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert url not in answer.text
    assert (await ask(office, "GET", URL)).status_code == 404


async def test_nobody_looks_for_servers_by_notice_urls(office: Bureau) -> None:
    codes = [(await ask(office, "PUT", URL, {"url": "https://example.test"})).status_code for _ in range(TRIALS)]
    assert codes == [422] * TRIALS
    assert (await ask(office, "PUT", URL, {"url": "https://example.test"})).status_code == 429
    assert (await ask(office, "POST", f"{URL}/test")).status_code == 429


def test_targets_are_as_the_settings_say(office: Bureau) -> None:
    made = targets.of(office.desk.data, office.settings)
    assert (made.seconds, made.private) == (20, False)


async def test_the_transcript_comes_in_pages_to_its_owner_alone(office: Bureau) -> None:
    """D14."""
    delivery = office.arrive()
    store, anna = office.desk.store, office.anna.account.id
    for number in range(5):
        store.write_now(transcript.note, anna, delivery.id if number == 4 else None, f"kind.{number}", office.now)
    first = (await ask(office, "GET", "/v1/me/transcript?limit=3")).json()
    assert [item["kind"] for item in first["items"]] == ["kind.4", "kind.3", "kind.2"]
    assert first["items"][0]["document"] == delivery.document_public_id
    rest = (await ask(office, "GET", f"/v1/me/transcript?limit=3&after={first['next']}")).json()
    assert [item["kind"] for item in rest["items"]] == ["kind.1", "kind.0"]
    assert rest["next"] is None
    assert (await office.desk.ask("GET", "/v1/me/transcript", office.erp)).json()["items"] == []
