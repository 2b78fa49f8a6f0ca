"""Columns that say nothing of a person: seals, numbers, keys, and what ties rows together."""

from collections.abc import Mapping

TECHNICAL: Mapping[str, str] = {
    "account": "generation closed_below last_uid_validity",
    "api_session": "slot_id selector",
    "audit_event": "position hash mac",
    "audit_head": "position hash ratchet_key",
    "audit_domain": "position",
    "audit_involved": "position",
    "break_glass": "device_id",
    "contact_proof": "code_tag",
    "copy": "mailbox_id uid modseq",
    "delivery": "batch_id message_tag content_tag needs_key",
    "delivery_event": "delivery_id",
    "device": "slot_id selector",
    "disclosure": "told_account_id",
    "document": "body_name sender_account_id",
    "domain": "name mode country created_at",
    "erasure": "account_public_id purge_id",
    "escrow_holder": "generation identity_generation sealed_private",
    "escrow_key": "generation public_key sealed_for_kit created_at",
    "escrow_slot": "generation sealed_key created_at",
    "hand_in": "dedupe_tag document_public_id received_at",
    "hold": "document_public_id",
    "identity_key": "generation public_key sealed_private created_at",
    "indexed_card": "generation",
    "job": "key delivery_id sealed_payload",
    "key_slot": "salt commitment sealed_key parameters",
    "mailbox": "name_tag uid_validity uid_next highest_modseq first_recent_uid",
    "preference": "level mailbox_id",
    "preference_change": "batch",
    "processor": "name kind country contract_date allowed_fields changed_at",
    "purge": "accounts",
    "second_factor": "seed pending_seed",
    "server_fact": "name value",
    "subscription": "name_tag",
    "wrap": "generation",
}
"""Seals, numbers and what is about no person."""
LINKS = frozenset(
    {"id", "public_id", "account_id", "domain_id", "correspondent_id", "document_id", "document_public_id"}
)
"""What ties rows together, in any table."""
