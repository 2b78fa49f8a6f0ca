"""What was gathered of reading goes into the database; where that cannot be read, a session ends all the same."""

from pathlib import Path

import pytest

from bridge.imap.downloads import Downloads
from storage.deliveries import deliveries
from storage.deliveries.terms import DeliveryState
from storage.errors import WriterUnavailable
from tests.ladders import House
from tests.reading import NOW


@pytest.mark.parametrize("readable", [True, False])
async def test_a_database_that_cannot_be_read_ends_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readable: bool
) -> None:
    house = House.create(tmp_path / "data")
    delivery = house.hand_in()
    gathered = Downloads(house.store, house.anna.id, house.device.device, lambda: NOW)
    assert delivery.document_id is not None
    gathered.read([delivery.document_id])

    def refused(*arguments: object) -> None:
        raise WriterUnavailable("database")

    with monkeypatch.context() as patch:
        if not readable:
            patch.setattr(house.store, "look_up", refused)
        gathered.flush()
    await house.store.write(lambda session: None)
    found = house.store.read_now(deliveries.get, delivery.id)
    assert (found.state is DeliveryState.OPENED) is readable
    house.store.close()
