"""Many requests between two scrapes: each pick must count before the model servers report it."""

import asyncio
import collections
import json

import pytest
from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import Client, request_body, request_headers
from model_server import ModelServer
from pools import wait_scraped

CONNECTIONS, STREAMS = 10, 100


async def pick(client, body):
    stream = client.stream()
    header, *_ = await stream.ask(request_headers(), request_body(body, end_of_stream=True), timeout=30)
    # The stream stays open: the request is in flight until the burst is over.
    return stream, header.destination


async def test_burst_spreads_over_equal_endpoints(launch):
    servers = launch.servers(count=8)
    picker = launch.picker(servers.endpoints, tls=False, arguments=["--refresh-metrics-interval=1h"])
    wait_scraped(picker, 8)
    bodies = [chat_bytes(unique()) for _ in range(CONNECTIONS * STREAMS)]

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


@pytest.mark.parametrize(("scraped_only", "to_the_idle"), [(False, 15), (True, 20)])
async def test_what_is_placed_counts_unless_told_otherwise(launch, scraped_only, to_the_idle):
    """One server has 10 waiting, one none; 20 requests come before either tells more."""
    servers = [ModelServer(waiting=0), ModelServer(waiting=10)]
    document = json.loads(by_queue())
    document["plugins"].append({"type": "core-metrics-extractor", "parameters": {"scrapedValuesOnly": scraped_only}})
    picker = launch.picker(
        [server.address for server in servers],
        tls=False,
        config=json.dumps(document),
        arguments=["--refresh-metrics-interval=1h"],
    )
    try:
        wait_scraped(picker, 2)
        async with Client(picker.address) as client:
            picks = [await pick(client, chat_bytes(unique())) for _ in range(20)]
    finally:
        for server in servers:
            server.close()
    counts = collections.Counter(destination for _, destination in picks)
    assert abs(counts[servers[0].address] - to_the_idle) <= (0 if scraped_only else 1), counts
