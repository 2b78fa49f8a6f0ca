"""Printing by IPP: printers that talk nonsense, hang, take half, run out of paper, forget, abort."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge import tls
from bridge.channels import letters
from bridge.channels.outbox import Failed, Later, Outcome, Task, Uncertain
from bridge.channels.paper import printers
from bridge.channels.paper.ipp.client import Operation, Printer, State, Trouble, http_address
from bridge.channels.paper.ipp.encoding import Tag
from bridge.channels.paper.letter import Code, Composed, Letter
from bridge.channels.paper.press import Press
from bridge.channels.paper.printers import ticket
from bridge.channels.paper.printing import CREATING, LONGEST_WAIT, SENDING, SENT, Handle, IppRoad
from bridge.setting_sections import Printer as Section
from bridge.settings import Settings
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState, JobState
from storage.keys.outbox import OutboxKey
from tests.letters import ADDRESS, QUICK, PaperOffice, by_ipp
from tests.printers import FakePrinter, PrintJob, fake_printer

PDF = b"%PDF-1.7\n" + b"%" * 5000 + b"\n%%EOF\n"


class Ready(Press):
    """Sheets that need no work."""

    async def compose(self, message: bytes, letter: Letter) -> Composed:
        return Composed(PDF, 4)


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperOffice]:
    made = PaperOffice.found(tmp_path_factory.mktemp("office") / "data")
    yield made
    made.store.close()


@pytest.fixture
def office(one_office: PaperOffice) -> PaperOffice:
    """With no letter on its way."""
    one_office.change("DELETE FROM job")
    one_office.moves(ADDRESS)
    return one_office


@pytest_asyncio.fixture
async def printer() -> AsyncIterator[FakePrinter]:
    async with fake_printer() as made:
        yield made


async def attempt(
    office: PaperOffice, printer: FakePrinter, delivery: Delivery, press: Press | None = None
) -> Outcome:
    """One, by itself."""
    job = office.job(delivery)
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    return await office.carrier(by_ipp(printer.uri), press or Ready()).carry(task)


async def test_the_printer_gets_the_sheets_and_a_ticket(office: PaperOffice, printer: FakePrinter) -> None:
    delivery = office.letter()
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert printer.prints == [PDF]
    assert printer.jobs[0].name == f"postex {delivery.public_id}:paper"
    assert printer.asked[:3] == [
        Operation.GET_PRINTER_ATTRIBUTES,
        Operation.CREATE_JOB,
        Operation.SEND_DOCUMENT,
    ]
    assert office.events(delivery) == [("paper.handed-off", "pages:4")]


NONSENSE = {
    "html": b"<html>not a printer</html>",
    "empty": b"",
    "cut": b"\x02\x00\x00\x00\x00\x00\x00\x01\x01\x47\x00\x12attributes-ch",
    "no end": b"\x02\x00\x00\x00\x00\x00\x00\x01\x04",
    "giant": b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + b"\x44\x00\x01a\x00\x01b" * 400_000,
    "many": b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + b"\x44\x00\x00\x00\x00" * 200_000 + b"\x03",
    "refused": b"\x02\x00\x05\x00\x00\x00\x00\x01\x03",
    "other version": b"\x09\x00\x00\x00\x00\x00\x00\x01\x03",
}


@pytest.mark.parametrize("spoilt", [Operation.GET_PRINTER_ATTRIBUTES, Operation.CREATE_JOB, Operation.SEND_DOCUMENT])
async def test_nonsense_is_put_off_and_printed_once_all_the_same(
    office: PaperOffice, printer: FakePrinter, spoilt: Operation
) -> None:
    left = list(NONSENSE.values())

    async def behave(operation: int, good: bytes) -> bytes:
        return left.pop() if operation == spoilt and left else good

    printer.behave = behave
    delivery = office.letter()
    assert isinstance(await attempt(office, printer, delivery), Later)
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert printer.prints == [PDF]
    assert office.now(delivery).state is DeliveryState.HANDED_OFF


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_known_for_what_it_is(printer: FakePrinter, nonsense: bytes) -> None:
    async def behave(operation: int, good: bytes) -> bytes:
        return nonsense

    printer.behave = behave
    with pytest.raises(Trouble, match=r"printer-(nonsense|refused-0500)"):
        await Printer(printer.uri, False).condition()


@pytest.mark.parametrize("hangs", [Operation.GET_PRINTER_ATTRIBUTES, Operation.CREATE_JOB, Operation.SEND_DOCUMENT])
async def test_a_printer_that_hangs_or_hangs_up(office: PaperOffice, printer: FakePrinter, hangs: Operation) -> None:
    """It takes what it was given, and its answer never comes."""
    forever, left = asyncio.Event(), 2

    async def behave(operation: int, good: bytes) -> bytes | None:
        nonlocal left
        if operation == hangs and left:
            left -= 1
            if left:
                await forever.wait()
            return None
        return good

    printer.behave = behave
    delivery = office.letter()
    outcome = await attempt(office, printer, delivery)
    assert outcome in (Later("printer-slow"), Later("printer-slow", after=10, counts=False))
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert printer.prints == [PDF]
    forever.set()


async def test_a_printer_that_is_not_there(office: PaperOffice) -> None:
    delivery = office.letter()
    printer = FakePrinter(uri="ipp://127.0.0.1:1/ipp/print")
    assert await attempt(office, printer, delivery) == Later("printer-unreachable")
    found = office.job(delivery)
    assert found is not None
    assert found.step is None


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ((("printer-is-accepting-jobs", Tag.BOOLEAN, False),), "printer-not-accepting"),
        ((("operations-supported", Tag.ENUM, (2, 4, 11)),), "printer-unsuitable"),
        ((("document-format-supported", Tag.MEDIA_TYPE, ("image/urf",)),), "printer-without-pdf"),
    ],
)
async def test_a_printer_that_is_not_fit(
    office: PaperOffice, printer: FakePrinter, condition: tuple[tuple[str, Tag, object], ...], problem: str
) -> None:
    printer.condition = condition  # type: ignore[assignment]
    assert await attempt(office, printer, office.letter()) == Later(problem)
    assert printer.jobs == []


async def test_out_of_paper_is_waited_for_without_a_place(office: PaperOffice, printer: FakePrinter) -> None:
    printer.ends = State.STOPPED
    delivery = office.letter()
    await attempt(office, printer, delivery)
    outcome = await attempt(office, printer, delivery)
    assert outcome == Later("printer-stopped", after=10, counts=False)
    office.clock.turn(3000)
    assert await attempt(office, printer, delivery) == Later("printer-stopped", after=60, counts=False)
    printer.jobs[0].state = State.COMPLETED
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert printer.prints == [PDF]


async def test_after_five_days_a_person_decides(office: PaperOffice, printer: FakePrinter) -> None:
    printer.ends = State.PROCESSING
    delivery = office.letter()
    await attempt(office, printer, delivery)
    office.clock.turn(LONGEST_WAIT)
    assert await attempt(office, printer, delivery) == Uncertain("printing")


@pytest.mark.parametrize(
    ("ends", "problem"), [(State.ABORTED, "printer-aborted"), (State.CANCELED, "printer-canceled")]
)
async def test_given_up_by_the_printer_unprinted_the_mailbox_is_all(
    office: PaperOffice, printer: FakePrinter, ends: State, problem: str
) -> None:
    """It had the whole document: another attempt would end as this one did."""
    printer.ends, printer.counts = ends, 0
    delivery = office.letter()
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert len(printer.prints) == 1
    assert office.now(delivery).state is DeliveryState.FAILED
    assert ("paper.failed", problem) in office.events(delivery)


@pytest.mark.parametrize("counts", [None, 1, 3])
@pytest.mark.parametrize("ends", [State.ABORTED, State.CANCELED])
@pytest.mark.parametrize("step", [SENDING, SENT])
async def test_given_up_by_the_printer_and_perhaps_printed_a_person_decides(
    office: PaperOffice, printer: FakePrinter, ends: State, counts: int | None, step: str
) -> None:
    """A printer that does not count impressions has not said that there are none."""
    printer.jobs.clear()
    delivery = office.letter()
    await office.store.write(_note, office, delivery, step, Handle(1, 4, len(PDF)))
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper", ends, ("none",), [PDF], counts, 6))
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    job = office.job(delivery)
    assert job is not None
    assert (job.state, job.problem) == (JobState.UNCERTAIN, f"printer-{ends.name.lower()}")
    assert printer.prints == [PDF]


async def test_a_person_has_what_was_aborted_unprinted_tried_again(office: PaperOffice, printer: FakePrinter) -> None:
    printer.ends, printer.counts = State.ABORTED, 0
    delivery = office.letter()
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    job = office.job(delivery)
    assert job is not None
    printer.ends = State.COMPLETED
    await office.store.write(letters.retry, job.id, int(office.clock()), "test")
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert office.now(delivery).state is DeliveryState.HANDED_OFF
    assert [len(each.documents) for each in printer.jobs] == [1, 1]


async def test_a_job_that_the_printer_forgot_is_never_printed_again(
    office: PaperOffice, printer: FakePrinter
) -> None:
    delivery = office.letter()
    await attempt(office, printer, delivery)
    printer.jobs.clear()
    assert await attempt(office, printer, delivery) == Uncertain("printer-knows-no-such-job")
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    job = office.job(delivery)
    assert job is not None
    assert (job.state, printer.jobs) == (JobState.UNCERTAIN, [])


async def test_a_number_that_the_printer_gave_to_another_job(office: PaperOffice, printer: FakePrinter) -> None:
    """It was restarted and counts from one again, but kept our job by name."""
    delivery = office.letter()
    await attempt(office, printer, delivery)
    printer.jobs[0].id = 7
    printer.jobs.insert(0, PrintJob(1, "somebody else's", State.ABORTED, ("none",), [b"x"]))
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert office.now(delivery).state is DeliveryState.HANDED_OFF


async def test_a_document_that_came_through_in_part(office: PaperOffice, printer: FakePrinter) -> None:
    """The connection broke, and the printer printed what it had."""
    delivery = office.letter()
    await office.store.write(_note, office, delivery, SENDING, Handle(1, 4, len(PDF)))
    printer.jobs.append(
        PrintJob(1, f"postex {delivery.public_id}:paper", State.COMPLETED, ("none",), [PDF[:99]], 1, 2)
    )
    assert await attempt(office, printer, delivery) == Uncertain("printer-took-a-part")


async def test_a_document_that_was_lost_before_anything_was_printed(
    office: PaperOffice, printer: FakePrinter
) -> None:
    delivery = office.letter()
    await office.store.write(_note, office, delivery, SENDING, Handle(1, 4, len(PDF)))
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper", State.ABORTED, ("none",), [], 0, 0))
    assert await attempt(office, printer, delivery) == Later("printer-lost-document")
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert printer.prints == [PDF]


async def test_printed_with_errors_a_person_looks(office: PaperOffice, printer: FakePrinter) -> None:
    delivery = office.letter()
    await office.store.write(_note, office, delivery, SENT, Handle(1, 4, len(PDF)))
    reasons = ("job-completed-with-errors",)
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper", State.COMPLETED, reasons, [PDF], 2, 6))
    assert await attempt(office, printer, delivery) == Uncertain("printer-errors")


async def test_an_empty_job_of_an_earlier_attempt_is_used(office: PaperOffice, printer: FakePrinter) -> None:
    delivery = office.letter()
    await office.store.write(_note, office, delivery, CREATING, None)
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper"))
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert [job.documents for job in printer.jobs] == [[PDF]]


@pytest.mark.parametrize("ended", [State.ABORTED, State.CANCELED, State.COMPLETED])
async def test_an_empty_job_that_the_printer_ended_meanwhile_is_no_letter(
    office: PaperOffice, printer: FakePrinter, ended: State
) -> None:
    """Nothing was sent to it, whatever became of it."""
    delivery = office.letter()
    await office.store.write(_note, office, delivery, CREATING, None)
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper", ended, ("none",), [], None))
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert [job.documents for job in printer.jobs] == [[], [PDF]]


@pytest.mark.parametrize("step", [CREATING, SENDING])
@pytest.mark.parametrize("obstacle", ["country", "address"])
async def test_a_resumed_letter_asks_anew_whether_it_may_be_printed(
    office: PaperOffice, printer: FakePrinter, step: str, obstacle: str
) -> None:
    """The settings or the recipient's address changed while the bridge was down."""
    delivery = office.letter()
    await office.store.write(_note, office, delivery, step, Handle(1, 4, len(PDF)) if step == SENDING else None)
    printer.jobs.append(PrintJob(1, f"postex {delivery.public_id}:paper"))
    if obstacle == "address":
        office.moves(None)
    job = office.job(delivery)
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    country = "US" if obstacle == "country" else "NL"
    outcome = await office.carrier(by_ipp(printer.uri), Ready(), country).carry(task)
    assert isinstance(outcome, Failed)
    assert outcome.problem == ("outside-europe" if obstacle == "country" else f"preflight-{Code.ADDRESS_MISSING}")
    assert printer.prints == []
    assert Operation.SEND_DOCUMENT not in printer.asked


async def test_what_fails_preflight_never_reaches_the_printer(office: PaperOffice, printer: FakePrinter) -> None:
    delivery = office.letter()
    office.moves(None)
    await office.settle(by_ipp(printer.uri), delivery, Ready())
    assert (printer.asked, office.now(delivery).state) == ([], DeliveryState.FAILED)
    assert office.events(delivery) == [("paper.failed", f"preflight-{Code.ADDRESS_MISSING}")]


async def test_no_sheet_leaves_europe(office: PaperOffice, printer: FakePrinter) -> None:
    delivery = office.letter()
    job = office.job(delivery)
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    outcome = await office.carrier(by_ipp(printer.uri), Ready(), country="US").carry(task)
    assert isinstance(outcome, Failed)
    assert (outcome.problem, printer.asked) == ("outside-europe", [])


async def test_ipps_is_checked(office: PaperOffice, printer: FakePrinter) -> None:
    """A printer without TLS behind an ipps address gets nothing."""
    road = IppRoad(Printer(printer.uri.replace("ipp:", "ipps:"), True, QUICK), ticket(Section()), None)
    job = office.job(office.letter())
    assert job is not None
    task = Task(job, office.store, OutboxKey.of(office.store.server_keys.outbox), int(office.clock()))
    outcome = await office.carrier(road, Ready()).carry(task)
    assert outcome in (Later("printer-unreachable"), Later("printer-slow"))
    assert printer.asked == []


async def test_only_a_printer_whose_certificate_is_vouched_for_gets_a_letter(
    office: PaperOffice, tmp_path: Path
) -> None:
    tls.create_self_signed(tmp_path / "cert.pem", tmp_path / "key.pem", "localhost", time.time())
    tls.create_self_signed(tmp_path / "other.pem", tmp_path / "other.key", "localhost", time.time())
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with fake_printer(served) as printer:
        office.letter()
        for name, prints in (("other.pem", 0), ("cert.pem", 1)):
            found = Settings(printer=Section(uri=printer.uri, ca_file=Path(name)))
            road = printers.of(tmp_path, found)
            assert road is not None
            await office.worker(road, Ready()).turn()
            office.clock.turn(3600)
            assert len(printer.prints) == prints


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("ipp://localhost/ipp/print", "http://localhost:631/ipp/print"),
        ("ipps://p.example:8631/a?b", "https://p.example:8631/a"),
        ("ipps://[::1]", "https://[::1]:631/"),
    ],
)
def test_an_address_of_ipp_is_one_of_http(uri: str, address: str) -> None:
    assert http_address(uri) == address


async def test_a_redirect_is_not_followed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100_000)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    uri = f"ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(Trouble, match="printer-refused-http"):
        await Printer(uri, False, QUICK).condition()
    server.close()


def _note(session: object, office: PaperOffice, delivery: Delivery, step: str, handle: Handle | None) -> None:
    from sqlmodel import Session

    from storage.deliveries import jobs

    assert isinstance(session, Session)
    ((number,),) = jobs.statements.rows(session, "SELECT id FROM job WHERE delivery_id = ?", (delivery.id,))
    jobs.note_step(session, number, step, None if handle is None else str(handle))
