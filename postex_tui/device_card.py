"""The card of a device: what a person needs to set a mail program up, in words and as a code to scan.

Contract. `connection` is the answer of GET /v1/connection, `device` has `label`, `scopes`, `username`, `password`.
`words` gives lines in the reader's language; `scanned` gives what Thunderbird for Android and K-9 Mail read:
Thunderbird's format «Export for Mobile», version 1 (feature/migration/qrcode/qr-code-format.md in the repository
thunderbird-android). Other programs are set up by hand or by autoconfig.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.terminal.safe_text import safe_text

Facts = Mapping[str, Any]
READS = frozenset({"imap", "imap-read"})
WRITES = "smtp-send"
NAMES = {"imap": N_("Reading (IMAP)"), "smtp": N_("Sending (SMTP)")}
SECURITIES = {"tls": N_("TLS (also called SSL/TLS)"), "starttls": N_("STARTTLS")}
FORMAT, IMAP, SMTP, CLEARTEXT = 1, 0, 0, 1
"""Numbers of the format: its version, protocols, a password sent within TLS."""
CODED = {"starttls": 2, "tls": 3}
HOW = N_(
    "How to: open your mail program, add an account by hand and fill this in. As the way to sign in choose “normal"
    " password”. The password is for this device alone; it can be ended at any moment without harm to others."
)
COMPARE = N_(
    "The program will ask about the certificate, once: the bridge made it itself. Say yes only if the program shows"
    " this fingerprint (SHA-256):"
)
SIGNED = N_("Certificate, SHA-256:")
ONLY_HERE = N_("Mind: the bridge is open to programs on this machine alone (setting host).")


def words(say: Say, connection: Facts, device: Facts) -> str:
    """The card."""
    lines = [say(N_("Device {label}"), label=safe_text(device["label"])), ""]
    for server in servers(connection, device["scopes"]):
        security = say(SECURITIES[server["security"]])
        pairs = {N_("server"): server["host"], N_("port"): server["port"], N_("security"): security}
        lines += [say(NAMES[server["kind"]]), *_lined_up(say, pairs)]
    lines += ["", *_lined_up(say, {N_("user"): device["username"], N_("password"): device["password"]})]
    certificate = connection["certificate"]
    lines += ["", say(HOW), "", say(COMPARE if certificate["self_signed"] else SIGNED)]
    lines += _halves(certificate["fingerprint"])
    return "\n".join([*lines, "", say(ONLY_HERE)] if connection["only_here"] else lines)


def servers(connection: Facts, scopes: Sequence[str]) -> list[Facts]:
    """Those that a device with these scopes uses, the best of each kind."""
    wanted = {"imap": bool(READS & set(scopes)), "smtp": WRITES in scopes}
    best: dict[str, Facts] = {}
    for server in connection["servers"]:
        best.setdefault(server["kind"], server)
    return [server for kind, server in best.items() if wanted[kind]]


def scanned(connection: Facts, device: Facts, name: str) -> str | None:
    """What the code holds, as JSON; None where the device does not both read and send: the format has both."""
    by_kind = {server["kind"]: server for server in servers(connection, device["scopes"])}
    if set(by_kind) != {"imap", "smtp"}:
        return None
    user, password = device["username"], device["password"]
    incoming = [IMAP, *_way(by_kind["imap"]), user, "", password]
    outgoing = [SMTP, *_way(by_kind["smtp"]), user, password]
    content = [FORMAT, [1, 1], incoming, [[outgoing, [user, name or user]]]]
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _way(server: Facts) -> list[object]:
    return [server["host"], server["port"], CODED[server["security"]], CLEARTEXT]


def _lined_up(say: Say, pairs: Facts) -> list[str]:
    told = [(say(label), value) for label, value in pairs.items()]
    widest = max(len(label) for label, _ in told)
    return [f"  {label:<{widest}}  {value}" for label, value in told]


def _halves(fingerprint: str) -> tuple[str, str]:
    """On two lines, as it is read out."""
    return f"  {fingerprint[:47]}", f"  {fingerprint[48:]}"
