"""A document opens for each of its readers, and only as the document it is."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage.errors import Tampered
from storage.keys.envelope import (
    SealedDocument,
    join_card,
    open_body,
    open_card,
    seal_document,
    split_card,
    unwrap,
    wrap,
)
from storage.keys.keyring import AccountKeys
from storage.keys.stream import shape_of
from storage.records import Recipient

MESSAGE = b"Subject: rekening\r\n\r\n" + b"EUR 12,50\r\n" * 300
CARD = b"the bridge's card"


def reader(account: str, generation: int = 1) -> tuple[AccountKeys, Recipient]:
    keys = AccountKeys(account, account.encode().ljust(32, b"."))
    public_key, _ = keys.new_identity(generation)
    return keys, Recipient(1, account, 1, generation, public_key)


def dek_of(document: SealedDocument, keys: AccountKeys, place: int = 0, generation: int = 1) -> bytes:
    return unwrap(
        document.wraps[place],
        keys.private(generation),
        account=keys.account,
        document=document.public_id,
        generation=generation,
    )


def body_of(document: SealedDocument) -> Callable[[int, int], bytes]:
    return lambda offset, length: document.sealed_body[offset : offset + length]


def test_every_reader_gets_the_same_document() -> None:
    readers = [reader(name) for name in ("anna", "bram", "carla")]
    document = seal_document(MESSAGE, CARD, [recipient for _, recipient in readers])
    for place, (keys, _) in enumerate(readers):
        dek = dek_of(document, keys, place)
        shape, card = open_card(dek, document.sealed_card, document=document.public_id)
        assert (shape, card) == (shape_of(len(MESSAGE)), CARD)
        assert open_body(dek, shape, 0, shape.length, body_of(document), document=document.public_id) == MESSAGE


def test_nothing_of_the_document_stands_in_what_is_stored() -> None:
    keys, recipient = reader("anna")
    document = seal_document(MESSAGE, CARD, [recipient])
    stored = document.sealed_card + document.sealed_body + document.wraps[0]
    for canary in (b"rekening", b"EUR 12,50", CARD, dek_of(document, keys)):
        assert canary not in stored
    assert "rekening" not in repr(document)
    assert document.sealed_card.hex() not in repr(document)


def test_sealing_twice_shares_nothing() -> None:
    keys, recipient = reader("anna")
    one, other = (seal_document(MESSAGE, CARD, [recipient]) for _ in range(2))
    assert one.public_id != other.public_id
    assert one.sealed_body != other.sealed_body
    assert dek_of(one, keys) != dek_of(other, keys)


def test_a_wrap_has_81_bytes_and_one_more_reader_takes_no_new_body() -> None:
    anna, recipient = reader("anna")
    bram, later = reader("bram")
    document = seal_document(MESSAGE, CARD, [recipient])
    dek = dek_of(document, anna)
    shared = replace(document, wraps=(*document.wraps, wrap(dek, later, document=document.public_id)))
    assert [len(sealed) for sealed in shared.wraps] == [81, 81]
    assert dek_of(shared, bram, 1) == dek


def test_a_wrap_moved_to_another_account_document_or_generation_is_refused() -> None:
    """Even where the private key is the same: what refuses is the binding, not the key."""
    keys, recipient = reader("anna")
    document = seal_document(MESSAGE, CARD, [recipient])
    right = {"account": "anna", "document": document.public_id, "generation": 1}
    for wrong in ({"account": "bram"}, {"document": "another"}, {"generation": 2}):
        with pytest.raises(Tampered):
            unwrap(document.wraps[0], keys.private(1), **{**right, **wrong})  # type: ignore[arg-type]


def test_a_wrap_of_another_reader_is_refused() -> None:
    anna, one = reader("anna")
    bram, other = reader("bram")
    document = seal_document(MESSAGE, CARD, [one, other])
    for keys, place in ((anna, 1), (bram, 0)):
        with pytest.raises(Tampered):
            dek_of(document, keys, place)


def test_every_byte_of_a_wrap_counts() -> None:
    keys, recipient = reader("anna")
    document = seal_document(MESSAGE, CARD, [recipient])
    sealed = document.wraps[0]
    flipped = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for altered in [*flipped, *(sealed[:size] for size in range(len(sealed))), sealed + b"\x00"]:
        with pytest.raises(Tampered):
            dek_of(replace(document, wraps=(altered,)), keys)


def test_cards_and_bodies_of_two_documents_cannot_be_swapped() -> None:
    keys, recipient = reader("anna")
    one, other = (seal_document(MESSAGE, CARD, [recipient]) for _ in range(2))
    dek, shape = dek_of(one, keys), shape_of(len(MESSAGE))
    with pytest.raises(Tampered):
        open_card(dek, other.sealed_card, document=one.public_id)
    with pytest.raises(Tampered):
        open_body(dek, shape, 0, shape.length, body_of(other), document=one.public_id)


def test_card_and_body_are_bound_to_the_documents_id() -> None:
    keys, recipient = reader("anna")
    document = seal_document(MESSAGE, CARD, [recipient])
    dek, shape = dek_of(document, keys), shape_of(len(MESSAGE))
    with pytest.raises(Tampered):
        open_card(dek, document.sealed_card, document="another")
    with pytest.raises(Tampered):
        open_body(dek, shape, 0, shape.length, body_of(document), document="another")


@pytest.mark.parametrize("public_key", [bytes(32), b"short"])
def test_sealing_to_what_is_no_public_key_is_refused(public_key: bytes) -> None:
    """All zeros is a point of low order: the shared secret would be known to all (RFC 7748 section 6.1)."""
    _, recipient = reader("anna")
    with pytest.raises(Tampered):
        seal_document(MESSAGE, CARD, [recipient._replace(public_key=public_key)])


def test_an_empty_message_is_a_document_too() -> None:
    keys, recipient = reader("anna")
    document = seal_document(b"", b"", [recipient])
    dek = dek_of(document, keys)
    shape, card = open_card(dek, document.sealed_card, document=document.public_id)
    assert (shape.length, shape.chunks, card) == (0, 1, b"")
    assert open_body(dek, shape, 0, 0, body_of(document), document=document.public_id) == b""


def test_a_card_in_clear_is_taken_apart_as_it_was_put_together() -> None:
    assert split_card(join_card(shape_of(70_000), CARD)) == (shape_of(70_000), CARD)
    with pytest.raises(Tampered):
        split_card(b"short")
