"""The envelope of one mail transaction: who writes, to whom, and what the sender wants to be told."""

from aiosmtpd.smtp import Envelope

from bridge.channels.marks import Mark
from bridge.mail import status_wishes
from bridge.mail.status_wishes import MailWish, RecipientWish, Wish
from bridge.smtp.authorship import Rights
from bridge.smtp.errands import Errand
from storage.people.sender_trust import Voucher
from storage.records import Recipient


class Transaction(Envelope):
    """From MAIL to the end of DATA. `mail_from` is None before MAIL and empty for the null sender."""

    def __init__(self) -> None:
        super().__init__()
        self.rights: Rights | None = None
        """None: not signed in."""
        self.size = 0
        """As announced; 0 if it was not."""
        self.recipients: dict[str, Recipient] = {}
        """By address as given, in lower case: an address that is named twice counts once."""
        self.mail_wish = MailWish()
        self.recipient_wishes: dict[str, RecipientWish] = {}

        self.returned: Mark | None = None
        """What a report is about that goes to a bounce address; it comes alone, and is no document."""
        self.errand: Errand | None = None
        """What it is about if it goes to the post office itself; it comes alone."""
        self.voucher: Voucher | None = None
        """What speaks for a sender who did not sign in."""

    def senders(self) -> frozenset[str]:
        """The addresses that the sender goes by: of a signed-in account all, else that of MAIL. The null sender is
        nobody.
        """
        if self.rights is not None:
            return self.rights.identities
        return frozenset({self.mail_from.lower()} if self.mail_from else ())

    def readers(self) -> tuple[Recipient, ...]:
        """Different accounts: several addresses may be one account's."""
        return tuple({reader.account_id: reader for reader in self.recipients.values()}.values())

    def has_target(self) -> bool:
        """Whether there is anything that DATA would be for."""
        return bool(self.recipients) or self.returned is not None or self.errand is not None

    def wishes(self) -> dict[int, Wish]:
        """By account, what its sender wants to be told: nobody is told on port 25, nor behind the null sender."""
        if self.rights is None or not self.mail_from:
            return {}
        return {
            reader.account_id: status_wishes.combined(address, self.mail_wish, self.recipient_wishes[address])
            for address, reader in reversed(self.recipients.items())
        }
