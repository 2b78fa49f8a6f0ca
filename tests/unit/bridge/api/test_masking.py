"""What each view shows of a person: never more than the one above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.api import masking
from bridge.api.policy import View
from storage.keys.master import MasterKey
from storage.records import Account, AccountState, Role

ANNA = Account(7, "pub", 1, Role.RECIPIENT, AccountState.REGISTERED, "anna@example.test", "Anna", "nl", 1, 0)


@pytest.mark.parametrize(
    ("value", "masked"),
    [("anna@example.test", "a…@e…"), ("@shop.test", "@s…"), ("a@b", "a…@b…"), ("élise@example.test", "é…@e…")],
)
def test_addresses(value: str, masked: str) -> None:
    assert masking.address(View.FULL, value) == value
    assert masking.address(View.MASKED, value) == masked
    assert masking.address(View.PSEUDONYMS, value) is None


@pytest.mark.parametrize(("value", "masked"), [("Anna de Vries", "A. d. V."), ("Énergie BV", "É. B."), (" x ", "x.")])
def test_names(value: str, masked: str) -> None:
    assert masking.name(View.FULL, value) == value
    assert masking.name(View.MASKED, value) == masked
    assert masking.name(View.PSEUDONYMS, value) is None


@given(
    local=st.from_regex(r"[a-z0-9.]{4,30}", fullmatch=True),
    domain=st.from_regex(r"[a-z]{4,20}\.test", fullmatch=True),
)
def test_a_masked_address_tells_two_letters_alone(local: str, domain: str) -> None:
    assert masking.address(View.MASKED, f"{local}@{domain}") == f"{local[0]}…@{domain[0]}…"


def test_an_account_is_named_by_pseudonym_to_who_needs_no_name() -> None:
    keys = MasterKey.generate().derive()
    assert masking.reference(View.MASKED, ANNA, keys) == "pub"
    shown = masking.reference(View.PSEUDONYMS, ANNA, keys)
    assert shown.startswith("a-")
    assert shown == masking.reference(View.PSEUDONYMS, ANNA, keys)
    assert masking.optional(View.MASKED, "020 555") is None
