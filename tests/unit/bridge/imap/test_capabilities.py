"""What is announced is carried out (RFC 3501 section 7.2.1)."""

import pytest

from bridge.imap.capabilities import NEEDS, Capabilities, NotImplementedCapability
from bridge.imap.handlers import HANDLERS
from bridge.imap.protocol import commands as c


def test_everything_announced_has_its_handlers() -> None:
    Capabilities().check(HANDLERS)


@pytest.mark.parametrize("missing", [c.Idle, c.CopyTo, c.Search, c.Unselect])
def test_announcing_what_is_not_implemented_fails(missing: type[c.Command]) -> None:
    with pytest.raises(NotImplementedCapability):
        Capabilities().check([command for command in HANDLERS if command is not missing])


def test_a_capability_that_is_switched_off_needs_no_handler_and_is_not_announced() -> None:
    capabilities = Capabilities(frozenset({"IDLE"}))
    capabilities.check([command for command in HANDLERS if command is not c.Idle])
    assert "IDLE" not in capabilities.signed_in()
    assert "IMAP4rev1" in Capabilities(frozenset({"IMAP4REV1"})).signed_in()


def test_before_sign_in_mechanisms_or_login_disabled() -> None:
    open_names = Capabilities().before_sign_in(passwords=True)
    closed_names = Capabilities().before_sign_in(passwords=False)
    assert {"AUTH=PLAIN", "AUTH=LOGIN", "SASL-IR"} <= set(open_names)
    assert "LOGINDISABLED" not in open_names
    assert "LOGINDISABLED" in closed_names
    assert not any(name.startswith("AUTH=") for name in closed_names)


def test_after_sign_in_all_but_the_mechanisms_once_each() -> None:
    names = Capabilities().signed_in()
    assert sorted(names) == sorted(name for name in NEEDS if not name.startswith("AUTH="))
