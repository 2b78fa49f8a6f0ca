"""Tags of control addresses: ours alone, and unaltered (D2)."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.routing import control_addresses as control
from bridge.routing.control_addresses import Tag

KEY = b"k" * 32


def local(address: str) -> str:
    return address.rpartition("@")[0]


def test_a_tag_says_what_it_was_made_for() -> None:
    sender = local(control.of_sender(KEY, 17, "example.test"))
    undo = local(control.of_undo(KEY, 3, "0123456789abcdef", "example.test"))
    assert max(len(sender), len(undo)) <= 64, "RFC 5321 section 4.5.3.1.1"
    assert control.read(KEY, 3, sender) == control.read(KEY, 4, sender.upper()) == Tag(control.of_whom(KEY, 17))
    assert control.read(KEY, 3, undo) == Tag(batch="0123456789abcdef")
    assert control.read(KEY, 4, undo) == Tag(), "another account's"
    assert control.read(KEY, 3, "delivery") == Tag()


@given(at=st.integers(0, 60), letter=st.sampled_from("0123456789abcdefsu+-"))
def test_an_altered_tag_says_nothing(at: int, letter: str) -> None:
    for made in (control.of_sender(KEY, 17, "x.test"), control.of_undo(KEY, 3, "00ff", "x.test")):
        tag = local(made)
        place = len("delivery+") + at % (len(tag) - len("delivery+"))
        altered = tag[:place] + letter + tag[place + 1 :]
        if altered != tag:
            read = control.read(KEY, 3, altered)
            assert (read.sender, read.batch) != (control.of_whom(KEY, 17), None)
            assert read.batch is None


def test_an_account_is_not_the_address_of_its_number() -> None:
    named = [control.of_whom(KEY, each) for each in (17, "17@x.test", "A@x.test", 18)]
    assert len(set(named)) == 4
    assert control.of_whom(KEY, "a@X.test") == named[2]


def test_another_key_makes_another_tag() -> None:
    assert control.of_whom(b"x" * 32, 17) != control.of_whom(KEY, 17)
    assert control.read(b"x" * 32, 3, local(control.of_undo(KEY, 3, "00ff", "x.test"))) == Tag()
