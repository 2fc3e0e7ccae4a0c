"""Requests through Envoy, configured the way AI gateways configure it: what arrives, and what comes back."""

import json
import socket

import pytest
from bodies import MODEL, chat, chat_of_size, fnv1a64, unique
from localpool import open_stream, request

PASSTHROUGH = """
apiVersion: inference.networking.x-k8s.io/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: passthrough-parser
- type: queue-scorer
schedulingProfiles:
- name: default
  plugins:
  - pluginRef: queue-scorer
parser:
  pluginRef: passthrough-parser
"""


def test_chat_completion(gateway):
    answer = gateway.ask("/v1/chat/completions", chat(unique()), headers={"x-request-id": "one-chat"})
    assert answer.status == 200, answer.text
    assert answer.json()["object"] == "chat.completion"
    assert answer.json()["usage"]["completion_tokens"] > 0
    decision = gateway.decision("one-chat")
    assert decision["endpoint"] == answer.headers["x-model-server"]
    assert decision["model"] == MODEL
    assert decision["candidates"] == len(gateway.servers.endpoints)
    assert gateway.envoy.streams_failed == 0


def test_completion(gateway):
    answer = gateway.ask("/v1/completions", {"model": MODEL, "prompt": unique(), "max_tokens": 4})
    assert answer.status == 200, answer.text
    assert answer.json()["object"] == "text_completion"


def test_get_without_body_reaches_a_model_server(gateway):
    answer = gateway.ask("/v1/models")
    assert answer.status == 200, answer.text
    assert answer.headers["x-model-server"] in gateway.servers.endpoints


def test_streamed_events_are_not_held_back(launch):
    """When the client has the first event, the model server is still producing the rest."""
    gateway = launch.pool(count=1, server_arguments=["--inter-token-latency", "50ms"])
    [server] = gateway.servers.endpoints
    body = chat(unique(), stream=True, max_tokens=60)
    with open_stream(gateway.envoy.address, "/v1/chat/completions", body) as (status, headers, lines):
        assert status == 200
        assert headers["content-type"].startswith("text/event-stream")
        events = []
        for line in lines:
            if line.startswith(b"data: "):
                events.append(line[len(b"data: ") :].strip())
                if len(events) == 1:
                    running = request(server, "/metrics").text
                    assert _gauge(running, "vllm:num_requests_running") == 1
    assert events[-1] == b"[DONE]"
    pieces = [json.loads(event)["choices"] for event in events[:-1]]
    assert sum(1 for choices in pieces if choices and choices[0]["delta"].get("content")) == 60
    assert gateway.envoy.streams_failed == 0


def _gauge(page, name):
    [value] = [line.rsplit(" ", 1)[1] for line in page.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return float(value)


@pytest.mark.parametrize("size", [2_000, 64 * 1024, 1_000_000, 20_000_000], ids=["2KB", "64KB", "1MB", "20MB"])
def test_body_arrives_unchanged(gateway, size):
    body = chat_of_size(size)
    answer = gateway.ask("/v1/chat/completions", body, timeout=120)
    assert answer.status == 200, answer.text
    assert int(answer.headers["x-request-body-bytes"]) == size
    assert answer.headers["x-request-body-fnv1a64"] == fnv1a64(body)
    assert gateway.envoy.streams_failed == 0


@pytest.mark.parametrize("size", [1, 62_000, 62_001, 3_000_000])
def test_any_bytes_pass_both_ways_with_the_passthrough_parser(launch, size):
    gateway = launch.pool(count=1, config=PASSTHROUGH)
    body = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    answer = gateway.ask("/echo", body, headers={"content-type": "application/octet-stream"})
    assert answer.status == 200, answer.text
    assert answer.body == body
    assert gateway.envoy.streams_failed == 0


def test_forged_destination_is_overwritten(gateway):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        forged = f"127.0.0.1:{trap.getsockname()[1]}"
        answer = gateway.ask(
            "/v1/chat/completions", chat(unique()), headers={"x-gateway-destination-endpoint": forged}
        )
        assert answer.status == 200, answer.text
        assert answer.headers["x-model-server"] in gateway.servers.endpoints
        with pytest.raises(BlockingIOError):
            trap.accept()


def test_request_with_trailers(gateway):
    """A chunked HTTP/1.1 upload that ends in trailers: the end of the body is not marked on a body message."""
    body = json.dumps(chat(unique())).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: inference.test\r\ncontent-type: application/json\r\n"
        "transfer-encoding: chunked\r\ntrailer: x-checksum\r\nconnection: close\r\n\r\n"
    ).encode()
    chunk = b"%x\r\n%s\r\n" % (len(body), body)
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=10) as connection:
        connection.sendall(head + chunk + b"0\r\nx-checksum: 1\r\n\r\n")
        received = b""
        while data := connection.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 200 "), received[:400]
    assert b"x-request-body-fnv1a64: " + fnv1a64(body).encode() in received.lower()
    assert gateway.envoy.streams_failed == 0
