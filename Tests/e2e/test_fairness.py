"""Nobody is starved: not beside large bodies on the same connection, and not beside a connection that never rests."""

import asyncio
import statistics
import time

import pytest
from bodies import chat_bytes, unique
from extproc import Client, echoed, request_body, request_headers
from pools import settles

MEGABYTE, PIECE = 1 << 20, 62_000


@pytest.fixture(scope="module")
def pool(module_launch):
    return module_launch.pool(tls=False)


async def ask(client, body):
    """One request in pieces; the answer must be whole."""
    stream = client.stream(timeout=60)
    pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)]
    await stream.send(request_headers())
    for piece in pieces[:-1]:
        await stream.send(request_body(piece))
    header, *rest = await stream.ask(request_body(pieces[-1], end_of_stream=True), timeout=30)
    assert echoed(rest) == body
    await stream.reset()
    return header.destination


async def small_requests(client, count):
    """So many small requests, one after another; returns the median of their times."""
    times = []
    for _ in range(count):
        started = time.monotonic()
        assert await ask(client, chat_bytes(unique()))
        times.append(time.monotonic() - started)
    return statistics.median(times)


async def beside(others, small):
    """Runs `small` while `others` go on; returns its result and how often each of the others was served."""
    served = [0] * len(others)
    # Not by cancelling: a call of gRPC's that is cancelled while it writes may pass over that.
    stop = asyncio.Event()

    async def repeat(index, other):
        # Everybody gets on, also those with much to do.
        while served[index] == 0 or not stop.is_set():
            await other()
            served[index] += 1

    repeated = asyncio.gather(*(repeat(index, other) for index, other in enumerate(others)))
    try:
        result = await small
    finally:
        stop.set()
        await repeated
    return result, served


async def test_small_bodies_beside_megabytes_on_the_same_connection(pool):
    async with Client(pool.picker.address) as client:
        alone = await small_requests(client, 50)
        large = [lambda: ask(client, chat_bytes(unique() + "x" * MEGABYTE))] * 4
        together, served = await beside(large, small_requests(client, 50))
    print(f"median {alone * 1000:.1f} ms alone, {together * 1000:.1f} ms beside 4 megabytes, {served} of those served")
    await settles(pool.picker)


async def test_a_quiet_connection_beside_a_hot_one(pool):
    async with Client(pool.picker.address) as hot, Client(pool.picker.address) as quiet:
        busy = [lambda: ask(hot, chat_bytes(unique()))] * 64
        together, served = await beside(busy, small_requests(quiet, 50))
    print(f"median {together * 1000:.1f} ms beside a hot connection, {sum(served)} served there")
    await settles(pool.picker)
