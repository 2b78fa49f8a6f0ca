"""What people give: who they are, what they chose, whom they let in."""

from collections.abc import Mapping

from bridge.i18n import N_
from bridge.inventory.item import Change, Item, Tag
from bridge.inventory.terms import (
    ACCOUNT,
    ADMINS,
    AT_CHOICES,
    AT_DEVICES,
    AT_PERSON,
    BY_ADMIN,
    CLEARED,
    CONSENT,
    CONTRACT,
    LEDGER,
    NOBODY,
    SELF,
    SENDERS_TOO,
)

_PERSON, _CHOICES, _DEVICES = "me", "preferences", "my-devices"


def _provided(
    name: str, title: str, columns: Mapping[str, str], purpose: str, place: str, reason: str, **other: str
) -> Item:
    """What its owner gives and changes, for the service itself."""
    texts = {"basis": CONTRACT, "retention": ACCOUNT, "seen_by": ADMINS} | other
    return Item(name, title, Tag.PROVIDED, columns, purpose, change=Change.EDIT, reason=reason, place=place, **texts)


PROVIDED: tuple[Item, ...] = (
    _provided(
        "name",
        N_("Name"),
        {"account": "name"},
        N_("To address you, on paper too."),
        _PERSON,
        AT_PERSON,
        seen_by=SENDERS_TOO,
    ),
    _provided(
        "legal-name",
        N_("Name as in law"),
        {"account": "legal_name"},
        N_("Where a document must bear it."),
        _PERSON,
        AT_PERSON,
    ),
    _provided(
        "email",
        N_("Address here"),
        {"account": "email"},
        N_("To deliver documents to you."),
        _PERSON,
        AT_PERSON,
        seen_by=SENDERS_TOO,
    ),
    _provided(
        "addresses",
        N_("Further addresses"),
        {"address": "address only_from label created_at"},
        N_("To deliver documents that come to them, some from one sender alone."),
        _PERSON,
        AT_PERSON,
        seen_by=SENDERS_TOO,
    ),
    _provided(
        "contact-email",
        N_("E-mail address elsewhere"),
        {"account": "contact_email contact_email_verified_at", "contact_proof": "address sent_at sends tries"},
        N_("For notices, and for documents if you choose e-mail."),
        _PERSON,
        AT_PERSON,
    ),
    _provided(
        "phone",
        N_("Telephone"),
        {"account": "phone"},
        N_("So that your admin can reach you. It is never required."),
        _PERSON,
        AT_PERSON,
        basis=CONSENT,
    ),
    _provided(
        "postal-address",
        N_("Postal address"),
        {"account": "postal_address postal_returned_at"},
        N_("For documents on paper."),
        _PERSON,
        AT_PERSON,
    ),
    _provided(
        "language",
        N_("Language"),
        {"account": "locale"},
        N_("For all that Postex writes to you."),
        _PERSON,
        AT_PERSON,
    ),
    _provided(
        "secrets",
        N_("Password, second factor, recovery codes"),
        {"key_slot": "kind created_at expires_at", "second_factor": "last_step pending_since"},
        N_("To let you in and nobody else."),
        _PERSON,
        N_("They cannot be shown, as nobody can read them. Replace them under About me."),
        seen_by=NOBODY,
    ),
    _provided(
        "external-mailbox",
        N_("Mailbox elsewhere"),
        {"external_mailbox": "host port username sealed_password folder country verified_at changed_at"},
        N_("To put documents there, if you choose so."),
        _PERSON,
        AT_PERSON,
        retention=CLEARED,
        seen_by=SELF,
        basis=CONSENT,
    ),
    _provided(
        "notice-url",
        N_("Service for notices"),
        {"notice_url": "sealed_url service changed_at failing_since paused_at"},
        N_("To tell you that a document came, without what is in it."),
        _PERSON,
        AT_PERSON,
        retention=CLEARED,
        seen_by=SELF,
        basis=CONSENT,
    ),
    _provided(
        "usage-switches",
        N_("What is not counted"),
        {"usage_switch": "category"},
        N_("To keep to what you switched off."),
        _PERSON,
        AT_PERSON,
        seen_by=SELF,
    ),
    _provided(
        "client-noted",
        N_("Whether mail programs are noted"),
        {"account": "client_noted"},
        N_("To note the program of a device only if you want that."),
        _PERSON,
        AT_PERSON,
        basis=CONSENT,
    ),
    _provided(
        "preferences",
        N_("How you receive"),
        {
            "preference": "document_type channel notify quiet ladder retention_days receipts language mandatory"
            " changed_at"
        },
        N_("To send each document the way you chose."),
        _CHOICES,
        AT_CHOICES,
        retention=CLEARED,
    ),
    _provided(
        "consents",
        N_("What you agreed to"),
        {"consent": "purpose scope road granted_at ends_at withdrawn_at"},
        N_("To do only what you agreed to, and to be able to show it."),
        "my-history",
        N_("Take it back under History."),
        basis=CONSENT,
        retention=LEDGER,
    ),
    _provided(
        "devices",
        N_("Devices"),
        {"device": "label scopes created_at expires_at revoked_at networks origin"},
        N_("To let mail programs in, each with a password of its own."),
        _DEVICES,
        AT_DEVICES,
    ),
    _provided(
        "folders",
        N_("Folders, and what you marked"),
        {
            "mailbox": "special sealed_name",
            "subscription": "sealed_name",
            "copy": "flags keywords internal_date",
            "chosen_document": "until",
        },
        N_("To show your documents as you arranged them."),
        "my-documents",
        N_("Change them in your mail program."),
        seen_by=SELF,
    ),
    Item(
        "sender-identities",
        N_("Addresses and networks you write from"),
        Tag.PROVIDED,
        {
            "sender_identity": "address",
            "sender_network": "network",
            "sender_dkim": "domain",
            "account": "default_type",
            "batch": "name state declared opened_at told_at ended_at",
        },
        N_("So that nobody else hands in documents in your name."),
        CONTRACT,
        ACCOUNT,
        ADMINS,
        Change.LOCKED,
        BY_ADMIN,
    ),
    Item(
        "tickets",
        N_("Questions you asked"),
        Tag.PROVIDED,
        {"ticket": "number desk opened_at closed_at"},
        N_("To answer them."),
        CONTRACT,
        ACCOUNT,
        ADMINS,
        Change.VIEW,
        N_("Only number, desk and times are kept; what you wrote lies with whoever answers."),
    ),
)
