"""Batches read ahead: in order, few at a time, given up when nobody wants them."""

import asyncio
from contextlib import aclosing

import pytest

from bridge.imap.ahead import AHEAD, ahead


async def test_batches_come_in_order_and_the_next_are_read_meanwhile() -> None:
    begun: list[int] = []

    async def read(batch: int) -> str:
        begun.append(batch)
        await asyncio.sleep(0)
        return f"read {batch}"

    async with aclosing(ahead(read, range(6))) as batches:
        assert await anext(batches) == (0, "read 0")
        assert begun == list(range(1 + AHEAD))
        assert [batch async for batch in batches] == [(number, f"read {number}") for number in range(1, 6)]
    assert begun == list(range(6))


async def test_what_is_left_early_is_given_up() -> None:
    given_up: list[int] = []

    async def read(batch: int) -> int:
        if batch:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                given_up.append(batch)
                raise
        await asyncio.sleep(0)
        return batch

    async with aclosing(ahead(read, [0, 1, 2, 3])) as batches:
        assert await anext(batches) == (0, 0)
    assert given_up == list(range(1, 1 + AHEAD))


async def test_an_error_comes_with_its_own_batch() -> None:
    async def read(batch: int) -> int:
        if batch == 1:
            raise ZeroDivisionError
        return batch

    async with aclosing(ahead(read, [0, 1, 2])) as batches:
        assert await anext(batches) == (0, 0)
        with pytest.raises(ZeroDivisionError):
            await anext(batches)


async def test_nothing_to_read() -> None:
    async def read(batch: int) -> int:
        return batch

    assert [each async for each in ahead(read, [])] == []
