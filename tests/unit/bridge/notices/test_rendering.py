"""Every kind of notice in every language: whole, in its own words, and safe whatever its values hold."""

import email
import email.policy
from dataclasses import fields, replace
from email.message import EmailMessage

import pytest

from bridge import notices
from bridge.i18n import LOCALES, catalogue
from bridge.notices import Notice, people, rendering
from bridge.notices.looks import WHATS, Seen
from storage.records import GRANTED_ROLES, Account, AccountState, Role, Scope

NOW = 1_760_000_000
HOSTILE = "x\r\nBcc: evil@example.org\n\n{at}%s “[/x]”\x1b[31m\u202e"
ANNA = Account(7, "pub", 1, Role.RECIPIENT, AccountState.REGISTERED, "anna@example.test", "Anna", "nl", 1, 0)
IMAP = frozenset({Scope.IMAP, Scope.SMTP_SEND})
VIEWERS = (*Role, "operator", "system")
EXAMPLES: tuple[Notice, ...] = (
    notices.DeviceAdded("phone", IMAP, NOW),
    notices.DeviceHandedOut("phone", IMAP, NOW),
    notices.DeviceRevoked("phone", NOW),
    notices.PasswordReset(NOW, NOW + 3600),
    notices.RecoveryCodeUsed(NOW, 9),
    notices.BreakGlassOpened("Dossier 12", Role.DOMAIN_ADMIN, NOW, NOW + 3600),
    notices.ResetClosesDocuments(NOW, NOW + 3600, 12),
    notices.DocumentsClosed(NOW, 12),
    notices.KeysReplaced(NOW, 12),
    notices.BreakGlassApproved("Dora", "Chris", "Dossier 12", 8, NOW, NOW + 3600),
    notices.BreakGlassTold("Dora", "Chris", "Dossier 12", "Sv 126nd", NOW, NOW + 60, NOW + 9, NOW + 99),
    notices.BreakGlassTold("Dora", "Chris", "Dossier 12", "Sv 126nd", NOW, NOW + 60, None, None),
    *(notices.IdentityChanged(field, NOW, NOW + 86_400) for field in people.FIELDS),
    notices.IdentityUndone("email", NOW, NOW + 3600),
    notices.StillUnread(NOW, NOW + 86_400),
    notices.StillUnread(NOW, None),
    notices.Suspended(NOW),
    notices.WhoLooked(NOW, (), cut=False),
    notices.WhoLooked(
        NOW, tuple(Seen(NOW, what, role, "Dora") for what in (*WHATS, "else") for role in VIEWERS), cut=True
    ),
    notices.Resumed(NOW),
    *(notices.RolesGranted(role, "example.test", NOW, None) for role in sorted(GRANTED_ROLES)),
    notices.RolesGranted(Role.OWNER, "", NOW, NOW + 86_400),
    notices.PasswordChanged(NOW),
    notices.SecondFactorChanged(NOW),
    notices.RecoveryCodesMade(NOW),
)


def rendered(notice: Notice, locale: str, account: Account = ANNA) -> EmailMessage:
    message = notices.render(notice, replace(account, locale=locale), NOW, rng=bytes)
    made = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    assert not made.defects
    return made


def test_there_is_an_example_of_every_kind() -> None:
    kinds = {name for name, kind in vars(notices).items() if isinstance(kind, type) and kind is not Notice}
    assert {type(example).__name__ for example in EXAMPLES} == kinds


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("notice", EXAMPLES, ids=lambda notice: type(notice).__name__)
def test_every_kind_is_whole_in_every_language(notice: Notice, locale: str) -> None:
    made = rendered(notice, locale)
    assert (made["To"], made["From"]) == ("Anna <anna@example.test>", "Postex <postmaster@example.test>")
    assert (made["Auto-Submitted"], made["Content-Language"]) == ("auto-generated", locale)
    assert made["Message-ID"] == f"<{bytes(16).hex()}@example.test>"
    words = made["Subject"] + made.get_content()
    assert "{" not in words
    assert "http" not in words


@pytest.mark.parametrize("notice", EXAMPLES, ids=lambda notice: type(notice).__name__)
def test_nothing_is_left_in_english(notice: Notice) -> None:
    known = catalogue("nl")
    for message in (notice.subject, *notice.paragraphs, rendering.GREETING, rendering.CLOSING):
        assert known.gettext(message) != message
    assert rendered(notice, "nl").get_content() != rendered(notice, "en").get_content()


def test_times_read_as_people_write_them() -> None:
    notice = notices.PasswordReset(NOW, NOW)
    assert "9 oktober 2025, 08:53 UTC" in rendered(notice, "nl").get_content().replace("\r\n", " ")
    assert "9 October 2025, 08:53 UTC" in rendered(notice, "en").get_content().replace("\r\n", " ")


@pytest.mark.parametrize("notice", EXAMPLES, ids=lambda notice: type(notice).__name__)
def test_hostile_values_stay_values(notice: Notice) -> None:
    closed = {"field"}
    texts = {field.name: HOSTILE for field in fields(notice) if field.type is str and field.name not in closed}
    made = rendered(replace(notice, **texts), "nl", replace(ANNA, name=HOSTILE))
    assert set(made.keys()) == set(rendered(notice, "nl").keys())
    assert made["Bcc"] is None
    for line in made.get_content().splitlines():
        assert not line.startswith("Bcc")
        assert line.isprintable()
