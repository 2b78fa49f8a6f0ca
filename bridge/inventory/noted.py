"""What the bridge notes of people, and what senders supply."""

from collections.abc import Mapping

from bridge.i18n import N_
from bridge.inventory.item import Change, Item, Tag
from bridge.inventory.terms import (
    A_DAY,
    ACCOUNT,
    ADMINS,
    BY_ADMIN,
    BY_ITSELF,
    CONTRACT,
    DUTY,
    INTEREST,
    LOG,
    LOGGED,
    SELF,
    THE_LOG_SETTING,
    THREE_MONTHS,
)

_PERSON, _CHOICES, _DEVICES = "me", "preferences", "my-devices"


def _observed(
    name: str, title: str, columns: Mapping[str, str], purpose: str, change: Change, reason: str, **other: str
) -> Item:
    """What the bridge notes."""
    texts = {"basis": CONTRACT, "retention": ACCOUNT, "seen_by": ADMINS} | other
    return Item(name, title, Tag.OBSERVED, columns, purpose, change=change, reason=reason, **texts)


NOTED: tuple[Item, ...] = (
    _observed(
        "account",
        N_("State of your account"),
        {"account": "role state created_at closed_at state_before accepted_mode accepted_at"},
        N_("To know who may sign in, and that you saw who holds keys."),
        Change.LOCKED,
        BY_ADMIN,
    ),
    _observed(
        "storage",
        N_("Room that your documents take"),
        {"account": "quota_bytes used_bytes"},
        N_("To share the disk fairly."),
        Change.VIEW,
        BY_ITSELF,
    ),
    _observed(
        "roles",
        N_("Roles given to you"),
        {
            "role_grant": "role ticket granted_by granted_at ends_at used_at reviewed_at revoked_at",
            "escrow_holder": "custodian created_at",
        },
        N_("To let you do what your work needs, and no more."),
        Change.LOCKED,
        N_("An admin or owner gives and takes roles."),
        basis=INTEREST,
    ),
    _observed(
        "preference-history",
        N_("Changes of how you receive"),
        {"preference_change": "document_type old new road changed_by changed_at undo_until undone_at"},
        N_("To show what held when, and to undo it."),
        Change.VIEW,
        BY_ITSELF,
    ),
    _observed(
        "identity-changes",
        N_("Changes of who you are"),
        {"identity_change": "field old_value new_value old_verified_at changed_by changed_at undo_until undone_at"},
        N_("To undo what somebody else may have changed."),
        Change.VIEW,
        BY_ITSELF,
        retention=A_DAY,
    ),
    _observed(
        "deliveries",
        N_("Deliveries"),
        {
            "delivery": "document_type sensitivity decided_at channel state reasons notify noticed_at language"
            " receipts wants_mdn dsn reply_by expires_at downloaded_at opened_at ladder ladder_step ladder_due_at"
            " erase_at ended_at",
            "job": "kind state due_at attempts problem step handle created_at",
            "standing_message": "topic written_at due_at detail",
        },
        N_("To know what was sent how and why, and what happens next."),
        Change.VIEW,
        N_("It is the proof of what was done. When a document was opened, senders see with your consent alone."),
    ),
    _observed(
        "transcript",
        N_("What was done for your documents"),
        {"delivery_event": "at kind channel detail"},
        N_("To show notices, hand-offs and reminders."),
        Change.LOCKED,
        LOGGED,
        retention=THREE_MONTHS,
    ),
    _observed(
        "device-use",
        N_("Last use of your devices"),
        {"device": "last_used_at last_network last_client"},
        N_("So that you notice a use that is not yours. Networks are cut short."),
        Change.VIEW,
        N_("Revoke a device under Devices; the program is noted only if you want that."),
        basis=INTEREST,
    ),
    _observed(
        "sessions",
        N_("Sessions of this app and the command line"),
        {"api_session": "started_at used_at stepped_up_at client"},
        N_("To keep you signed in, for eight hours at most."),
        Change.VIEW,
        N_("End one under Devices."),
        retention=N_("until it ends"),
    ),
    _observed(
        "usage",
        N_("How often you did what"),
        {"usage_count": "day category times"},
        N_("For you alone: numbers by day, never which document."),
        Change.VIEW,
        N_("Switch a kind off under About me: what was counted of it goes."),
        retention=THE_LOG_SETTING,
        seen_by=SELF,
    ),
    _observed(
        "disclosures",
        N_("Who was told what of you"),
        {"disclosure": "told what basis road at"},
        N_("So that you can read it."),
        Change.LOCKED,
        LOGGED,
        basis=DUTY,
    ),
    _observed(
        "audit",
        N_("What happened in your account, and who looked"),
        {"audit_event": "at kind actor subject detail"},
        N_("To find misuse, and to prove what was done."),
        Change.LOCKED,
        LOGGED,
        basis=DUTY,
        retention=LOG,
    ),
    _observed(
        "break-glass",
        N_("Accesses to your mailbox by two people"),
        {
            "break_glass": "reason hours requested_by requested_at approved_by approved_at opened_at ends_at"
            " revoked_by revoked_at bar_basis bar_until told_at"
        },
        N_("To open it in an emergency, visibly."),
        Change.LOCKED,
        LOGGED,
        basis=DUTY,
    ),
    _observed(
        "holds",
        N_("Holds that keep your data"),
        {"hold": "reason basis placed_by placed_at ends_at lifted_by lifted_at"},
        N_("To keep what a law or a court wants kept."),
        Change.LOCKED,
        N_("A law or an order keeps it until its end; an admin can lift it."),
        basis=DUTY,
    ),
    _observed(
        "erasures",
        N_("Erasures and their receipts"),
        {
            "erasure": "kind target state account_state requested_by requested_at due_at done_at receipt",
            "purge": "reason requested_by requested_at approved_by approved_at cancelled_at",
        },
        N_("To prove that something is gone."),
        Change.LOCKED,
        LOGGED,
        basis=DUTY,
        retention=LOG,
    ),
    Item(
        "documents",
        N_("Documents"),
        Tag.SENDER_SUPPLIED,
        {
            "document": "stored_size received_at",
            "inline_body": "sealed_body",
            "card": "sealed_card",
            "indexed_card": "sealed_card",
            "wrap": "form sealed_wrap",
            "outbox_key": "sealed_wrap",
        },
        N_("They are your post."),
        CONTRACT,
        N_("until you erase them, or as long as you or your domain chose"),
        N_("you; their contents nobody else, unless two people open your mailbox, and you are told"),
        Change.VIEW,
        N_("A document stays as its sender wrote it. Erase it under My documents."),
        "my-documents",
    ),
    Item(
        "correspondents",
        N_("Who wrote to you"),
        Tag.SENDER_SUPPLIED,
        {"correspondent": "address"},
        N_("To keep senders apart, so that you can choose for each."),
        CONTRACT,
        ACCOUNT,
        ADMINS,
        Change.VIEW,
        N_("It follows from the documents that came."),
    ),
)
