"""Streams that last: answers of reasoning models take many minutes, with long silences."""

import asyncio
import os

from bodies import chat_bytes, unique
from extproc import Client, expected, request_body, request_headers, response_body, response_headers
from pools import settles

#: Seconds; a longer time can be asked for.
SILENCE = float(os.environ.get("EPP_TEST_SILENCE", "20"))


async def test_long_silence_ends_no_stream(pool):
    """Before the end of the body, before the response, and in the middle of it."""
    body = chat_bytes(unique())
    async with Client(pool.picker.address) as client:

        def stream():
            return client.stream(timeout=SILENCE + 60)

        half, asked, answered = stream(), stream(), stream()
        await half.send(request_headers(), request_body(body[:10]))
        await asked.ask(request_headers(), request_body(body, True))
        await answered.ask(request_headers(), request_body(body, True))
        await answered.exchange(response_headers(), 1)
        await answered.exchange(response_body(b"data: 1\n\n"), 1)
        await asyncio.sleep(SILENCE)
        assert pool.picker.metric("epp_leases") == 2
        received = await half.ask(request_body(body[10:], True))
        assert received[0].destination in pool.servers.endpoints
        for late in (half, asked):
            await late.exchange(response_headers(), 1)
        for open_stream in (half, asked, answered):
            answers = await open_stream.exchange(response_body(b"{}", True), 1)
            assert answers == [expected.piece("response_body", b"{}", True)]
            assert (await open_stream.close()).name == "OK"
    await settles(pool.picker)
