"""Lists of endpoints: the first is the choice, the others are fallbacks in order."""

import pytest
from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import (
    BUFFERED,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    expected,
    get,
    request_body,
    request_headers,
    with_subset,
)
from pools import wait_scraped

ENDPOINTS = ["127.0.0.1:9001", "127.0.0.2:9001", "[fd00::1]:9001", "127.0.0.1:9002"]


@pytest.fixture(scope="module")
def picker(module_launch):
    """Serves endpoints that nobody listens on: they are only picked."""
    return module_launch.picker(ENDPOINTS, tls=False, config=by_queue(endpoints=3))


async def answered(client, *messages):
    """The answer that carries the destination, and the list in it."""
    stream = client.stream()
    await stream.send(*messages)
    while not (answer := await stream.receive()).destination:
        pass
    await stream.reset()
    return answer, answer.destination.split(",")


@pytest.mark.parametrize(
    ("modes", "kind"),
    [
        (Modes(DUPLEX), "request_headers"),
        (Modes(STREAMED), "request_headers"),
        (Modes(BUFFERED), "request_body"),
        (Modes(NONE), "request_headers"),
    ],
    ids=str,
)
async def test_list_is_the_same_in_header_and_metadata(picker, modes, kind):
    async with Client(picker.address) as client:
        for _ in range(20):
            body = [request_body(chat_bytes(unique()), True)] if modes.request in (DUPLEX, BUFFERED) else []
            answer, endpoints = await answered(client, request_headers(modes=modes), *body)
            assert answer.message == expected.destination(answer.destination, kind)
            assert len(set(endpoints)) == 3
            assert set(endpoints) < set(ENDPOINTS)


async def test_every_endpoint_is_first_at_times(picker):
    async with Client(picker.address) as client:
        firsts = [(await answered(client, get()))[1][0] for _ in range(100)]
    assert set(firsts) == set(ENDPOINTS)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_list_is_no_longer_than_the_choice(picker, count):
    async with Client(picker.address) as client:
        _, endpoints = await answered(client, with_subset(get(), ENDPOINTS[:count]))
        assert sorted(endpoints) == sorted(ENDPOINTS[:count])


async def test_order_follows_the_load(launch):
    servers = launch.servers(count=4)
    for endpoint, queue in zip(servers.endpoints, (30, 10, 0, 20)):
        servers.control(endpoint, queue=queue)
    picker = launch.picker(
        servers.endpoints, tls=False, config=by_queue(endpoints=3), arguments=["--refresh-metrics-interval=1h"]
    )
    one, two, three, four = servers.endpoints
    wait_scraped(picker, 4)
    async with Client(picker.address) as client:
        for _ in range(10):
            assert (await answered(client, get()))[1] == [three, two, four]
