"""A private Postfix on loopback: the peer for arrival, alone up to its queue, or carrying on to a Dovecot over LMTP.

Needs root, as Postfix's master does. Alone, every message goes to the hold queue: the cheapest durable acceptance
that Postfix has, with no delivery beside it. The queue lies in the folder given, on the disk that all others use.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from string import Template

from bench.servers.base import HOST, Intake, Login, Server, Unavailable, await_port, descendants, end, free_ports

SBIN = Path("/usr/lib/postfix/sbin")


class Postfix(Server):
    """`behind` is the Dovecot that gets everything over LMTP; None keeps what is accepted in the queue."""

    def __init__(self, folder: Path, behind: Server | None = None) -> None:
        if not (SBIN / "smtpd").exists():
            raise Unavailable("postfix is not installed")
        if os.geteuid() != 0:
            raise Unavailable("postfix runs as root only")
        self.name = "Postfix → Dovecot" if behind else "Postfix accept"
        self.folder = folder
        self.behind = behind
        self.intake = Intake(free_ports(1)[0])
        self.imap_port = behind.imap_port if behind else 0
        self.imaps_port = behind.imaps_port if behind else 0
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare()

    def open(self, recipients: int) -> None:
        if self.behind:
            self.behind.open(recipients)
        self._start_master()

    def start(self) -> None:
        if self.behind:
            self.behind.start()
        self._start_master()

    def _start_master(self) -> None:
        with (self.folder / "console").open("ab") as console:
            command = [str(SBIN / "master"), "-c", str(self.folder / "etc"), "-d"]
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        await_port(self.intake.port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None
        if self.behind:
            self.behind.stop()

    def login(self, number: int) -> Login:
        if self.behind is None:
            raise Unavailable("Postfix alone has no mailboxes")
        return self.behind.login(number)

    def pids(self) -> list[int]:
        mine = [] if self._process is None else [self._process.pid, *descendants(self._process.pid)]
        return mine + (self.behind.pids() if self.behind else [])

    def settle(self, documents: int) -> None:
        """Behind it stands a Dovecot: wait until the queue has handed everything over."""
        deadline = time.monotonic() + 60 + documents / 20
        while self.behind and self._queued():
            if time.monotonic() > deadline:
                raise Unavailable(f"{self._queued()} messages stayed in the queue")
            time.sleep(0.02)

    def _queued(self) -> int:
        queues = ("incoming", "active", "deferred")
        return sum(1 for queue in queues for _ in (self.folder / "spool" / queue).rglob("*") if _.is_file())

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        (self.folder / "etc").mkdir()
        self._make_spool()
        values = {
            "folder": self.folder,
            "sbin": SBIN,
            "port": self.intake.port,
            "host": HOST,
            "client": "" if self.behind else "static:HOLD",
            "transport": f"lmtp:inet:{HOST}:{self.behind.intake.port if self.behind else 9}",
        }
        (self.folder / "etc" / "main.cf").write_text(Template(_MAIN).substitute(values))
        (self.folder / "etc" / "master.cf").write_text(Template(_MASTER).substitute(values))

    def _make_spool(self) -> None:
        spool = self.folder / "spool"
        for name in (
            "active",
            "bounce",
            "corrupt",
            "defer",
            "deferred",
            "flush",
            "hold",
            "incoming",
            "saved",
            "trace",
        ):
            (spool / name).mkdir(parents=True, mode=0o700)
            shutil.chown(spool / name, "postfix")
        (spool / "pid").mkdir(mode=0o755)
        for name, mode in (("private", 0o700), ("public", 0o710), ("maildrop", 0o730)):
            (spool / name).mkdir()
            shutil.chown(spool / name, "postfix", "postdrop")
            (spool / name).chmod(mode)
        (self.folder / "data").mkdir(mode=0o700)
        shutil.chown(self.folder / "data", "postfix")


_MAIN = """
compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
daemon_directory = ${sbin}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = bench.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = bench.test
virtual_mailbox_maps = static:all
virtual_transport = ${transport}
smtpd_client_restrictions = ${client}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_recipient_limit = 2000
virtual_destination_recipient_limit = 1000
lmtp_destination_recipient_limit = 1000
lmtp_destination_concurrency_limit = 20
message_size_limit = 52428800
virtual_mailbox_limit = 0
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtp_tls_security_level = none
smtpd_tls_security_level = none
"""

_MASTER = """
${port}   inet  n - n - 100 smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
"""
