"""Messages of ours that a newer one takes the place of: in the inbox, and nowhere else."""

import pytest

from storage.mail import documents, standing
from tests.unit.storage.conftest import NOW, Office, Person


@pytest.mark.parametrize(("filed", "left"), [(None, 1), ("archive", 2), ("trash", 2)])
def test_what_its_reader_has_filed_is_theirs(office: Office, anna: Person, filed: str | None, left: int) -> None:
    first, second = (office.deliver(b"x", anna).document_public_id for _ in range(2))
    put = (standing.put, anna.account.id, "preferences:7")
    office.store.write_now(*put, first, NOW, {})
    if filed is not None:
        ((target,),) = office.rows(
            "SELECT id FROM mailbox WHERE account_id = ? AND special = ?", anna.account.id, filed
        )
        office.store.write_now(documents.move, anna.inbox, ((1, 1),), target, NOW)
    office.store.write_now(*put, second, NOW + 1, {})
    assert office.rows("SELECT count(*) FROM copy") == [(left,)]
    stands = office.store.read_now(standing.get, anna.account.id, "preferences:7")
    assert stands is not None
    assert (stands.written_at, stands.due_at) == (NOW + 1, None)
