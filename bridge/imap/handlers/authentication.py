"""LOGIN and AUTHENTICATE PLAIN / LOGIN (RFC 3501 sections 6.2.2–6.2.3, RFC 4616), with device passwords only.

A connection without TLS may not send a password at all (`[PRIVACYREQUIRED]`), loopback excepted. Refusals say never
which part was wrong, come late (`Throttle`), and with AUTHENTICATIONFAILED; an address that failed too often is not
heard for a while (`[UNAVAILABLE]`). A device of scope imap-read gets a session that may only read. What a
break-glass access opens is in the audit log before it is opened: if that cannot be written, nothing is.
"""

import structlog

from bridge.imap.answers import Answer, Refused, Wrong
from bridge.imap.downloads import Downloads
from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import Authenticate, Command, Login, StartTls
from bridge.imap.session import Session, SignedIn
from bridge.mail.card import Card
from storage.access import break_glass, devices
from storage.access.devices import SignIn
from storage.errors import SignInRefused
from storage.mail.reading import Reader
from storage.oversight.usage import Category
from storage.records import Origin, Scope

log = structlog.get_logger(__name__)

WRONG = "User name or device password is wrong"


async def login(session: Session, command: Command) -> Answer:
    assert isinstance(command, Login)
    _require_privacy(session)
    return await sign_in(session, command.username, command.password)


async def authenticate(session: Session, command: Command) -> Answer:
    assert isinstance(command, Authenticate)
    _require_privacy(session)
    mechanism = command.mechanism.upper()
    if mechanism == "PLAIN":
        return await _plain(session, command.initial)
    if mechanism == "LOGIN":
        return await _login(session, command.initial)
    raise Refused("Mechanism not supported, use PLAIN", "CANNOT")


async def start_tls(session: Session, command: Command) -> Answer:
    """Not offered: TLS begins with the connection (RFC 8314 section 3)."""
    assert isinstance(command, StartTls)
    raise Wrong("STARTTLS is not offered here, connect with TLS")


def _require_privacy(session: Session) -> None:
    if not session.private:
        raise Refused("A password may only be sent over TLS", "PRIVACYREQUIRED")


async def _plain(session: Session, initial: bytes | None) -> Answer:
    """RFC 4616: `[authzid] NUL authcid NUL passwd`; acting for somebody else is not possible."""
    message = initial if initial is not None else await session.ask(b"")
    try:
        authorise, username, password = message.decode("utf-8").split("\0")
    except ValueError:
        raise Wrong("Not a message of the PLAIN mechanism") from None
    if authorise not in ("", username):
        _require_patience(session)
        await _hold_back(session, username, password)
        raise Refused("Nobody may act for another here", "AUTHORIZATIONFAILED")
    return await sign_in(session, username, password)


async def _login(session: Session, initial: bytes | None) -> Answer:
    """The mechanism that Outlook speaks: two questions, no RFC."""
    username = initial or await session.ask(b"User Name\0")
    password = await session.ask(b"Password\0")
    try:
        return await sign_in(session, username.decode("utf-8"), password.decode("utf-8"))
    except UnicodeDecodeError:
        raise Refused(WRONG, "AUTHENTICATIONFAILED") from None


async def sign_in(session: Session, username: str, password: str) -> Answer:
    services = session.services
    _require_patience(session)
    now = int(services.clock())
    try:
        user = _looked_up(session, username, password, now)
        if user.device.origin is Origin.BREAK_GLASS:
            # Somebody else's mailbox: the audit log has it before anything is shown. Meanwhile it may have ended.
            await services.store.write(break_glass.note_sign_in, user.device.id, now)
            user = _looked_up(session, username, password, now)
    except SignInRefused:
        await _hold_back(session, username, password)
        raise Refused(WRONG, "AUTHENTICATIONFAILED") from None
    services.throttle.succeeded(session.peer)
    _enter(session, user)
    note_use(session, now)
    code = responses.capability_code(session.capability_names())
    return Answer("Signed in", code=code)


def _opened(session: Session, username: str, password: str, now: int) -> SignIn:
    """SignInRefused. The session has to be entered before the event loop turns (`bridge.connections`)."""
    store = session.services.store
    lock = (store.server_keys, store.shred, username, password)
    return store.look_up(devices.sign_in, *lock, Scope.IMAP_READ, now, session.peer)


def _looked_up(session: Session, username: str, password: str, now: int) -> SignIn:
    """At once, with no turn of the loop: what ends a right afterwards finds the session entered."""
    store, secret = session.services.store, (username, password, Scope.IMAP_READ)
    return store.look_up(devices.sign_in, store.server_keys, store.shred, *secret, now, session.peer)


def _require_patience(session: Session) -> None:
    if session.services.throttle.check(session.peer) > 0:
        raise Refused("Too many failed sign-ins from this network, try again later", "UNAVAILABLE")


async def _hold_back(session: Session, username: str, password: str) -> None:
    log.info("imap_sign_in_refused")
    throttle = session.services.throttle
    digest = throttle.digest(password.encode("utf-8", "surrogateescape"))
    await throttle.tarpit(throttle.failed(session.peer, username, digest))


def _enter(session: Session, found: SignIn) -> None:
    """Raises `Refused` if the device holds no key to read with."""
    store = session.services.store
    if found.keys is None:
        raise Refused(WRONG, "AUTHENTICATIONFAILED")
    keys = store.keyring.acquire(found.account.public_id, found.keys)
    reader = Reader(store, found.account, keys, Card.decode)
    read_only = Scope.IMAP not in found.device.scopes
    live = session.live(found.device)
    downloads = Downloads(store, found.account.id, found.device, session.services.clock)
    session.enter(SignedIn(found.account, found.device, keys, reader, read_only, found.client_noted, live, downloads))
    downloads.count(Category.SIGN_IN)


def note_use(session: Session, now: int) -> None:
    """Day, network and, where the account allows it, program of the last use.

    Written when one of them is new; nobody waits for it, as reading must go on when the disk is full.
    """
    user = session.signed_in()
    user.live.client = session.client if user.client_noted else None
    today = now - now % devices.DAY
    news = (today, user.live.network, user.live.client)
    if devices.is_news(user.device, *news):
        session.services.store.post(devices.touch, user.device.id, *news)
