"""Answers on the wire: every one carries an enhanced status code (RFC 2034, RFC 3463).

The answers that aiosmtpd words itself have none; `enhanced` adds it by the basic code. The greeting and the answers
to HELO and EHLO stay without (RFC 2034 section 4). Texts never hold what the client sent, nor an exception's words.
"""

from storage.errors import OverQuota, StorageError

OK = "250 2.0.0 OK"
BYE = "221 2.0.0 bye"
START_DATA = "354 end data with <CR><LF>.<CR><LF>"
READY_FOR_TLS = "220 2.0.0 ready to start TLS"
SIGNED_IN = "235 2.7.0 signed in"

FAULT = "451 4.3.0 internal fault, nothing was stored; try again later"
NO_STORE = "451 4.3.1 the store cannot take this now, nothing was stored; try again later"
OVER_QUOTA = "452 4.2.2 a recipient's mailbox is full, nothing was stored"
MEMORY = "452 4.3.1 too much is being received at this moment; try again later"

TOO_MANY_CONNECTIONS = "421 4.7.0 too many connections; try again later"
TOO_MANY_FROM_YOU = "421 4.7.0 too many connections from your address; try again later"
TOO_MANY_ERRORS = "421 4.7.0 too many errors, closing"
TOO_MANY_COMMANDS = "421 4.7.0 too many commands without a sign-in, closing"
TIMEOUT = "421 4.4.2 timeout, closing"
TOO_SLOW = "421 4.4.2 the data comes too slowly, nothing was stored, closing"
CUT = "421 4.4.2 the data ended before its final dot, nothing was stored, closing"
FLOODED = "421 4.3.4 far more data than the size limit allows, nothing was stored, closing"
SHUTTING_DOWN = "421 4.3.2 the server is going down; try again in a moment"
DEVICE_REVOKED = "421 4.7.0 this device was revoked, closing"
DEVICE_EXPIRED = "421 4.7.0 the time of this device is over, closing"
ACCOUNT_BARRED = "421 4.7.0 this account may not sign in at present, closing"
SESSION_ENDED = "421 4.7.0 this session was ended by its owner or an admin, closing"
NOT_HTTP = "421 4.7.0 this is SMTP, closing"
SENT_AHEAD = "421 4.5.0 data was sent without a 354, closing"

SYNTAX = "500 5.5.2 command not understood"
LINE_TOO_LONG = "500 5.5.2 command line too long"
BAD_BYTES = "500 5.5.2 commands are ASCII without control characters"
BAD_STATUS_OF_MAIL = "501 5.5.4 RET is FULL or HDRS; ENVID is xtext of 1 to 100 characters (RFC 3461)"
BAD_STATUS_OF_RECIPIENT = "501 5.5.4 NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY; ORCPT is a type, ; and xtext"
UNKNOWN_PARAMETER = "555 5.5.4 parameter not known here"
SEQUENCE_HELO = "503 5.5.1 send EHLO first"
SEQUENCE_MAIL = "503 5.5.1 send MAIL first"
SEQUENCE_RCPT = "503 5.5.1 no valid recipient yet"
SEQUENCE_NESTED = "503 5.5.1 MAIL was given already"
TLS_REQUIRED = "530 5.7.0 start TLS first (STARTTLS)"
TLS_INJECTION = "421 4.7.0 nothing may follow STARTTLS before the handshake, closing"
TLS_ACTIVE = "503 5.5.1 TLS is active already"
TLS_NOT_HERE = "502 5.5.1 TLS is not offered here"

AUTH_REQUIRED = "530 5.7.0 sign in first (AUTH)"
AUTH_REFUSED = "535 5.7.8 user name or device password not accepted"
AUTH_TOO_MANY = "454 4.7.0 too many failed sign-ins from your network; try again later"
AUTH_NEEDS_TLS = "538 5.7.11 start TLS before AUTH"
AUTH_IN_MAIL = "503 5.5.1 AUTH is not possible within a mail transaction"
AUTH_SYNTAX = "501 5.5.2 that is not base64 as this mechanism wants it"
AUTH_ABORTED = "501 5.7.0 sign-in given up"

SENDER_NOT_YOURS = "550 5.7.1 you may not send as this address; ask the administrator to add it to your account"
SENDER_SUSPENDED = "550 5.7.1 your account may not send at present"
SENDER_NEEDS_AUTH = "550 5.7.1 this address sends from here only after a sign-in"
SIGNATURE_MISSING = "550 5.7.20 no valid DKIM signature of the domain that this sender signs with"
SIGNATURE_UNCHECKED = "451 4.7.5 the key of the DKIM signature could not be fetched; try again later"
FROM_NOT_YOURS = "550 5.7.1 the header {field} names an address that is not yours"
FROM_UNREADABLE = "550 5.7.1 the header {field} holds no readable address"
FROM_TOO_LONG = "554 5.6.0 the header {field} is too long to tell whom it names; at most 16 KiB are taken"
HEADER_TOO_LONG = "554 5.6.0 the header is too long to tell whom it names as author; at most 256 KiB are taken"
BAD_SENDER_ADDRESS = "553 5.1.7 malformed sender address"
BAD_RECIPIENT_ADDRESS = "553 5.1.3 malformed recipient address"
NEEDS_SMTPUTF8 = "553 5.6.7 an address with other than ASCII characters needs SMTPUTF8"
RECIPIENT_UNKNOWN = "550 5.1.1 no such mailbox here"
RECIPIENT_CLOSED = "550 5.2.1 this mailbox is closed"
RECIPIENT_FULL = "452 4.2.2 this mailbox is full"
RECIPIENT_OF_ANOTHER_SENDER = "550 5.7.1 this address takes mail from one sender only: ask its owner for another"
REFUSED_BY_RECIPIENT = "550 5.7.1 the recipient takes no documents of this kind from you"
NO_BATCH = "550 5.1.1 you have no batch of this name that waits: see Postex-Document or the subject"
MANIFEST_DISAGREES = "554 5.6.0 the manifest does not agree with what came, nothing was committed: see your mailbox"
BATCH_COMMITTED = "250 2.0.0 the manifest agrees, the batch is committed"
BATCH_REFUSED = "554 5.6.0 the batch of this name is over: choose another name, of 1 to 64 ASCII characters"
CONTROL_NEEDS_AUTH = "550 5.7.1 this address takes commands from signed-in recipients only (port 465 or 587)"
CONTROL_DONE = "250 2.0.0 read; the answer is in your mailbox"
ERRAND_ALONE = "452 4.5.3 mail to this address comes alone, send it to the others in a further transaction"
NO_DESK = "452 4.2.2 nobody can take this question at present; try again later"
TOO_MANY_QUESTIONS = "450 4.7.1 too many questions from you or your network; try again in an hour"
NO_CORRESPONDENT = (
    "550 5.7.1 recipients write only to senders of their documents, delivery@, support@, privacy@, postmaster@"
)
NOT_ENROLLED = "550 5.7.1 enrol first (postex enrol); until then you write to support@, privacy@ and postmaster@ only"
RELAY = "550 5.7.1 only recipients of this server: mail for other domains is not relayed"
REPORT_ALONE = "452 4.5.3 a report about something sent from here comes alone; send the rest separately"
REPORT_TAKEN = "250 2.0.0 the report is taken"
REPORT_TOO_EARLY = "451 4.3.0 what this is about is still on its way; try again later"
LOOP = "554 5.4.6 this document has been sent from here already, or through too many servers"
TOO_MANY_RECIPIENTS = "452 4.5.3 too many recipients, send the others in a further transaction"

_BY_BASIC_CODE = {
    "214": "2.0.0",
    "221": "2.0.0",
    "250": "2.0.0",
    "252": "2.5.0",
    "421": "4.3.0",
    "451": "4.3.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "504": "5.5.4",
}


def enhanced(reply: str) -> str:
    """`reply` with an enhanced status code, if it has none and its basic code is known."""
    code, _, text = reply.partition(" ")
    added = _BY_BASIC_CODE.get(code)
    if added is None or text[:2] in ("2.", "4.", "5."):
        return reply
    return f"{code} {added} {text}"


def stored(document: str) -> str:
    """Said after the commit only."""
    return f"250 2.0.0 stored as {document}"


def of_storage(error: StorageError) -> str:
    """The temporary answer to a hand-in that storage did not take; nothing of it was kept."""
    return OVER_QUOTA if isinstance(error, OverQuota) else NO_STORE
