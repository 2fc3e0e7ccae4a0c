"""`request-attribute-reporter`: the cost of a response as dynamic metadata, for a rate limiter in the proxy."""

import json

import pytest
import replies
from apis import APIS
from extproc import (
    BUFFERED,
    DUPLEX,
    STREAMED,
    Client,
    Modes,
    request_body,
    request_headers,
    response_body,
    response_headers,
    response_trailers,
)

REPLY = APIS[0].reply


def reporting(expression, condition=None, **key):
    attribute = {"key": {"name": "x-gateway-inference-request-cost", **key}, "expression": expression}
    if condition:
        attribute["condition"] = condition
    return json.dumps(
        {
            "apiVersion": "inference.networking.x-k8s.io/v1alpha1",
            "kind": "EndpointPickerConfig",
            "plugins": [
                {"type": "queue-scorer"},
                {"type": "request-attribute-reporter", "parameters": {"attributes": [attribute]}},
            ],
            "schedulingProfiles": [{"name": "default", "plugins": [{"pluginRef": "queue-scorer"}]}],
        }
    )


async def answers(picker, pieces, *, modes=Modes(), content_type="application/json", end=True):
    async with Client(picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(modes=modes), request_body(APIS[0].body, True))
        before = len(stream.answers)
        await stream.exchange(response_headers(content_type=content_type), 1)
        for at, piece in enumerate(pieces):
            await stream.exchange(response_body(piece, end and at == len(pieces) - 1), 1)
        if not end:
            await stream.exchange(response_trailers(), 1)
        assert (await stream.close()).name == "OK"
        return stream.answers[before:]


@pytest.fixture
def picker(launch):
    def start(*arguments, **options):
        return launch.picker(["127.0.0.1:9"], tls=False, config=reporting(*arguments, **options))

    return start


@pytest.mark.parametrize(
    ("expression", "condition", "cost"),
    [
        ("usage.completion_tokens", None, 5),
        ("usage.prompt_tokens + 3 * usage.completion_tokens", None, 32),
        ("(usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens) / 2 + usage.completion_tokens", None, 7),
        ("usage.total_tokens", "usage.total_tokens > 21", 22),
        ("usage.total_tokens", "usage.total_tokens > 22", None),
        ("usage.total_tokens - 22", None, None),
    ],
)
async def test_cost_comes_with_the_end(picker, expression, condition, cost):
    received = await answers(picker(expression, condition), [REPLY[:20], REPLY[20:]])
    *others, last = received
    assert all(answer.metadata == {} for answer in others)
    assert last.kind == "response_body"
    assert (last.body, last.end_of_stream) == (REPLY[20:], True)
    assert last.metadata == ({"envoy.lb": {"x-gateway-inference-request-cost": cost}} if cost else {})


async def test_namespace_and_name(picker):
    *_, last = await answers(picker("usage.total_tokens", namespace="billing", name="tokens"), [REPLY])
    assert last.metadata == {"billing": {"tokens": 22}}


@pytest.mark.parametrize("modes", [Modes(DUPLEX, STREAMED), Modes(DUPLEX, BUFFERED)], ids=str)
async def test_other_modes(picker, modes):
    *_, last = await answers(picker("usage.total_tokens"), [REPLY], modes=modes)
    assert last.metadata == {"envoy.lb": {"x-gateway-inference-request-cost": 22}}
    assert not last.message.response_body.response.HasField("body_mutation")


async def test_stream_ended_by_trailers(picker):
    whole = replies.events(*replies.CHAT_EVENTS)
    *_, body, last = await answers(picker("usage.total_tokens"), [whole], content_type="text/event-stream", end=False)
    assert (body.kind, body.metadata) == ("response_body", {})
    assert last.kind == "response_trailers"
    assert last.metadata == {"envoy.lb": {"x-gateway-inference-request-cost": 22}}


async def test_nothing_without_usage(picker):
    *_, last = await answers(picker("usage.total_tokens"), [b"{}"])
    assert last.metadata == {}
