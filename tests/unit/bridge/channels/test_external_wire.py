"""A message on its way to a mailbox elsewhere: in pieces, so that nobody waits for it, and nothing after the end."""

import asyncio

from aioimaplib.aioimaplib import AUTH

from bridge.channels.external.wire import OUT, Wire


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        return


def connected(message: bytes) -> tuple[Wire, Transport]:
    wire, transport = Wire(asyncio.get_running_loop()), Transport()
    wire.transport, wire.state, wire.literal_data = transport, AUTH, message
    return wire, transport


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_message_goes_in_pieces_a_turn_each() -> None:
    message = bytes(range(256)) * (3 * OUT // 256) + b"end"
    wire, transport = connected(message)
    wire.data_received(b"+ go on\r\n")
    assert transport.written == [message[:OUT]]
    await turns(10)
    assert b"".join(transport.written) == message + b"\r\n"
    assert [len(each) for each in transport.written] == [OUT, OUT, OUT, 3, 2]
    assert wire.problem is None


async def test_nothing_more_goes_once_it_is_over() -> None:
    wire, transport = connected(b"x" * 3 * OUT)
    wire.data_received(b"+ go on\r\n")
    wire.give_up("disconnected")
    await turns(10)
    assert len(transport.written) == 1


async def test_a_server_that_asks_a_second_time_gets_nothing() -> None:
    wire, transport = connected(b"x")
    wire.data_received(b"+ go on\r\n+ go on\r\n")
    await turns(10)
    assert b"".join(transport.written).rstrip(b"\r\n") == b"x"
