"""Asked in advance: how documents come to oneself, to a domain's recipients, and after a change (D4, S42)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.engine import statements
from storage.records import AccountState, Role
from tests.control import FIRST, SECOND, Desk, Person
from tests.handing_in import send


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


async def asked(desk: Desk, who: Person, path: str, **body: object) -> Any:
    answer = await desk.ask("POST" if body else "GET", f"/v1{path}", who, body or None)
    assert answer.is_success, answer.text
    return answer.json()


async def chosen(desk: Desk, who: Person, path: str = "/v1/accounts/me/preferences", **body: object) -> None:
    answer = await desk.ask("PATCH", path, who, body)
    assert answer.is_success, answer.text


async def test_each_row_says_what_comes_and_where_it_is_from(desk: Desk) -> None:
    anna, energy, shop = desk.person("anna"), desk.person("energy", role=Role.SENDER), "shop@elsewhere.test"
    document = send(desk, energy, anna, kind="invoice")
    await chosen(desk, anna, notify="daily", retention_days=365)
    await chosen(desk, anna, sender="energy", type="invoice", ladder="3:remind")
    await chosen(desk, anna, sender=shop, channel="refuse")
    found = await asked(desk, anna, "/accounts/me/preferences/effects")
    seen = [(each["sender"] and each["sender"]["name"], each["type"], each["vouched"]) for each in found["rows"]]
    assert seen == [(None, None, True), ("Energy", None, True), ("Energy", "invoice", True), (shop, None, False)]
    invoice, refused = found["rows"][2], found["rows"][3]
    assert invoice["own"]["ladder"] == invoice["decided"]["ladder"] == "3:remind"
    sources = invoice["decided"]["sources"]
    assert (sources["ladder"], sources["retention_days"]) == ("recipient-sender-type", "recipient")
    assert (sources["channel"], sources["notify"]) == ("default", "no-notice-address")
    assert refused["decided"]["sources"]["channel"] == "recipient-sender"
    told = await asked(desk, anna, "/accounts/me/preferences/why?sender=energy&type=invoice")
    assert "If it stays unread: day 3: reminder." in " ".join(told["steps"])
    assert (told["last_document"], told["type"]) == (document, "invoice")
    letter = await asked(desk, anna, "/accounts/me/preferences/why?sender=energy&type=letter")
    assert letter["last_document"] is None
    missing = await desk.ask("GET", "/v1/accounts/me/preferences/why?sender=nobody", anna)
    assert missing.json()["code"] == "sender-unknown"


async def test_recipients_side_by_side_in_pages_and_each_look_shows(desk: Desk) -> None:
    admin, energy = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("energy", role=Role.SENDER)
    anna, bram = desk.person("anna"), desk.person("bram")
    desk.person("carla", domain=SECOND)
    send(desk, energy, anna)
    await chosen(desk, anna, sender="energy", channel="refuse")
    await chosen(desk, bram, retention_days=30)
    page = f"/domains/{FIRST}/matrix?sender=any&sender=energy@{FIRST}&type=letter&limit=2"
    first = await asked(desk, admin, page)
    assert [each["sender"] for each in first["columns"]] == [None, "Energy"]
    assert [each["email"] for each in first["items"]] == [f"admin@{FIRST}", f"anna@{FIRST}"]
    any_sender, of_energy = first["items"][1]["cells"]
    assert (any_sender["channel"], any_sender["source"]) == ("mailbox", "default")
    assert (of_energy["channel"], of_energy["source"]) == ("refuse", "recipient-sender")
    rest = await asked(desk, admin, f"{page}&after={first['next']}")
    assert [each["email"] for each in rest["items"]] == [f"bram@{FIRST}"]
    assert rest["items"][0]["cells"][0]["retention_days"] == 30
    assert rest["next"] is None
    found = await asked(desk, admin, f"/domains/{FIRST}/matrix?text=bram")
    assert [each["name"] for each in found["items"]] == ["Bram"]
    seen = (await asked(desk, anna, "/accounts/me/looks"))["items"]
    assert [each["what"] for each in seen] == ["preferences"]
    why = await asked(desk, admin, f"/accounts/{anna.account.public_id}/preferences/why?sender=energy@{FIRST}")
    assert why["decided"]["channel"] == "refuse"
    for query, code in (("sender=bram@example.test", "sender-unknown"), ("&".join(["type=letter"] * 20), None)):
        answer = await desk.ask("GET", f"/v1/domains/{FIRST}/matrix?{query}", admin)
        assert answer.status_code in (404, 422)
        assert code in (None, answer.json()["code"])
    helper = desk.person("helper", Role.SUPPORT)
    masked = await asked(desk, helper, f"/domains/{FIRST}/matrix?text=anna@{FIRST}")
    assert [each["email"] for each in masked["items"]] == ["a…@e…"]
    assert (await asked(desk, helper, f"/domains/{FIRST}/matrix?text=anna"))["items"] == []


@pytest.mark.parametrize(("others", "seen"), [(3, ["preferences"]), (4, [])])
async def test_a_preview_over_few_people_is_a_look_at_each(desk: Desk, others: int, seen: list[str]) -> None:
    erp = desk.person("erp", role=Role.SENDER)
    desk.grant(erp.account, Role.DOMAIN_ADMIN, FIRST)
    anna, *_ = [desk.person(f"p{number}") for number in range(1 + others)]
    await asked(desk, erp, f"/domains/{FIRST}/preferences/preview", type="payslip", retention_days=30)
    assert [each["what"] for each in (await asked(desk, anna, "/accounts/me/looks"))["items"]] == seen


async def test_previews_are_paced_for_each_who_asks(desk: Desk) -> None:
    admin, other = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("other", Role.DOMAIN_ADMIN)
    desk.control.previews.count = 2
    path, body = f"/v1/domains/{FIRST}/preferences/preview", {"type": "payslip", "retention_days": 30}
    answers = [await desk.ask("POST", path, who, body) for who in (admin, admin, admin, other)]
    assert [each.status_code for each in answers] == [200, 200, 429, 200]
    assert answers[2].json()["retry_after"] == desk.control.previews.seconds


async def test_who_wrote_to_somebody_from_outside_is_masked_for_helpers(desk: Desk) -> None:
    anna, energy = desk.person("anna"), desk.person("energy", role=Role.SENDER)
    helper, admin = desk.person("helper", Role.SUPPORT), desk.person("admin", Role.DOMAIN_ADMIN)
    send(desk, energy, anna)
    await chosen(desk, anna, sender="lover@elsewhere.test", channel="refuse")
    await chosen(desk, anna, sender="lover@elsewhere.test", receipts=True)
    own = f"/accounts/{anna.account.public_id}"
    for path in ("preferences", "preferences/effects", "preferences/history", "consents"):
        masked, whole = [(await desk.ask("GET", f"/v1{own}/{path}", who)).text for who in (helper, admin)]
        assert "lover" in whole, path
        assert "lover" not in masked, path
        assert "l…@e…" in masked, path
    named = await asked(desk, helper, f"{own}/preferences/effects")
    assert {"name": "Energy"}.items() <= next(row["sender"] for row in named["rows"][1:]).items()


async def test_a_change_of_a_domain_is_counted_before_it_is_made(desk: Desk) -> None:
    admin, _ = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("energy", role=Role.SENDER)
    anna, bram = desk.person("anna"), desk.person("bram")
    desk.person("dirk", state=AccountState.INVITED)
    desk.person("carla", domain=SECOND)
    desk.person("gone", state=AccountState.CLOSED)
    sql = "UPDATE account SET contact_email_verified_at = 1 WHERE id = ?"
    desk.store.write_now(statements.run, sql, (anna.account.id,))
    await chosen(desk, bram, notify="none")
    path = f"/domains/{FIRST}/preferences/preview"
    made = await asked(desk, admin, path, type="payslip", ladder="3:remind 9:email", retention_days=30)
    assert (made["recipients"], made["changed"], made["keep"]) == (4, 4, 0)
    moved = {(each["field"], each["new"]): each["recipients"] for each in made["moves"]}
    assert moved == {("ladder", "3:remind"): 4, ("retention_days", "30"): 4}
    assert "no relay" in made["refused"]
    made = await asked(desk, admin, path, notify="daily")
    assert (made["recipients"], made["changed"], made["keep"]) == (4, 0, 1)
    assert {each["code"]: each["recipients"] for each in made["hindered"]} == {
        "no-notice-address": 2,
        "no-notice-relay": 1,
    }
    made = await asked(desk, admin, path, type="payslip", retention_days=30)
    assert made["moves"] == [{"field": "retention_days", "old": "0", "new": "30", "recipients": 4}]
    assert made["refused"] is None
    await chosen(desk, admin, f"/v1/domains/{FIRST}/preferences", type="payslip", retention_days=30)
    await chosen(desk, anna, sender=f"energy@{FIRST}", channel="refuse")
    made = await asked(desk, admin, path, type="payslip", mandatory=True, for_sender=f"energy@{FIRST}")
    assert made["moves"] == [{"field": "channel", "old": "refuse", "new": "mailbox", "recipients": 1}]
    assert {each["code"] for each in made["hindered"]} == {"mandatory"}
    assert (await asked(desk, admin, f"/domains/{FIRST}/preferences"))["mandatory"] == [], "nothing was changed"
