"""Facts are kept by name, and replaced."""

from storage.engine import server_facts
from storage.engine.server_facts import Fact
from tests.unit.storage.conftest import Office


def test_a_fact_is_there_once_put_and_replaced_when_put_again(office: Office) -> None:
    store = office.store
    assert store.read_now(server_facts.get, Fact.CANARY) is None
    for value in (b"first", b"second"):
        store.write_now(server_facts.put, Fact.CANARY, value)
        assert store.read_now(server_facts.get, Fact.CANARY) == value
    assert store.read_now(server_facts.get, Fact.KIT_PUBLIC_KEY) is None
