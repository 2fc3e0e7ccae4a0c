"""Picks follow what model servers say of their KV caches, over real ZeroMQ sockets."""

import asyncio
import json
import socket
import time

import pytest
from bodies import MODEL, chat_bytes, unique
from cache_events import CLEARED, Publisher, Renderer, removed, stored
from extproc import Client, request_body, request_headers
from localpool import free_port, wait_until

#: Nobody listens there; each has an address of its own, as pods have.
ENDPOINTS = [f"127.0.0.{number}:8000" for number in (11, 12, 13)]
TOKENS = list(range(1000, 1016))
PICKS = 12

PLUGINS = """
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: token-producer
  parameters: {tokens}
- type: endpoint-notification-source
- type: precise-prefix-cache-producer
  parameters:
    tokenProcessorConfig: {{blockSizeTokens: 4}}
    kvEventsConfig: {events}
    {more}
- type: prefix-cache-scorer
  parameters: {{prefixMatchInfoProducerName: precise-prefix-cache-producer}}
dataLayer:
  sources:
  - pluginRef: endpoint-notification-source
    extractors: [{{pluginRef: precise-prefix-cache-producer}}]
schedulingProfiles:
- name: default
  plugins:
  - {{pluginRef: prefix-cache-scorer, weight: 2}}
"""


def config(*, events="{}", tokens="{}", more=""):
    return PLUGINS.format(events=events, tokens=tokens, more=more)


def connecting(port):
    return f"{{podDiscoveryConfig: {{socketPort: {port}}}}}"


def completion(tokens=TOKENS, **fields):
    return json.dumps({"model": MODEL, "max_tokens": 4, "prompt": tokens, **fields}).encode()


async def destinations(picker, body=None, *, path="/v1/completions", count=PICKS):
    """Where `count` requests go."""
    picked = []
    async with Client(picker.address) as client:
        for _ in range(count):
            stream = client.stream()
            answer, *_ = await stream.ask(request_headers(path=path), request_body(body or completion(), True))
            picked.append(answer.destination)
            await stream.reset()
    return picked


async def follows(picker, endpoint, body=None, **options):
    """All requests go to `endpoint` once the events have arrived."""
    deadline = time.monotonic() + 10
    while True:
        picked = await destinations(picker, body, **options)
        if set(picked) == {endpoint}:
            return
        assert time.monotonic() < deadline, picked


async def spreads(picker, body=None, **options):
    """Requests go to several endpoints, since nobody has anything of them."""
    deadline = time.monotonic() + 10
    while len(set(await destinations(picker, body, **options))) == 1:
        assert time.monotonic() < deadline


@pytest.fixture
def publish():
    publishers = []

    def start(address, *arguments, **options):
        publisher = Publisher(address, *arguments, **options)
        publishers.append(publisher)
        return publisher

    yield start
    for publisher in publishers:
        publisher.close()


async def test_the_pick_follows_the_events(launch, publish):
    port = free_port()
    picker = launch.picker(ENDPOINTS, tls=False, config=config(events=connecting(port)))
    servers = [publish(f"{endpoint.split(':')[0]}:{port}").wait_subscribed() for endpoint in ENDPOINTS]
    await spreads(picker)

    servers[1].send(stored([1, 2], TOKENS[:8]))
    await follows(picker, ENDPOINTS[1])
    # More of the prompt counts more.
    servers[2].send(stored([10, 20, 30], TOKENS[:12]))
    await follows(picker, ENDPOINTS[2])
    # Another prompt, another model, and a prompt with a salt are no one's.
    await spreads(picker, completion(list(range(16))))
    await spreads(picker, completion(model="other"))
    await spreads(picker, completion(cache_salt="pepper"))

    # Without its first block an endpoint has nothing of the prompt.
    servers[2].send(removed([10]))
    await follows(picker, ENDPOINTS[1])
    servers[0].send(stored([7], TOKENS[:4]))
    await follows(picker, ENDPOINTS[1])
    servers[1].send(CLEARED)
    await follows(picker, ENDPOINTS[0])

    assert picker.metric("epp_kv_event_publishers") == 3
    assert picker.metric("epp_kv_events_total", event="stored") == 3
    assert picker.metric("epp_kv_events_total", event="removed") == 1
    assert picker.metric("epp_kv_events_total", event="cleared") == 1
    assert picker.metric("epp_precise_index_blocks") == 3
    assert picker.metric("epp_precise_index_keys") == 3


async def test_a_server_that_is_started_anew_counts_as_empty(launch, publish):
    port = free_port()
    picker = launch.picker(ENDPOINTS, tls=False, config=config(events=connecting(port)))
    address = f"127.0.0.12:{port}"
    server = publish(address).wait_subscribed()
    server.send(stored([1, 2], TOKENS[:8]))
    await follows(picker, ENDPOINTS[1])

    server.close()
    wait_until(lambda: picker.metric("epp_precise_index_blocks") == 0, "what it told is forgotten")
    await spreads(picker)
    server = publish(address).wait_subscribed()
    server.send(stored([5], TOKENS[:4]))
    await follows(picker, ENDPOINTS[1])
    assert picker.metric("epp_kv_event_problems_total", reason="connection") >= 1


async def test_an_endpoint_that_lost_messages_counts_as_empty(launch, publish):
    port = free_port()
    picker = launch.picker(ENDPOINTS, tls=False, config=config(events=connecting(port)))
    server = publish(f"127.0.0.13:{port}").wait_subscribed()
    server.send(stored([1, 2, 3], TOKENS[:12]))
    await follows(picker, ENDPOINTS[2])
    # The lost message may have said that the blocks are gone. What follows them has no known beginning any more.
    server.send(stored([4], TOKENS[12:], parent=3), skip=1)
    wait_until(lambda: picker.metric("epp_kv_event_problems_total", reason="gap") == 1, "the gap is noticed")
    await spreads(picker)
    assert picker.metric("epp_kv_event_problems_total", reason="orphan") == 1
    server.send(stored([1], TOKENS[:4]))
    await follows(picker, ENDPOINTS[2])


async def test_servers_may_connect_to_the_picker(launch, publish):
    port = free_port()
    picker = launch.picker(
        ENDPOINTS, tls=False, config=config(events=f'{{zmqEndpoint: "tcp://127.0.0.1:{port}", discoverPods: false}}')
    )
    address = f"127.0.0.1:{port}"
    by_address = publish(address, ENDPOINTS[0], connects=True).wait_subscribed()
    by_host = publish(address, "127.0.0.12", connects=True).wait_subscribed()
    stranger = publish(address, "10.1.2.3:8000", connects=True).wait_subscribed()
    stranger.send(stored([1, 2, 3], TOKENS[:12]))
    by_host.send(stored([1, 2], TOKENS[:8]))
    await follows(picker, ENDPOINTS[1])
    by_address.send(stored([1, 2, 3], TOKENS[:12]))
    await follows(picker, ENDPOINTS[0])
    wait_until(lambda: picker.metric("epp_kv_event_problems_total", reason="endpoint") == 1, "the stranger is noticed")

    by_address.close()
    await follows(picker, ENDPOINTS[1])


async def test_peers_that_are_no_publishers_are_turned_away(launch, publish):
    port = free_port()
    picker = launch.picker(ENDPOINTS, tls=False, config=config(events=f'{{zmqEndpoint: "tcp://*:{port}"}}'))
    for nonsense in (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"\xff" * 200):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.sendall(nonsense)
            received = b"".join(iter(lambda: peer.recv(4096), b""))
            # Our greeting is all that it gets.
            assert len(received) == 64
    server = publish(f"127.0.0.1:{port}", ENDPOINTS[1], connects=True).wait_subscribed()
    server.send_frames(server.topic, b"short", b"")
    server.send_frames(b"kv@", b"\0" * 8, b"\x90")
    server.send_frames(server.topic, b"\0" * 8, b"no batch")
    server.number = 1
    server.send(stored([1], TOKENS[:4]), ["NewsOfTomorrow", 1])
    await follows(picker, ENDPOINTS[1])
    assert picker.metric("epp_kv_event_problems_total", reason="message") == 3
    assert picker.metric("epp_kv_events_total", event="unknown") == 1


async def test_a_port_in_use_is_named(launch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        picker = launch.picker(
            ENDPOINTS, tls=False, config=config(events=f'{{zmqEndpoint: "tcp://127.0.0.1:{port}"}}'), wait=False
        )
        assert picker.process.wait(10) == 1
        assert "precise-prefix-cache-producer: cannot listen on kvEventsConfig.zmqEndpoint" in picker.process.log_tail()


async def test_a_request_is_expected_to_be_cached_where_it_went(launch):
    picker = launch.picker(
        ENDPOINTS,
        tls=False,
        config=config(events=connecting(free_port()), more="speculativeIndexing: true\n    speculativeTTL: 1s"),
    )
    first, *rest = await destinations(picker)
    assert set(rest) == {first}
    assert picker.metric("epp_precise_index_keys") == 4

    async def forgotten():
        """Nobody says that it is cached indeed, so that after a time it is not expected any more."""
        await asyncio.sleep(1.2)
        return (await destinations(picker, count=1)) != [first]

    for _ in range(20):
        if await forgotten():
            return
    pytest.fail(f"everything goes to {first}")


async def test_keys_are_over_the_tokens_of_the_renderer(launch, publish):
    port = free_port()
    renderer = Renderer(TOKENS)
    try:
        picker = launch.picker(
            ENDPOINTS,
            tls=False,
            config=config(
                events=connecting(port), tokens=f"{{modelName: base, vllm: {{url: '{renderer.url}', timeout: 1s}}}}"
            ),
        )
        server = publish(f"127.0.0.12:{port}").wait_subscribed()
        server.send(stored([1, 2], TOKENS[:8]))
        path = "/v1/chat/completions"
        await follows(picker, ENDPOINTS[1], chat_bytes("Hello"), path=path)
        rendered, document = renderer.received[-1]
        assert rendered == "/v1/chat/completions/render"
        assert document["model"] == "base"
        assert document["messages"] == [{"role": "user", "content": "Hello"}]
        await follows(picker, ENDPOINTS[1], completion("some text"))
        assert renderer.received[-1][0] == "/v1/completions/render"

        # Prompts that are tokens already are not asked about.
        count = len(renderer.received)
        await follows(picker, ENDPOINTS[1], completion())
        assert len(renderer.received) == count

        # An image in the second block: the first one alone is the same.
        renderer.features = {
            "mm_hashes": {"image": ["abc"]},
            "mm_placeholders": {"image": [{"offset": 4, "length": 4}]},
        }
        other = publish(f"127.0.0.13:{port}").wait_subscribed()
        event = stored([1, 2], TOKENS[:8]) + [[None, ["abc"]]]
        other.send(event)
        await follows(picker, ENDPOINTS[2], chat_bytes("Look"), path=path)

        # Without an answer requests go on.
        renderer.status = 503
        await spreads(picker, chat_bytes(unique()), path=path)
        renderer.delay.clear()
        began = time.monotonic()
        assert await destinations(picker, chat_bytes(unique()), path=path, count=1)
        assert 1 <= time.monotonic() - began < 3
        assert await asyncio.to_thread(picker.metric, "epp_inquiries_total", result="failed") > 0
    finally:
        renderer.delay.set()
        renderer.stop()


def endpoint_file(path, *endpoints):
    """Writes the file of endpoints anew, in one step."""
    entries = [
        {"name": name, "address": address.split(":")[0], "port": address.split(":")[1]} for name, address in endpoints
    ]
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"endpoints": entries}))
    fresh.rename(path)


def discovering(text, path, *, watch=False):
    """A configuration whose endpoints come from a file."""
    plugin = f"- {{type: file-discovery, parameters: {{path: {path}, watchFile: {str(watch).lower()}}}}}"
    text = text.replace("plugins:\n", f"plugins:\n{plugin}\n", 1)
    return text.replace("dataLayer:\n", "dataLayer:\n  discovery: {pluginRef: file-discovery}\n", 1)


async def test_the_pool_is_followed_rank_by_rank(launch, publish, tmp_path):
    port = free_port()
    path = tmp_path / "endpoints.json"
    # Two ranks of one server, and one of another.
    first, second, other = ("a-rank-0", "127.0.0.21:8000"), ("a-rank-1", "127.0.0.21:8001"), ("b", "127.0.0.22:8000")
    endpoint_file(path, first, second)
    picker = launch.picker(tls=False, config=discovering(config(events=connecting(port)), path, watch=True))
    publish(f"127.0.0.21:{port}").wait_subscribed()
    publish(f"127.0.0.21:{port + 1}").wait_subscribed().send(stored([1, 2], TOKENS[:8]))
    await follows(picker, second[1])

    endpoint_file(path, first, second, other)
    last = publish(f"127.0.0.22:{port}").wait_subscribed()
    last.send(stored([1, 2, 3], TOKENS[:12]))
    await follows(picker, other[1])

    # The new endpoint gets the slot of the one that is gone, and nothing of what that one had.
    endpoint_file(path, first, second, ("c", "127.0.0.23:8000"))
    await follows(picker, second[1])
    assert picker.metric("epp_precise_index_blocks") == 2
    wait_until(lambda: picker.metric("epp_kv_event_publishers") == 2, "the connection is closed")


async def test_topics_name_endpoints_by_name_and_rank(launch, publish, tmp_path):
    port = free_port()
    path = tmp_path / "endpoints.json"
    endpoint_file(path, ("a-rank-0", "127.0.0.21:8000"), ("a-rank-1", "127.0.0.21:8001"), ("b", "127.0.0.22:8000"))
    text = config(events=f'{{zmqEndpoint: "tcp://127.0.0.1:{port}"}}')
    picker = launch.picker(tls=False, config=discovering(text, path))
    address = f"127.0.0.1:{port}"
    publish(address, "127.0.0.21", connects=True).wait_subscribed().send(stored([1], TOKENS[:4]), rank=1)
    await follows(picker, "127.0.0.21:8001")
    publish(address, "b", connects=True).wait_subscribed().send(stored([1, 2], TOKENS[:8]))
    await follows(picker, "127.0.0.22:8000")
    publish(address, "a-rank-0", connects=True).wait_subscribed().send(stored([1, 2, 3], TOKENS[:12]))
    await follows(picker, "127.0.0.21:8000")


def repeating(port, replay):
    return f"{{podDiscoveryConfig: {{socketPort: {port}, replaySocketPort: {replay}}}}}"


@pytest.fixture
def repeating_pool(launch, publish):
    """A function that starts a picker and, before it, a server that can repeat what it says."""

    def start(*events, **options):
        port, replay = free_port(), free_port()
        server = publish(f"127.0.0.12:{port}", replay=f"127.0.0.12:{replay}", **options)
        for event in events:
            server.send(event)
        picker = launch.picker(ENDPOINTS, tls=False, config=config(events=repeating(port, replay)))
        server.wait_subscribed()
        return picker, server

    return start


@pytest.mark.parametrize("names_topic", [True, False])
async def test_what_a_server_said_before_is_had_again(repeating_pool, names_topic):
    picker, server = repeating_pool(stored([1], TOKENS[:4]), stored([2], TOKENS[4:8], parent=1), names_topic=names_topic)
    if not names_topic:
        # Which model it is about is known from the first message that comes by itself.
        server.send(stored([3], TOKENS[8:12], parent=2))
    await follows(picker, ENDPOINTS[1])
    assert picker.metric("epp_kv_event_replays_total") == 1
    assert picker.metric("epp_precise_index_blocks") == server.number
    assert server.asked in ([0], [0, 0])
    # From here on messages come by themselves.
    server.send(removed([1]))
    wait_until(lambda: picker.metric("epp_kv_events_total", event="removed") == 1, "the removal has arrived")
    await spreads(picker)
    assert picker.metric("epp_kv_event_problems_total", reason="gap") == 0


async def test_lost_messages_are_had_again(repeating_pool):
    picker, server = repeating_pool(stored([1], TOKENS[:4]))
    await follows(picker, ENDPOINTS[1])
    server.send(stored([2], TOKENS[4:8], parent=1), arrives=False)
    server.send(stored([3], TOKENS[8:12], parent=2))
    wait_until(lambda: picker.metric("epp_precise_index_blocks") == 3, "nothing is missing")
    assert server.asked[-1] == 1
    assert picker.metric("epp_kv_event_problems_total", reason="gap") == 1
    assert picker.metric("epp_kv_event_problems_total", reason="orphan") == 0
    await follows(picker, ENDPOINTS[1])


async def test_a_server_that_has_forgotten_counts_as_empty_up_to_what_it_knows(repeating_pool):
    picker, server = repeating_pool(stored([1], TOKENS[:4]))
    await follows(picker, ENDPOINTS[1])
    # Its history begins after the lost message.
    server.send(removed([1]), arrives=False)
    server.history.clear()
    server.send(stored([7], [5] * 4), arrives=False)
    server.send(stored([8], [5] * 4, parent=7))
    await follows(picker, ENDPOINTS[1], completion([5] * 8))
    assert picker.metric("epp_precise_index_blocks") == 2
    await spreads(picker)

    # Without any history the endpoint starts from nothing.
    server.send(removed([7]), arrives=False)
    server.history.clear()
    server.names_topic = False
    server.send(stored([9], TOKENS[:4]), arrives=True)
    server.history.clear()
    await follows(picker, ENDPOINTS[1])


async def test_a_server_that_does_not_repeat_starts_from_nothing(launch, publish):
    port = free_port()
    picker = launch.picker(ENDPOINTS, tls=False, config=config(events=repeating(port, free_port())))
    server = publish(f"127.0.0.12:{port}", first=5).wait_subscribed()
    server.send(stored([1, 2], TOKENS[:8]))
    await follows(picker, ENDPOINTS[1])
    assert picker.metric("epp_kv_event_problems_total", reason="replay") == 1
    server.send(stored([3], [5] * 4), skip=1)
    await follows(picker, ENDPOINTS[1], completion([5] * 4))
    await spreads(picker)
