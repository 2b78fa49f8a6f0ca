"""Mail transactions: MAIL, RCPT, DATA (RFC 5321 sections 3.3, 4.1.1; RFC 1870, 3461, 6152, 6409, 6531).

250 to DATA is said after the commit only, and names the document. Everything else has left nothing behind: the same
transaction may be sent again.
"""

# ruff: noqa: N802 - aiosmtpd finds commands and mechanisms by these names

import asyncio

import structlog

from bridge.mail import status_wishes
from bridge.mail.status_wishes import RecipientWish
from bridge.routing.recipients import Refusal
from bridge.smtp import dkim_signatures, errands, key_records, paths, provenance, replies, returns, trace
from bridge.smtp.authentication import Authentication
from bridge.smtp.authorship import Rights
from bridge.smtp.data import TOO_LARGE, DataReceiver, DataRefused
from bridge.smtp.envelope import Transaction
from bridge.smtp.errands import Errand
from bridge.smtp.handin import Arrival
from bridge.smtp.provenance import Stranger
from bridge.smtp.sending import SignedIn
from storage.errors import StorageError
from storage.records import Recipient

log = structlog.get_logger(__name__)

_RECIPIENT_REFUSED = {
    Refusal.ELSEWHERE: replies.RELAY,
    Refusal.UNKNOWN: replies.RECIPIENT_UNKNOWN,
    Refusal.CLOSED: replies.RECIPIENT_CLOSED,
    Refusal.FULL: replies.RECIPIENT_FULL,
    Refusal.WRONG_SENDER: replies.RECIPIENT_OF_ANOTHER_SENDER,
    Refusal.NO_CORRESPONDENT: replies.NO_CORRESPONDENT,
    Refusal.NOT_ENROLLED: replies.NOT_ENROLLED,
}
_WATCH_SECONDS = 5.0
_RIGHTS_SECONDS = 1.0


class Connection(Authentication):
    """A whole SMTP connection; what listeners make one of for each client."""

    envelope: Transaction
    _receiver: DataReceiver | None = None
    _data_over: "asyncio.Future[str | None] | None" = None
    _data_began = 0.0
    _watcher: asyncio.TimerHandle | None = None
    _held = 0
    """Bytes of the message under way that count in `office.receiving`."""
    _unknown = 0
    _rights: tuple[Rights | None, float] = (None, 0.0)

    def _create_envelope(self) -> Transaction:
        return Transaction()

    # --- MAIL ---

    async def smtp_MAIL(self, arg: str | None) -> None:
        refusal = self._out_of_turn() or self._open(arg or "")
        if refusal is not None:
            self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(refusal or replies.OK)

    def _out_of_turn(self) -> str | None:
        if not self.session.host_name:
            return replies.SEQUENCE_HELO
        if self._must_sign_in:
            return replies.AUTH_REQUIRED
        return None

    def _open(self, argument: str) -> str | None:
        if self.envelope.mail_from is not None:
            return replies.SEQUENCE_NESTED
        try:
            path = paths.parse("FROM", argument)
        except paths.BadSyntax:
            return "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"
        except paths.BadAddress:
            return replies.BAD_SENDER_ADDRESS
        transaction = Transaction()
        refusal = self._set_parameters(transaction, path) or self._set_rights(transaction, path.address)
        if refusal is None:
            transaction.mail_from = path.address
            self.envelope = transaction
        return refusal

    def _set_parameters(self, transaction: Transaction, path: paths.Path) -> str | None:
        parameters = dict(path.parameters)
        if parameters and not self.session.extended_smtp:
            return replies.UNKNOWN_PARAMETER
        size = parameters.pop("SIZE", "0") or ""
        if not (size.isascii() and size.isdigit()) or len(size) > 20:
            return "501 5.5.4 Syntax: SIZE=<bytes>"
        if int(size) > self.limits.message_bytes:
            return TOO_LARGE.format(limit=self.limits.message_bytes)
        if (parameters.pop("BODY", "7BIT") or "").upper() not in ("7BIT", "8BITMIME"):
            return "501 5.5.4 BODY is 7BIT or 8BITMIME"
        transaction.smtp_utf8 = "SMTPUTF8" in parameters
        if parameters.pop("SMTPUTF8", None) is not None:
            return "501 5.5.4 SMTPUTF8 takes no value"
        try:
            transaction.mail_wish = status_wishes.of_mail(parameters)
        except ValueError:
            return replies.BAD_STATUS_OF_MAIL
        parameters.pop("AUTH", None)  # RFC 4954 section 5: accepted, and of no account here
        if parameters:
            return replies.UNKNOWN_PARAMETER
        if not path.address.isascii() and not transaction.smtp_utf8:
            return replies.NEEDS_SMTPUTF8
        transaction.size = int(size)
        return None

    def _set_rights(self, transaction: Transaction, address: str) -> str | None:
        if self.signed_in is None:
            return self._set_vouched_rights(transaction, address)
        transaction.rights = self._rights_of(self.signed_in)
        if transaction.rights is None:
            return replies.SENDER_SUSPENDED
        allowed = not address or address.lower() in transaction.rights.identities
        return None if allowed else replies.SENDER_NOT_YOURS

    def _set_vouched_rights(self, transaction: Transaction, address: str) -> str | None:
        """Who did not sign in writes as nobody of ours, unless network or signature speak for it."""
        if not address or not self.office.needs_sign_in(address):
            return None
        transaction.voucher = self.office.voucher(address, self.ip)
        if transaction.voucher is None:
            return replies.SENDER_NEEDS_AUTH
        transaction.rights = self.office.rights(transaction.voucher.account_id)
        return replies.SENDER_SUSPENDED if transaction.rights is None else None

    def _rights_of(self, signed_in: SignedIn) -> Rights | None:
        """Asked anew after a second: a suspension takes hold within it, and a batch does not ask every time."""
        known, until = self._rights
        if known is None or self.loop.time() >= until:
            known = self.office.rights(signed_in.account.id)
            self._rights = known, self.loop.time() + _RIGHTS_SECONDS
        return known

    # --- RCPT ---

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self.push(self._no_transaction() or self._add(arg or "") or replies.OK)

    def _no_transaction(self) -> str | None:
        return self._out_of_turn() or (replies.SEQUENCE_MAIL if self.envelope.mail_from is None else None)

    def _add(self, argument: str) -> str | None:
        try:
            path = paths.parse("TO", argument)
        except paths.BadSyntax:
            return "501 5.5.4 Syntax: RCPT TO:<address>"
        except paths.BadAddress:
            return replies.BAD_RECIPIENT_ADDRESS
        address, recipients, parameters = path.address.lower(), self.envelope.recipients, dict(path.parameters)
        try:
            wish = status_wishes.of_recipient(parameters) if self.session.extended_smtp else RecipientWish()
        except ValueError:
            return replies.BAD_STATUS_OF_RECIPIENT
        if parameters:
            return replies.UNKNOWN_PARAMETER
        if not address:
            return replies.BAD_RECIPIENT_ADDRESS
        if not address.isascii() and not self.envelope.smtp_utf8:
            return replies.NEEDS_SMTPUTF8
        if address in recipients:
            return None
        if len(recipients) >= self.limits.recipients:
            return replies.TOO_MANY_RECIPIENTS
        self.envelope.recipient_wishes[address] = wish
        return self._resolve(address)

    def _resolve(self, address: str) -> str | None:
        if (mark := self.office.marks.of_bounce_address(address)) is not None or self.envelope.returned is not None:
            alone = not self.envelope.recipients and self.envelope.errand is None
            if not alone or self.envelope.returned not in (None, mark):
                return replies.REPORT_ALONE
            self.envelope.returned = mark
            return None
        if errands.may_be(address) or self.envelope.errand is not None:
            errand = errands.of(self.office, address, self.signed_in)
            if errand is not None or self.envelope.errand is not None:
                return self._set_errand(errand)
        found = self.office.resolve(address, self.envelope.size, self.envelope.senders(), self.signed_in)
        if isinstance(found, Recipient):
            self.envelope.recipients[address] = found
            return None
        if self.signed_in is None:
            self._unknown += 1
            if self._unknown >= self.limits.unknown_recipients:
                self._dismissal = replies.TOO_MANY_ERRORS
        return _RECIPIENT_REFUSED[found]

    def _set_errand(self, errand: Errand | str | None) -> str | None:
        """It comes alone: what becomes of it is no delivery."""
        if isinstance(errand, str):
            return errand
        if self.envelope.recipients or self.envelope.errand not in (None, errand):
            return replies.ERRAND_ALONE
        self.envelope.errand = errand
        return None

    # --- DATA ---

    async def smtp_DATA(self, arg: str | None) -> None:
        refusal = self._no_transaction() or self._no_data(arg)
        if refusal is not None:
            await self._refuse_data(refusal)
            return
        transaction, self.envelope = self.envelope, self._create_envelope()
        try:
            reply = await self._taken(transaction)
        finally:
            self.office.receiving -= self._held
            self._held = 0
        if reply is not None:
            await self.push(reply)

    async def _taken(self, transaction: Transaction) -> str | None:
        """The answer to the whole transaction; None if the connection ends with a farewell instead."""
        receiver = DataReceiver(self.limits.message_bytes)
        self._dismissal = await self._receive(receiver) or self._dismissal
        if not receiver.complete:
            return None
        self._committing = True
        try:
            return await self._stored(transaction, receiver)
        finally:
            self._committing = False
            self._reset_timeout()

    async def _stored(self, transaction: Transaction, receiver: DataReceiver) -> str:
        """The commit happens in here, and is never cancelled: see `Conversation.connection_lost`."""
        if transaction.returned is not None:
            return await returns.taken(self.office, transaction.returned, receiver)
        number = self.office.transaction_number()
        arrival = Arrival(
            data=receiver,
            trace=self._trace(transaction, number),
            envelope_from=transaction.mail_from or "",
            recipients=tuple(transaction.recipients),
            readers=transaction.readers(),
            sender_account_id=self._sender(transaction),
            rights=transaction.rights,
            server=self.hostname,
            stranger=await self._stranger(transaction, receiver),
        )
        if transaction.errand is not None:
            return await errands.taken(self.office, transaction.errand, arrival, self.signed_in, self.ip)
        try:
            delivered = await self.office.hand_in(arrival, transaction.wishes())
        except DataRefused as refused:
            return refused.reply
        except StorageError as error:
            log.warning("smtp.not_stored", door=self.door.name, kind=type(error).__name__)
            return replies.of_storage(error)
        log.info("smtp.stored", door=self.door.name, document=delivered.document_public_id, transaction=number)
        return replies.stored(delivered.document_public_id)

    def _trace(self, transaction: Transaction, number: str) -> bytes:
        client, clock = self.session.host_name or "", self.office.clock()
        lines = trace.received(client, self.hostname, self._protocol(transaction), number, clock)
        if self.signed_in is None:
            return lines  # the line that says what was checked comes when it was
        return provenance.signed_in(self.hostname, transaction.mail_from or "") + lines

    def _sender(self, transaction: Transaction) -> int | None:
        if self.signed_in is not None:
            return self.signed_in.account.id
        return None if transaction.voucher is None else transaction.voucher.account_id

    async def _stranger(self, transaction: Transaction, receiver: DataReceiver) -> Stranger | None:
        """With the keys of its signatures, so that a worker can check them."""
        if self.signed_in is not None:
            return None
        voucher = transaction.voucher
        found = dkim_signatures.signatures(receiver.head())
        names = [signature.key_name for signature in found if signature is not None]
        return Stranger(
            transaction.mail_from or "",
            voucher is not None and not voucher.domains,
            frozenset() if voucher is None else voucher.domains,
            await key_records.fetched(self.office.resolver, names),
            int(self.office.clock()),
        )

    def _protocol(self, transaction: Transaction) -> str:
        return trace.protocol(
            extended=self.session.extended_smtp,
            encrypted=self.encrypted,
            authenticated=self.signed_in is not None,
            utf8=transaction.smtp_utf8,
        )

    def _no_data(self, arg: str | None) -> str | None:
        if arg:
            return "501 5.5.4 DATA takes no argument"
        if not self.envelope.has_target():
            return replies.SEQUENCE_RCPT
        return replies.MEMORY if self.office.receiving >= self.limits.received_bytes else None

    async def _refuse_data(self, refusal: str) -> None:
        """What a client sent without waiting for 354 must not be read as commands (SMTP smuggling)."""
        await self.push(refusal)
        if self._buffer:
            self._dismissal = replies.SENT_AHEAD

    async def _receive(self, receiver: DataReceiver) -> str | None:
        """Read up to the end of the data; the farewell if the connection must end instead."""
        self._cancel_timeout()
        await self.push(replies.START_DATA)
        await self._flush()
        self._data_over = self.loop.create_future()
        self._data_began = self.loop.time()
        self._receiver = receiver
        self._watch_again()
        try:
            if self._buffer:
                self.data_received(await self._reader.read(len(self._buffer)))
            if self._reader.at_eof():
                self._end_data(replies.CUT)
            return await self._data_over
        finally:
            self._receiver = self._data_over = None
            if self._watcher is not None:
                self._watcher.cancel()

    def data_received(self, data: bytes) -> None:
        """Commands go to the stream; data goes straight to its receiver."""
        receiver = self._receiver
        if receiver is None:
            super().data_received(data)
            return
        self._held += len(data)
        self.office.receiving += len(data)
        if receiver.feed(data):
            self._end_data(None)
            if receiver.rest:
                super().data_received(receiver.rest)
        elif receiver.flooded:
            self._end_data(replies.FLOODED)
        elif self.office.receiving > self.limits.received_bytes:
            receiver.give_up(replies.MEMORY)

    def eof_received(self) -> bool:
        if self._receiver is not None:
            self._end_data(replies.CUT)
        return super().eof_received()

    def finish(self, reply: str) -> None:
        """End as `dismiss` does, but let a message that is being received come to its end."""
        if self._receiver is None:
            self.dismiss(reply)
        else:
            self._dismissal = reply

    def _end_data(self, farewell: str | None) -> None:
        self._receiver = None
        if self._data_over is not None and not self._data_over.done():
            self._data_over.set_result(farewell)

    def _watch_again(self) -> None:
        """Data that only trickles in holds memory and a place: it must bring `data_floor` bytes a second."""
        self._watcher = self.loop.call_later(min(_WATCH_SECONDS, self.limits.data_grace), self._watch)

    def _watch(self) -> None:
        receiver, seconds = self._receiver, self.loop.time() - self._data_began
        if receiver is None:
            return
        if seconds >= self.limits.data_grace and receiver.size < seconds * self.limits.data_floor:
            self._end_data(replies.TOO_SLOW)
        else:
            self._watch_again()
