"""Requests wait for predictions of another process, the picker does not: it is slow, gone, or late for the client."""

import asyncio
import json
import time

import pytest
from bodies import chat, chat_bytes, unique
from extproc import (
    STREAMED,
    Client,
    Modes,
    echoed,
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
)
from localpool import free_port, wait_until
from pools import Pool, scores, settles
from predictor import Predictor

#: The charts' variant with latency prediction, without its rare experiments.
CONFIG = """
apiVersion: {version}
kind: EndpointPickerConfig
plugins:
- type: prefix-cache-scorer
- type: predicted-latency-producer
  parameters: {{streamingMode: true}}
- name: strict-affinity-filter
  type: prefix-cache-affinity-filter
  parameters: {{affinityThreshold: 0.99, explorationProbability: 0{affinity}}}
- type: slo-headroom-tier-filter
  parameters: {{epsilonExploreNeg: 0}}
- type: latency-scorer
- type: latency-slo-admitter
- type: weighted-random-picker
schedulingProfiles:
- name: default
  plugins:
  - pluginRef: predicted-latency-producer
  - pluginRef: strict-affinity-filter
  - pluginRef: slo-headroom-tier-filter
  - {{pluginRef: latency-scorer, weight: 1}}
  - pluginRef: weighted-random-picker
"""
OLDER = CONFIG.format(version="inference.networking.x-k8s.io/v1alpha1", affinity="")
NEWER = CONFIG.format(
    version="llm-d.ai/v1alpha1", affinity=", ttftSource: latencyPredictor, maxTTFTPenaltyMs: 5000"
)
OBJECTIVES = (("x-slo-ttft-ms", "100"), ("x-slo-tpot-ms", "50"))
#: Only the second of three endpoints meets them.
SECOND_IS_BEST = ((300, 20), (40, 20), (40, 80))
#: Seconds that a producer may take.
PATIENCE = 0.4


@pytest.fixture(scope="module")
def predictor():
    predictor = Predictor(SECOND_IS_BEST)
    yield predictor
    predictor.stop()


@pytest.fixture(autouse=True)
def prompt_again(predictor):
    predictor.delay = 0
    yield
    predictor.delay = 0


def environment(predictor):
    return {"PREDICTION_SERVER_URL": predictor.url, "TRAINING_SERVER_URL": predictor.url}


@pytest.fixture(scope="module", params=[OLDER, NEWER], ids=["older", "newer"])
def pool(request, module_launch, predictor):
    servers = module_launch.servers()
    picker = module_launch.picker(
        servers.endpoints,
        tls=False,
        config=request.param,
        environment=environment(predictor),
        # One event loop: what holds up one request would hold up all.
        arguments=["--threads=1"],
    )
    return Pool(servers, picker)


async def ask(client, *, headers=OBJECTIVES):
    stream = client.stream()
    answer, *_ = await stream.ask(request_headers(headers=headers), request_body(chat_bytes(unique()), True))
    return stream, answer


async def test_the_endpoint_predicted_to_be_fast_enough_is_picked(pool, predictor):
    before = len(predictor.predictions)
    async with Client(pool.picker.address) as client:
        for _ in range(10):
            stream, answer = await ask(client)
            assert answer.destination == pool.servers.endpoints[1]
            await stream.reset()
    asked = predictor.predictions[before:]
    assert len(asked) == 10
    for document in asked:
        assert len(document["requests"]) == 3
        assert all(features["input_token_length"] > 10 for features in document["requests"])
        assert all(features["num_tokens_generated"] == 1 for features in document["requests"])
    await settles(pool.picker)


async def test_slow_predictions_are_done_without(pool, predictor):
    predictor.delay = 3
    async with Client(pool.picker.address) as client:
        began = time.monotonic()
        stream, answer = await ask(client)
        waited = time.monotonic() - began
        assert answer.destination in pool.servers.endpoints
        assert PATIENCE <= waited < 2
        await stream.reset()
    await settles(pool.picker)


async def test_requests_wait_side_by_side(pool, predictor):
    predictor.delay = 0.2
    async with Client(pool.picker.address) as client:
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(client) for _ in range(20)))
        assert time.monotonic() - began < 20 * 0.2 / 2
        for stream, answer in answers:
            assert answer.destination == pool.servers.endpoints[1]
            await stream.reset()
    await settles(pool.picker)


async def test_client_goes_while_the_request_waits(pool, predictor):
    predictor.delay = 0.3
    before = len(predictor.predictions)
    async with Client(pool.picker.address) as client:
        streams = [client.stream() for _ in range(10)]
        for stream in streams:
            await stream.send(request_headers(headers=OBJECTIVES), request_body(chat_bytes(unique()), True))
        await asyncio.to_thread(
            wait_until, lambda: len(predictor.predictions) == before + 10, "all requests wait", interval=0.01
        )
        for stream in streams:
            await stream.reset()
        await settles(pool.picker)
        assert await asyncio.to_thread(pool.picker.metric, "epp_inquiries_total", result="cancelled") >= 10
        # The answers to those before, which come now, belong to nobody.
        for _ in range(10):
            stream, answer = await ask(client)
            assert answer.destination == pool.servers.endpoints[1]
            assert len(stream.answers) == 2
            await stream.reset()
    await settles(pool.picker)


async def test_connection_goes_while_requests_wait(pool, predictor):
    predictor.delay = 0.3
    before = len(predictor.predictions)
    async with Client(pool.picker.address) as client:
        for _ in range(5):
            await client.stream().send(request_headers(headers=OBJECTIVES), request_body(chat_bytes(unique()), True))
        await asyncio.to_thread(
            wait_until, lambda: len(predictor.predictions) == before + 5, "all requests wait", interval=0.01
        )
    await settles(pool.picker)


async def test_half_closed_streams_get_their_answer(pool, predictor):
    predictor.delay = 0.1
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(headers=OBJECTIVES), request_body(chat_bytes(unique()), True))
        await stream.half_close()
        answers = await stream.receive_rest()
        assert answers[0].destination == pool.servers.endpoints[1]
        assert (await stream.status()).name == "OK"
    await settles(pool.picker)


async def test_what_arrives_meanwhile_is_answered_afterwards(pool, predictor):
    predictor.delay = 0.2
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        modes = Modes(STREAMED, STREAMED, early=True)
        await stream.send(
            request_headers(headers=OBJECTIVES, modes=modes), request_body(b"{", False), request_body(b"}", False)
        )
        await stream.send(request_trailers())
        kinds = [(await stream.receive()).kind for _ in range(4)]
        assert kinds == ["request_headers", "request_body", "request_body", "request_trailers"]
        assert await stream.stays_silent()
        await stream.reset()
    await settles(pool.picker)


async def test_local_reply_while_the_request_waits(pool, predictor):
    predictor.delay = 0.2
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(headers=OBJECTIVES), request_body(chat_bytes(unique()), True))
        await stream.send(response_headers(end_of_stream=True))
        assert (await stream.receive()).kind == "response_headers"
        # Nothing is picked for a request that was answered.
        assert await stream.stays_silent(0.4)
        assert await asyncio.to_thread(pool.picker.metric, "epp_leases") == 0
        await stream.reset()
    await settles(pool.picker)


async def test_measured_latencies_are_reported(pool, predictor):
    before = len(predictor.samples)
    async with Client(pool.picker.address) as client:
        stream, _ = await ask(client)
        await stream.exchange(response_headers(content_type="text/event-stream"), 1)
        event = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
        for _ in range(4):
            await stream.exchange(response_body(event, False), 1)
            await asyncio.sleep(0.05)
        await stream.exchange(response_body(b"data: [DONE]\n\n", True), 1)
        await stream.close()
    await asyncio.to_thread(wait_until, lambda: len(predictor.samples) >= before + 2, "samples arrive")
    first, further = predictor.samples[before:]
    assert first["actual_ttft_ms"] > 0 and first["actual_tpot_ms"] == 0
    # Four tokens 50 ms apart, and as long again until the end: 200 ms for the three after the first.
    assert further["actual_ttft_ms"] == 0 and 50 < further["actual_tpot_ms"] < 200
    await settles(pool.picker)


REWRITE = """
apiVersion: inference.networking.x-k8s.io/v1alpha2
kind: InferenceModelRewrite
metadata: {name: halves}
spec:
  poolRef: {name: pool}
  rules:
  - matches: [{model: {type: Exact, value: sim-model}}]
    targets: [{modelRewrite: first, weight: 1}, {modelRewrite: second, weight: 1}]
"""


async def test_a_rewrite_is_drawn_once(launch, predictor, tmp_path):
    """The request is decided twice, before and after its prediction, and is one request all the same."""
    path = tmp_path / "policies.yaml"
    path.write_text(REWRITE)
    servers = launch.servers()
    picker = launch.picker(
        servers.endpoints,
        tls=False,
        config=NEWER,
        environment=environment(predictor),
        arguments=[f"--policy-file={path}"],
    )
    sent = []
    async with Client(picker.address) as client:
        for _ in range(20):
            stream = client.stream()
            body = request_body(chat_bytes(unique()), True)
            sent.append(json.loads(echoed(await stream.ask(request_headers(), body)))["model"])
            await stream.reset()
    assert set(sent) == {"first", "second"}
    name = "llm_d_epp_model_rewrite_decisions_total"
    assert await asyncio.to_thread(picker.metric, name) == 20
    await settles(picker)


@pytest.mark.parametrize("config", [OLDER, NEWER], ids=["older", "newer"])
def test_through_a_proxy(launch, predictor, config):
    predictor.delay = 0.05
    before = len(predictor.predictions)
    gateway = launch.pool(config=config, environment=environment(predictor))
    for _ in range(5):
        answer = gateway.ask("/v1/chat/completions", chat(unique()), headers=dict(OBJECTIVES))
        assert answer.status == 200, answer.text
    assert len(predictor.predictions) == before + 5
    _, decision = gateway.explained(chat(unique()))
    assert set(scores(decision, "latency-scorer")) <= set(gateway.servers.endpoints)
    predictor.delay = 3
    assert gateway.ask("/v1/chat/completions", chat(unique()), headers=dict(OBJECTIVES)).status == 200
    wait_until(lambda: gateway.picker.metric("epp_leases") == 0, "nothing is in flight")


def test_predictor_that_is_not_there(launch):
    nobody = f"http://127.0.0.1:{free_port()}"
    gateway = launch.pool(
        config=NEWER, environment={"PREDICTION_SERVER_URL": nobody, "TRAINING_SERVER_URL": nobody}
    )
    for _ in range(5):
        began = time.monotonic()
        assert gateway.ask("/v1/chat/completions", chat(unique()), headers=dict(OBJECTIVES)).status == 200
        assert time.monotonic() - began < PATIENCE
    assert gateway.picker.metric("epp_inquiries_total", result="failed") == 5
    wait_until(lambda: gateway.picker.metric("epp_leases") == 0, "nothing is in flight")
