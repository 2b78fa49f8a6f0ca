"""The tables of postex.toml, one class each. The docstring under a field is its line in docs/settings.md."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bridge.setting_values import Countries, Country, MaybeFile, MaybeHostname, Networks, Port, PrinterUri, TimeOfDay


class Section(BaseModel):
    """A table of postex.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class Imap(Section):
    """Reading: where mail clients connect."""

    tls_port: Port = 993
    """IMAP over implicit TLS (RFC 8314)."""

    plaintext_port: Port = "off"
    """IMAP without TLS, on 127.0.0.1 whatever `host` says: for a proxy on this machine that ends TLS."""


class Smtp(Section):
    """Handing in: where senders connect."""

    tls_port: Port = 465
    """Submission over implicit TLS (RFC 8314)."""

    submission_port: Port = 587
    """Submission with STARTTLS, which must come before AUTH (RFC 6409)."""

    mx_port: Port = 25
    """Mail from other servers, for accounts of this bridge only; never a relay."""

    plaintext_port: Port = "off"
    """Submission without TLS, on 127.0.0.1 whatever `host` says: for a proxy on this machine that ends TLS."""

    max_message_bytes: Annotated[int, Field(ge=65_536, le=1_073_741_824)] = 52_428_800
    """Largest message taken, in bytes; announced by SIZE (RFC 1870)."""

    workers: Annotated[int, Field(ge=0, le=64)] = 2
    """Processes that seal what is handed in, some 40 MB each; 0: the bridge itself does, for a small machine."""


class Storage(Section):
    """Where the keys lie."""

    master_key_file: Path = Path("master.key")
    """The server's master key; relative to the data folder. Keep it on another disk if you can."""

    country: Country = ""
    """Country where the data folder lies; empty: the one that each domain says. Outside `residency.countries` nothing
    starts."""


class Tls(Section):
    """The certificate; its files are loaded again when they change."""

    certificate_file: Path = Path("tls/cert.pem")
    """Certificate chain in PEM, the server's own first; relative to the data folder."""

    key_file: Path = Path("tls/key.pem")
    """Private key in PEM; relative to the data folder."""

    minimum_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest TLS version that a client may speak."""


class Throttle(Section):
    """Brakes on guessing passwords."""

    trusted_networks: Networks = ()
    """Networks in CIDR form (a list, or text with commas) whose failed sign-ins are not slowed down."""


class Ladder(Section):
    """What happens to documents that nobody opens."""

    hold_days: Annotated[int, Field(ge=1, le=89)] = 14
    """Days that a document waits for a recipient who has not registered, before the domain's channel (paper, e-mail)
    has its turn; a ladder of the domain has days of its own."""


class Usage(Section):
    """How often accounts sign in, list, open, download and choose, as numbers by day that they see themselves."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days that these numbers are kept."""


class Batches(Section):
    """Documents that are held until their sender says how many there are."""

    hold_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """Hours that a batch waits for its sender; then the sender is told, and a day later it is cancelled."""


class Erasure(Section):
    """What happens to an account that is to be erased."""

    trash_days: Annotated[int, Field(ge=0, le=365)] = 14
    """Days that such an account waits, closed, and can be had back; its owner may erase it at once."""


class Backup(Section):
    """How long backups last."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """Days that backups of the database are kept; receipts of erasures name the day that follows from it."""

    country: Country = ""
    """Country of the folders that backups go to; empty: the same as of the data folder. Outside `residency.countries`
    no backup is made."""


class Residency(Section):
    """Where documents may be (S36)."""

    countries: Countries = ()
    """Countries that documents may be kept in and carried to, two letters each; empty: the EEA, Switzerland and the
    United Kingdom."""


class Notices(Section):
    """Notices that leave the bridge and hold nothing of a document."""

    digest_at: TimeOfDay = "17:00"
    """Local time at which the daily notice goes, to those who chose one."""

    collect_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Seconds for which arrivals are gathered, so that many at once give one notice."""

    private_targets: bool = False
    """Whether recipients' notice URLs may lead to private networks and to this machine."""

    target_seconds: Annotated[int, Field(ge=1, le=120)] = 20
    """Seconds that the service behind a notice URL may take."""

    target_ca_file: MaybeFile = None
    """Certificates in PEM that vouch for those services, in place of the usual ones; relative to the data folder."""


class Relay(Section):
    """A mail server that we hand e-mail to: `relay` carries documents and notices; `notice_relay`, where it has a
    `host`, the notices instead. Without a `host` there is no such channel.
    """

    host: MaybeHostname = ""
    """Its name, which its certificate must show."""

    port: Annotated[int, Field(ge=1, le=65535)] = 465
    """Usually 465 for `implicit`, 587 or 25 for `starttls`."""

    tls: Literal["implicit", "starttls"] = "implicit"
    """TLS from the first byte (RFC 8314), or by STARTTLS (RFC 3207); nothing goes without."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for the relay, in the place of the system's; relative to the data folder."""

    username: str = ""
    """Sign-in at the relay; empty: none."""

    password_file: MaybeFile = None
    """File with the password on its first line, readable by this user only; relative to the data folder."""

    country: Country = ""
    """Country of the relay. Without one, or outside `residency.countries`, it carries notices and no document."""

    name: str = ""
    """The relay in the register of processors (`postex processor`); empty: a server of your own."""


class Printer(Section):
    """The printer of documents on paper: `uri` or `folder`, not both; without either there is no such channel."""

    uri: PrinterUri = ""
    """Address by IPP, such as ipps://printer.example.org/ipp/print; ipp:// (no TLS) only on this machine, as CUPS."""

    folder: MaybeFile = None
    """Folder out of which a print system takes PDFs, one for each letter; relative to the data folder."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for an ipps printer instead of the system's; relative to the data folder."""

    media: Annotated[str, Field(max_length=200)] = "iso_a4_210x297mm"
    """Paper as IPP calls it (PWG 5101.1); the sheets are A4."""

    sides: Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"] = "one-sided"
    """One side of each sheet or both; on both, each part of a letter begins on a new sheet."""

    country: Country = ""
    """Country of the printer. Without one, or outside `residency.countries`, nothing is printed. Addresses in it are
    printed without a country."""

    name: str = ""
    """The printer in the register of processors (`postex processor`); empty: a printer of your own."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.uri and self.folder is not None:
            raise ValueError("uri and folder cannot both be set: a letter goes one way")
        return self


class External(Section):
    """Mailboxes that recipients have elsewhere, as a channel."""

    private_hosts: bool = False
    """Whether they may lie in private networks and on this machine."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for their servers, in the place of the system's; relative to the data folder."""


class ControlApi(Section):
    """The API behind the command line, the terminal app and the web view."""

    shared_socket: MaybeFile = None
    """A second socket, for users of this machine that may not read the data folder; whoever may enter its folder may
    connect, and signs in like anybody. Empty: none."""


class Log(Section):
    """What goes to standard error, one JSON object a line (docs/logs.md)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is written."""
