"""The ledger of what was told of whom (S57, S59, S60)."""

import pytest

from storage.deliveries import disclosures
from storage.errors import Invalid
from tests.unit.storage.conftest import NOW, Office, Person


def test_one_reads_who_was_told_newest_first_and_of_nobody_else(office: Office) -> None:
    store, anna, erp = office.store, office.person("anna"), office.person("erp")
    for hour in range(3):
        store.write_now(
            disclosures.note,
            [anna.account.id],
            disclosures.CHANNEL,
            NOW + hour,
            basis="own-recipient",
            road="api",
            told_account_id=erp.account.id,
        )
    store.write_now(
        disclosures.note, [anna.account.id], disclosures.DOCUMENT, NOW + 9, basis="preference", road="paper", told="P"
    )
    found, rest = store.read_now(disclosures.listing, anna.account.id, None, 2)
    assert [(each.told, each.what, each.at) for each in found] == [
        ("P", "document", NOW + 9),
        ("Erp", "channel", NOW + 2),
    ]
    older, end = store.read_now(disclosures.listing, anna.account.id, rest, 2)
    assert ([each.at for each in older], end) == ([NOW + 1, NOW], None)
    assert store.read_now(disclosures.listing, erp.account.id) == ([], None)


@pytest.mark.parametrize("told", [{}, {"told": "P", "told_account_id": 1}])
def test_somebody_was_told_and_one_alone(office: Office, told: dict[str, object]) -> None:
    anna = office.person("anna")
    with pytest.raises(Invalid):
        office.store.write_now(
            disclosures.note, [anna.account.id], "channel", NOW, basis="own-recipient", road="api", **told
        )


def test_the_same_is_told_again_after_its_time(office: Office, anna: Person, bram: Person) -> None:
    told, by = anna.account.id, bram.account.id
    office.store.write_now(
        disclosures.note, [told], disclosures.CHANNEL, NOW, basis="own-recipient", road="api", told_account_id=by
    )
    asked = (disclosures.is_told, told, by, disclosures.CHANNEL)
    assert [office.store.read_now(*asked, since) for since in (NOW - 1, NOW)] == [True, False]
    assert not office.store.read_now(disclosures.is_told, told, by, disclosures.OPENED, NOW - 1)
    assert not office.store.read_now(disclosures.is_told, by, told, disclosures.CHANNEL, NOW - 1)
