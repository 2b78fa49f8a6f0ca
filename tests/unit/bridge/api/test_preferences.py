"""Preferences by API: chosen by name, refused in words, undone, explained, asked in advance (S15, S42, S43, S59)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.routing import choosing, places
from bridge.routing.choosing import By, ChoiceRefused
from bridge.routing.decision import Places
from storage.choices import correspondents
from storage.deliveries.terms import Channel, Choice, Road
from storage.engine import statements
from storage.mail import mailboxes
from storage.people import senders
from storage.records import AccountState, Role
from tests.control import FIRST, NOW, SECOND, Desk, Person
from tests.handing_in import send

DAY = 24 * 3600


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.person("anna")


@pytest.fixture
def energy(desk: Desk) -> Person:
    """A sender that writes as facturen@energie.test too."""
    made = desk.person("energy", role=Role.SENDER)
    desk.store.write_now(senders.add_identity, made.account.id, "facturen@energie.test", NOW)
    return made


async def change(desk: Desk, who: Person, **body: object) -> Any:
    answer = await desk.ask("PATCH", "/v1/accounts/me/preferences", who, body)
    return answer.json() if answer.is_success else (answer.status_code, answer.json()["code"])


async def listed(desk: Desk, who: Person) -> Any:
    return (await desk.ask("GET", "/v1/accounts/me/preferences", who)).json()


def able(desk: Desk, person: Person) -> None:
    """With a verified e-mail address and a postal address."""
    sql = "UPDATE account SET contact_email_verified_at = 1, postal_address = 'x' WHERE id = ?"
    desk.store.write_now(statements.run, sql, (person.account.id,))


@pytest.mark.parametrize("named", ["energy", "ENERGY", "energy@example.test", "Facturen@Energie.test", "#1"])
async def test_a_sender_is_named_by_name_address_or_number(
    desk: Desk, anna: Person, energy: Person, named: str
) -> None:
    send(desk, energy, anna)
    made = await change(desk, anna, sender=named, channel="refuse", road="cli")
    (only,) = made["changes"]
    assert only["sender"]["addresses"] == ["energy@example.test", "facturen@energie.test"]
    assert (only["old"]["channel"], only["new"]["channel"]) == (None, "refuse")
    found = await listed(desk, anna)
    assert [each["choice"]["channel"] for each in found["preferences"]] == ["refuse"]
    assert [(each["sender"]["name"], each["channel"]) for each in found["senders"]] == [("Energy", "refuse")]


async def test_all_of_a_level_is_cleared_and_one_thing_said_anew(desk: Desk, anna: Person) -> None:
    await change(desk, anna, notify="daily", retention_days=30, road="cli")
    (only,) = (await change(desk, anna, clear=["all"], notify="at-once", road="cli"))["changes"]
    assert (only["old"]["notify"], only["old"]["retention_days"]) == ("daily", 30)
    assert (only["new"]["notify"], only["new"]["retention_days"]) == ("at-once", None)


async def test_nobody_learns_of_other_accounts_by_naming_them(desk: Desk, anna: Person, energy: Person) -> None:
    desk.person("bram")
    for unknown in ("bram@example.test", "nobody@example.test", "Bram"):
        assert await change(desk, anna, sender=unknown, channel="refuse") == (404, "sender-unknown")
    assert "batch" in await change(desk, anna, sender="facturen@energie.test", channel="refuse")
    assert "batch" in await change(desk, anna, sender="shop@elsewhere.test", channel="refuse")


async def test_two_senders_of_one_name_are_told_apart(desk: Desk, anna: Person) -> None:
    for domain in (FIRST, SECOND):
        send(desk, desk.person("shop", domain=domain, role=Role.SENDER), anna)
    answer = await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, {"sender": "shop", "channel": "refuse"})
    assert answer.json()["code"] == "sender-ambiguous"
    assert "#1 shop@example.test, #2 shop@other.test" in answer.json()["detail"]


async def test_one_act_is_undone_and_stands_in_the_history(desk: Desk, anna: Person, energy: Person) -> None:
    send(desk, energy, anna)
    await change(desk, anna, notify="daily", quiet="22:00-07:00", ladder="3:remind", road="cli")
    made = await change(desk, anna, sender="energy", type="Invoice", retention_days=90)
    assert made["undo_until"] == NOW + DAY
    assert [each["type"] for each in made["changes"]] == ["invoice"]
    back = (await desk.ask("POST", "/v1/accounts/me/preferences/undo", anna, {"road": "cli"})).json()
    assert (back["undo_until"], back["changes"][0]["new"]["retention_days"]) == (None, None)
    past = (await desk.ask("GET", "/v1/accounts/me/preferences/history?limit=2", anna)).json()
    assert [(each["road"], each["can_be_undone"]) for each in past["items"]] == [("undo", False), ("api", False)]
    assert past["items"][1]["undone_at"] == NOW
    rest = (await desk.ask("GET", f"/v1/accounts/me/preferences/history?after={past['next']}", anna)).json()
    assert [(each["road"], each["changed_by"], each["can_be_undone"]) for each in rest["items"]] == [
        ("cli", "owner", True)
    ]
    desk.clock.turn(DAY)
    late = await desk.ask(
        "POST",
        "/v1/accounts/me/preferences/undo",
        Person(anna.account, anna.keys, desk.token(anna.account, anna.keys)),
        {},
    )
    assert (late.status_code, late.json()["code"]) == (409, "undo-too-late")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"channel": "refuse", "ladder": "3:remind"}, "ladder-needs-mailbox"),
        ({"ladder": "3:remind 9:remind", "retention_days": 9}, "retention-shorter-than-ladder"),
        ({"channel": "email"}, "address-not-verified"),
        ({"channel": "paper"}, "no-postal-address"),
        ({"channel": "external"}, "no-external-mailbox"),
        ({"ladder": "3:remind 7:paper"}, "no-postal-address"),
        ({"type": "invoice", "channel": "refuse"}, "type-needs-sender"),
        ({"sender": "energy", "type": "payslip", "channel": "refuse"}, "mandatory-type"),
        ({"language": "en"}, "language-of-account"),
        ({}, "nothing-chosen"),
        ({"notify": "daily", "clear": ["notify"]}, "invalid"),
        ({"ladder": "9:remind 3:remind"}, "invalid"),
        ({"quiet": "25:00-07:00"}, "invalid"),
        ({"type": "parcel", "sender": "energy", "channel": "refuse"}, "invalid-request"),
        ({"retention_days": 99999}, "invalid-request"),
        ({"folder": "Nowhere"}, "folder-unknown"),
    ],
)
async def test_what_contradicts_itself_is_refused_when_it_is_made_and_nothing_is_kept(
    desk: Desk, anna: Person, energy: Person, body: dict[str, object], code: str
) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    await desk.ask("PATCH", f"/v1/domains/{FIRST}/preferences", admin, {"type": "payslip", "mandatory": True})
    send(desk, energy, anna)
    answer = await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, {"accept_carriers": True, **body})
    assert (answer.status_code in (404, 422), answer.json()["code"]) == (True, code), answer.text
    assert (await listed(desk, anna))["preferences"] == []
    dutch = await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, body, **{"Accept-Language": "nl"})
    assert dutch.json()["detail"] != answer.json()["detail"] or code == "invalid"


@pytest.mark.parametrize(
    ("body", "at_the_command_line", "in_the_app"),
    [
        ({"channel": "email"}, "postex me set --contact-email", "Over mij › E-mailadres elders (v)"),
        ({"channel": "paper"}, "postex me address set", "Over mij › Postadres (e)"),
        ({"channel": "external"}, "postex me external set", "Over mij › Postvak elders (e)"),
        ({"language": "en"}, "postex me set --locale", "Over mij › Taal (e)"),
    ],
)
async def test_what_to_do_first_is_told_by_the_way_one_came(
    desk: Desk, anna: Person, body: dict[str, object], at_the_command_line: str, in_the_app: str
) -> None:
    said = {}
    for road in ("cli", "tui"):
        headers = {"Accept-Language": "nl", "Postex-Road": road}
        wanted = {"accept_carriers": True, **body}
        answer = await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, wanted, **headers)
        said[road] = answer.json()["detail"]
    assert at_the_command_line in said["cli"]
    assert in_the_app in said["tui"]
    assert "postex" not in said["tui"]


async def test_a_level_that_others_build_on_is_checked_with_them(desk: Desk, anna: Person, energy: Person) -> None:
    send(desk, energy, anna)
    await change(desk, anna, sender="energy", ladder="14:remind")
    assert await change(desk, anna, retention_days=10) == (422, "retention-shorter-than-ladder")
    assert "batch" in await change(desk, anna, retention_days=15)
    assert await change(desk, anna, sender="energy", channel="refuse") == (422, "ladder-needs-mailbox")
    assert "batch" in await change(desk, anna, sender="energy", channel="refuse", clear=["ladder"])


async def test_third_parties_are_shown_and_their_acceptance_is_stored(
    desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    able(desk, anna)
    monkeypatch.setattr(
        places, "of", lambda _: Places(dict.fromkeys((Channel.EMAIL, Channel.PAPER), "NL"), frozenset({"NL"}))
    )
    assert await change(desk, anna, ladder="3:remind 7:email 14:paper") == (422, "carriers-not-accepted")
    assert "batch" in await change(desk, anna, ladder="3:remind 7:email 14:paper", accept_carriers=True)
    assert "batch" in await change(desk, anna, ladder="2:email", clear=["retention_days"])
    found = (await desk.ask("GET", "/v1/accounts/me/consents", anna)).json()["consents"]
    assert [(each["purpose"], each["scope"], each["holds"]) for each in found] == [
        ("carriers", "paper", True),
        ("carriers", "email", True),
    ]
    after = await desk.ask("DELETE", f"/v1/accounts/me/consents/{found[1]['id']}", anna)
    assert [each["holds"] for each in after.json()["consents"]] == [True, False]
    assert await change(desk, anna, ladder="3:email") == (422, "carriers-not-accepted")
    again = await desk.ask("DELETE", f"/v1/accounts/me/consents/{found[1]['id']}", anna)
    assert again.status_code == 404


async def test_a_wrong_value_is_told_with_what_is_right(desk: Desk, anna: Person) -> None:
    for body, words in (
        ({"channel": "post"}, "channel (mailbox, external, email, paper, refuse)"),
        ({"retention_days": -1}, "retention_days (≥ 0)"),
        ({"quiet": "25:00-3"}, "22:00-07:00"),
        ({"ladder": "3:remind,7:email"}, "3:remind 7:email 14:paper"),
        ({"ladder": "90:paper"}, "1 to 89"),
        ({"receipts_until": NOW + 60}, "--receipts"),
        ({"receipts": True, "receipts_until": NOW}, "in the past"),
    ):
        answer = await desk.ask("PATCH", "/v1/accounts/me/preferences", anna, body | {"sender": "any"})
        assert answer.status_code == 422, body
        assert words in answer.json()["detail"], body


async def test_the_end_of_a_consent_to_receipts_is_moved(desk: Desk, anna: Person, energy: Person) -> None:
    send(desk, energy, anna)
    path, body = "/v1/accounts/me/preferences", {"sender": "energy", "receipts": True}
    for end in (NOW + 60, NOW + 120):
        answer = await desk.ask("PATCH", path, anna, body | {"receipts_until": end})
        assert f"openings ends at {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M UTC}" in answer.json()["notes"][0]
        assert (await desk.ask("GET", "/v1/accounts/me/consents", anna)).json()["consents"][0]["ends_at"] == end


async def test_consent_to_receipts_is_dated_and_withdrawn_at_once(desk: Desk, anna: Person, energy: Person) -> None:
    send(desk, energy, anna)
    await change(desk, anna, sender="energy", receipts=True, receipts_until=NOW + 60)
    (consent,) = (await desk.ask("GET", "/v1/accounts/me/consents", anna)).json()["consents"]
    assert (consent["purpose"], consent["sender"]["name"], consent["ends_at"]) == ("receipts", "Energy", NOW + 60)
    after = await desk.ask("DELETE", f"/v1/accounts/me/consents/{consent['id']}", anna)
    assert [each["holds"] for each in after.json()["consents"]] == [False]
    (left,) = (await listed(desk, anna))["preferences"]
    assert left["choice"]["receipts"] is False


async def test_a_folder_is_given_by_name_and_shown_to_its_owner_alone(
    desk: Desk, anna: Person, energy: Person
) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    desk.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Huis/Energie", NOW)
    send(desk, energy, anna)
    await change(desk, anna, sender="energy", folder="Huis/Energie")
    (own,) = (await listed(desk, anna))["preferences"]
    assert (own["choice"]["folder"], own["choice"]["folder_set"]) == ("Huis/Energie", True)
    (seen,) = (await desk.ask("GET", f"{anna.path}/preferences", admin)).json()["preferences"]
    assert (seen["choice"]["folder"], seen["choice"]["folder_set"]) == (None, True)
    document = send(desk, energy, anna, subject="y")
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", anna)).json()
    assert "Folder: Huis/Energie. The recipient chose this for this sender." in told["steps"]
    told = (await desk.ask("GET", f"{anna.path}/deliveries/{document}/explanation", admin)).json()
    assert "Folder: a folder of the recipient's own. The recipient chose this for this sender." in told["steps"]
    looks = (await desk.ask("GET", "/v1/accounts/me/looks", anna)).json()["items"]
    assert [each["what"] for each in looks] == ["deliveries", "preferences"]


async def test_a_mandatory_type_overrules_a_refusal_and_everybody_is_told_why(
    desk: Desk, anna: Person, energy: Person
) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    made = await desk.ask("PATCH", f"/v1/domains/{FIRST}/preferences", admin, {"type": "payslip", "mandatory": True})
    assert made.json()["changes"][0]["new_mandatory"] is True
    send(desk, energy, anna)
    refused = await change(desk, anna, sender="energy", channel="refuse")
    assert refused["notes"] == [
        "Documents of these types arrive all the same, as your domain lets nobody refuse them: payslip."
    ]
    payslip, letter = (send(desk, energy, anna, kind=kind, subject=kind) for kind in ("payslip", "letter"))
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{payslip}/explanation", anna)).json()
    assert (told["channel"], told["steps"][-1]) == ("mailbox", "It lies in the mailbox.")
    assert "Channel: mailbox. The domain lets nobody refuse documents of this type." in told["steps"]
    told = (
        await desk.ask(
            "GET", f"/v1/accounts/me/deliveries/{letter}/explanation", anna, None, **{"Accept-Language": "nl"}
        )
    ).json()
    assert told["steps"][1] == "Kanaal: geweigerd. De ontvanger koos dit voor deze afzender."
    assert told["steps"][-1] == "De afzender is verteld dat het is geweigerd; er is niets van bewaard."
    assert (await listed(desk, anna))["mandatory"] == ["payslip"]
    back = await desk.ask("POST", f"/v1/domains/{FIRST}/preferences/undo", admin, {})
    assert back.json()["changes"][0]["new_mandatory"] is False
    past = (await desk.ask("GET", f"/v1/domains/{FIRST}/preferences/history", admin)).json()["items"]
    assert [(each["road"], each["changed_by"]) for each in past] == [("undo", "admin"), ("api", "admin")]
    assert (await desk.ask("POST", f"/v1/domains/{FIRST}/preferences/undo", admin, {})).json()["code"] == "no-change"


async def test_a_domain_chooses_where_nobody_did(desk: Desk, anna: Person, energy: Person) -> None:
    admin, path = desk.person("admin", Role.DOMAIN_ADMIN), f"/v1/domains/{FIRST}/preferences"
    for body, code in (
        ({"channel": "paper"}, "no-carrier"),
        ({"mandatory": True}, "mandatory-needs-type"),
        ({"type": "letter", "channel": "paper"}, "no-carrier"),
        ({"receipts": True}, "invalid-request"),
        ({}, "nothing-chosen"),
    ):
        answer = await desk.ask("PATCH", path, admin, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await desk.ask("PATCH", path, admin, {"ladder": "5:remind", "retention_days": 365})).is_success
    document = send(desk, energy, anna)
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", anna)).json()
    assert "If it stays unread: day 5: reminder. The domain chose this for all its recipients." in told["steps"]
    assert told["ladder"] == "5:remind"
    assert (await desk.ask("PATCH", path, admin, {"type": "payslip", "retention_days": 2555})).is_success
    document = send(desk, energy, anna, kind="payslip", subject="pay")
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", anna)).json()
    said = "The domain chose this for this type of document, for all its recipients."
    assert f"Kept: 2555 days. {said}" in told["steps"]
    assert told["ladder"] == "5:remind", "of the domain's general choice"


async def test_reasons_are_forgotten_after_ninety_days(desk: Desk, anna: Person, energy: Person) -> None:
    document = send(desk, energy, anna)
    desk.store.write_now(statements.run, "UPDATE delivery SET reasons = NULL")
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", anna)).json()
    assert told["reasons"] is None
    assert told["steps"][1] == "Reasons are kept for 90 days; those of this document are gone."
    other = desk.person("bram")
    answer = await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", other)
    assert answer.status_code == 404


async def test_the_default_type_of_a_sender(desk: Desk, anna: Person, energy: Person) -> None:
    path = "/v1/accounts/me/document-type"
    assert (await desk.ask("GET", path, energy)).json() == {"type": "letter"}
    assert (await desk.ask("PUT", path, energy, {"type": "invoice"})).json() == {"type": "invoice"}
    document = send(desk, energy, anna)
    told = (await desk.ask("GET", f"/v1/accounts/me/deliveries/{document}/explanation", anna)).json()
    assert (told["type"], told["steps"][0]) == ("invoice", "Document: invoice.")


async def test_a_sender_asks_in_advance_for_itself_and_of_its_own_recipients_alone(
    desk: Desk, anna: Person, energy: Person
) -> None:
    bram, other = desk.person("bram"), desk.person("other", role=Role.SENDER)
    send(desk, energy, anna)
    await change(desk, anna, sender="energy", channel="refuse")
    rows = [
        {"line": 2, "recipient": "Anna@example.test", "type": "invoice"},
        {"line": 3, "recipient": bram.account.email},
        {"line": 4, "recipient": "nobody@example.test"},
        {"line": 5, "recipient": "no address"},
        {"line": 6, "recipient": anna.account.email, "sender": "other@example.test"},
        {"line": 7, "recipient": anna.account.email, "sender": "facturen@energie.test", "type": "parcel"},
    ]
    answer = (await desk.ask("POST", "/v1/dry-run", energy, {"rows": rows})).json()
    assert [(each["line"], each["type"], each["channel"], each["reasons"]) for each in answer["rows"]] == [
        (2, "invoice", "refuse", None),
        (7, "other", "refuse", None),
    ]
    nobody = "There is no such recipient, or it is not yours to see."
    assert answer["bad"] == [
        {"line": 3, "problem": nobody},
        {"line": 4, "problem": nobody},
        {"line": 5, "problem": "no address is no address."},
        {"line": 6, "problem": "You do not write as other@example.test."},
    ]
    assert answer["channels"] == {"refuse": 2}
    told = desk.store.read_now(statements.rows, "SELECT account_id, told_account_id, what, basis FROM disclosure")
    assert told == [(anna.account.id, energy.account.id, "channel", "own-recipient")]
    assert (await desk.ask("POST", "/v1/dry-run", other, {"rows": rows[:1]})).json()["rows"] == []


async def test_an_admin_asks_in_advance_for_the_domain_and_nothing_is_sent(
    desk: Desk, anna: Person, energy: Person
) -> None:
    admin, stranger = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("stranger", domain=SECOND)
    rows = [
        {"line": 1, "recipient": anna.account.email, "sender": "facturen@energie.test", "sensitivity": "Private"},
        {"line": 2, "recipient": stranger.account.email, "sender": "facturen@energie.test"},
        {"line": 3, "recipient": anna.account.email},
    ]
    answer = (await desk.ask("POST", "/v1/dry-run", admin, {"rows": rows})).json()
    (row,) = answer["rows"]
    assert (row["channel"], row["folder"], row["notify"], row["sensitivity"]) == ("mailbox", False, "none", "private")
    assert row["reasons"][0] == "Channel: mailbox. Nobody chose anything else."
    assert [each["line"] for each in answer["bad"]] == [2, 3]
    assert desk.store.read_now(statements.rows, "SELECT count(*) FROM delivery") == [(0,)]
    assert desk.store.read_now(correspondents.find, energy.account.id) is None
    looks = (await desk.ask("GET", "/v1/accounts/me/looks", anna)).json()["items"]
    assert [each["what"] for each in looks] == ["preferences"]


async def test_preferences_wait_until_somebody_has_enrolled(desk: Desk, energy: Person) -> None:
    """A mail program of an invited account moves a message: nothing is chosen, and why is said."""
    invited = desk.person("late", state=AccountState.INVITED)
    number = desk.store.write_now(correspondents.note, energy.account.id)
    by = By(Road.MOVE, f"account:{invited.account.id}", invited.account.id, NOW)
    with pytest.raises(ChoiceRefused) as refused:
        desk.store.write_now(
            choosing.choose,
            invited.account.id,
            [number],
            None,
            Choice(channel=Channel.REFUSE),
            accepts=True,
            places=Places(),
            by=by,
        )
    assert [each.code for each in refused.value.conflicts] == ["not-enrolled"]
    assert desk.store.read_now(statements.rows, "SELECT count(*) FROM preference") == [(0,)]


async def test_the_next_document_is_spoken_of_in_the_new_language(desk: Desk, anna: Person, energy: Person) -> None:
    """S34; one sender may have a language of its own."""
    languages = "SELECT language FROM delivery ORDER BY id"
    send(desk, energy, anna, subject="1")
    assert (await desk.ask("PATCH", "/v1/me/settings", anna, {"locale": "en"})).is_success
    send(desk, energy, anna, subject="2")
    await change(desk, anna, sender="energy", language="nl")
    send(desk, energy, anna, subject="3")
    assert desk.store.read_now(statements.rows, languages) == [("nl",), ("en",), ("nl",)]


async def test_thousands_of_rows_are_answered_in_one_request(desk: Desk, anna: Person, energy: Person) -> None:
    send(desk, energy, anna)
    row = {"recipient": anna.account.email, "type": "invoice"}
    rows = [{**row, "line": line} for line in range(1, 3001)] + [{"line": 3001, "recipient": "?"}]
    answer = (await desk.ask("POST", "/v1/dry-run", energy, {"rows": rows})).json()
    assert (len(answer["rows"]), answer["channels"]) == (3000, {"mailbox": 3000})
    assert answer["bad"] == [{"line": 3001, "problem": "? is no address."}]
    assert desk.store.read_now(statements.rows, "SELECT count(*) FROM disclosure") == [(1,)]
    too_many = await desk.ask("POST", "/v1/dry-run", energy, {"rows": [{"line": 1, "recipient": "x"}] * 20_001})
    assert (too_many.status_code, too_many.json()["code"]) == (422, "invalid-request")
