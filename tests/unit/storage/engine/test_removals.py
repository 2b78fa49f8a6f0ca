"""Bodies stay while a backup copies, and go when it is done."""

from collections.abc import Callable

from storage.engine.bodies import FileBodies, new_name
from storage.engine.removals import Removals
from storage.mail import documents
from tests.unit.storage.conftest import Office, Person


def at_once(function: Callable[[str], None], name: str) -> None:
    function(name)


def test_without_a_pin_a_body_goes_at_once(office: Office) -> None:
    bodies, name = office.store.bodies, new_name()
    bodies.write(name, b"x")
    Removals(bodies, at_once).remove(name)
    assert list(bodies.names()) == []


def test_bodies_go_with_the_last_of_several_pins(office: Office) -> None:
    bodies, name = office.store.bodies, new_name()
    bodies.write(name, b"x")
    removals = Removals(bodies, at_once)
    with removals.pinned():
        with removals.pinned():
            removals.remove(name)
        assert list(bodies.names()) == [name]
    assert list(bodies.names()) == []


def test_an_expunged_document_keeps_its_body_until_the_backup_is_done(office: Office, anna: Person) -> None:
    name = new_name()
    draft = office.draft(b"hello", anna, body_name=name)
    office.store.bodies.write(name, draft.sealed.sealed_body)
    office.store.write_now(documents.deliver, draft, 1)
    with office.store.pin_bodies():
        office.flag(anna.inbox, documents.Flag.DELETED, (1, 1))
        assert office.store.write_now(documents.expunge, anna.inbox, None) == [1]
        assert list(office.store.bodies.names()) == [name]
    data = office.data
    office.store.close()
    assert list(FileBodies(data / "bodies").names()) == []
