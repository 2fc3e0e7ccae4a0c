"""Requests that get no endpoint, through Envoy: status and text, as the reference picker words them."""

import pytest
from bodies import MODEL, chat, unique
from configurations import TESTING_FILTER, file_discovery, write_endpoints
from localpool import request

ERROR = "inference error: "


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}, "model not found in request body"),
        (
            "/v1/chat/completions",
            {"model": 7, "messages": [{"role": "user", "content": "hi"}]},
            "model not found in request body",
        ),
        (
            "/v1/chat/completions",
            {"model": MODEL},
            "invalid chat completions request: must have valid messages field",
        ),
        ("/v1/completions", {"model": MODEL}, "invalid completions request: must have prompt field"),
        ("/v1/embeddings", {"model": MODEL}, "invalid embeddings request: must have input field"),
        ("/v1/responses", {"model": MODEL}, "invalid responses request: must have input field"),
        ("/v1/conversations", {"model": MODEL}, "invalid conversations request: must have items field"),
        ("/v1/images/generations", {"model": MODEL}, "invalid images generations request: must have prompt field"),
    ],
)
def test_incomplete_request_is_400(gateway, path, body, text):
    answer = gateway.ask(path, body)
    assert (answer.status, answer.text) == (400, f"{ERROR}BadRequest - {text}")


@pytest.mark.parametrize("body", [b"x", b'{"model": "m", "messages": [', b"\xff\xfe{}", b"[]"])
def test_body_that_is_not_a_json_object_is_400(gateway, body):
    answer = gateway.ask("/v1/chat/completions", body)
    assert answer.status == 400
    assert answer.text.startswith(f"{ERROR}BadRequest - "), answer.text


def test_malformed_json_names_the_parse_error(gateway):
    answer = gateway.ask("/v1/chat/completions", b'{"model": ')
    assert answer.status == 400
    assert answer.text.startswith(f"{ERROR}BadRequest - error unmarshaling request bodyMap: "), answer.text


def test_no_candidates_is_503(launch, tmp_path):
    endpoints = tmp_path / "endpoints.yaml"
    write_endpoints(endpoints, [])
    picker = launch.picker(config=file_discovery(endpoints))
    envoy = launch.envoy(picker)
    answer = request(envoy.address, "/v1/chat/completions", chat(unique()))
    assert (answer.status, answer.text) == (
        503,
        f"{ERROR}ServiceUnavailable - failed to find endpoint candidates for serving the request",
    )


def test_filters_leaving_nobody_is_429(launch):
    gateway = launch.pool(config=TESTING_FILTER)
    answer = gateway.ask("/v1/chat/completions", chat(unique()))
    assert (answer.status, answer.text) == (
        429,
        f"{ERROR}ResourceExhausted - failed to find target endpoint: failed to run scheduler profile 'default'",
    )
    wanted = gateway.servers.endpoints[1]
    answer = gateway.ask("/v1/chat/completions", chat(unique()), headers={"test-epp-endpoint-selection": wanted})
    assert answer.status == 200, answer.text
    assert answer.headers["x-model-server"] == wanted


def test_body_over_the_limit_is_413(launch):
    gateway = launch.pool(arguments=["--grpc-max-recv-msg-size=1Mi"])
    assert gateway.ask("/v1/chat/completions", chat("x" * 900_000)).status == 200
    answer = gateway.ask("/v1/chat/completions", chat("x" * 2_000_000))
    assert (answer.status, answer.text) == (
        413,
        f"{ERROR}PayloadTooLarge - request body exceeds 1048576 bytes",
    )
    assert gateway.ask("/v1/chat/completions", chat(unique())).status == 200
