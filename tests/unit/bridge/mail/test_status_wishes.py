"""The parameters of the DSN extension (RFC 3461), taken out and kept."""

import pytest

from bridge.mail import status_wishes
from bridge.mail.status_wishes import MailWish, Notify, Parameters, RecipientWish, Returned, Wish


def test_what_is_its_own_is_taken_out_and_the_rest_left() -> None:
    given: Parameters = {"RET": "full", "ENVID": "QQ+2B3+20x", "SIZE": "1"}
    assert status_wishes.of_mail(given) == MailWish(Returned.FULL, "QQ+3 x")
    assert given == {"SIZE": "1"}
    given = {"NOTIFY": "delay,SUCCESS", "ORCPT": "rfc822;anna+3Dx@example.test", "FUTURE": "1"}
    assert status_wishes.of_recipient(given) == RecipientWish(
        (Notify.SUCCESS, Notify.DELAY), "rfc822;anna=x@example.test"
    )
    assert given == {"FUTURE": "1"}
    assert (status_wishes.of_mail({}), status_wishes.of_recipient({})) == (MailWish(), RecipientWish())


@pytest.mark.parametrize(
    "given",
    [
        {"RET": ""},
        {"RET": None},
        {"RET": "ALL"},
        {"ENVID": None},
        {"ENVID": "x" * 101},
        {"ENVID": "a+"},
        {"ENVID": "a+4"},
        {"ENVID": "+C3+A9"},
        {"ENVID": "+0D+0A"},
        {"ENVID": "é"},
    ],
)
def test_wrong_values_of_mail(given: Parameters) -> None:
    with pytest.raises(ValueError, match=r"."):
        status_wishes.of_mail(given)


@pytest.mark.parametrize(
    "given",
    [
        {"NOTIFY": None},
        {"NOTIFY": "SUCCESS,"},
        {"NOTIFY": "NEVER,FAILURE"},
        {"ORCPT": None},
        {"ORCPT": "anna@example.test"},
        {"ORCPT": "rfc822;"},
        {"ORCPT": ";x"},
        {"ORCPT": "rfc 822;x"},
        {"ORCPT": "rfc822;" + "x" * 501},
    ],
)
def test_wrong_values_of_a_recipient(given: Parameters) -> None:
    with pytest.raises(ValueError, match=r"."):
        status_wishes.of_recipient(given)


def test_a_wish_survives_as_text() -> None:
    whole = Wish("zoë@example.test", (Notify.DELAY,), "rfc822;z", Returned.HEADERS, "E 1", "c2VhbA==")
    assert Wish.parse(whole.text()) == whole
    assert Wish.parse(Wish("a@b").text()) == Wish("a@b")
    assert Wish("a@b").text() == '{"to": "a@b"}'


def test_without_notify_failures_are_told_and_with_never_nothing() -> None:
    assert [Wish("a@b").wants(kind) for kind in (Notify.SUCCESS, Notify.FAILURE, Notify.DELAY)] == [
        False,
        True,
        False,
    ]
    assert not any(
        Wish("a@b", (Notify.NEVER,)).wants(kind) for kind in (Notify.SUCCESS, Notify.FAILURE, Notify.DELAY)
    )
