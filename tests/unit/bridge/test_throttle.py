"""Brute force of security.md: limits per network, delays, what does not count, bounded memory."""

import asyncio
from ipaddress import ip_network

import pytest

from bridge.throttle import CODE, DAY, MOST_HELD, PASSWORD, Limit, Throttle

START = 1_700_000_000.0


class Time:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def throttle(time: Time) -> Throttle:
    return Throttle(time)


def guess(throttle: Throttle, ip: str, number: int) -> float:
    return throttle.failed(ip, "anna@example.test", throttle.digest(str(number).encode()))


def test_ten_failures_a_minute_then_refused_until_the_minute_is_over(throttle: Throttle, time: Time) -> None:
    for number in range(10):
        assert throttle.check("192.0.2.1") == 0
        guess(throttle, "192.0.2.1", number)
    assert throttle.check("192.0.2.1") == 60
    time.now += 59
    assert throttle.check("192.0.2.1") == 1
    time.now += 1
    assert throttle.check("192.0.2.1") == 0


def test_fifty_failures_a_day(throttle: Throttle, time: Time) -> None:
    for number in range(50):
        assert throttle.check("192.0.2.1") == 0
        guess(throttle, "192.0.2.1", number)
        time.now += 61
    assert throttle.check("192.0.2.1") == pytest.approx(DAY - 50 * 61)
    time.now = START + DAY
    assert throttle.check("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("same_host", "near", "far"),
    [
        ("2001:db8::1 2001:db8::ffff", "2001:db8:0:1::1", "2001:db9::1"),
        ("192.0.2.1 ::ffff:192.0.2.1", "192.0.2.2", "198.51.100.1"),
    ],
)
def test_a_host_is_a_32_or_a_64(throttle: Throttle, same_host: str, near: str, far: str) -> None:
    first, second = same_host.split()
    for number in range(10):
        guess(throttle, first, number)
    assert throttle.check(second) > 0
    assert throttle.check(near) == 0
    assert throttle.check(far) == 0


@pytest.mark.parametrize(
    ("addresses", "inside", "outside", "limit"),
    [
        ([f"192.0.2.{n}" for n in range(1, 31)], "192.0.2.60", "192.0.2.64", 30),
        ([f"10.0.{n % 8}.{n}" for n in range(90)], "10.0.7.250", "10.0.8.1", 90),
        ([f"2001:db8:1:{n}::1" for n in range(30)], "2001:db8:1:fff::1", "2001:db8:2::1", 30),
        ([f"2001:db8:{n}::1" for n in range(90)], "2001:db8:fff::1", "2001:db9::1", 90),
    ],
)
def test_wider_nets_may_fail_three_and_nine_times_as_often(
    throttle: Throttle, addresses: list[str], inside: str, outside: str, limit: int
) -> None:
    for number, address in enumerate(addresses):
        assert throttle.check(inside) == 0
        guess(throttle, address, number)
    assert len(addresses) == limit
    assert throttle.check(inside) > 0
    assert throttle.check(outside) == 0


def test_the_same_wrong_secret_counts_once(throttle: Throttle) -> None:
    delays = {guess(throttle, "192.0.2.1", 7) for _ in range(100)}
    assert delays == {2.0}
    assert throttle.check("192.0.2.1") == 0


def test_the_same_secret_for_another_account_counts(throttle: Throttle) -> None:
    for number in range(10):
        throttle.failed("192.0.2.1", f"account{number}@example.test", throttle.digest(b"the same"))
    assert throttle.check("192.0.2.1") > 0


def test_delays_grow_and_start_again_after_a_success(throttle: Throttle) -> None:
    assert [guess(throttle, "192.0.2.1", number) for number in range(6)] == [2, 4, 8, 15, 15, 15]
    throttle.succeeded("192.0.2.1")
    assert guess(throttle, "192.0.2.1", 5) == 2, "known already, and the host is at the start again"
    assert guess(throttle, "192.0.2.1", 6) == 2


def test_a_success_does_not_erase_counted_failures(throttle: Throttle) -> None:
    for number in range(10):
        guess(throttle, "192.0.2.1", number)
        throttle.succeeded("192.0.2.1")
    assert throttle.check("192.0.2.1") > 0


def test_trusted_networks_are_neither_counted_nor_delayed(time: Time) -> None:
    throttle = Throttle(time, trusted=[ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")])
    for number in range(200):
        assert guess(throttle, "192.0.2.9", number) == 0
        assert guess(throttle, "2001:db8::9", number) == 0
    guess(throttle, "198.51.100.1", 0)
    assert throttle.check("192.0.2.9") == 0
    assert throttle.check("2001:db8::9") == 0


def test_a_clock_set_back_a_year_locks_nobody_out(throttle: Throttle, time: Time) -> None:
    for number in range(50):
        guess(throttle, "192.0.2.1", number)
    time.now -= 365 * DAY
    assert throttle.check("192.0.2.1") == 0
    assert guess(throttle, "192.0.2.1", 99) == 2


def test_memory_is_bounded(time: Time) -> None:
    throttle = Throttle(time, most_remembered=100)
    for number in range(5_000):
        guess(throttle, f"10.{number >> 8}.{number & 255}.1", number)
    assert len(throttle._records) <= 100
    assert len(throttle._seen) <= 100


def test_a_peer_without_an_address_is_counted_as_one_host(throttle: Throttle) -> None:
    for number in range(10):
        guess(throttle, "", number)
    assert throttle.check("not an address") > 0


async def test_at_most_200_are_held() -> None:
    release = asyncio.Event()

    async def sleep(_: float) -> None:
        await release.wait()

    throttle = Throttle(lambda: START, sleep=sleep)
    held = [asyncio.create_task(throttle.tarpit(15)) for _ in range(MOST_HELD)]
    await asyncio.sleep(0)
    await asyncio.wait_for(throttle.tarpit(15), 1)
    assert not any(task.done() for task in held)
    release.set()
    await asyncio.gather(*held)
    assert throttle._held == 0


# --- an account's own secrets ---


def tries(throttle: Throttle, limit: Limit, numbers: range, account: str = "account:1") -> list[float]:
    return [throttle.guess(account, limit, str(number).encode()).wait for number in numbers]


@pytest.mark.parametrize(("limit", "count", "window"), [(PASSWORD, 12, 120), (CODE, 5, 900)])
def test_so_many_wrong_secrets_of_an_account_and_then_a_delay(
    throttle: Throttle, time: Time, limit: Limit, count: int, window: float
) -> None:
    assert tries(throttle, limit, range(count)) == [0] * count
    assert tries(throttle, limit, range(count, count + 2)) == [window] * 2
    time.now += window - 1
    assert tries(throttle, limit, range(99, 100)) == [1]
    time.now += 1
    assert tries(throttle, limit, range(100, 100 + count)) == [0] * count


def test_kinds_and_accounts_are_counted_apart(throttle: Throttle) -> None:
    tries(throttle, CODE, range(6))
    assert tries(throttle, PASSWORD, range(12)) == [0] * 12
    assert tries(throttle, CODE, range(5), "account:2") == [0] * 5


def test_a_right_secret_is_taken_back_once(throttle: Throttle) -> None:
    tries(throttle, CODE, range(4))
    for _ in range(10):
        right = throttle.guess("account:1", CODE, b"right")
        assert right.wait == 0
        right.was_right()
        right.was_right()
    assert tries(throttle, CODE, range(4, 6)) == [0, 900]


def test_the_same_wrong_password_is_one_guess_a_day(throttle: Throttle, time: Time) -> None:
    assert [throttle.guess("account:1", PASSWORD, b"old").wait for _ in range(50)] == [0] * 50
    assert tries(throttle, PASSWORD, range(11)) == [0] * 11
    assert throttle.guess("account:1", PASSWORD, b"old").wait == 120
    time.now += 120
    assert tries(throttle, PASSWORD, range(20, 32)) == [0] * 12


def test_the_same_code_later_is_another_guess(throttle: Throttle, time: Time) -> None:
    """Else old guesses could be tried for nothing at every step, until one of them is right."""
    time.now = START - START % 30
    assert [throttle.guess("account:1", CODE, b"123456").wait for _ in range(9)] == [0] * 9
    waits = []
    for _ in range(5):
        time.now += 30
        waits.append(throttle.guess("account:1", CODE, b"123456").wait)
    assert waits == [0, 0, 0, 0, 900 - 5 * 30]


def test_a_clock_set_back_locks_no_account(throttle: Throttle, time: Time) -> None:
    tries(throttle, CODE, range(5))
    time.now -= 86_400
    assert tries(throttle, CODE, range(5)) == [0] * 5


def test_accounts_remembered_are_bounded(time: Time) -> None:
    throttle = Throttle(time, most_remembered=50)
    for number in range(500):
        throttle.guess(f"account:{number}", CODE, b"1", is_known=False)
        throttle.guess(f"account:{number}", CODE, b"1", is_known=False)
    assert len(throttle._strangers) <= 50
    assert len(throttle._seen) <= 50


def test_names_of_nobody_make_no_account_forgotten(time: Time) -> None:
    """Else whoever guesses would try thousands of other names between two guesses, and begin anew each time."""
    throttle = Throttle(time, most_remembered=10)
    for number in range(12):
        assert throttle.guess("account:1", PASSWORD, b"%d" % number).wait == 0
    for number in range(40):
        throttle.guess(f"nobody{number}", PASSWORD, b"x", is_known=False)
    assert throttle.guess("account:1", PASSWORD, b"12").wait == 120
    for number in range(12):
        throttle.guess("account:2", PASSWORD, b"%d" % number, is_known=False)
    assert throttle.guess("account:2", PASSWORD, b"12").wait == 0, "a name that only looks like it"
