"""Whatever a document is called and whoever sent it: a notice holds nothing of it, and no link (S24, S38)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import i18n
from bridge.channels.outside import words
from bridge.mail.facts import facts_of
from bridge.routing import explaining, orders
from bridge.routing.orders import About, Order
from bridge.routing.planning import document_of
from storage.deliveries.notices import Untold
from storage.deliveries.terms import DocumentType, Notify, Quiet
from storage.errors import Invalid
from storage.people.identity_changes import Field

NOW = 1_760_000_000
DOMAIN = "example.test"
URL = re.compile(r"[a-z][a-z0-9+.-]*://|www\.|mailto:|<a\b|<img\b|\bhref\b", re.IGNORECASE)
HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=8, max_size=60)
NOTHING = Untold((), (), ())
EVERYTHING = Untold(tuple(range(9)), tuple((kind, 2) for kind in DocumentType), ("energie.test",))


def every_order() -> list[Order]:
    plain = [Order(about, address="a@b.test", code="12345678", until=NOW) for about in About]
    detailed = [Order(each.about, field=field, until=NOW) for each in plain for field in Field]
    return [*(each for each in plain if each.about not in (About.CHANGE, About.UNDONE)), *detailed]


def told(order: Order, untold: Untold, locale: str, names: bool = True) -> str:
    notice = words.kind_of(order, DOMAIN, untold, names)
    title, body = words.push(notice, locale)
    return f"{title}\n{body}\n{words.letter(notice, locale, 'a@b.test', NOW, 'key').decode()}"


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_there_is_no_link_in_anything_that_we_send(locale: str) -> None:
    """S24; the name of the recipient's own domain is a word, not a link."""
    for order in every_order():
        for untold in (NOTHING, EVERYTHING):
            assert not URL.search(told(order, untold, locale)), order.about


def test_every_kind_of_document_and_every_detail_has_a_word() -> None:
    assert set(explaining.TYPES) == set(DocumentType)
    for order in every_order():
        assert "{" not in told(order, EVERYTHING, "nl")


@given(subject=HOSTILE, sender=HOSTILE, kind=HOSTILE, name=HOSTILE)
def test_a_notice_holds_nothing_of_the_document(subject: str, sender: str, kind: str, name: str) -> None:
    header = (
        f"Subject: {subject}\r\nFrom: {sender} <x@y.test>\r\nPostex-Document: type={kind}\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    document = document_of(facts_of(header.encode()), DocumentType.LETTER)
    untold = Untold((1,), ((document.type, 1),), ())
    for mode in (Notify.AT_ONCE, Notify.DAILY):
        order = orders.parse(orders.arrivals(mode, None))
        assert told(order, untold, "en") == told(order, Untold((7,), ((document.type, 1),), ()), "en")


@given(number=st.integers(1, 10**6), types=st.dictionaries(st.sampled_from(DocumentType), st.integers(1, 999)))
def test_lines_of_the_message_are_ours(number: int, types: dict[DocumentType, int]) -> None:
    untold = Untold(tuple(range(min(number, 50))), tuple(types.items()), ())
    raw = words.letter(words.kind_of(Order(About.ARRIVALS), DOMAIN, untold, False), "nl", "a@b.test", NOW, "k")
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert {line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"} == {
        "From",
        "To",
        "Date",
        "Message-ID",
        "Subject",
        "Auto-Submitted",
        "List-Id",
        "MIME-Version",
        "Content-Type",
        "Content-Language",
        "Content-Transfer-Encoding",
    }
    assert raw.isascii()


def test_an_address_of_another_form_is_none() -> None:
    notice = words.Trial(DOMAIN)
    for wrong in ("x", "a b@c.test", "a@b.test>\r\nBcc: x@y.test", ""):
        with pytest.raises(ValueError, match="not an address"):
            words.letter(notice, "nl", wrong, NOW, "k")


@given(st.sampled_from(Notify), st.none() | st.builds(Quiet, st.integers(0, 1439), st.integers(0, 1439)))
def test_an_order_comes_back_as_it_was(mode: Notify, quiet: Quiet | None) -> None:
    order = orders.parse(orders.arrivals(mode, quiet))
    assert (order.about, order.mode, order.hours()) == (About.ARRIVALS, mode, quiet)


@pytest.mark.parametrize("payload", [b"", b"x", b"[]", b"{}", b'{"about": "x", "mode": "daily"}', b"\xff"])
def test_what_is_no_order_is_refused(payload: bytes) -> None:
    with pytest.raises(Invalid):
        orders.parse(payload)
