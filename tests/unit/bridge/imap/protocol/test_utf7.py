"""Modified UTF-7: one spelling for each name, one name for each spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol import utf7
from bridge.imap.protocol.errors import InvalidName

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(NAMES)
def test_names_come_back(name: str) -> None:
    wire = utf7.encode(name)
    assert utf7.decode(wire) == name
    assert all(0x20 <= byte <= 0x7E for byte in wire)


@given(st.binary(max_size=30) | st.text("&-+,AOk=gé", max_size=12).map(str.encode))
def test_any_bytes_decode_to_what_encodes_to_them_or_are_refused(wire: bytes) -> None:
    try:
        name = utf7.decode(wire)
    except InvalidName:
        return
    assert utf7.encode(name) == wire


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", b"INBOX"),
        ("Q&A", b"Q&-A"),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("台北", b"&U,BTFw-"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("a😀", b"a&2D3eAA-"),
    ],
)
def test_known_names(name: str, wire: bytes) -> None:
    assert utf7.encode(name) == wire
    assert utf7.decode(wire) == name


@pytest.mark.parametrize(
    "wire",
    [
        b"A&B",
        b"A&",
        b"&AOk",
        b"&AEE-",  # A need not be encoded
        b"&AOk-&AOk-",  # one shift would do
        b"&AOl-",  # bits beyond the last character
        b"&AO-",
        b"&A-",
        b"&AOk=-",
        b"&2D0-",  # half a surrogate pair
        b"&AAo-",  # a line feed
        b"&AJs-",  # CSI
        b"caf\xc3\xa9",
        b"a\x00",
        b"a\x7f",
    ],
)
def test_every_other_spelling_is_refused(wire: bytes) -> None:
    with pytest.raises(InvalidName):
        utf7.decode(wire)


def test_half_a_surrogate_pair_has_no_spelling() -> None:
    with pytest.raises(InvalidName):
        utf7.encode("\ud800")
