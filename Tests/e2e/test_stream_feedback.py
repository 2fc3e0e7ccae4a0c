"""The endpoint that served, as proxies report it with the response: the load is counted where it is.

Endpoints are scraped once at the start only, and none is left alone because another one served in its place, so that
what is picked follows from the requests in flight alone.
"""

import pytest
from bodies import chat_bytes, unique
from configurations import by_queue, write_endpoints
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
    response_body,
    response_headers,
    response_trailers,
    with_metadata,
    with_served,
)
from localpool import wait_until
from pools import settles, wait_scraped

RARELY = ["--refresh-metrics-interval=1h", "--passive-health=false"]


@pytest.fixture(scope="module")
def servers(module_launch):
    return module_launch.servers(count=2)


@pytest.fixture
def picker(launch, servers):
    picker = launch.picker(servers.endpoints, tls=False, config=by_queue(), arguments=RARELY)
    wait_scraped(picker, 2)
    return picker


async def begin(client, headers=None):
    """A request in flight: its stream, with all its answers read, and where it went."""
    headers = headers or request_headers()
    stream = client.stream()
    await stream.send(headers)
    if not headers.request_headers.end_of_stream:
        await stream.send(request_body(chat_bytes(unique()), True))
        await stream.receive()
    await stream.receive()
    [destination] = [answer.destination for answer in stream.answers if answer.destination]
    return stream, destination


async def next_destination(client):
    """Where the next request goes, which is then taken back."""
    stream, destination = await begin(client)
    await stream.reset()
    return destination


def other(servers, endpoint):
    [remaining] = set(servers.endpoints) - {endpoint}
    return remaining


async def test_load_stays_where_it_was_picked_without_a_report(picker, servers):
    async with Client(picker.address) as client:
        stream, picked = await begin(client)
        await stream.exchange(response_headers(), 1)
        for _ in range(5):
            assert await next_destination(client) == other(servers, picked)
        await stream.close()


@pytest.mark.parametrize(
    "modes", [Modes(DUPLEX, DUPLEX), Modes(STREAMED, NONE), Modes(BUFFERED, BUFFERED), Modes(NONE, NONE)], ids=str
)
async def test_load_moves_to_the_endpoint_that_served(picker, servers, modes):
    async with Client(picker.address) as client:
        headers = request_headers(modes=modes, end_of_stream=modes.request == NONE)
        stream, picked = await begin(client, headers)
        served = other(servers, picked)
        assert await stream.exchange(with_served(response_headers(), served), 1) == [expected.marked_response()]
        assert picker.metric("epp_leases") == 1
        for _ in range(5):
            assert await next_destination(client) == picked
        await stream.close()
        # Released where it was moved to: both are idle again, and two requests spread.
        await settles(picker)
        _, first = await begin(client)
        _, second = await begin(client)
        assert {first, second} == set(servers.endpoints)


@pytest.mark.parametrize("message", [response_body(b"{"), response_trailers()], ids=["body", "trailers"])
async def test_report_on_a_later_message(picker, servers, message):
    """Only the latest report counts, whichever message of the response brings it."""
    async with Client(picker.address) as client:
        stream, picked = await begin(client)
        served = other(servers, picked)
        await stream.exchange(with_served(response_headers(), picked), 1)
        assert await next_destination(client) == served
        await stream.exchange(with_served(message, served), 1)
        if message.HasField("response_trailers"):
            # The response is over, so nothing is loaded.
            assert picker.metric("epp_leases") == 0
        else:
            assert await next_destination(client) == picked
        await stream.reset()
    await settles(picker)


@pytest.mark.parametrize(
    "report",
    [
        lambda message, served: with_served(message, "10.9.9.9:1"),
        lambda message, served: with_served(message, ""),
        lambda message, served: with_served(message, served.split(":")[0]),
        lambda message, served: with_served(message, [served]),
        lambda message, served: with_served(message, 7),
        lambda message, served: with_metadata(message, "envoy.lb", {"x-gateway-destination-endpoint": served}),
        lambda message, served: with_metadata(
            message, "other", {"x-gateway-destination-endpoint-served": served}
        ),
    ],
    ids=["stranger", "empty", "no-port", "list", "number", "other-key", "other-namespace"],
)
async def test_report_that_names_no_endpoint_changes_nothing(picker, servers, report):
    async with Client(picker.address) as client:
        stream, picked = await begin(client)
        served = other(servers, picked)
        assert await stream.exchange(report(response_headers(), served), 1) == [expected.marked_response()]
        assert await next_destination(client) == served
        await stream.close()
    await settles(picker)


async def test_report_on_the_request_changes_nothing(picker, servers):
    """What a proxy says before there is a response can't be about the endpoint that serves it."""
    async with Client(picker.address) as client:
        stream, picked = await begin(client, with_served(get(), servers.endpoints[0]))
        assert await next_destination(client) == other(servers, picked)
        await stream.close()


async def test_report_of_a_request_without_a_body(picker, servers):
    async with Client(picker.address) as client:
        stream, picked = await begin(client, get())
        await stream.exchange(with_served(response_headers(), other(servers, picked)), 1)
        assert await next_destination(client) == picked
        await stream.close()
    await settles(picker)


async def test_report_after_the_response_changes_nothing(picker, servers):
    async with Client(picker.address) as client:
        stream, picked = await begin(client)
        await stream.exchange(response_headers(), 1)
        await stream.exchange(response_body(b"{}", True), 1)
        assert picker.metric("epp_leases") == 0
        await stream.exchange(with_served(response_trailers(), other(servers, picked)), 1)
        assert picker.metric("epp_leases") == 0
        await stream.close()
    await settles(picker)


async def test_many_reports_never_lose_or_double_a_request(picker, servers):
    """Back and forth on every message: in the end each endpoint carries what it serves, then nothing."""
    async with Client(picker.address) as client:
        streams = [(await begin(client))[0] for _ in range(20)]
        for stream in streams:
            await stream.exchange(with_served(response_headers(), servers.endpoints[0]), 1)
            for turn in range(9):
                await stream.exchange(with_served(response_body(b"x"), servers.endpoints[turn % 2]), 1)
        assert picker.metric("epp_leases") == 20
        # All twenty ended up on the first one: as many go to the second before the first is used again.
        held = [await begin(client) for _ in range(20)]
        assert {destination for _, destination in held} == {servers.endpoints[1]}
        for stream in streams:
            await stream.exchange(response_body(b"", True), 1)
        assert picker.metric("epp_leases") == 20
        assert await next_destination(client) == servers.endpoints[0]
    await settles(picker)


async def test_endpoint_that_leaves_and_returns_while_it_serves(launch, servers, tmp_path):
    """Its requests end as usual, and the load they were is not counted against what comes back."""
    path = tmp_path / "endpoints.yaml"
    one, two = servers.endpoints
    write_endpoints(path, [one, two])
    picker = launch.picker(config=by_queue(endpoint_file=path), tls=False, arguments=RARELY)
    wait_scraped(picker, 2)
    async with Client(picker.address) as client:
        # Two in flight on each.
        held = [await begin(client) for _ in range(4)]
        assert sorted(destination for _, destination in held) == sorted([one, one, two, two])
        write_endpoints(path, [two])
        wait_until(lambda: picker.process.log_tail().count("endpoints changed") == 2, "the endpoint has left")
        # It still serves what it was given.
        assert picker.metric("epp_leases") == 4
        assert await next_destination(client) == two
        for stream, destination in held:
            await stream.exchange(with_served(response_headers(), destination), 1)
            await stream.exchange(response_body(b"{}", True), 1)
        assert picker.metric("epp_leases") == 0
        write_endpoints(path, [two, one])
        while (await next_destination(client)) != one:
            pass
        wait_until(lambda: picker.metric("epp_leases") == 0, "the last reset has arrived")
        _, first = await begin(client)
        _, second = await begin(client)
        assert {first, second} == {one, two}
    await settles(picker)
