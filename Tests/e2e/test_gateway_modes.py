"""The other ways gateways wire ext_proc."""

import pytest
from bodies import chat, fnv1a64, unique
from localpool import MODES

#: In streamed mode Envoy waits for the answer to the headers, so decisions know the model only if a header names it.
BODY_MODES = ["override-host", "ai-gateway-buffered", "streamed"]


@pytest.mark.parametrize("mode", BODY_MODES)
def test_requests_are_routed_by_their_body(launch, mode):
    gateway = launch.pool(mode=mode, tls=MODES[mode].tls)
    for _ in range(20):
        assert gateway.ask("/v1/chat/completions", chat(unique())).status == 200
    answer, decision = gateway.explained(chat(unique()))
    assert answer.headers["x-model-server"] == decision["endpoint"]
    body = b'{"model":"sim-model","messages":[{"role":"user","content":"%s"}]}' % (b"x" * 300_000)
    answer = gateway.ask("/v1/chat/completions", body)
    assert answer.status == 200, answer.text
    assert answer.headers["x-request-body-fnv1a64"] == fnv1a64(body)
    assert gateway.envoy.streams_failed == 0


def test_headers_alone_are_enough_for_a_pick(launch):
    gateway = launch.pool(mode="headers-only", tls=False)
    for _ in range(20):
        answer = gateway.ask("/v1/chat/completions", chat(unique()))
        assert answer.status == 200, answer.text
        assert answer.headers["x-model-server"] in gateway.servers.endpoints
    assert gateway.envoy.streams_failed == 0
