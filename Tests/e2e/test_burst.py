"""Many requests between two scrapes: each pick must count before the model servers report it."""

import asyncio
import collections

from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers
from pools import wait_scraped

CONNECTIONS, STREAMS = 10, 100


async def test_burst_spreads_over_equal_endpoints(launch):
    servers = launch.servers(count=8)
    picker = launch.picker(servers.endpoints, tls=False, arguments=["--refresh-metrics-interval=1h"])
    wait_scraped(picker, 8)
    bodies = [chat_bytes(unique()) for _ in range(CONNECTIONS * STREAMS)]

    async def pick(client, body):
        stream = client.stream()
        header, *_ = await stream.ask(request_headers(), request_body(body, end_of_stream=True), timeout=30)
        # The stream stays open: the request is in flight until the burst is over.
        return stream, header.destination

    clients = [await Client(picker.address).__aenter__() for _ in range(CONNECTIONS)]
    try:
        picks = await asyncio.gather(*(pick(clients[number % CONNECTIONS], body) for number, body in enumerate(bodies)))
    finally:
        for client in clients:
            await client.__aexit__()
    counts = collections.Counter(destination for _, destination in picks)
    fair = len(bodies) / len(servers.endpoints)
    assert set(counts) == set(servers.endpoints)
    assert all(0.8 * fair <= count <= 1.2 * fair for count in counts.values()), counts
