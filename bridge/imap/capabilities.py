"""What this server announces (RFC 3501 section 7.2.1), and the proof that it can keep it.

Contract: `Capabilities(disabled)` gives the CAPABILITY data for both sides of sign-in. Each capability names the
commands it needs; `check` raises `NotImplementedCapability` when one of them has no handler, so that a server that
announces too much never starts (clients enable whatever is announced). `disabled` takes names away at start (interop
escape hatch); IMAP4rev1 stays.

The list follows the order of worth of imap.md. LOGINDISABLED stands in for AUTH=… where passwords may not be sent.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from bridge.imap.protocol import commands as c

BASE: tuple[type[c.Command], ...] = (
    c.Capability, c.Noop, c.Logout, c.Authenticate, c.Login, c.Select, c.Create, c.Delete, c.Rename, c.Subscribe,
    c.Unsubscribe, c.List, c.Lsub, c.Status, c.Append, c.Check, c.Close, c.Expunge, c.Search, c.Fetch, c.Store,
    c.CopyTo,
)  # fmt: skip

NEEDS: dict[str, tuple[type[c.Command], ...]] = {
    "IMAP4rev1": BASE,
    "LITERAL+": (),
    "SASL-IR": (c.Authenticate,),
    "ID": (c.Id,),
    "ENABLE": (c.Enable,),
    "AUTH=PLAIN": (c.Authenticate,),
    "AUTH=LOGIN": (c.Authenticate,),
    "IDLE": (c.Idle,),
    "UIDPLUS": (c.Append, c.CopyTo, c.Expunge),
    "MOVE": (c.CopyTo,),
    "SPECIAL-USE": (c.List,),
    "LIST-EXTENDED": (c.List,),
    "LIST-STATUS": (c.List, c.Status),
    "ESEARCH": (c.Search,),
    "NAMESPACE": (c.Namespace,),
    "CHILDREN": (c.List,),
    "UNSELECT": (c.Unselect,),
}

ALWAYS = ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE")
"""Announced before and after sign-in."""
MECHANISMS = ("AUTH=PLAIN", "AUTH=LOGIN")


class NotImplementedCapability(Exception):
    """A capability would be announced that nothing carries out."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Names to send: before sign-in with and without password mechanisms, and after it."""

    disabled: frozenset[str] = frozenset()

    @lru_cache(maxsize=8)  # noqa: B019 there is one in a process, and it is asked at each connection
    def before_sign_in(self, passwords: bool) -> tuple[str, ...]:
        """`passwords`: whether the connection is private enough to send one."""
        return self._kept((*ALWAYS, *(MECHANISMS if passwords else ("LOGINDISABLED",))))

    @lru_cache(maxsize=8)  # noqa: B019
    def signed_in(self) -> tuple[str, ...]:
        return self._kept((*ALWAYS, *(name for name in NEEDS if name not in (*ALWAYS, *MECHANISMS))))

    def check(self, handled: Collection[type[c.Command]]) -> None:
        """Raise `NotImplementedCapability` for the first announced name that lacks a handler."""
        for name, needed in NEEDS.items():
            missing = [command.__name__ for command in needed if command not in handled]
            if missing and name.upper() not in self.disabled:
                raise NotImplementedCapability(f"{name} needs {', '.join(missing)}")

    def _kept(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name == "IMAP4rev1" or name.upper() not in self.disabled)
