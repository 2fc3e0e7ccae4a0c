"""Endpoints whose requests fail are left alone for a time, then tried again one request at a time."""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid

import pytest
from bodies import chat, chat_bytes, unique
from extproc import Client, request_body, request_headers, response_body, response_headers, with_served, with_subset
from localpool import request, wait_until
from pools import INSTANT, settles

FAILURES = 3
BACKOFF = 1.0


def config(endpoints=1, **parameters):
    """Picks by the queue, or by chance where queues are equal."""
    health = {"consecutiveFailures": FAILURES, "baseBackoff": f"{BACKOFF}s", "maxBackoff": "4s", **parameters}
    return json.dumps(
        {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "EndpointPickerConfig",
            "plugins": [
                {"type": "queue-scorer"},
                {"type": "max-score-picker", "parameters": {"maxNumOfEndpoints": endpoints}},
                {"type": "passive-health-filter", "parameters": health},
            ],
            "schedulingProfiles": [
                {"name": "default", "plugins": [{"pluginRef": "queue-scorer"}, {"pluginRef": "max-score-picker"}]}
            ],
        }
    )


@pytest.fixture(scope="module")
def servers(module_launch):
    return module_launch.servers(count=3)


def start(launch, servers, *arguments, **parameters):
    return launch.picker(servers.endpoints, tls=False, config=config(**parameters), arguments=arguments)


async def begin(client):
    stream = client.stream()
    answers = await stream.ask(request_headers(), request_body(chat_bytes(unique()), True))
    return stream, answers[0].destination


async def finish(stream, status=200, *, headers=(), served=None):
    message = response_headers(status, headers=headers)
    await stream.exchange(with_served(message, served) if served else message, 1)
    await stream.exchange(response_body(b"{}", True), 1)
    await stream.close()


async def ask(client, statuses=None, **options):
    """A whole request, answered with the status of its endpoint; returns the endpoint."""
    stream, destination = await begin(client)
    await finish(stream, (statuses or {}).get(destination, 200), **options)
    return destination


async def eject(client, picker, bad, status=503):
    """Has `bad` fail until it counts as unhealthy."""
    for _ in range(200):
        if picker.metric("epp_unhealthy_endpoints"):
            return
        await ask(client, {bad: status})
    raise AssertionError("the endpoint never became unhealthy")


async def until_probe(client, bad):
    """Asks until `bad` is tried again; returns the stream of that request."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        stream, destination = await begin(client)
        if destination == bad:
            return stream
        await finish(stream)
        await asyncio.sleep(0.02)
    raise AssertionError("the endpoint was not tried again")


@pytest.mark.parametrize("status", [500, 503])
async def test_failing_endpoint_is_left_alone_probed_and_taken_back(launch, servers, status):
    picker = start(launch, servers)
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        ejected = time.monotonic()
        await eject(client, picker, bad, status)
        assert picker.metric("epp_endpoint_ejections_total", cause="status") == 1
        assert picker.metric("epp_endpoint_unhealthy") == 1
        destinations = [await ask(client) for _ in range(30)]
        if time.monotonic() < ejected + BACKOFF:
            assert bad not in destinations
        # One request tries it while it has not answered, however many there are.
        probe = await until_probe(client, bad)
        others = [await begin(client) for _ in range(20)]
        assert {destination for _, destination in others} == set(servers.endpoints[1:])
        await finish(probe, status)
        assert picker.metric("epp_endpoint_probes_total", result="failure") == 1
        began = time.monotonic()
        probe = await until_probe(client, bad)
        assert time.monotonic() - began > 1.5 * BACKOFF
        await finish(probe)
        assert picker.metric("epp_unhealthy_endpoints") == 0
        assert picker.metric("epp_endpoint_probes_total", result="success") == 1
        assert bad in [await ask(client) for _ in range(60)]
        for stream, _ in others:
            await finish(stream)
    await settles(picker)
    log = picker.process.log_tail(200)
    assert "endpoint is unhealthy" in log and "endpoint is healthy again" in log


async def test_success_in_between_keeps_an_endpoint(launch, servers):
    picker = start(launch, servers)
    counts = dict.fromkeys(servers.endpoints, 0)
    async with Client(picker.address) as client:
        for _ in range(90):
            stream, destination = await begin(client)
            counts[destination] += 1
            await finish(stream, 200 if counts[destination] % FAILURES == 0 else 503)
        assert picker.metric("epp_endpoint_ejections_total") == 0
        assert all(count >= 10 for count in counts.values())


@pytest.mark.parametrize("status", [400, 404, 429, 501])
async def test_answers_about_the_request_say_nothing_about_the_endpoint(launch, servers, status):
    picker = start(launch, servers)
    async with Client(picker.address) as client:
        for _ in range(30):
            await ask(client, dict.fromkeys(servers.endpoints, status))
    assert picker.metric("epp_endpoint_ejections_total") == 0


async def test_grpc_servers_tell_by_their_own_status(launch, servers):
    picker = start(launch, servers)
    async with Client(picker.address) as client:
        for _ in range(30):
            stream, _ = await begin(client)
            await finish(stream, headers=[("grpc-status", "3")])
        assert picker.metric("epp_endpoint_ejections_total") == 0
        for _ in range(30):
            stream, _ = await begin(client)
            await finish(stream, headers=[("grpc-status", "14")])
    assert picker.metric("epp_endpoint_ejections_total") == 3


async def test_all_unhealthy_are_all_candidates(launch, servers):
    picker = start(launch, servers, baseBackoff="1h", maxBackoff="1h")
    async with Client(picker.address) as client:
        for _ in range(60):
            await ask(client, dict.fromkeys(servers.endpoints, 503))
        assert picker.metric("epp_unhealthy_endpoints") == 3
        assert {await ask(client, dict.fromkeys(servers.endpoints, 503)) for _ in range(60)} == set(servers.endpoints)
        # One that succeeds now is the only one that is healthy.
        good = await ask(client)
        assert picker.metric("epp_unhealthy_endpoints") == 2
        assert {await ask(client) for _ in range(20)} == {good}


async def test_last_endpoint_that_the_proxy_allows_stays(launch, servers):
    picker = start(launch, servers, baseBackoff="1h", maxBackoff="1h")
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        await eject(client, picker, bad)
        stream = client.stream()
        answers = await stream.ask(with_subset(request_headers(), [bad]), request_body(chat_bytes(unique()), True))
        assert answers[0].destination == bad
        await finish(stream, 503)


async def test_fallbacks_that_served_count_against_those_before_them(launch, servers):
    picker = start(launch, servers, endpoints=3, baseBackoff="1h", maxBackoff="1h")
    async with Client(picker.address) as client:
        for _ in range(60):
            stream, destination = await begin(client)
            listed = destination.split(",")
            # Whoever is last in the alphabet serves, and the others don't.
            served = max(listed)
            await finish(stream, served=served)
            if picker.metric("epp_unhealthy_endpoints") == 2:
                break
        assert picker.metric("epp_endpoint_ejections_total", cause="fallback") == 2
        assert {await ask(client) for _ in range(10)} == {max(servers.endpoints)}


async def test_streams_reset_before_a_response_count_when_they_lasted(launch, servers):
    picker = start(launch, servers, resetGracePeriod="50ms", baseBackoff="1h", maxBackoff="1h")
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        assert await ask(client) in servers.endpoints
        for _ in range(30):
            stream, _ = await begin(client)
            await stream.reset()
        assert picker.metric("epp_endpoint_ejections_total") == 0
        for _ in range(100):
            stream, destination = await begin(client)
            if destination != bad:
                await finish(stream)
                continue
            await asyncio.sleep(0.06)
            await stream.reset()
            if picker.metric("epp_endpoint_ejections_total", cause="reset"):
                break
        assert {await ask(client) for _ in range(20)} == set(servers.endpoints[1:])
    await settles(picker)


#: A proxy with requests in flight.
PROXY = """
import asyncio, sys, test_passive_health as module

async def main():
    async with module.Client(sys.argv[1]) as client:
        await module.ask(client)
        held = [await module.begin(client) for _ in range(30)]
        print("ready", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_proxy_that_dies_says_nothing_about_endpoints(launch, servers):
    picker = start(launch, servers, resetGracePeriod="0s")
    proxy = subprocess.Popen(
        [sys.executable, "-c", PROXY, picker.address],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (await asyncio.to_thread(proxy.stdout.readline)).strip() == b"ready"
    assert picker.metric("epp_leases") == 30
    proxy.kill()
    proxy.wait()
    await settles(picker)
    assert picker.metric("epp_endpoint_ejections_total") == 0


async def test_proxy_that_shows_no_responses_does_no_harm(launch, servers):
    """It resets every stream when the response is over."""
    picker = start(launch, servers, resetGracePeriod="0s")
    async with Client(picker.address) as client:
        for _ in range(60):
            stream, _ = await begin(client)
            await stream.reset()
    await settles(picker)
    assert picker.metric("epp_endpoint_ejections_total") == 0


async def test_probe_whose_client_goes_away_is_followed_by_another(launch, servers):
    picker = start(launch, servers)
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        await eject(client, picker, bad)
        probe = await until_probe(client, bad)
        await probe.reset()
        await asyncio.to_thread(
            wait_until, lambda: picker.metric("epp_endpoint_probes_total", result="unknown") == 1, "the probe ended"
        )
        await finish(await until_probe(client, bad))
        assert picker.metric("epp_unhealthy_endpoints") == 0
    await settles(picker)


async def test_explained_decisions_show_who_was_left_alone(launch, servers):
    picker = start(launch, servers, baseBackoff="1h", maxBackoff="1h")
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        await eject(client, picker, bad)

        noted = []
        while not noted:
            # Only some decisions of a busy second are noted.
            await asyncio.sleep(0.1)
            stream = client.stream()
            request_id = str(uuid.uuid4())
            await stream.ask(request_headers(request_id=request_id), request_body(chat_bytes(unique()), True))
            await finish(stream)
            noted = [entry for entry in picker.decisions() if entry["request_id"] == request_id]
        [decision] = noted
        [passive] = [entry for entry in decision["filters"] if entry["name"] == "passive-health-filter"]
        assert (passive["left"], passive["dropped"]) == (2, [bad])
        assert bad not in [entry["endpoint"] for entry in decision["scores"]]


@pytest.mark.parametrize("off", ["parameter", "flag"])
async def test_switched_off_nothing_is_left_alone(launch, servers, off):
    if off == "parameter":
        picker = start(launch, servers, enabled=False)
    else:
        picker = launch.picker(servers.endpoints, tls=False, arguments=["--passive-health=false"])
    bad = servers.endpoints[0]
    async with Client(picker.address) as client:
        for _ in range(60):
            await ask(client, {bad: 503})
        assert bad in {await ask(client, {bad: 503}) for _ in range(60)}
    assert picker.metric("epp_endpoint_ejections_total") == 0


async def test_is_on_without_being_asked_for(launch, servers):
    picker = launch.picker(servers.endpoints, tls=False)
    async with Client(picker.address) as client:
        await eject(client, picker, servers.endpoints[0])
        assert {await ask(client) for _ in range(20)} <= set(servers.endpoints[1:])


def test_dead_server_behind_envoy_is_avoided_and_found_again(launch):
    """A server that is not there costs the proxy a retry only until it is known to be away."""
    first, second = (launch.servers(count=1, arguments=INSTANT) for _ in range(2))
    [dead], [living] = first.endpoints, second.endpoints
    second.control(living, queue=100)
    picker = launch.picker([dead, living], tls=False, config=config(endpoints=2))
    envoy = launch.envoy(picker, "override-host", endpoints=[dead, living])

    def server():
        answer = request(envoy.address, "/v1/chat/completions", chat(unique()))
        assert answer.status == 200, answer.text
        return answer.headers["x-model-server"]

    wait_until(lambda: server() == dead, "the idle server is the choice")
    first.process.kill()
    for _ in range(FAILURES):
        assert server() == living
    assert picker.metric("epp_unhealthy_endpoints") == 1
    retries = envoy.stat("cluster.pool.upstream_rq_retry")
    assert {server() for _ in range(20)} == {living}
    assert envoy.stat("cluster.pool.upstream_rq_retry") <= retries + 1
    address, port = dead.rsplit(":", 1)
    again = launch.servers(count=1, arguments=INSTANT, address=address, port=int(port))
    assert again.endpoints == [dead]
    wait_until(lambda: server() == dead, "the server is tried again and answers")
    assert picker.metric("epp_unhealthy_endpoints") == 0
    wait_until(lambda: picker.metric("epp_leases") == 0, "nothing is counted as in flight")
