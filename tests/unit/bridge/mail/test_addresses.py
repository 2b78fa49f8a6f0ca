"""Address lists: what RFC 5322 allows, what it calls obsolete, and what it never heard of."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.addresses import (
    MAX_ADDRESSES,
    MAX_UNCOMMON,
    Address,
    Group,
    addresses_of,
    flat,
    in_the_open,
    parse,
)
from tests.costs import at_most


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a@b.test", [Address(None, "a", "b.test")]),
        ("Anna de Vries <a@b>", [Address("Anna de Vries", "a", "b")]),
        ('"Vries, A. \\"x\\"" <a@b>, c@d', [Address('Vries, A. "x"', "a", "b"), Address(None, "c", "d")]),
        ("J. Doe <a@b>", [Address("J. Doe", "a", "b")]),
        ("=?utf-8?q?=C3=A9?= <a@b>", [Address("=?utf-8?q?=C3=A9?=", "a", "b")]),
        ('"john doe"@b', [Address(None, "john doe", "b")]),
        ("a@[192.0.2.1]", [Address(None, "a", "[192.0.2.1]")]),
        # section 4.4: obsolete
        ("a@b (Anna (x))", [Address("Anna (x)", "a", "b")]),
        ("<@x,@y:a@b>", [Address(None, "a", "b", "@x,@y")]),
        ("a . b @ c . d", [Address(None, "a.b", "c.d")]),
        (" , a@b,, c@d ,", [Address(None, "a", "b"), Address(None, "c", "d")]),
        # section 3.4: groups
        (
            "g: a@b, C <c@d>; , e@f",
            [Group("g", (Address(None, "a", "b"), Address("C", "c", "d"))), Address(None, "e", "f")],
        ),
        ("undisclosed-recipients:;", [Group("undisclosed-recipients", ())]),
        ("g:", [Group("g", ())]),
        # none of its grammar
        ("", []),
        ("(only a comment)", []),
        ("<>", []),
        ("root", [Address(None, "root", "")]),
        ("John Doe", [Address("John Doe", "", "")]),
        ("<root>", [Address(None, "root", "")]),
        ("x <a@b", [Address("x", "a", "b")]),
        ("x <a@b> y <c@d>", [Address("x", "a", "b")]),
        ("a@b; c@d", [Address(None, "a", "b"), Address(None, "c", "d")]),
        ('"open <a@b>, c@d', [Address("open <a@b>, c@d", "", "")]),
        ("a@b, (open c@d", [Address(None, "a", "b")]),
    ],
)
def test_parse(value, found):
    assert list(parse(value)) == found


@pytest.mark.parametrize("value", ["a@b@c", "a@b c@d", "x@evil a@b", "<a@b c@d>", "a@b x"])
def test_two_addresses_run_together_are_never_taken_for_one_of_them(value):
    """A sender's right to a From address is decided by comparing `mailbox`."""
    assert not {"a@b", "c@d"} & {address.mailbox for address in flat(parse(value))}


def test_a_mailbox_compares_by_domain_without_case():
    assert Address(None, "Anna", "Example.TEST").mailbox == "Anna@example.test"


def test_every_field_of_the_name_counts_and_groups_are_opened():
    header = b"To: a@b\r\nCc: x@y\r\nTo: g: c@d;,\r\n e@f\r\n\r\n"
    assert [address.mailbox for address in addresses_of(header, "to")] == ["a@b", "c@d", "e@f"]


@pytest.mark.parametrize("value", ["a@b," * 3000, "g:" + "a@b," * 3000, "g:a@b;" * 3000, "(c) a@b," * 3000])
def test_only_so_many_addresses_are_read(value):
    assert MAX_ADDRESSES - 1000 < len(flat(parse(value))) <= MAX_ADDRESSES
    assert len(addresses_of(b"To: " + value.encode() + b"\r\n" * 2, "To")) <= MAX_ADDRESSES


@pytest.mark.parametrize(
    "value", ["(" * 100_000 + ")" * 100_000, '"\\' * 100_000, "<" * 100_000, "a:" * 100_000, "[" * 100_000]
)
def test_hostile_lists_take_bounded_time(value):
    with at_most(1):
        parse(value + " a@b")


@pytest.mark.parametrize("piece", ["a ", "<", "a@", "[]", '"a" ', "(a) ", "a (c) b\\. "])
def test_of_a_field_as_long_as_a_header_only_the_beginning_is_cut_into_tokens(piece):
    value = piece * (256 * 1024 // len(piece))

    def seconds() -> float:
        began = time.thread_time()
        parse(value), in_the_open(value)
        return time.thread_time() - began

    # The least of a few: whatever else the process collects meanwhile is not the parser's.
    assert min(seconds() for _ in range(5)) < 0.2
    assert addresses_of(b"From: x@y, " + value.encode() + b"\r\n\r\n", "From") == ()


def test_what_the_limit_cuts_is_not_taken_for_a_shorter_address():
    cut = '"a" (c) x@y.' + "z" * MAX_UNCOMMON
    assert parse(f"a@b, {cut}") == (Address(None, "a", "b"),)
    assert parse(f"g: (c) a@b, {cut};") == (Group("g", (Address("c", "a", "b"),)),)


def test_a_long_list_of_common_addresses_is_read_up_to_its_number():
    assert len(parse("Jan Jansen <jan.jansen@example.test>, " * 5000)) == MAX_ADDRESSES


@given(st.text(st.sampled_from(' \t\r\n"\\()<>@,:;[].ab\udcff'), max_size=60))
def test_no_text_raises(value):
    for address in flat(parse(value)):
        assert address.local or address.domain or address.name


NAMES = st.text(st.sampled_from('ab é"\\,<>@().'), min_size=1, max_size=12).filter(lambda name: name.strip() == name)
ATOMS = st.text(st.sampled_from("abz09-_+"), min_size=1, max_size=8)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


@given(st.lists(st.tuples(NAMES, ATOMS, ATOMS), max_size=6))
def test_what_was_written_by_the_book_is_read_back(people):
    written = [f'"{_escaped(name)}" <{local}@{domain}>' for name, local, domain in people]
    assert parse(", ".join(written)) == tuple(Address(*person) for person in people)
