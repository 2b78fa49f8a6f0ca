"""A process of its own that hands one notice to a recipient's notice URL by Apprise, and ends.

    python -m bridge.channels.outside.messenger <<<'{"url": "ntfys:…", "title": "…", "body": "…", "private": false}'

Contract. The exit status tells what came of it, see `Verdict`; without a title the URL is only looked at. Nothing is
printed. Apprise is synchronous, loads a hundred services, and reads all that the other side answers: here that can
be killed, is bounded in memory, and whatever it does, no connection is made to an address that is not public
(loopback, private, link-local; also after a second look-up of the name), unless `private` allows it. Only services
over HTTPS are taken, certificates are always verified, redirections are never followed. A URL may name a file to be
sent along, as `?template=`: such a service is refused, and no file is opened but those of Python and the system.
"""

import json
import mimetypes
import os
import resource
import socket
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

from bridge.channels.public_addresses import is_public

OWN = frozenset(
    "apprises forms gotifys hassios jsons matrixs mmosts nclouds nctalks ntfys rockets signals synologys xmls".split()  # noqa: SIM905
)
"""Services on a server that the URL names, over HTTPS."""
HOSTED = frozenset("discord gchat pover slack tgram threema".split())  # noqa: SIM905
"""Services with one well-known HTTPS address."""
SERVICES = OWN | HOSTED
MEMORY = 1 << 30
CPU_SECONDS = 30
SOCKET_SECONDS = 8.0
MAX_URL = 1000
_READABLE = tuple(
    os.path.realpath(each)
    for each in (Path(__file__).parents[2], sys.prefix, sys.base_prefix, "/usr", *mimetypes.knownfiles)
    if each
)
"""Where programs lie. Not where keys, settings, documents or the password file of a network (netrc) do."""


class Verdict(IntEnum):
    """Exit status."""

    FINE = 0
    """Handed over; or, without a title, a URL that can be used."""
    NOT_NOW = 10
    """The service refused it or did not answer."""
    NO_SUCH_SERVICE = 11
    """No scheme of `SERVICES`, or not what that service asks for."""
    NOT_VERIFIED = 12
    """It asks for certificates not to be verified."""
    NOT_PUBLIC = 13
    UNKNOWN_HOST = 14


def service_of(url: str) -> str | None:
    """The scheme, if it is one of ours."""
    scheme, colon, _ = url.partition("://")
    return scheme.lower() if colon and scheme.lower() in SERVICES else None


def verdict(wanted: dict[str, Any]) -> Verdict:
    """Look at the URL, and hand over what is to be handed over."""
    if service_of(wanted["url"]) is None or len(wanted["url"]) > MAX_URL:
        return Verdict.NO_SUCH_SERVICE
    sys.addaudithook(_no_files_of_ours)
    if not wanted["private"]:
        sys.addaudithook(_only_public)
    plugin = _plugin(wanted["url"])
    if plugin is None:
        return Verdict.NO_SUCH_SERVICE
    if not plugin.verify_certificate:
        return Verdict.NOT_VERIFIED
    if service_of(wanted["url"]) in OWN:
        found = _looked_up(plugin, wanted["private"])
        if found is not Verdict.FINE:
            return found
    if wanted.get("title") is None:
        return Verdict.FINE
    sent = plugin.notify(title=wanted["title"], body=wanted["body"])
    return Verdict.FINE if sent else Verdict.NOT_NOW


def _plugin(url: str) -> Any:
    """Apprise's, with nothing of its own in what it sends: no pictures, no addresses of its makers."""
    import apprise
    import requests.sessions

    apprise.AppriseAttachment.instantiate = staticmethod(lambda *_, **__: None)  # type: ignore[method-assign]
    requests.sessions.DEFAULT_REDIRECT_LIMIT = 0  # type: ignore[attr-defined]
    asset = apprise.AppriseAsset(
        app_id="Postex",
        app_desc="Postex",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        plugin_paths=[],
        secure_logging=True,
    )
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None or (service_of(url) in OWN and not plugin.secure):
        return None
    plugin.socket_connect_timeout = plugin.socket_read_timeout = SOCKET_SECONDS
    return plugin


def _looked_up(plugin: Any, private: bool) -> Verdict:
    try:
        found = socket.getaddrinfo(plugin.host, plugin.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Verdict.UNKNOWN_HOST
    public = all(is_public(str(address[0])) for *_, address in found)
    return Verdict.FINE if public or private else Verdict.NOT_PUBLIC


def _only_public(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: every connection of this process, whoever makes it. Name servers are asked by UDP and pass."""
    if event != "socket.connect":
        return
    connection, address = arguments
    is_name_server = connection.type == socket.SOCK_DGRAM
    if not is_name_server and not (isinstance(address, tuple) and is_public(str(address[0]))):
        raise PermissionError("not a public address")


def _no_files_of_ours(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: every file that Python opens, whoever does."""
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike) and not readable(arguments[0]):
        raise PermissionError("not a file of Python or the system")


def readable(path: str | bytes | os.PathLike[str]) -> bool:
    whole = os.path.realpath(os.fsdecode(path))
    return any(whole == each or whole.startswith(each + os.sep) for each in _READABLE)


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    return verdict(json.load(sys.stdin))


if __name__ == "__main__":
    sys.exit(main())
