"""The demonstration from its first step to the table for mail clients."""

import contextlib
import functools
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from postex_tui.answers import Refusal
from postex_tui.demo import DemoFailed, choosing, disk, traffic
from postex_tui.demo.choosing import Owner, PrintFolder
from postex_tui.demo.documents import Document, from_folder, pdf
from postex_tui.demo.office import DOMAIN, Bridge, Person, add_recipient, add_sender, postex
from postex_tui.demo.traffic import HandIn

MOST_FROM_FOLDER = 4
SENDERS = (
    ("energie", "Energie BV", "facturen@energie.test"),
    ("gemeente", "Gemeente Veldstad", "post@veldstad.test"),
)
RECIPIENTS = (("anna", "Anna de Vries"), ("bram", "Bram Jansen"), ("chris", "Chris Bakker"))
NOISE_SIDE = 1400
"""Pixels: makes the large document just under 2 MB."""


def run(data: Path | None, documents: Path | None, once: bool) -> int:
    """Exit status: 0 all checks held, 1 one did not, 130 ended by hand before that was known."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a shell's background ignores it
        signal.signal(number, signal.default_int_handler)
    with _folder(data) as folder, contextlib.ExitStack() as stack:
        try:
            _walk(folder, documents, once, stack.callback)
        except DemoFailed as failure:
            typer.echo("")
            raise Refusal("demo-failed", str(failure)) from None
        except KeyboardInterrupt:
            typer.echo("\nStopped before the end.")
            return 130
    return 0


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The given folder, which stays, or a temporary one."""
    if data is not None:
        yield data
        return
    folder = Path(tempfile.mkdtemp(prefix="postex-demo-"))
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _step(words: str) -> Iterator[list[str]]:
    """Show what is being done while it is done, and at its end what the block put into the list."""
    typer.echo(f"  {words:<60}", nl=False)
    begun, result = time.monotonic(), list[str]()
    yield result
    typer.echo(f"ok {time.monotonic() - begun:5.1f} s  {' '.join(result)}".rstrip())


def _walk(data: Path, documents: Path | None, once: bool, at_end: Callable[[Callable[[], object]], object]) -> None:
    typer.echo(f"Postex demonstration, data folder {data}\n")
    with _step(f"a data folder for {DOMAIN}: keys, certificate, database"):
        postex(data, "init", "--domain", DOMAIN, "--country", "NL")
    letters = data.parent / f"{data.name}-letters"
    choosing.put_up_printer(data, letters)
    senders, recipients = _people(data)
    with _step("the bridge, on loopback over TLS"):
        bridge = Bridge.start(data, data.parent / f"{data.name}.log")
        at_end(bridge.stop)
    state = Path(tempfile.mkdtemp(prefix="postex-demo-session-"))
    at_end(functools.partial(shutil.rmtree, state))
    owner = Owner(data, recipients[1], state)
    with _step(f"{owner.person.name} enrols: second factor, postal address"):
        owner.enrol()
    hand_ins = _hand_ins(senders, recipients, documents)
    _hand_in_all(bridge, hand_ins)
    _read_all(bridge, recipients, hand_ins)
    printed = PrintFolder.watch(letters)
    hand_ins.append(_on_paper(bridge, owner, hand_ins[1], printed))
    with _step("what lies on disk, and the log, is ciphertext") as result:
        count, size, sought = disk.check_locked(data, bridge.log, hand_ins)
        result.append(f"sought {sought} names and words in {count} files, {size / 1e6:.1f} MB: none found")
    typer.echo("\nAll checks held.\n")
    _table(data, bridge, senders, recipients)
    if not once:
        typer.echo(f"{owner.person.name} chooses by moving messages, into Bezorging/Weigeren say.")
        typer.echo(f"Letters: {letters}\n")
        _stay(bridge)
    with _step("the bridge drains and stops") as result:
        if bridge.stop() != 0:
            raise DemoFailed(f"the bridge ended with {bridge.process.returncode}; see {bridge.log}")
        if once:
            result.append(f"printed: {printed.only().name[:14]}….pdf, and nothing else")


def _people(data: Path) -> tuple[list[Person], list[Person]]:
    """Two senders and three recipients, each with a device password."""
    senders, recipients = [], []
    for local, name, address in SENDERS:
        with _step(f"sender {name}, writes as {address}"):
            senders.append(add_sender(data, local, name, address))
    for local, name in RECIPIENTS:
        with _step(f"recipient {name}, {local}@{DOMAIN}"):
            recipients.append(add_recipient(data, local, name))
    return senders, recipients


def _hand_ins(senders: list[Person], recipients: list[Person], documents: Path | None) -> list[HandIn]:
    """Small, large and shared by all; then what the folder holds."""
    energie, gemeente = senders
    anna, bram, chris = recipients
    invoice = Document("factuur-2026-0117.pdf", pdf(["Energie BV", "Factuur 2026-0117", "Te betalen: EUR 117,40"]))
    scan = Document("meterstand-foto.pdf", pdf(["Foto van de meter"], NOISE_SIDE))
    levy = Document("aanslag-afvalstoffen.pdf", pdf(["Gemeente Veldstad", "Aanslag afvalstoffenheffing 2026"]))
    compose = traffic.compose
    made = [
        compose(energie, [anna], "Uw factuur 2026-0117", "Beste Anna, bijgaand uw factuur.", invoice),
        compose(energie, [bram], "Foto van uw meterstand", "Beste Bram, bijgaand de foto.", scan),
        compose(gemeente, [anna, bram, chris], "Aanslag afvalstoffenheffing", "Geachte bewoner, zie bijlage.", levy),
    ]
    given = from_folder(documents, MOST_FROM_FOLDER) if documents else []
    return made + [
        compose(energie, [chris], f"Document {document.file_name}", "Bijgaand uw document.", document)
        for document in given
    ]


def _hand_in_all(bridge: Bridge, hand_ins: list[HandIn]) -> None:
    for position, each in enumerate(hand_ins):
        implicit_tls = position % 2 == 0
        road = "SMTP over TLS" if implicit_tls else "SMTP, STARTTLS"
        with _step(f"in   {road:<15} {each.document.file_name[:32]}") as result:
            text = traffic.hand_in(bridge, each, implicit_tls)
            result.append(f"{_count(len(each.recipients), 'reader')}, {len(each.sent) / 1e3:.0f} kB: 250 {text}")


def _read_all(bridge: Bridge, recipients: list[Person], hand_ins: list[HandIn]) -> None:
    for reader in recipients:
        theirs = [each for each in hand_ins if reader in each.recipients]
        with _step(f"out  IMAP over TLS   {reader.address}") as result:
            notices = _check_read(bridge, reader, theirs)
            result.append(
                f"{_count(len(theirs), 'document')}, byte for byte as handed in, and {_count(len(notices), 'notice')}"
            )


def _check_read(bridge: Bridge, reader: Person, theirs: list[HandIn]) -> list[bytes]:
    """That INBOX holds these documents and no other; the post office's own notices in it."""
    messages = traffic.read_back(bridge, reader)
    notices = [message for message in messages if traffic.is_notice(message)]
    if len(messages) != len(theirs) + len(notices):
        raise DemoFailed(f"{reader.address} has {len(messages) - len(notices)} documents; {len(theirs)} handed in")
    for each in theirs:
        traffic.check_same(each, reader, messages)
    return notices


def _on_paper(bridge: Bridge, owner: Owner, moved: HandIn, printed: PrintFolder) -> HandIn:
    """One message is moved, and its sender's next document is a letter; that document."""
    reader = owner.person
    with _step(f"{reader.name} moves a message into {choosing.PAPER}") as result:
        words = choosing.choose_paper(bridge, reader, moved)
        result.append(f"it came back; a message says “{words}”")
    subject = "Jaarafrekening 2026"
    document = Document("jaarafrekening-2026.pdf", pdf([subject, "Terug te ontvangen: EUR 12,40"]))
    following = traffic.compose(moved.sender, [reader], subject, "Beste Bram, zie de bijlage.", document)
    _print(bridge, following, printed)
    with _step("postex explain: why on paper?") as result:
        result.append(owner.why(following.message_id))
    return following


def _print(bridge: Bridge, each: HandIn, printed: PrintFolder) -> None:
    with _step("in   SMTP over TLS   that sender's next document, twice") as result:
        answers = {traffic.hand_in(bridge, each, implicit_tls=True) for _ in range(2)}
        if len(answers) != 1:
            raise DemoFailed("a document that was handed in again was taken for another")
        result.append(f"both 250 {answers.pop()}")
    with _step("out  one letter, for a print system to take") as result:
        letter = printed.next()
        count = _count(choosing.pages(letter, each), "page")
        result.append(f"{letter.name[:14]}….pdf: {count}, the document's own among them")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _table(data: Path, bridge: Bridge, senders: list[Person], recipients: list[Person]) -> None:
    """What goes into a mail client."""
    imap, smtp, starttls = (bridge.place(name) for name in ("imaps", "smtps", "submission"))
    typer.echo(f"Read in any mail client: IMAP, TLS, host {imap[0]}, port {imap[1]}")
    for person in recipients:
        typer.echo(f"  {person.username:<28} {person.password}")
    typer.echo(f"Hand in: SMTP, TLS, host {smtp[0]}, port {smtp[1]} (or STARTTLS, port {starttls[1]})")
    for person in senders:
        typer.echo(f"  {person.username:<28} {person.password}   as {person.address}")
    typer.echo(f"Certificate, self-signed: {data / 'tls' / 'cert.pem'}\n")


def _stay(bridge: Bridge) -> None:
    with contextlib.suppress(KeyboardInterrupt):  # around the invitation too: who reads it may be quicker than we are
        typer.echo("Try it now; Ctrl-C ends the demonstration.")
        bridge.process.wait()
        raise DemoFailed(f"the bridge ended by itself with {bridge.process.returncode}; see {bridge.log}")
    typer.echo("")
