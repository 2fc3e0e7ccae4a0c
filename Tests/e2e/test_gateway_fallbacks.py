"""Fallbacks through Envoy: the override_host load balancer takes the next endpoint of the list on every retry."""

import asyncio
import contextlib
import uuid

import apis
import pytest
from bodies import chat, unique
from configurations import by_queue
from extproc import Client, get
from localpool import open_stream, request, wait_until
from pools import INSTANT, SLOW, scores, wait_scraped


#: What is dead stays the choice.
ALWAYS_TRIED = ["--refresh-metrics-interval=1h", "--passive-health=false"]


class Pool:
    """Three model servers, each a process of its own, told apart by their load: the first is always the choice."""

    def __init__(self, launch, queues=(0, 50, 100), server_arguments=INSTANT, arguments=(), config=None):
        self.servers = [launch.servers(count=1, arguments=server_arguments) for _ in range(3)]
        self.endpoints = [server.endpoints[0] for server in self.servers]
        for queue, server in zip(queues, self.servers):
            server.control(server.endpoints[0], queue=queue)
        config = config or by_queue(endpoints=3)
        self.picker = launch.picker(self.endpoints, tls=False, config=config, arguments=arguments)
        self.envoy = launch.envoy(self.picker, "override-host", endpoints=self.endpoints)
        wait_until(lambda: self.destination() == self.endpoints, "the picker has seen the load")

    def destination(self):
        """The list that a request gets now."""

        async def ask():
            async with Client(self.picker.address) as client:
                stream = client.stream()
                await stream.send(get())
                answer = await stream.receive()
                await stream.reset()
                return answer.destination.split(",")

        return asyncio.run(ask())

    def kill(self, *indexes):
        for index in indexes:
            self.servers[index].process.kill()

    def ask(self, path="/v1/chat/completions", body=None, **options):
        return request(self.envoy.address, path, body, **options)


def test_first_of_the_list_serves(launch):
    pool = Pool(launch)
    for _ in range(10):
        answer = pool.ask(body=chat(unique()))
        assert (answer.status, answer.headers["x-model-server"]) == (200, pool.endpoints[0])
    assert pool.envoy.stat("cluster.pool.upstream_rq_retry") == 0
    assert pool.envoy.streams_failed == 0


@pytest.mark.parametrize("dead", [1, 2])
def test_next_of_the_list_serves_when_the_first_are_dead(launch, dead):
    pool = Pool(launch)
    pool.kill(*range(dead))
    assert pool.destination() == pool.endpoints
    for number in range(1, 6):
        answer = pool.ask(body=chat(unique()))
        assert (answer.status, answer.headers["x-model-server"]) == (200, pool.endpoints[dead])
        assert pool.envoy.stat("cluster.pool.upstream_rq_retry") == dead * number
    answer = pool.ask("/v1/models")
    assert (answer.status, answer.headers["x-model-server"]) == (200, pool.endpoints[dead])
    body = chat(unique(), stream=True)
    with open_stream(pool.envoy.address, "/v1/chat/completions", body) as (status, headers, lines):
        assert (status, headers["x-model-server"]) == (200, pool.endpoints[dead])
        assert list(lines)[-2].strip() == b"data: [DONE]"
    assert pool.envoy.streams_failed == 0
    wait_until(lambda: pool.picker.metric("epp_leases") == 0, "nothing is counted as in flight")


def test_all_of_the_list_dead_is_503(launch):
    pool = Pool(launch)
    pool.kill(0, 1, 2)
    assert pool.ask(body=chat(unique())).status == 503
    assert pool.envoy.streams_failed == 0
    wait_until(lambda: pool.picker.metric("epp_leases") == 0, "nothing is counted as in flight")


def test_served_endpoint_is_known_to_have_the_prompt(launch):
    """The dead endpoint, which was picked, is not taken to hold it."""
    pool = Pool(launch, config=apis.configuration(endpoints=3))
    prompt = unique() * 20
    pool.kill(0)

    def cached():
        """How much of the prompt each endpoint is taken to hold, as seen by one more request."""
        request_id = str(uuid.uuid4())
        answer = pool.ask(body=chat(prompt), headers={"x-request-id": request_id})
        assert (answer.status, answer.headers["x-model-server"]) == (200, pool.endpoints[1])
        [decision] = [noted for noted in pool.picker.decisions() if noted["request_id"] == request_id]
        return [scores(decision, "prefix-cache-scorer")[endpoint] for endpoint in pool.endpoints]

    assert cached() == [0, 0, 0]
    for _ in range(3):
        assert cached() == [0, 1, 0]


def test_served_endpoint_carries_the_load(launch):
    """Requests in flight weigh on the endpoint that serves them. The dead one, which was picked, stays idle."""
    pool = Pool(launch, queues=(0, 1, 2), server_arguments=SLOW, arguments=ALWAYS_TRIED)
    wait_scraped(pool.picker, 3)
    pool.kill(0)
    with contextlib.ExitStack() as streams:
        for number in range(1, 7):
            assert pool.destination()[0] == pool.endpoints[0]
            body = chat(unique(), stream=True, max_tokens=100)
            status, headers, lines = streams.enter_context(
                open_stream(pool.envoy.address, "/v1/chat/completions", body)
            )
            next(lines)
            assert (status, headers["x-model-server"] in pool.endpoints[1:]) == (200, True)
            assert pool.picker.metric("epp_leases") == number
    wait_until(lambda: pool.picker.metric("epp_leases") == 0, "nothing is counted as in flight")
    assert pool.destination() == pool.endpoints
