"""The registry of who is signed in: whom a change of rights meets, what is known of each, when time is up."""

import asyncio
from collections.abc import Callable

import pytest

from bridge.connections import Connection, Connections, Ending, Event, Tls
from storage.records import AccountBarred, AuditAppended, Device, DeviceRevoked, Scope

NOW = 1_760_000_000
LINE = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")


class Guest:
    def __init__(self) -> None:
        self.told: list[Ending] = []

    def expel(self, ending: Ending) -> None:
        self.told.append(ending)


def device(account_id: int, device_id: int, expires_at: int | None = None) -> Device:
    scopes = frozenset({Scope.IMAP})
    return Device(device_id, account_id, "phone", "selector", scopes, NOW, expires_at, None, None)


def entered(registry: Connections, account_id: int, device_id: int) -> tuple[Guest, Connection]:
    guest = Guest()
    return guest, registry.enter(guest, "imaps", device(account_id, device_id), "192.0.2.77", LINE)


@pytest.fixture
def registry() -> Connections:
    return Connections(lambda: float(NOW))


def test_a_session_is_known_with_its_network_and_line(registry: Connections) -> None:
    _, made = entered(registry, 7, 1)
    assert registry.of_account(7) == [made]
    assert (made.door, made.device_id, made.since, made.network, made.tls) == ("imaps", 1, NOW, "192.0.2.0/24", LINE)
    assert "192.0.2.77" not in repr(made)
    assert (len(registry), registry.accounts()) == (1, {7: 1})


def test_a_revoked_device_and_a_barred_account_meet_their_own_sessions_alone(registry: Connections) -> None:
    phone, tablet, other = (entered(registry, *ids)[0] for ids in ((7, 1), (7, 2), (8, 3)))
    registry.changed(DeviceRevoked(7, 1))
    assert (phone.told, tablet.told, other.told) == ([Ending.REVOKED], [], [])
    registry.changed(AuditAppended(1))
    registry.changed(AccountBarred(7))
    assert (phone.told, tablet.told, other.told) == ([Ending.REVOKED, Ending.BARRED], [Ending.BARRED], [])


def test_one_session_is_ended_by_its_number_and_owner(registry: Connections) -> None:
    one, first = entered(registry, 7, 1)
    two, _ = entered(registry, 7, 1)
    assert not registry.end(8, first.number)
    assert registry.end(7, first.number)
    assert (one.told, two.told) == ([Ending.ENDED], [])


def test_who_leaves_is_forgotten_once(registry: Connections) -> None:
    told: list[Event] = []
    stop = registry.watch(told.append)
    guest, made = entered(registry, 7, 1)
    registry.leave(made)
    registry.leave(made)
    registry.changed(AccountBarred(7))
    assert guest.told == []
    assert (len(registry), registry.accounts(), registry.of_account(7)) == (0, {}, [])
    assert told == [Event(True, made), Event(False, made)]
    stop()
    entered(registry, 7, 1)
    assert len(told) == 2


async def test_a_device_goes_when_the_clock_says_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that fires early, as the clock was set back meanwhile, waits again."""
    timers: list[tuple[float, Callable[..., None], tuple[object, ...]]] = []

    class Timer:
        def cancel(self) -> None:
            timers.clear()

    def call_later(left: float, callback: Callable[..., None], *arguments: object) -> Timer:
        timers.append((left, callback, arguments))
        return Timer()

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
    moment = [float(NOW)]
    registry, guest = Connections(lambda: moment[0]), Guest()
    made = registry.enter(guest, "imaps", device(7, 1, NOW + 60), "192.0.2.1", None)
    (left, callback, arguments) = timers.pop()
    assert left == 60
    moment[0] = NOW + 50.0
    callback(*arguments)
    assert (guest.told, timers[0][0]) == ([], 10)
    moment[0] = NOW + 60.0
    _, callback, arguments = timers.pop()
    callback(*arguments)
    assert guest.told == [Ending.EXPIRED]
    registry.leave(made)
    registry.enter(guest, "imaps", device(7, 1, NOW + 120), "192.0.2.1", None)
    registry.leave(registry.of_account(7)[0])
    assert timers == [], "who leaves has no timer left"
