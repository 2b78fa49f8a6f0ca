"""Every kind of notice in every language: whole, in its own words, and safe whatever its values hold."""

import email
import email.policy
import importlib
import pkgutil
from dataclasses import fields, replace
from email.message import EmailMessage

import pytest

from bridge import notices
from bridge.i18n import LOCALES, catalogue
from bridge.notices import Notice, choices, contact, desks, external, handing_over, held, people, rendering
from bridge.notices.looks import WHATS, Seen
from bridge.routing.explaining import CODES
from storage.deliveries.returned_paper import Cause
from storage.deliveries.terms import Channel, DocumentType
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
    notices.BatchCommitted("2026-11", 250),
    notices.BatchDisagrees(
        "2026-11", 3, 2, 2, ("<1@x.test>, anna@example.test",), ("<2@x.test>, bram@example.test",)
    ),
    notices.BatchDisagrees("2026-11", None, 0, 0, (), ()),
    held.WhatWeHold(
        NOW, (held.Line("Name", "Anna", "To greet you.", "long"), held.Line("Groups", "", "Why.", "long"))
    ),
    notices.BatchWaits("2026-11", 250, NOW, NOW + 86_400),
    notices.BatchCancelled("2026-11", 250),
    *(notices.PaperReturned("abc", cause, NOW, doubted) for cause in Cause for doubted in (True, False)),
    contact.ContactProved(NOW),
    contact.ContactUnproved(NOW),
    contact.NoticeUrlSet(NOW),
    contact.NoticeUrlRemoved(NOW),
    contact.NoticeUrlPaused(NOW),
    *(
        handing_over.HandOverFailed("abc", channel, problem, NOW, came_back)
        for channel in (Channel.PAPER, Channel.EMAIL, Channel.EXTERNAL)
        for problem in ("outside-europe", "over-quota", HOSTILE.replace("{at}", ""))
        for came_back in (True, False)
    ),
    external.ExternalMailboxSet("imap.home.test", NOW),
    external.ExternalMailboxUnusable("imap.home.test", NOW),
    choices.ChoiceConfirmed(
        tuple(
            choices.Line(HOSTILE.replace("{at}", ""), old, new)
            for old in (None, Channel.PAPER)
            for new in (None, *Channel)
        ),
        tuple(choices.Refusal(HOSTILE.replace("{at}", ""), Channel.PAPER, code) for code in (None, *CODES)),
        3,
        tuple(DocumentType),
        NOW + 86_400,
        "delivery@example.test",
    ),
    choices.ChoiceConfirmed((), (), 0, (), NOW, "delivery@example.test"),
    choices.ChoiceUndone((choices.Line("Energie BV", Channel.PAPER, None),)),
    *(choices.NotUnderstood(why, "delivery@example.test") for why in choices.WHY),
    choices.PreferenceStands("Energie BV", None, (), "delivery@example.test"),
    choices.PreferenceStands(
        "Energie BV",
        Channel.REFUSE,
        tuple((kind, Channel.EMAIL) for kind in DocumentType),
        "delivery+tag@example.test",
    ),
    desks.QuestionReceived("T-2026-000017", "privacy@example.test", NOW),
    desks.QuestionAnswered("T-2026-000017", NOW, "Ja.\nDat kan.", "privacy@example.test"),
)


def rendered(notice: Notice, locale: str, account: Account = ANNA) -> EmailMessage:
    message = notices.render(notice, replace(account, locale=locale), NOW, rng=bytes)
    made = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    assert not made.defects
    return made


def test_there_is_an_example_of_every_kind() -> None:
    for module in pkgutil.iter_modules(notices.__path__):
        importlib.import_module(f"{notices.__name__}.{module.name}")
    kinds = {
        kind.__qualname__
        for kind in descendants(Notice)
        if kind.__module__.startswith(f"{notices.__name__}.") and "subject" in vars(kind)
    }
    assert {type(example).__qualname__ for example in EXAMPLES} == kinds


def descendants(kind: type[Notice]) -> set[type[Notice]]:
    below = set(kind.__subclasses__())
    return below.union(*map(descendants, below))


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
    for message in (notice.subject, *notice.paragraphs, rendering.GREETING, rendering.COMMANDS, rendering.CLOSING):
        assert message == "{title}" or known.gettext(message) != message
    assert rendered(notice, "nl").get_content() != rendered(notice, "en").get_content()


@pytest.mark.parametrize("notice", EXAMPLES, ids=lambda notice: type(notice).__name__)
def test_who_reads_of_a_command_reads_where_else_it_is_done(notice: Notice) -> None:
    told = " ".join(rendered(notice, "en").get_content().split())
    assert ("in its terminal app" in told) == ("postex " in told.partition("What begins with")[0])


def test_times_read_as_people_write_them() -> None:
    notice = notices.PasswordReset(NOW, NOW)
    assert "9 oktober 2025, 08:53 UTC" in rendered(notice, "nl").get_content().replace("\r\n", " ")
    assert "9 October 2025, 08:53 UTC" in rendered(notice, "en").get_content().replace("\r\n", " ")


@pytest.mark.parametrize("notice", EXAMPLES, ids=lambda notice: type(notice).__name__)
def test_hostile_values_stay_values(notice: Notice) -> None:
    closed = {"field", "why", "reply_to"}
    texts = {field.name: HOSTILE for field in fields(notice) if field.type is str and field.name not in closed}
    if isinstance(notice, held.WhatWeHold):
        notice = replace(notice, lines=(held.Line(HOSTILE, HOSTILE, HOSTILE, HOSTILE),))
    made = rendered(replace(notice, **texts), "nl", replace(ANNA, name=HOSTILE))
    assert set(made.keys()) == set(rendered(notice, "nl").keys())
    assert made["Bcc"] is None
    for line in made.get_content().splitlines():
        assert not line.startswith("Bcc")
        assert line.isprintable()
