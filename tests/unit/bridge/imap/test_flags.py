"""Flag names in and out (RFC 3501 section 2.3.2)."""

import pytest

from bridge.imap import flags
from storage.records import Flag


def test_names_are_read_without_regard_to_case_and_each_once() -> None:
    assert flags.parsed(["\\SEEN", "\\draft", "$Paid", "$paid", "\\Recent"]) == (Flag.SEEN | Flag.DRAFT, ("$Paid",))


def test_unknown_system_flags_are_refused() -> None:
    with pytest.raises(flags.UnknownFlag):
        flags.parsed(["\\Important"])


def test_rendering_puts_recent_after_the_stored_flags() -> None:
    bits = Flag.ANSWERED | Flag.FLAGGED | Flag.DELETED | Flag.SEEN | Flag.DRAFT
    assert flags.rendered(bits, ("$a", "b"), True) == b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent $a b)"
    assert flags.rendered(0, (), False) == b"()"


def test_renderings_are_bounded() -> None:
    for number in range(flags.MOST_RENDERINGS + 10):
        assert flags.rendered(0, (f"k{number}",), False) == b"(k%d)" % number
    assert len(flags._renderings) <= flags.MOST_RENDERINGS
