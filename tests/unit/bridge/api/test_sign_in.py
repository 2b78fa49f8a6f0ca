"""Coming in by the API: sign-in, step-up, enrolment, the ways back, and the brakes on guessing (S75)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from storage.access import enrolment, key_slots, passwords, second_factor, sessions
from storage.engine import statements
from storage.errors import StorageError
from storage.keys.slots import SlotKind
from storage.people import accounts
from storage.records import DomainMode
from tests.control import Desk, Person, application

from .newcomers import PASSWORD, Newcomer, code_of, newcomer

CHEAP = "argon2id$v=19$m=64,t=1,p=1"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs that tests can afford."""
    monkeypatch.setattr(passwords, "_COSTS", CHEAP)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        # As on the Unix socket: no address that the limits on networks could count.
        transport = httpx.ASGITransport(application(opened.control), raise_app_exceptions=False, client=("", 0))
        opened.http = httpx.AsyncClient(
            transport=transport, base_url="http://postex", headers={"Accept-Language": "en"}
        )
        yield opened


@pytest_asyncio.fixture
async def carla(desk: Desk) -> Newcomer:
    return await newcomer(desk).enrol()


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


REFUSED = (401, "sign-in-refused")


async def notices_of(desk: Desk, account: accounts.Account) -> int:
    sql = "SELECT count(*) FROM copy WHERE account_id = ?"
    return int(desk.store.read_now(statements.rows, sql, (account.id,))[0][0])


# --- signing in ---


async def test_password_and_code_give_a_session(desk: Desk, carla: Newcomer) -> None:
    answer = await carla.sign_in(client="terminal")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    token = shown.pop("token")
    assert (shown["email"], shown["roles"], shown["client"]) == (carla.email, ["recipient"], "terminal")
    assert shown["expires_at"] - shown["started_at"] == 8 * 3600
    me = Person(carla.account, None, token)  # type: ignore[arg-type]
    assert (await desk.ask("GET", "/v1/session", me)).json() == shown
    assert (await desk.ask("DELETE", "/v1/session", me)).status_code == 204
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")


async def test_what_a_program_asks_by_itself_keeps_no_session_alive(desk: Desk, carla: Newcomer) -> None:
    me = await carla.signed_in()
    for _ in range(14):
        desk.clock.turn(60)
        asked = await desk.http.get(
            "/v1/session", headers={"Authorization": f"Bearer {me.token}", "Postex-Unattended": "yes"}
        )
        assert asked.status_code == 200
        await desk.store.write(statements.rows, "SELECT 1")
    desk.clock.turn(60)
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")


async def test_a_session_ends_when_idle_and_after_eight_hours(desk: Desk, carla: Newcomer) -> None:
    me = await carla.signed_in()
    for _ in range(8 * 60 // 14):
        desk.clock.turn(14 * 60)
        assert (await desk.ask("GET", "/v1/session", me)).status_code == 200
        await desk.store.write(statements.rows, "SELECT 1")  # behind the note of its use, which nobody waits for
    desk.clock.turn(5 * 60)
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")
    me = await carla.signed_in()
    desk.clock.turn(15 * 60)
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")


async def test_every_refusal_is_the_same(desk: Desk, carla: Newcomer) -> None:
    invited = newcomer(desk, "dirk")
    invited.secret = carla.secret
    answers = [
        await carla.sign_in(password="een andere lamp bij het raam"),
        await carla.sign_in(code=code_of(carla.secret, int(desk.clock()) + 90)),
        await carla.sign_in(code="١٢٣٤٥٦"),
        await invited.sign_in(),
        await desk.ask("POST", "/v1/sign-in", body={"email": "no@where.test", "password": PASSWORD, "code": "1"}),
    ]
    desk.store.write_now(accounts.suspend, carla.account.id, int(desk.clock()))
    answers.append(await carla.sign_in())
    assert {answer.content for answer in answers} == {answers[0].content}
    assert problem(answers[0]) == REFUSED
    assert answers[0].json()["server_time"] == int(desk.clock())


async def test_an_unknown_address_costs_as_much_work(
    desk: Desk, carla: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really = passwords.hash_secret_raw

    def counted(*given: object) -> bytes:
        asked.append(str(given[2:]))
        return really(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords, "hash_secret_raw", counted)
    await carla.sign_in(password="een andere lamp bij het raam")
    await desk.ask("POST", "/v1/sign-in", body={"email": "no@where.test", "password": PASSWORD, "code": "123456"})
    await newcomer(desk, "dirk").sign_in(code="123456")
    assert len(asked) == 3
    assert len(set(asked)) == 1


async def test_of_sixteen_at_once_with_one_code_one_comes_in(desk: Desk, carla: Newcomer) -> None:
    answers = await asyncio.gather(*(carla.sign_in() for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
    assert problem(await carla.sign_in()) == REFUSED
    desk.clock.turn(30)
    assert (await carla.sign_in()).status_code == 200


async def test_codes_of_one_step_around_are_taken_and_none_twice(desk: Desk, carla: Newcomer) -> None:
    late, now, early, too_early = (carla.code(steps) for steps in (-1, 0, 1, 2))
    assert problem(await carla.sign_in(code=too_early)) == REFUSED
    assert (await carla.sign_in(code=early)).status_code == 200
    for used in (early, now, late):
        assert problem(await carla.sign_in(code=used)) == REFUSED


async def test_older_parameters_are_renewed_at_sign_in(
    desk: Desk, carla: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stronger = "argon2id$v=19$m=128,t=2,p=1"
    monkeypatch.setattr(passwords, "_COSTS", stronger)
    assert (await carla.sign_in()).status_code == 200
    kept = desk.store.read_now(passwords.parameters, carla.email)
    assert kept is not None
    assert kept.startswith(stronger)
    desk.clock.turn(30)
    assert (await carla.sign_in()).status_code == 200
    assert desk.store.read_now(passwords.parameters, carla.email) == kept


async def test_a_former_address_still_signs_in(desk: Desk, carla: Newcomer) -> None:
    address = "UPDATE address SET address = 'vink@example.test' WHERE account_id = ?"
    desk.store.write_now(statements.run, address, (carla.account.id,))
    answer = await desk.ask(
        "POST", "/v1/sign-in", body={"email": " Vink@Example.test", "password": PASSWORD, "code": carla.code()}
    )
    assert answer.status_code == 200


# --- brakes ---


async def test_twelve_wrong_passwords_in_two_minutes_and_then_a_delay(desk: Desk, carla: Newcomer) -> None:
    for number in range(12):
        assert problem(await carla.sign_in(password=f"wrong password {number}")) == REFUSED
    held = await carla.sign_in()
    assert problem(held) == (429, "try-later")
    assert held.headers["retry-after"] == "120"
    assert "120 seconds" in held.json()["detail"]
    desk.clock.turn(119)
    assert problem(await carla.sign_in()) == (429, "try-later")
    desk.clock.turn(1)
    assert (await carla.sign_in()).status_code == 200


async def test_the_same_wrong_password_costs_nothing_more(desk: Desk, carla: Newcomer) -> None:
    for _ in range(40):
        assert problem(await carla.sign_in(password="the old one, long ago")) == REFUSED
    assert (await carla.sign_in()).status_code == 200


async def test_five_wrong_codes_in_a_quarter_of_an_hour(desk: Desk, carla: Newcomer) -> None:
    for steps in range(10, 15):
        assert problem(await carla.sign_in(code=carla.code(steps))) == REFUSED
    held = await carla.sign_in()
    assert (problem(held), held.headers["retry-after"]) == ((429, "try-later"), "900")
    desk.clock.turn(900)
    assert (await carla.sign_in()).status_code == 200


async def test_without_the_password_nobody_uses_up_the_tries_for_codes(desk: Desk, carla: Newcomer) -> None:
    for steps in range(10, 18):
        await carla.sign_in(password="always the same wrong one", code=carla.code(steps))
    assert (await carla.sign_in()).status_code == 200


async def test_right_passwords_do_not_count(desk: Desk, carla: Newcomer) -> None:
    for _ in range(30):
        assert (await carla.sign_in()).status_code == 200
        desk.clock.turn(30)


async def test_a_hundred_guesses_at_once_are_no_way_round(desk: Desk, carla: Newcomer) -> None:
    answers = await asyncio.gather(*(carla.sign_in(password=f"wrong password {number}") for number in range(100)))
    assert sorted(answer.status_code for answer in answers) == [401] * 12 + [429] * 88


async def test_unknown_addresses_are_braked_alike(desk: Desk) -> None:
    body = {"email": "no@where.test", "code": "123456"}
    for number in range(12):
        answer = await desk.ask("POST", "/v1/sign-in", body={**body, "password": f"wrong password {number}"})
        assert problem(answer) == REFUSED
    answer = await desk.ask("POST", "/v1/sign-in", body={**body, "password": "one more"})
    assert problem(answer) == (429, "try-later")


async def test_a_network_that_fails_is_braked_at_this_door_too(desk: Desk) -> None:

    transport = httpx.ASGITransport(application(desk.control), client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://postex") as http:
        for number in range(10):
            body = {"email": f"a{number}@where.test", "password": "wrong password", "code": "123456"}
            assert problem(await http.post("/v1/sign-in", json=body)) == REFUSED
        for path, given in (
            ("/v1/sign-in", {"email": "a@b.test", "password": "x", "code": "x"}),
            ("/v1/enrolment/begin", {"email": "a@b.test", "code": "x"}),
            ("/v1/sign-in/recovery", {"email": "a@b.test", "recovery_code": "x"}),
        ):
            assert problem(await http.post(path, json=given)) == (429, "try-later")
        assert desk.control.throttle.check("192.0.2.7") == 60, "at SMTP and IMAP as well: they share it"
        desk.clock.turn(60)
        for number in range(10):  # and what fails there is braked here
            desk.control.throttle.failed("192.0.2.7", "anna", str(number).encode())
        assert problem(await http.post("/v1/sign-in", json=body)) == (429, "try-later")
        desk.clock.turn(60)
        assert problem(await http.post("/v1/sign-in", json=body)) == REFUSED


# --- step-up ---


async def test_a_step_up_needs_both_and_lasts_five_minutes(desk: Desk, carla: Newcomer) -> None:
    me = await carla.signed_in()
    desk.clock.turn(5 * 60 + 1)
    assert problem(await desk.ask("POST", "/v1/me/recovery-codes", me)) == (403, "step-up-needed")
    for body in ({"password": "wrong", "code": carla.code()}, {"password": PASSWORD, "code": "000000"}):
        assert problem(await desk.ask("POST", "/v1/session/step-up", me, body)) == REFUSED
    right = {"password": PASSWORD, "code": carla.code()}
    answer = await desk.ask("POST", "/v1/session/step-up", me, right)
    assert answer.json()["stepped_up_until"] == int(desk.clock()) + 300
    assert problem(await desk.ask("POST", "/v1/session/step-up", me, right)) == REFUSED
    assert (await desk.ask("POST", "/v1/me/recovery-codes", me)).status_code == 200


# --- enrolment ---


@pytest.mark.parametrize(("locale", "word"), [("en", "spare key"), ("nl", "reservesleutel")])
async def test_enrolment_shows_the_mode_and_the_second_factor(desk: Desk, locale: str, word: str) -> None:
    who = newcomer(desk)
    body = {"email": who.email, "code": who.enrolment_code}
    shown = await desk.ask("POST", "/v1/enrolment/begin", None, body, **{"Accept-Language": locale})
    begun = shown.json()
    assert (begun["domain_mode"], begun["email"]) == ("managed", who.email)
    assert word in begun["mode_text"]
    assert begun["otpauth_uri"].startswith("otpauth://totp/Postex:carla%40example.test?secret=" + begun["secret"])


async def test_a_private_domain_says_so(tmp_path: Path) -> None:
    async with Desk.open(tmp_path / "data", mode=DomainMode.PRIVATE) as desk:
        who = newcomer(desk)
        begun = (await who.begin()).json()
        assert "nobody keeps a spare key" in begun["mode_text"]
        assert problem(await who.finish("000000", mode="managed")) == (409, "mode-changed")
        who.secret = begun["secret"]
        assert (await who.finish(who.code(), mode="private")).status_code == 200
        assert not desk.store.read_now(
            statements.rows, "SELECT 1 FROM escrow_slot WHERE account_id = ?", (who.account.id,)
        )


@pytest.mark.parametrize("locale", ["en", "nl"])
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elf-tekens-", "password-length"),
        ("x9" * 65, "password-length"),
        ("Wachtwoord2024!", "password-common"),
        ("welkom01welkom01", "password-common"),
        ("carla-vink-example", "password-personal"),
    ],
)
async def test_passwords_that_are_not_taken(desk: Desk, password: str, code: str, locale: str) -> None:
    who = newcomer(desk)
    who.secret = (await who.begin()).json()["secret"]
    body = {"email": who.email, "code": who.enrolment_code, "totp": who.code(), "accepted_mode": "managed"}
    answer = await desk.ask(
        "POST", "/v1/enrolment/finish", None, {**body, "password": password}, **{"Accept-Language": locale}
    )
    assert problem(answer) == (422, code)
    assert password not in answer.text
    assert (await who.finish(who.code())).status_code == 200


async def test_a_wrong_code_uses_nothing_up_and_one_may_begin_again(desk: Desk) -> None:
    who = newcomer(desk)
    assert problem(await who.finish("123456")) == (422, "code-refused")
    first = (await who.begin()).json()["secret"]
    who.secret = (await who.begin()).json()["secret"]
    assert problem(await who.finish(code_of(first, int(desk.clock())))) == (422, "code-refused")
    assert (await who.finish(who.code())).status_code == 200
    assert problem(await who.begin()) == REFUSED


async def test_a_reset_is_told_and_replaces_everything(desk: Desk, carla: Newcomer) -> None:
    me, store = await carla.signed_in(), desk.store
    keys = store.read_now(sessions.open, store.server_keys, store.shred, me.token, int(desk.clock())).keys
    lock, kind = (store.server_keys, store.shred, carla.account, keys), SlotKind.FULL_RESET
    made = store.write_now(enrolment.add_enrolment, *lock, int(desk.clock()), actor="account:9", kind=kind)
    assert await notices_of(desk, carla.account) == 0
    carla.enrolment_code, carla.password = made.code, "vijf blauwe stenen op een rij"
    await carla.enrol()
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")
    assert problem(await carla.sign_in(password=PASSWORD)) == REFUSED
    assert (await carla.sign_in()).status_code == 200
    assert await notices_of(desk, carla.account) == 2


# --- one's own secrets ---


async def test_a_new_password_ends_the_other_sessions(desk: Desk, carla: Newcomer) -> None:
    other, me = await carla.signed_in(), await carla.signed_in()
    new = "vijf blauwe stenen op een rij"
    assert problem(await desk.ask("POST", "/v1/me/password", me, {"password": "password1234"}))[0] == 422
    assert (await desk.ask("POST", "/v1/me/password", me, {"password": new})).status_code == 204
    assert (await desk.ask("GET", "/v1/session", me)).status_code == 200
    assert problem(await desk.ask("GET", "/v1/session", other)) == (401, "session-ended")
    assert problem(await carla.sign_in()) == REFUSED
    assert (await carla.sign_in(password=new)).status_code == 200
    assert await notices_of(desk, carla.account) == 1


async def test_a_new_second_factor_counts_from_its_first_code(desk: Desk, carla: Newcomer) -> None:
    me = await carla.signed_in()
    begun = (await desk.ask("POST", "/v1/me/totp/begin", me)).json()
    await carla.signed_in()
    assert problem(await desk.ask("POST", "/v1/me/totp/finish", me, {"code": carla.code()})) == (422, "code-refused")
    assert await notices_of(desk, carla.account) == 0
    new = code_of(begun["secret"], int(desk.clock()))
    assert (await desk.ask("POST", "/v1/me/totp/finish", me, {"code": new})).status_code == 204
    desk.clock.turn(30)
    assert problem(await carla.sign_in()) == REFUSED
    carla.secret = begun["secret"]
    assert (await carla.sign_in()).status_code == 200
    assert await notices_of(desk, carla.account) == 1


async def test_new_recovery_codes_replace_the_old(desk: Desk, carla: Newcomer) -> None:
    me = await carla.signed_in()
    made = (await desk.ask("POST", "/v1/me/recovery-codes", me)).json()["recovery_codes"]
    assert len({*made, *carla.recovery_codes}) == 20
    old, new = (
        {"email": carla.email, "recovery_code": code, "password": PASSWORD}
        for code in (carla.recovery_codes[0], made[0])
    )
    assert problem(await desk.ask("POST", "/v1/sign-in/recovery", body=old)) == REFUSED
    assert (await desk.ask("POST", "/v1/sign-in/recovery", body=new)).json()["done"] == "begun"


# --- ways back ---


async def recover(carla: Newcomer, which: int = 0, **body: str) -> httpx.Response:
    given = {"email": carla.email, "recovery_code": carla.recovery_codes[which], **body}
    return await carla.desk.ask("POST", "/v1/sign-in/recovery", body=given)


async def test_a_forgotten_password_is_replaced_by_recovery_code_and_second_factor(
    desk: Desk, carla: Newcomer
) -> None:
    me, new = await carla.signed_in(), "vijf blauwe stenen op een rij"
    assert problem(await recover(carla, code="000000", new_password=new)) == REFUSED
    assert problem(await recover(carla, code=carla.code(), new_password="password1234")) == (422, "password-common")
    answer = await recover(carla, code=carla.code(), new_password=new)
    assert answer.json() == {"done": "password", "otpauth_uri": None, "secret": None, "recovery_codes_left": 9}
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")
    desk.clock.turn(30)
    assert problem(await recover(carla, code=carla.code(), new_password=new)) == REFUSED
    assert (await carla.sign_in(password=new)).status_code == 200
    assert await notices_of(desk, carla.account) == 2


async def test_a_lost_second_factor_is_replaced_by_recovery_code_and_password(desk: Desk, carla: Newcomer) -> None:
    assert problem(await recover(carla, password="not the password")) == REFUSED
    begun = (await recover(carla, password=PASSWORD)).json()
    assert (begun["done"], begun["recovery_codes_left"]) == ("begun", 10)
    assert problem(await recover(carla, password=PASSWORD, new_code=carla.code())) == (422, "code-refused")
    new = code_of(begun["secret"], int(desk.clock()))
    done = (await recover(carla, password=PASSWORD, new_code=new)).json()
    assert (done["done"], done["recovery_codes_left"], done["secret"]) == ("second-factor", 9, None)
    assert problem(await recover(carla, password=PASSWORD)) == REFUSED
    desk.clock.turn(30)
    assert problem(await carla.sign_in()) == REFUSED
    carla.secret = begun["secret"]
    assert (await carla.sign_in()).status_code == 200
    assert await notices_of(desk, carla.account) == 2


@pytest.mark.parametrize("body", [{}, {"code": "123456"}, {"new_password": "x"}, {"new_code": "123456"}])
async def test_a_recovery_code_alone_is_not_enough(desk: Desk, carla: Newcomer, body: dict[str, str]) -> None:
    assert problem(await recover(carla, **body)) == (422, "recovery-incomplete")


async def test_guessing_by_the_ways_back_is_braked_with_the_rest(desk: Desk, carla: Newcomer) -> None:
    for number in range(12):
        assert problem(await recover(carla, password=f"wrong password {number}")) == REFUSED
    assert problem(await carla.sign_in()) == (429, "try-later")
    desk.clock.turn(120)
    for steps in range(10, 15):
        new = "vijf blauwe stenen op een rij"
        assert problem(await recover(carla, code=carla.code(steps), new_password=new)) == REFUSED
    assert problem(await carla.sign_in()) == (429, "try-later")


async def test_a_code_taken_in_sixteen_ways_back_at_once_is_used_once(desk: Desk, carla: Newcomer) -> None:
    new = "vijf blauwe stenen op een rij"
    given = {"code": carla.code(), "new_password": new}
    answers = await asyncio.gather(*(recover(carla, **given) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15


async def test_nothing_of_a_half_done_way_back_stays(
    desk: Desk, carla: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new slot fails to be written: recovery code, TOTP code and password are as before."""

    def failing(*given: object, **more: object) -> int:
        assert SlotKind.PASSWORD in given
        raise StorageError("no")

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "insert", failing)
        answer = await recover(carla, code=carla.code(), new_password="vijf blauwe stenen op een rij")
        assert answer.status_code == 500
    assert passwords.insert is key_slots.insert
    assert (await carla.sign_in()).status_code == 200
    assert (await recover(carla, password=PASSWORD)).json()["recovery_codes_left"] == 10
    assert await notices_of(desk, carla.account) == 0


async def test_a_clock_set_right_ends_nothing_but_sessions(desk: Desk, carla: Newcomer) -> None:
    """The bridge ran a day ahead, and the phone's time is right: recovery is not needed, signing in again is."""
    me = await carla.signed_in()
    desk.clock.turn(-86_400)
    assert problem(await desk.ask("GET", "/v1/session", me)) == (401, "session-ended")
    begun = (await recover(carla, password=PASSWORD)).json()
    new = code_of(begun["secret"], int(desk.clock()))
    assert problem(await carla.sign_in()) == REFUSED
    assert (await recover(carla, password=PASSWORD, new_code=new)).status_code == 200
    desk.clock.turn(30)
    carla.secret = begun["secret"]
    assert (await carla.sign_in()).status_code == 200


async def test_secrets_are_in_no_answer_and_no_refusal_echoes_them(desk: Desk, carla: Newcomer) -> None:
    answer = await desk.ask(
        "POST", "/v1/sign-in", body={"email": carla.email, "password": ["hunter2" * 3], "code": 7}
    )
    assert problem(answer) == (422, "invalid-request")
    assert "hunter2" not in answer.text
    assert second_factor.STEP == 30
