"""Flow control: requests wait in queues while the pool is saturated."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from configurations import file_discovery, write_endpoints
from contract import FLOW_CONTROL, NEWER_FLOW_CONTROL
from exposition import parse
from extproc import Client, request_body, request_headers
from localpool import request, wait_until
from pools import settles

REASON = "x-llm-d-request-dropped-reason"
SATURATION = "llm_d_epp_flow_control_pool_saturation"
QUEUE = "llm_d_epp_flow_control_queue_size"


def config(flow_control="{}", plugins=()):
    """Requests wait while the mean queue of the servers is 5 or longer."""
    listed = [{"type": "queue-scorer"}, *plugins]
    return (
        "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\nfeatureGates: [flowControl]\n"
        f"plugins: {json.dumps(listed)}\n"
        "schedulingProfiles: [{name: default, plugins: [{pluginRef: queue-scorer}]}]\n"
        f"flowControl: {flow_control}\n"
    )


def policies(path, **priorities):
    path.write_text(
        "\n---\n".join(
            "apiVersion: llm-d.ai/v1alpha2\nkind: InferenceObjective\n"
            f"metadata: {{name: {name}}}\nspec: {{priority: {priority}}}"
            for name, priority in priorities.items()
        )
    )
    return f"--policy-file={path}"


class Gate:
    """Servers whose reported queue opens or closes the picker's gate, and the picker."""

    def __init__(self, launch, text, *arguments, count=1, tls=False):
        self.servers = launch.servers(count=count)
        self.picker = launch.picker(self.servers.endpoints, tls=tls, config=text, arguments=list(arguments))
        self.close()

    def _set(self, length):
        for endpoint in self.servers.endpoints:
            self.servers.control(endpoint, queue=length)
        closed = length >= 5
        wait_until(
            lambda: (self.picker.metric(SATURATION, stage="effective") >= 1) == closed, f"saturation follows {length}"
        )

    def close(self):
        self._set(50)

    def open(self):
        self._set(0)

    def waiting(self, count):
        wait_until(lambda: self.picker.metric(QUEUE) == count, f"{count} requests wait")


async def send(client, *, flow=None, objective=None, ttft=None, size=0, letter="x"):
    """Sends a whole request and does not wait for its answer."""
    headers = []
    if flow:
        headers.append(("x-llm-d-inference-fairness-id", flow))
    if objective:
        headers.append(("x-llm-d-inference-objective", objective))
    if ttft is not None:
        headers.append(("x-llm-d-slo-ttft-ms", str(ttft)))
    body = {"model": "chat", "messages": [{"role": "user", "content": letter * size}]}
    stream = client.stream()
    await stream.send(request_headers(headers=headers), request_body(json.dumps(body).encode(), True))
    return stream


async def waiting(gate, count):
    await asyncio.to_thread(gate.waiting, count)


async def order_of_release(gate, client, requests):
    """Sends requests one after the other while the gate is closed, and tells in which order they go when it opens."""
    streams = {}
    for number, (name, options) in enumerate(requests.items()):
        streams[name] = await send(client, **options)
        await waiting(gate, number + 1)
    for stream in streams.values():
        assert await stream.stays_silent(0)
    order = []

    async def follow(name, stream):
        answer = await stream.receive()
        assert answer.destination in gate.servers.endpoints
        order.append(name)

    followers = [asyncio.create_task(follow(*item)) for item in streams.items()]
    await asyncio.to_thread(gate.open)
    await asyncio.gather(*followers)
    for stream in streams.values():
        await stream.reset()
    await settles(gate.picker)
    await waiting(gate, 0)
    return order


async def test_requests_wait_and_go_in_order_of_priority(launch, tmp_path):
    gate = Gate(launch, config(), policies(tmp_path / "policies.yaml", high=10, low=-5))
    async with Client(gate.picker.address) as client:
        requests = {
            "low": {"objective": "low"},
            "first": {},
            "high": {"objective": "high"},
            "second": {},
        }
        assert await order_of_release(gate, client, requests) == ["high", "first", "second", "low"]
    dispatched = gate.picker.metric("llm_d_epp_flow_control_requests_total", outcome="Dispatched")
    assert dispatched == 4
    name = "inference_extension_flow_control_request_queue_duration_seconds_count"
    assert gate.picker.metric(name, outcome="Dispatched", priority="-5") == 1


async def test_flows_take_turns(launch):
    text = config("{defaultPriorityBand: {fairnessPolicyRef: fair}}", [{"name": "fair", "type": "round-robin-fairness-policy"}])
    gate = Gate(launch, text)
    async with Client(gate.picker.address) as client:
        requests = {"a1": {"flow": "a"}, "a2": {"flow": "a"}, "a3": {"flow": "a"}, "b1": {"flow": "b"}}
        assert await order_of_release(gate, client, requests) == ["a1", "b1", "a2", "a3"]


async def test_the_first_token_due_first_goes_first(launch):
    text = config(
        "{defaultPriorityBand: {orderingPolicyRef: due}}", [{"name": "due", "type": "slo-deadline-ordering-policy"}]
    )
    gate = Gate(launch, text)
    async with Client(gate.picker.address) as client:
        requests = {"whenever": {}, "a minute": {"ttft": 60_000}, "at once": {"ttft": 1}}
        assert await order_of_release(gate, client, requests) == ["at once", "a minute", "whenever"]


async def test_a_request_that_waited_its_time_is_turned_away(launch):
    gate = Gate(launch, config("{defaultRequestTTL: 300ms}"))
    async with Client(gate.picker.address) as client:
        stream = await send(client)
        answer = await stream.receive()
        assert (answer.kind, answer.status) == ("immediate_response", 429)
        assert answer.headers[REASON] == "rejected-ttl-expired"
        assert b"request timed out in queue" in answer.body
        await stream.reset()
    assert gate.picker.metric("llm_d_epp_flow_control_requests_total", outcome="EvictedTTL") == 1
    await settles(gate.picker)


async def test_full_queues_turn_requests_away(launch):
    gate = Gate(launch, config("{priorityBands: [{priority: 0, maxRequests: 2}]}"))
    async with Client(gate.picker.address) as client:
        streams = [await send(client) for _ in range(2)]
        await waiting(gate, 2)
        third = await send(client)
        answer = await third.receive()
        assert (answer.kind, answer.status) == ("immediate_response", 429)
        assert answer.headers[REASON] == "rejected-saturated"
        assert b"queue at capacity" in answer.body
        assert gate.picker.metric("llm_d_epp_flow_control_capacity_utilization_requests", priority="0") == 1
        for stream in [*streams, third]:
            await stream.reset()
    await waiting(gate, 0)


async def test_bytes_that_wait_are_limited(launch):
    gate = Gate(launch, config("{maxBytes: 10k}"))
    async with Client(gate.picker.address) as client:
        first = await send(client, size=8_000)
        await waiting(gate, 1)
        second = await send(client, size=3_000)
        assert (await second.receive()).status == 429
        small = await send(client, size=100)
        await waiting(gate, 2)
        for stream in (first, second, small):
            await stream.reset()
    await waiting(gate, 0)


async def test_a_client_that_leaves_gives_up_its_place(launch):
    gate = Gate(launch, config())
    async with Client(gate.picker.address) as client:
        leaver, stayer = await send(client), await send(client)
        await waiting(gate, 2)
        await leaver.reset()
        await waiting(gate, 1)
        await asyncio.to_thread(gate.open)
        assert (await stayer.receive()).destination in gate.servers.endpoints
        await stayer.reset()
    await settles(gate.picker)
    name = "llm_d_epp_flow_control_requests_total"
    assert gate.picker.metric(name, outcome="EvictedContextCancelled") == 1
    assert gate.picker.metric(name, outcome="Dispatched") == 1


async def test_a_pool_without_endpoints_is_waited_for(launch, tmp_path):
    servers = launch.servers(count=1)
    path = tmp_path / "endpoints.yaml"
    write_endpoints(path, [])
    text = file_discovery(path).replace("plugins:", "featureGates: [flowControl]\nplugins:")
    text += "flowControl: {noEndpointRequestTTL: 2s, priorityBands: [{priority: 0, maxRequests: 1}]}\n"
    picker = launch.picker(tls=False, config=text)
    async with Client(picker.address) as client:
        waits = await send(client)
        await asyncio.to_thread(wait_until, lambda: picker.metric(QUEUE) == 1, "the request waits")
        refused = await send(client)
        answer = await refused.receive()
        assert (answer.status, answer.headers[REASON]) == (503, "rejected-no-endpoints")
        await asyncio.to_thread(write_endpoints, path, servers.endpoints)
        assert (await waits.receive()).destination == servers.endpoints[0]
        for stream in (waits, refused):
            await stream.reset()
        write_endpoints(path, [])
        is_gone = lambda: picker.metric(SATURATION, stage="effective") == 1
        await asyncio.to_thread(wait_until, is_gone, "the endpoint is gone")
        late = await send(client)
        answer = await late.receive()
        assert (answer.status, answer.headers[REASON]) == (503, "rejected-no-endpoints")
        assert b"no endpoints are available" in answer.body
        await late.reset()


async def test_requests_that_wait_when_the_process_stops_are_told(launch):
    gate = Gate(launch, config(), "--drain-timeout=3s")
    async with Client(gate.picker.address) as client:
        stream = await send(client)
        await waiting(gate, 1)
        gate.picker.process.terminate()
        answer = await stream.receive()
        assert (answer.status, answer.headers[REASON]) == (503, "rejected-shutting-down")
        await stream.reset()
    assert await asyncio.to_thread(gate.picker.process.wait, 10) == 0


async def test_metrics_are_those_of_the_contract(launch):
    gate = Gate(launch, config("{maxRequests: 8}"))
    async with Client(gate.picker.address) as client:
        stream = await send(client, size=100)
        await waiting(gate, 1)
        families = parse(request(gate.picker.metrics_address, "/metrics").text)
        expected = dict(NEWER_FLOW_CONTROL)
        for suffix, contract in FLOW_CONTROL.items():
            expected["inference_extension_" + suffix] = contract
            expected["llm_d_epp_" + suffix] = contract
        for name, (kind, labels, buckets) in expected.items():
            if "queue_duration" in name or "requests_total" in name:
                continue
            assert (families[name].kind, families[name].labels) == (kind, labels.split()), name
            assert not buckets or len(families[name].buckets) == len(buckets.split()), name
        assert families["llm_d_epp_flow_control_global_capacity_utilization_requests"].total() == 1 / 8
        assert families["inference_extension_flow_control_queue_bytes"].total(model_name="chat") > 100
        await asyncio.to_thread(gate.open)
        await stream.receive()
        await stream.reset()
    families = parse(request(gate.picker.metrics_address, "/metrics").text)
    for name in (duration for duration in expected if "queue_duration" in duration or "requests_total" in duration):
        kind, labels, _ = expected[name]
        assert (families[name].kind, families[name].labels) == (kind, labels.split()), name


async def test_requests_pass_at_once_while_there_is_room(launch):
    gate = Gate(launch, config(), count=3)
    await asyncio.to_thread(gate.open)
    async with Client(gate.picker.address) as client:

        async def one():
            stream = await send(client, size=100)
            await stream.receive()
            await stream.reset()

        for _ in range(20):
            await asyncio.gather(*(one() for _ in range(25)))
    assert gate.picker.metric("llm_d_epp_flow_control_requests_total", outcome="Dispatched") == 500
    await settles(gate.picker)
    await waiting(gate, 0)


async def test_all_loops_share_the_queues(launch, tmp_path):
    """Connections of several event loops: the order of priorities holds across them."""
    gate = Gate(launch, config(), policies(tmp_path / "policies.yaml", high=10), "--threads=3")
    clients = [Client(gate.picker.address) for _ in range(6)]
    for client in clients:
        await client.__aenter__()
    low = [await send(client) for client in clients]
    await waiting(gate, 6)
    high = [await send(client, objective="high") for client in clients]
    await waiting(gate, 12)
    order = []

    async def follow(kind, stream):
        assert (await stream.receive()).destination in gate.servers.endpoints
        order.append(kind)
        await stream.reset()

    tasks = [asyncio.create_task(follow("high", stream)) for stream in high]
    tasks += [asyncio.create_task(follow("low", stream)) for stream in low]
    await asyncio.to_thread(gate.open)
    await asyncio.gather(*tasks)
    # Answers of different connections may overtake each other by a moment.
    assert order[:4] == ["high"] * 4 and sorted(order[6:]) != ["high"] * 6
    for client in clients:
        await client.__aexit__()
    await settles(gate.picker)


def test_requests_through_envoy_wait_and_are_answered(launch):
    gate = Gate(launch, config(), tls=True)
    envoy = launch.envoy(gate.picker, endpoints=gate.servers.endpoints)
    body = {"model": "chat", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 2}
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(request, envoy.address, "/v1/chat/completions", body) for _ in range(8)]
        gate.waiting(8)
        gate.open()
        assert [answer.result().status for answer in answers] == [200] * 8
    assert envoy.streams_failed == 0


SHORTEST = {"defaultPriorityBand": {"orderingPolicyRef": "shortest-work-ordering-policy"}}


async def test_little_work_goes_first(launch):
    """Long prompts wait for short ones, and for long ones of which a server has everything."""
    plugins = [{"type": "shortest-work-ordering-policy"}, {"type": "approx-prefix-cache-producer"}]
    gate = Gate(launch, config(json.dumps(SHORTEST), plugins))
    async with Client(gate.picker.address) as client:
        await asyncio.to_thread(gate.open)
        served = await send(client, size=400_000, letter="y")
        assert (await served.receive()).destination in gate.servers.endpoints
        await served.reset()
        await asyncio.to_thread(gate.close)
        requests = {
            "long": {"size": 400_000},
            "short": {"size": 100},
            "longer": {"size": 500_000, "letter": "z"},
            "known": {"size": 400_000, "letter": "y"},
        }
        # 400,000 bytes are 100,000 tokens, for which others may come 500 seconds later.
        order = await order_of_release(gate, client, requests)
        assert sorted(order[:2]) == ["known", "short"] and order[2:] == ["long", "longer"], order


def test_adaptive_profile_keeps_what_the_pool_has_no_room_for(launch):
    """One server, which takes a second for each of twelve long prompts; then short ones come."""
    pool = launch.pool(count=1, server_arguments=(), arguments=["--routing-profile=adaptive"])
    finished = []

    def ask(name, words):
        prompt = f"{name} " + "word " * words
        body = {"model": "sim-model", "max_tokens": 1, "messages": [{"role": "user", "content": prompt}]}
        answer = request(pool.envoy.address, "/v1/chat/completions", body, timeout=90)
        finished.append(name)
        return answer.status

    with ThreadPoolExecutor(24) as threads:
        long = [threads.submit(ask, f"long {number}", 6_400) for number in range(12)]
        wait_until(lambda: pool.picker.metric(QUEUE) >= 6, "most of them wait", 30)
        short = [threads.submit(ask, f"short {number}", 20) for number in range(6)]
        assert {each.result() for each in long + short} == {200}
    last_short = max(index for index, name in enumerate(finished) if name.startswith("short"))
    assert sum(name.startswith("long") for name in finished[last_short:]) >= 4, finished
    wait_until(lambda: pool.picker.metric("epp_leases") == 0, "nothing is in flight")
