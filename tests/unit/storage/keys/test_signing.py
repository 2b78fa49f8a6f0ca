"""A signature holds for one key, one purpose and exactly these bytes."""

import pytest

from storage.errors import Tampered
from storage.keys.master import MasterKey
from storage.keys.signing import Purpose, canonical, public_key, sign, verify

KEYS = MasterKey(bytes(range(32))).derive()
CONTENT = canonical({"b": [1, "é"], "a": None})


def test_canonical_json_is_one_way_to_write_it() -> None:
    assert CONTENT == b'{"a":null,"b":[1,"\\u00e9"]}'
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})


def test_what_was_signed_verifies() -> None:
    verify(public_key(KEYS), Purpose.BACKUP, CONTENT, sign(KEYS, Purpose.BACKUP, CONTENT))


@pytest.mark.parametrize("size", [0, 63, 64])
def test_another_signature_does_not(size: int) -> None:
    with pytest.raises(Tampered, match="backup"):
        verify(public_key(KEYS), Purpose.BACKUP, CONTENT, bytes(size))


def test_purpose_content_and_key_are_bound() -> None:
    signature = sign(KEYS, Purpose.BACKUP, CONTENT)
    other = public_key(MasterKey(bytes(32)).derive())
    for public, purpose, content in (
        (other, Purpose.BACKUP, CONTENT),
        (public_key(KEYS), Purpose.AUDIT_HEAD, CONTENT),
        (public_key(KEYS), Purpose.BACKUP, CONTENT + b" "),
        (b"short", Purpose.BACKUP, CONTENT),
    ):
        with pytest.raises(Tampered):
            verify(public, purpose, content, signature)


def test_the_key_is_pinned() -> None:
    """Who noted it must find the same after an upgrade."""
    assert public_key(KEYS).hex() == "86269488f12396f0bd1773d53b37e937bf0e230605495f5ec259947b6e8694f5"
