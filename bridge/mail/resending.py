"""A received message sent on, under a block that says by whom and to whom (RFC 5322 section 3.6.6).

    Resent-Date · Resent-From · Resent-To · Resent-Message-ID          ours, in front of everything
    the message, byte for byte

Signatures of the sender (DKIM, S/MIME) stay whole, as nothing of what they cover is touched. A message without a
Message-ID gets that of the block as well where `identified`: one delivered twice is then seen to be one.

A mail system may break a line of more than 998 octets (RFC 5322 section 2.1.1), which spoils a signature of what is
in it: such a document does not leave by mail at all (`is_spoilt_by_folding`). One without a signature may come with
such lines broken.

A document that its sender did not sign fails the DMARC of the sender's domain where it comes from us: `in_our_name`
puts the bridge in the author's place, with the author's name and with answers to the author (RFC 7960 section 4).
"""

from bridge.mail import addresses, headers
from bridge.mail.envelope_addresses import envelope_form
from bridge.mail.writing import Person, mailbox, moment

SENDER = "Postex"
LONGEST_LINE = 998
"""Octets without the line end."""


def resent(
    message: bytes, sender: str, recipient: str, message_id: str, at: int, *, identified: bool = False
) -> bytes:
    """Addresses bare; `message_id` with its brackets; `at` in epoch seconds. ValueError: an address is none."""
    fields = [
        f"Resent-Date: {moment(at)}",
        f"Resent-From: {SENDER} <{envelope_form(sender)}>",
        f"Resent-To: {envelope_form(recipient)}",
        f"Resent-Message-ID: {message_id}",
    ]
    if identified and headers.value(header_block(message), "Message-ID") is None:
        fields.append(f"Message-ID: {message_id}")
    return "\r\n".join([*fields, ""]).encode() + message


def header_block(message: bytes) -> bytes:
    """As far as it is read as one."""
    end = message.find(b"\r\n\r\n", 0, headers.MAX_HEADER)
    return message[: headers.MAX_HEADER if end < 0 else end + 2]


def is_spoilt_by_folding(message: bytes) -> bool:
    """Whether it is signed as it is (DKIM, RFC 6376; multipart/signed, RFC 1847) and has a line that is too long."""
    header = header_block(message)
    kind = (headers.value(header, "Content-Type") or "").partition(";")[0].strip().lower()
    if headers.value(header, "DKIM-Signature") is None and kind != "multipart/signed":
        return False
    start, size = 0, len(message)
    while size - start > LONGEST_LINE:  # from the last line end in reach to the next
        end = message.rfind(b"\r\n", start, start + LONGEST_LINE + 2)
        if end < 0:
            return True
        start = end + 2
    return False


def in_our_name(message: bytes, sender: str) -> bytes:
    """`message` from `sender`, an address of ours, unless it is signed (DKIM) or names no single author."""
    header = header_block(message)
    author = addresses.addresses_of(header, "From")
    if headers.value(header, "DKIM-Signature") is not None or len(author) != 1 or len(header) == len(message):
        return message
    name = headers.decoded_words(author[0].name or "") or author[0].mailbox
    fields = [f"From: {mailbox(Person(sender, f'{name} via {SENDER}'))}"]
    if headers.value(header, "Reply-To") is None:
        fields.append(f"Reply-To: {envelope_form(author[0].mailbox)}")
    kept = headers.select_fields(header, ("From", "Sender"), invert=True).removesuffix(b"\r\n")
    return b"".join(["\r\n".join([*fields, ""]).encode(), kept, memoryview(message)[len(header) :]])
