"""Aliases, subaddresses, and addresses that one sender alone may use (D11)."""

import pytest

from storage.errors import Conflict, Invalid, NotFound, WrongSender
from storage.people import accounts, addresses, aliases, domains
from tests.unit.storage.conftest import NOW, Office, Person

SHOP = "anna-shop@example.test"


def add(office: Office, person: Person, address: str, **more: str | None) -> aliases.Alias:
    domain = office.store.read_now(domains.by_name, "example.test")
    return office.store.write_now(aliases.add, person.account, domain, address, NOW, actor="operator", **more)


def resolved(office: Office, address: str, *senders: str) -> int:
    return office.store.read_now(addresses.resolve, address, 0, frozenset(senders)).recipient.account_id


def test_an_alias_delivers_until_it_is_removed(office: Office, anna: Person) -> None:
    add(office, anna, "Vries@Example.test", label="old name")
    (alias,) = office.store.read_now(aliases.listing, anna.account)
    assert (alias.address, alias.only_from, alias.label, alias.created_at) == (
        "vries@example.test",
        None,
        "old name",
        NOW,
    )
    assert resolved(office, "vries+x@example.test", "who@ever.test") == anna.account.id
    office.store.write_now(aliases.remove, anna.account, "VRIES@example.test", NOW, actor="operator")
    with pytest.raises(NotFound):
        resolved(office, "vries@example.test")
    kinds = [kind for (kind,) in office.rows("SELECT kind FROM audit_event WHERE kind LIKE 'alias.%'")]
    assert kinds == ["alias.added", "alias.removed"]
    assert office.rows("SELECT count(*) FROM audit_event WHERE detail LIKE '%vries%'") == [(0,)]


@pytest.mark.parametrize("address", [SHOP, "ANNA-SHOP@example.test", "anna-shop+2026@example.test"])
@pytest.mark.parametrize(
    ("only_from", "sender", "taken"),
    [
        ("post@shop.test", "post@shop.test", True),
        ("Post@Shop.test", "post@shop.test", True),
        ("post@shop.test", "other@shop.test", False),
        ("post@shop.test", "post@shop.test.evil.test", False),
        ("@shop.test", "any@shop.test", True),
        ("@shop.test", "any@evilshop.test", False),
        ("@shop.test", "any@sub.shop.test", False),
        ("@shop.test", "any@shop.test@evil.test", False),
    ],
)
def test_an_alias_for_one_sender(
    office: Office, anna: Person, address: str, only_from: str, sender: str, taken: bool
) -> None:
    add(office, anna, SHOP, only_from=only_from)
    if taken:
        assert resolved(office, address, sender) == anna.account.id
        assert resolved(office, address, "another@address.test", sender) == anna.account.id
    else:
        with pytest.raises(WrongSender):
            resolved(office, address, sender)
    with pytest.raises(WrongSender):
        resolved(office, address)


def test_the_primary_address_takes_mail_from_everybody(office: Office, anna: Person) -> None:
    add(office, anna, SHOP, only_from="@shop.test")
    assert resolved(office, anna.account.email, "any@body.test") == resolved(office, anna.account.email)


def test_an_alias_for_one_sender_signs_nobody_in(office: Office, anna: Person) -> None:
    add(office, anna, SHOP, only_from="@shop.test")
    with pytest.raises(NotFound):
        office.store.read_now(accounts.by_sign_in_name, SHOP)


@pytest.mark.parametrize(
    ("address", "more", "error"),
    [
        ("anna@example.test", {}, Conflict),
        ("bram@example.test", {}, Conflict),
        ("x@elsewhere.test", {}, Invalid),
        ("a+b@example.test", {}, Invalid),
        ("a b@example.test", {}, Invalid),
        ("x@example.test", {"only_from": "shop"}, Invalid),
        ("x@example.test", {"only_from": "@"}, Invalid),
        ("x@example.test", {"only_from": "@a b"}, Invalid),
        ("x@example.test", {"label": ""}, Invalid),
        ("x@example.test", {"label": "a\x1b[31m"}, Invalid),
    ],
)
def test_what_is_no_alias(
    office: Office, anna: Person, bram: Person, address: str, more: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        add(office, anna, address, **more)
    assert office.store.read_now(aliases.listing, anna.account) == []


def test_there_is_a_most(office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aliases, "MOST", 2)
    for number in range(2):
        add(office, anna, f"anna-{number}@example.test")
    with pytest.raises(Conflict):
        add(office, anna, "anna-3@example.test")


def test_nobody_removes_the_primary_address_or_anothers(office: Office, anna: Person, bram: Person) -> None:
    add(office, bram, "b@example.test")
    for address in (anna.account.email, "b@example.test", "nobody@example.test"):
        with pytest.raises(NotFound):
            office.store.write_now(aliases.remove, anna.account, address, NOW, actor="operator")
