"""Hands documents in and carries them, in processes that die at each point of the way (`test_kill_carriers`).

    python -m tests.crash.carrier_driver CHANNEL DATA PORT CA_FILE STRIDE < master key in hex

For each STRIDE-th point n: a process hands in the document `<n@kill.test>` and carries it, and kills itself with
SIGKILL at the n-th point, which is before or after a write to the other side or to the store, and before an answer is
read. Another process, later by its clock, then carries what is left. Ends after the first n that nobody died at;
prints each n on a line of its own, among what is logged.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtplib.protocol import SMTPProtocol

from bridge.channels.authorities import verifying
from bridge.channels.email.carrier import EmailCarrier
from bridge.channels.email.relay import Relay
from bridge.channels.external.carrier import SETTLING, ExternalCarrier
from bridge.channels.external.session import Doorway
from bridge.channels.external.wire import Wire
from bridge.channels.handover import Destination
from bridge.channels.outbox import Carrier
from storage.database import Store
from storage.deliveries.processors import ProcessorKind
from storage.keys.master import MasterKey
from storage.people import accounts
from tests.leaving import DOCUMENT, HOSTNAME, NOW, Way

MOST = 200
_left = 0


def point() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner: type, name: str) -> None:
    """Points before and after each call."""
    real: Callable[..., Any] = getattr(owner, name)

    def called(*arguments: Any, **named: Any) -> Any:
        point()
        found = real(*arguments, **named)
        point()
        return found

    async def awaited(*arguments: Any, **named: Any) -> Any:
        point()
        found = await real(*arguments, **named)
        point()
        return found

    setattr(owner, name, awaited if asyncio.iscoroutinefunction(real) else called)


def opened_way(data: Path, master: MasterKey) -> Way:
    store = Store.open(data / "store", master)
    people = {
        name: SimpleNamespace(account=store.look_up(accounts.by_sign_in_name, f"{name}@example.test"))
        for name in ("erp", "anna")
    }
    return Way(SimpleNamespace(store=store, **people))  # type: ignore[arg-type]


def carrier(way: Way, channel: str, port: int, ca_file: Path) -> Carrier:
    context = verifying(ca_file, "ca_file")
    if channel == "external":
        return ExternalCarrier(Doorway(context, private=True), way.gate, way.marks)
    relay = Relay("localhost", port, "implicit", context, HOSTNAME)
    return EmailCarrier(relay, Destination(ProcessorKind.RELAY, "NL"), way.gate, way.marks)


def in_process(work: Callable[[], Awaitable[None]]) -> bool:
    """Whether it came to its end."""
    child = os.fork()
    if not child:
        asyncio.run(work())  # type: ignore[arg-type]
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(channel: str, data: Path, port: int, ca_file: Path, stride: int) -> None:
    master = MasterKey(bytes.fromhex(sys.stdin.readline().strip()))
    for number in range(1, MOST, stride):

        async def die(number: int = number) -> None:
            global _left
            way = opened_way(data, master)
            way.clock.now = NOW + number * 10_000
            way.hand_in(DOCUMENT.replace(b"<1@erp.test>", b"<%d@kill.test>" % number))
            for owner, name in ((Wire, "send"), (Wire, "data_received"), (SMTPProtocol, "write"), (Store, "write")):
                around(owner, name)
            around(SMTPProtocol, "data_received")
            _left = number
            await way.outbox(carrier(way, channel, port, ca_file)).turn()
            await way.office.store.aclose()

        async def carry_on(number: int = number) -> None:
            way = opened_way(data, master)
            way.clock.now = NOW + number * 10_000 + SETTLING + 1
            await way.outbox(carrier(way, channel, port, ca_file)).turn()
            await way.office.store.aclose()

        survived = in_process(die)
        assert in_process(carry_on)
        print(number, flush=True)
        if survived:
            return
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
