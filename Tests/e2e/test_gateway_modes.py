"""The ways in which gateways wire ext_proc: each carries every kind of request, and Envoy gives up on no stream."""

import concurrent.futures
import json
import socket

import pytest
from bodies import MODEL, chat, chat_of_size, fnv1a64, unique
from localpool import MODES, Mode, open_stream, wait_until

# A setting of the filter that modes have no field for, put behind another one.
_EARLY = "false\n              send_body_without_waiting_for_header_response: true"

#: Wirings that no gateway sets up by itself, but that its users can.
OTHER_MODES = {
    "buffered-partial": Mode("BUFFERED_PARTIAL", "BUFFERED_PARTIAL", "SKIP"),
    "streamed-both-ways": Mode("STREAMED", "STREAMED", "SEND", metadata=True),
    "streamed-early": Mode("STREAMED", "STREAMED", "SEND", metadata=True, allow_mode_override=_EARLY),
    "duplex-request-only": Mode("FULL_DUPLEX_STREAMED", "NONE", "SEND", metadata=True),
    "buffered-request-streamed-response": Mode("BUFFERED", "STREAMED", "SKIP", metadata=True),
}
# Envoy's wiring is chosen by name.
MODES.update(OTHER_MODES)



def reads_bodies(mode):
    """Whether the picker has the body when it picks."""
    return MODES[mode].request_body not in ("NONE", "STREAMED")


@pytest.fixture(scope="module", params=list(MODES))
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def gateway(module_launch, mode):
    return module_launch.pool(count=2, mode=mode, tls=MODES[mode].tls)


@pytest.fixture(autouse=True)
def clean_streams(gateway):
    """Whatever a test did, Envoy found no answer wrong, and nothing stays counted."""
    yield
    assert gateway.envoy.streams_failed == 0
    assert gateway.envoy.stat("http.inference.ext_proc.spurious_msgs_received") == 0
    for name in ("epp_leases", "inference_objective_running_requests"):
        wait_until(lambda name=name: gateway.picker.metric(name) == 0, f"{name} is 0")


def test_json(gateway):
    for _ in range(20):
        answer = gateway.ask("/v1/chat/completions", chat(unique()))
        assert answer.status == 200, answer.text
        assert answer.json()["object"] == "chat.completion"
        assert answer.headers["x-model-server"] in gateway.servers.endpoints


def test_pick_is_followed(gateway, mode):
    answer, decision = gateway.explained(chat(unique()))
    assert answer.headers["x-model-server"] == decision["endpoint"]
    assert decision["model"] == (MODEL if reads_bodies(mode) else "")


def test_events(gateway):
    body = chat(unique(), stream=True, max_tokens=20)
    with open_stream(gateway.envoy.address, "/v1/chat/completions", body) as (status, headers, lines):
        assert status == 200
        assert headers["content-type"].startswith("text/event-stream")
        events = [line[len(b"data: ") :].strip() for line in lines if line.startswith(b"data: ")]
    assert events[-1] == b"[DONE]"
    pieces = [json.loads(event)["choices"] for event in events[:-1]]
    assert sum(1 for choices in pieces if choices and choices[0]["delta"].get("content")) == 20


def test_large_request(gateway):
    body = chat_of_size(1_000_000)
    answer = gateway.ask("/v1/chat/completions", body)
    assert answer.status == 200, answer.text
    assert answer.headers["x-request-body-fnv1a64"] == fnv1a64(body)


def test_request_larger_than_the_buffer_of_the_proxy(gateway, mode):
    """A megabyte by default. Envoy refuses such a body where it has to buffer it, or shows its beginning only."""
    body = chat_of_size(3_000_000)
    answer = gateway.ask("/v1/chat/completions", body, timeout=5)
    if MODES[mode].request_body == "BUFFERED":
        assert answer.status == 413
    else:
        assert answer.status == 200, answer.text
        assert answer.headers["x-request-body-fnv1a64"] == fnv1a64(body)


def test_large_response(gateway):
    body = {"model": MODEL, "prompt": "".join(f"{number:08x} " for number in range(111_000))}
    encoded = json.dumps(body).encode()
    answer = gateway.ask("/echo", encoded)
    assert answer.status == 200, answer.text
    assert answer.body == encoded


def test_request_without_a_body(gateway):
    answer = gateway.ask("/v1/models")
    assert answer.status == 200, answer.text
    assert answer.headers["x-model-server"] in gateway.servers.endpoints


def test_many_at_once(gateway):
    def ask(number):
        body = chat_of_size(20_000 + number) if number % 3 else json.dumps(chat(unique(), stream=True)).encode()
        answer = gateway.ask("/v1/chat/completions", body)
        return answer.status, answer.headers.get("x-request-body-fnv1a64") == fnv1a64(body)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(60))) == {(200, True)}


def test_upload_in_chunks_with_trailers(gateway, mode):
    """A chunked HTTP/1.1 upload, whose trailers come after the last piece of the body."""
    if MODES[mode].request_body == "FULL_DUPLEX_STREAMED" and MODES[mode].host_list:
        pytest.skip("Envoy 1.40 sends a body twice that ends in trailers, where a route has retries and full duplex")
    body = json.dumps(chat(unique())).encode()
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: inference.test\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\ntrailer: x-checksum\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.envoy.port), timeout=3) as connection:
        connection.sendall(head)
        for at in range(0, len(body), 100):
            piece = body[at : at + 100]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\nx-checksum: 1\r\n\r\n")
        received = b""
        while data := connection.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 200 "), received[:400]
    assert b"x-request-body-fnv1a64: " + fnv1a64(body).encode() in received.lower()


def test_bad_request(gateway, mode):
    """Told by the picker where it reads bodies, else by the model server."""
    answer = gateway.ask("/v1/chat/completions", b'{"model": ')
    assert answer.status == 400, answer.text
    assert answer.text.startswith("inference error: BadRequest - ") == reads_bodies(mode), answer.text
