"""Relays that answer nonsense, hang, refuse, or half-accept: what came of it is known, and never a word of theirs."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.channels.authorities import verifying
from bridge.channels.email.relay import Fate, Sent, send
from tests.relays import Session, relay

MESSAGE = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"
STEPS = ("greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", ".")
ABOUT_US = ("greeting", "EHLO", "AUTH")


@pytest.fixture(scope="module")
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: with the relay's certificate."""
    return tmp_path_factory.mktemp("relay")


async def sent(folder: Path, answers: dict[str, str | None], message: bytes = MESSAGE) -> tuple[Sent, list[Session]]:
    async with asyncio.timeout(5), relay(folder, answers) as (made, sessions):
        return await send(made, "bounce@example.test", "anna@elsewhere.test", message), sessions


async def test_accepted(tmp_path: Path) -> None:
    outcome, (session,) = await sent(tmp_path, {})
    assert outcome.fate is Fate.ACCEPTED
    assert session.message == b"Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\n"
    assert session.heard[2:4] == [
        b"MAIL FROM:<bounce@example.test> SIZE=%d\r\n" % len(MESSAGE),
        b"RCPT TO:<anna@elsewhere.test>\r\n",
    ]


@pytest.mark.parametrize("step", STEPS)
async def test_a_refusal_counts_where_it_is_about_the_message(tmp_path: Path, step: str) -> None:
    outcome, _ = await sent(tmp_path, {step: "550 5.1.1 <anna@elsewhere.test>: no such user"})
    assert outcome == Sent(Fate.LATER if step in ABOUT_US else Fate.REFUSED, "5.1.1")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("451 4.7.1 greylisted", "4.7.1"),
        ("452 5.5.5 liar", "4.0.0"),
        (None, "timeout"),
        ("", "disconnected"),
        ("hello", "nonsense"),
        ("999 what", "nonsense"),
        ("250-x\r\n" * 20_000, "nonsense"),
        ("250 " + "x" * 70_000, "nonsense"),
        ("\0\xff\xfe", None),
    ],
)
async def test_whatever_else_happens_at_a_step_puts_it_off(
    tmp_path: Path, step: str, answer: str | None, code: str | None
) -> None:
    """Also behind the final dot: the relay may have it, and it goes again with the same Message-ID."""
    outcome, _ = await sent(tmp_path, {step: answer})
    assert outcome.fate is Fate.LATER
    assert code is None or outcome.code == code


@pytest.mark.parametrize("answer", [None, "", "550 no"])
async def test_bad_manners_at_the_end_change_nothing(tmp_path: Path, answer: str | None) -> None:
    outcome, _ = await sent(tmp_path, {"QUIT": answer})
    assert outcome.fate is Fate.ACCEPTED


async def test_authentication_asked_for_at_mail_is_about_us(tmp_path: Path) -> None:
    outcome, _ = await sent(tmp_path, {"MAIL": "530 5.7.0 authenticate first"})
    assert outcome == Sent(Fate.LATER, "5.7.0")


@pytest.mark.parametrize(
    ("extensions", "recipient", "message", "code"),
    [
        ("250-SIZE 20\r\n250 AUTH PLAIN", "a@b.test", MESSAGE, "5.3.4"),
        ("250 AUTH PLAIN", "a@b.test", b"Subject: x\r\n\r\n\xe9\r\n", "5.6.3"),
        ("250-8BITMIME\r\n250 AUTH PLAIN", "\u00e9@b.test", MESSAGE, "5.6.7"),
        ("250-8BITMIME\r\n250 AUTH PLAIN", "a@b.test", "Subject: \u00e9\r\n\r\nx\r\n".encode(), "5.6.9"),
        ("250 AUTH PLAIN", "a> SIZE=0\r\nRCPT TO:<b@b.test", MESSAGE, "5.1.3"),
        ("250 AUTH PLAIN", "no address", MESSAGE, "5.1.3"),
    ],
)
async def test_what_a_relay_cannot_carry_is_not_tried(
    tmp_path: Path, extensions: str, recipient: str, message: bytes, code: str
) -> None:
    async with relay(tmp_path, {"EHLO": f"250-relay\r\n{extensions}"}) as (made, sessions):
        assert await send(made, "", recipient, message) == Sent(Fate.REFUSED, code)
    assert not any(line.startswith(b"MAIL") for session in sessions for line in session.heard)


async def test_international_addresses_and_eight_bits(tmp_path: Path) -> None:
    message = "Subject: \u00e9\r\n\r\n\u00e9\r\n".encode()
    async with relay(tmp_path, {}) as (made, sessions):
        assert (await send(made, "", "\u00e9@b\u00fccher.test", message)).fate is Fate.ACCEPTED
    assert sessions[0].heard[2:4] == [
        b"MAIL FROM:<> SIZE=%d BODY=8BITMIME SMTPUTF8\r\n" % len(message),
        "RCPT TO:<\u00e9@xn--bcher-kva.test>\r\n".encode(),
    ]


@pytest.mark.parametrize("offer", ["250 relay", "250-relay\r\n250 STARTTLS"])
async def test_without_tls_a_relay_hears_neither_password_nor_message(tmp_path: Path, offer: str) -> None:
    """No STARTTLS, or one that is refused: no downgrade."""
    answers: dict[str, str | None] = {"EHLO": offer, "STARTTLS": "454 4.7.0 not now"}
    async with relay(tmp_path, answers, implicit=False) as (made, sessions):
        outcome = await send(made, "", "anna@elsewhere.test", MESSAGE)
    assert outcome.fate is Fate.LATER
    assert [line.split()[0] for line in sessions[0].heard] in ([b"EHLO"], [b"EHLO", b"STARTTLS"])


async def test_a_certificate_that_nobody_vouches_for_or_of_another_name_ends_it(tmp_path: Path) -> None:
    async with relay(tmp_path, {}) as (made, sessions):
        unknown = replace(made, context=verifying(None, "ca_file"))
        other = replace(made, host="127.0.0.2")
        assert await send(unknown, "", "anna@elsewhere.test", MESSAGE) == Sent(Fate.LATER, "certificate")
        assert (await send(other, "", "anna@elsewhere.test", MESSAGE)).fate is Fate.LATER
    assert all(not session.heard for session in sessions)


async def test_no_relay_there(tmp_path: Path) -> None:
    async with relay(tmp_path, {}) as (made, _):
        pass
    assert await send(made, "", "anna@elsewhere.test", MESSAGE) == Sent(Fate.LATER, "unreachable")
