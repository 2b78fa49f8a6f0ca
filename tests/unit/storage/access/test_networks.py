"""What is kept of an IP address, and where a device may come from."""

import pytest

from storage.access import networks


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", None),
        (None, None),
        ("somewhere", None),
    ],
)
def test_of_an_address_its_network_is_kept(ip: str | None, kept: str | None) -> None:
    assert networks.prefix(ip) == kept


def test_an_address_of_the_other_kind_lies_in_no_network() -> None:
    assert not networks.holds(("0.0.0.0/0",), "2001:db8::1")
    assert networks.holds(("::/0", "0.0.0.0/0"), "192.0.2.1")
    assert not networks.holds((), "192.0.2.1")
