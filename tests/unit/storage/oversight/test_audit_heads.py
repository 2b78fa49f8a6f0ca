"""Heads kept outside (D8) show what the chain alone cannot: its end cut off, the whole rolled back or made anew."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Store
from storage.engine import statements
from storage.errors import Invalid
from storage.keys import signing
from storage.keys.master import MasterKey
from storage.oversight import audit, audit_heads
from storage.oversight.audit_heads import SignedHead, Standing
from tests import stores
from tests.unit.storage.conftest import NOW, Office


def append(office: Office, count: int) -> None:
    for number in range(count):
        office.store.write_now(audit.append, "test.event", "system", f"thing:{number}", {"n": number}, NOW + number)


def head_of(office: Office) -> SignedHead:
    return office.store.read_now(audit_heads.signed_head, office.store.server_keys, NOW)


def standing(office: Office, head: SignedHead) -> Standing:
    return office.store.read_now(audit_heads.check, office.store.server_keys, head)


def holds(office: Office) -> bool:
    return office.store.read_now(audit.verify, office.store.server_keys) is None


def test_a_head_holds_now_and_when_the_log_has_grown(office: Office) -> None:
    append(office, 3)
    head = audit_heads.parse(head_of(office).to_json())
    assert head == head_of(office)
    assert standing(office, head) is Standing.HOLDS
    append(office, 3)
    assert standing(office, head) is Standing.HOLDS


def test_the_head_of_an_empty_log_holds(tmp_path: Path) -> None:
    with stores.new(tmp_path / "data") as store:
        keys = store.server_keys
        head = store.read_now(audit_heads.signed_head, keys, NOW)
        assert (head.position, head.hash) == (0, audit.FIRST_HASH)
        assert store.read_now(audit_heads.check, keys, head) is Standing.HOLDS


def test_anyone_can_check_a_head_with_the_public_key(office: Office) -> None:
    head = head_of(office)
    public = audit_heads.public_key(office.store.server_keys)
    signed = json.dumps(
        {"at": head.at, "hash": head.hash.hex(), "position": head.position}, sort_keys=True, separators=(",", ":")
    )
    signing.verify(public, signing.Purpose.AUDIT_HEAD, signed.encode(), head.signature)


def test_a_whole_rollback_is_shown_by_the_head_kept_outside_and_by_nothing_else(office: Office) -> None:
    append(office, 3)
    office.store.close()
    shutil.copytree(office.data, office.data.parent / "copy")
    office.store = Store.open(office.data, office.master)
    office.store.write_now(audit.append, "test.event", "system", "thing:lost", {}, NOW)
    append(office, 3)
    kept = head_of(office)
    office.store.close()
    shutil.rmtree(office.data)
    shutil.copytree(office.data.parent / "copy", office.data)
    office.store = Store.open(office.data, office.master)
    assert holds(office)
    assert standing(office, kept) is Standing.CUT
    append(office, 7)
    assert holds(office)
    assert standing(office, kept) is Standing.REWRITTEN


def test_a_log_made_anew_with_the_master_key_is_shown(office: Office) -> None:
    """Who holds MK can make a chain that holds in itself, with other events."""
    append(office, 3)
    kept = head_of(office)
    for table in ("audit_event", "audit_head", "audit_involved", "audit_domain"):
        office.change(f"DELETE FROM {table}")
    office.store.write_now(audit.begin, office.store.server_keys)
    append(office, kept.position + 1)
    assert holds(office)
    assert standing(office, kept) is Standing.REWRITTEN


def test_an_end_cut_off_with_the_master_key_is_shown(office: Office) -> None:
    append(office, 3)
    ((head, ratchet),) = office.rows("SELECT hash, ratchet_key FROM audit_head")
    at = office.rows("SELECT position FROM audit_head")[0][0]
    append(office, 2)
    kept = head_of(office)
    office.change("DELETE FROM audit_event WHERE position > ?", at)
    office.change("UPDATE audit_head SET position = ?, hash = ?, ratchet_key = ?", at, head, ratchet)
    assert holds(office)
    assert standing(office, kept) is Standing.CUT


@pytest.mark.parametrize("field", ["position", "hash", "at", "signature"])
def test_an_altered_head_is_foreign(office: Office, field: str) -> None:
    append(office, 3)
    changed: dict[str, object] = {"position": 1, "hash": bytes(32), "at": 5, "signature": bytes(64)}
    assert standing(office, replace(head_of(office), **{field: changed[field]})) is Standing.FOREIGN  # type: ignore[arg-type]


def test_the_head_of_another_bridge_is_foreign(office: Office) -> None:
    other = office.store.read_now(audit_heads.signed_head, MasterKey.generate().derive(), NOW)
    assert standing(office, other) is Standing.FOREIGN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "7",
        "null",
        "{}",
        "[" * 100_000,
        '{"position":1,"hash":"00","at":1,"signature":""}',
        '{"position":true,"hash":"' + "00" * 32 + '","at":1,"signature":"' + "A" * 86 + '=="}',
        '{"position":-1,"hash":"' + "00" * 32 + '","at":1,"signature":"' + "A" * 86 + '=="}',
        '{"position":1e400,"hash":"' + "00" * 32 + '","at":1,"signature":"' + "A" * 86 + '=="}',
        '{"position":99999999999999999999,"hash":"' + "00" * 32 + '","at":1,"signature":"' + "A" * 86 + '=="}',
        '{"position":1,"hash":7,"at":1,"signature":"' + "A" * 86 + '=="}',
        '{"position":1,"hash":"é","at":1,"signature":"' + "A" * 86 + '=="}',
    ],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        audit_heads.parse(text)


def test_the_signing_key_is_not_in_the_database(office: Office) -> None:
    append(office, 1)
    head_of(office)
    for (table,) in office.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        for row in office.store.read_now(statements.rows, f"SELECT * FROM {table}"):
            assert office.store.server_keys.signing not in row
