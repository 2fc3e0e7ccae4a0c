"""Requests and responses of every API through Envoy, in each way gateways wire ext_proc: not a byte changes, apart
from a model's name that was rewritten."""

import json

import pytest
from apis import APIS, configuration
from backend import Backend
from localpool import MODES, request, wait_until

GATEWAY_MODES = ["ai-gateway-duplex", "ai-gateway-buffered", "override-host", "streamed", "headers-only"]
TARGET = "the-other-model"


@pytest.fixture(scope="module", params=GATEWAY_MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def backend():
    backend = Backend()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def envoy(module_launch, backend, mode):
    picker = module_launch.picker([backend.address], tls=MODES[mode].tls, config=configuration())
    envoy = module_launch.envoy(picker, mode, endpoints=[backend.address])
    yield envoy
    assert envoy.streams_failed == 0
    wait_until(lambda: picker.metric("epp_leases") == 0, "nothing is counted as in flight")


def exchange(envoy, backend, api, reply, content_type, **headers):
    """Sends the API's request; returns what the server got and what the client got."""
    backend.content_type = content_type
    backend.pieces = reply
    backend.received.clear()
    fields = {"content-type": api.content_type, "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", **headers}
    answer = request(envoy.address, api.path, api.body, headers=fields)
    assert answer.status == 200, answer.text
    [(path, received, body)] = backend.received
    assert path == api.path
    assert received["traceparent"] == fields["traceparent"]
    assert received["x-request-id"]
    # A length that is told must be true.
    assert int(received.get("content-length", len(body))) == len(body)
    assert int(answer.headers.get("content-length", len(answer.body))) == len(answer.body)
    assert answer.headers["content-type"] == content_type
    return body, answer.body


def cut(data):
    """Pieces that end in the middle of everything."""
    return [data[at : at + 11] for at in range(0, len(data), 11)]


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_nothing_changes(envoy, backend, api):
    assert exchange(envoy, backend, api, [api.reply], api.content_type) == (api.body, api.reply)
    assert exchange(envoy, backend, api, cut(api.reply), api.content_type) == (api.body, api.reply)


@pytest.mark.parametrize("api", [api for api in APIS if api.stream], ids=lambda api: api.name)
def test_no_stream_changes(envoy, backend, api):
    assert exchange(envoy, backend, api, cut(api.stream), api.stream_type) == (api.body, api.stream)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_only_the_model_changes(envoy, backend, mode, api):
    """Where the picker has the body before it answers. The response names the client's model again."""
    reads_body = MODES[mode].request_body in ("FULL_DUPLEX_STREAMED", "BUFFERED") and api.has_model
    reply = json.dumps({"model": TARGET, "text": f'"model":"{TARGET}"'}).encode()
    headers = {"x-gateway-model-name-rewrite": TARGET}
    for pieces in ([reply], cut(reply)):
        received, answer = exchange(envoy, backend, api, pieces, "application/json", **headers)
        if reads_body:
            assert received == api.body.replace(b'"model" :  "m"', b'"model" :  "%s"' % TARGET.encode())
            assert answer == reply.replace(b'"model": "%s"' % TARGET.encode(), b'"model": "m"')
        else:
            assert (received, answer) == (api.body, reply)
