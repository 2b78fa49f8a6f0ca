"""The recovery kit survives paper and hands, and opens what was sealed to it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import Invalid, Tampered
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit, open_master, seal_master

KIT = RecoveryKit(bytes(range(32)))
MASTER = MasterKey(b"m" * 32)


@given(st.binary(min_size=32, max_size=32))
def test_what_is_printed_reads_back(secret: bytes) -> None:
    kit = RecoveryKit(secret)
    assert re.fullmatch(r"([A-Z2-7]{4} ){13}[A-Z2-7]{4}", kit.text)
    assert RecoveryKit.parse(kit.text) == kit


def test_case_spaces_dashes_and_lookalikes_do_not_matter() -> None:
    kit = RecoveryKit(bytes.fromhex("740e4308") * 8)
    typed = kit.text.lower().replace(" ", "-").replace("o", "0").replace("i", "1").replace("b", "8")
    assert re.search("[018]", typed)
    assert RecoveryKit.parse(f"  {typed}\n") == kit


@given(st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_mistyped_character_is_seen(at: int, typed: str) -> None:
    characters = KIT.text.replace(" ", "")
    text = characters[:at] + typed + characters[at + 1 :]
    if text == characters:
        assert RecoveryKit.parse(text) == KIT
    else:
        with pytest.raises(Invalid, match="checksum"):
            RecoveryKit.parse(text)


def test_swapped_groups_are_seen() -> None:
    first, second, *rest = KIT.text.split()
    with pytest.raises(Invalid, match="checksum"):
        RecoveryKit.parse(" ".join([second, first, *rest]))


@pytest.mark.parametrize(
    ("text", "says"), [("", "56 characters"), ("ABCD", "these are 4"), ("é" * 56, "letters A to Z")]
)
def test_what_is_no_kit_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        RecoveryKit.parse(text)


def test_the_kit_opens_the_master_key() -> None:
    sealed = seal_master(KIT.public_key, MASTER)
    assert MASTER.secret not in sealed
    assert open_master(RecoveryKit.parse(KIT.text), sealed) == MASTER


def test_another_kit_does_not() -> None:
    with pytest.raises(Tampered):
        open_master(RecoveryKit.generate(), seal_master(KIT.public_key, MASTER))


def test_every_byte_of_the_sealed_copy_counts() -> None:
    sealed = seal_master(KIT.public_key, MASTER)
    flipped = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for altered in [*flipped, b"", sealed[:-1], sealed + b"\x00"]:
        with pytest.raises(Tampered):
            open_master(KIT, altered)


def test_kits_differ_and_show_nothing() -> None:
    assert RecoveryKit.generate() != RecoveryKit.generate()
    assert repr(KIT) == "RecoveryKit()"
    with pytest.raises(Invalid):
        RecoveryKit(bytes(31))
