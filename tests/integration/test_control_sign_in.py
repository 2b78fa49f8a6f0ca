"""Signing in to a running bridge, over its Unix socket."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyotp import TOTP

from bridge.api import sockets
from tests.running import COMMAND, PORTS_ON_LOOPBACK, Bridge, postex

OWNER = "postmaster@example.test"
PASSWORD = "een lamp bij het raam"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def code(data: Path) -> str:
    """The owner's enrolment code."""
    made: str = postex("init", "--domain", "example.test", "--country", "NL", data=data)["owner"]["enrolment_code"]
    return made


@pytest.fixture
def bridge(data: Path, code: str) -> Iterator[Bridge]:
    started = Bridge.start(data, seconds=20, command=COMMAND, settings=PORTS_ON_LOOPBACK)
    yield started
    started.stop()


def shown(secret: str, steps: int) -> str:
    """A code of now or of the next step: if a step begins in between, it is still taken."""
    return TOTP(secret).at(int(time.time()), counter_offset=steps)


async def sign_in(http: httpx.AsyncClient, code: str) -> httpx.Response:
    return await http.post("/v1/sign-in", json={"email": OWNER, "password": PASSWORD, "code": code})


async def sixteen(data: Path, code: str) -> list[httpx.Response]:
    with sockets.address_of(data) as address:
        transport = httpx.AsyncHTTPTransport(uds=address)
        async with httpx.AsyncClient(transport=transport, base_url="http://postex", timeout=60) as http:
            return await asyncio.gather(*(sign_in(http, code) for _ in range(16)))


async def test_of_sixteen_sign_ins_at_once_with_one_code_one_comes_in(
    data: Path, code: str, bridge: Bridge, tmp_path: Path
) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "LANG": "C", "POSTEX_ENROLMENT_CODE": code}
    begun = postex("enrol", OWNER, "--begin", data=data, env=env)
    given = ("--first-code", shown(begun["secret"], 0), "--new-password", PASSWORD, "--accept", "managed")
    done = postex("enrol", OWNER, *given, data=data, env=env)
    assert len(done["recovery_codes"]) == 10
    answers = await sixteen(data, shown(begun["secret"], 1))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
    (token,) = (answer.json()["token"] for answer in answers if answer.status_code == 200)
    signed_in = env | {"POSTEX_TOKEN": token}
    assert len(postex("me", "recovery-codes", data=data, env=signed_in)["recovery_codes"]) == 10
    assert postex("logout", data=data, env=signed_in) == {"ended": True}
    assert postex("logout", data=data, env=signed_in) == {"ended": False}
    log = bridge.log.read_text("utf-8")
    assert '"api.signed_in"' in log
    assert PASSWORD not in log
    assert OWNER not in log
    assert token not in log
