"""What stands behind MAIL and RCPT: a path and its parameters (RFC 5321 sections 4.1.1.2, 4.1.2; RFC 6531).

    Reverse-path = "<" [ A-d-l ":" ] Mailbox ">" / "<>"        parameters = *( SP keyword [ "=" value ] )

Source routes are dropped, as section 3.6.1 asks. A space before the path is tolerated. Sizes are bounded by the
caller's line limit; the patterns have disjoint alternatives and run in linear time.
"""

import re
from dataclasses import dataclass, field

MAX_ADDRESS = 320
MAX_LOCAL_PART = 128

_COMMAND = re.compile(
    r'(?P<word>FROM|TO):[ ]*<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(?P<rest>(?: .*)?)', re.IGNORECASE
)
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[!-<>-~\u0080-\U0010ffff]+))?")
_ROUTE = re.compile(r"@[^:]*:")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\U0010ffff-]"
_LOCAL = re.compile(rf'{_ATEXT}+(?:\.{_ATEXT}+)*|"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*"')
_LABEL = r"[A-Za-z0-9_\u00a0-\U0010ffff](?:[A-Za-z0-9_\u00a0-\U0010ffff-]*[A-Za-z0-9_\u00a0-\U0010ffff])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[A-Za-z0-9.:-]+\]")


@dataclass(frozen=True, slots=True)
class Path:
    """`address` is empty for `<>`; its domain is in lower case. `parameters` by upper-case keyword."""

    address: str = field(repr=False)
    parameters: dict[str, str | None]


class BadSyntax(Exception):
    """The argument is no path with parameters."""


class BadAddress(Exception):
    """There is a path, and what it holds is no address."""


def parse(word: str, argument: str) -> Path:
    """The argument of MAIL (`word` FROM) or RCPT (`word` TO)."""
    match = _COMMAND.fullmatch(argument)
    if match is None or match["word"].upper() != word:
        raise BadSyntax
    return Path(_address(match["path"]), _parameters(match["rest"]))


def _address(path: str) -> str:
    """`path` without its source route, domain in lower case; BadAddress."""
    route = _ROUTE.match(path)
    address = path[route.end() :] if route else path
    if not address or address.lower() == "postmaster":
        return address.lower()
    local, at, domain = address.rpartition("@")
    if not at or len(address) > MAX_ADDRESS or len(local) > MAX_LOCAL_PART:
        raise BadAddress
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise BadAddress
    return f"{local}@{domain.lower()}"


def _parameters(rest: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for word in rest.split():
        match = _PARAMETER.fullmatch(word)
        if match is None or match["keyword"].upper() in found:
            raise BadSyntax
        found[match["keyword"].upper()] = match["value"]
    return found
