"""What clients and servers confide to epp is nowhere to be read: not in logs, metrics, decisions or dumps."""

import asyncio
import json

import grpc
import pytest
from bodies import chat_bytes
from extproc import Client, StreamEnded, request_body, request_headers, response_body, response_headers
from kubeapi import APIServer
from localpool import free_port, request, wait_until
from pools import settles

SECRET = "hush-a1b2c3"
CREDENTIALS = [
    ("authorization", f"Bearer {SECRET}-bearer"),
    ("x-api-key", f"{SECRET}-key"),
    ("cookie", f"session={SECRET}-cookie"),
]


def everything(picker):
    """What can be read of a picker: its log and its pages."""
    parts = {"log": picker.process.log_path.read_text()}
    for page in ["/", "/metrics", "/debug/decisions"]:
        parts[page] = request(picker.metrics_address, page).text
    return parts


def told(parts):
    return {name: text[max(0, text.find(SECRET) - 200) :][:400] for name, text in parts.items() if SECRET in text}


BODIES = {
    "valid": chat_bytes(f"my password is {SECRET}-prompt"),
    "cut": chat_bytes(f"my password is {SECRET}-prompt")[:-5],
    "of another shape": json.dumps({"model": [f"{SECRET}-model"], "messages": f"{SECRET}-messages"}).encode(),
    "not json": f"{SECRET} is not JSON".encode(),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_requests_and_responses(launch, tmp_path, body):
    decisions = tmp_path / "decisions.jsonl"
    arguments = ["-v=5", "--enable-explain", f"--decision-log-file={decisions}", "--metrics-endpoint-auth=false"]
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=arguments)
    async with Client(picker.address) as client:
        stream = client.stream()
        headers = request_headers(headers=[*CREDENTIALS, ("x-epp-explain", "1")])
        answer, *_ = await stream.ask(headers, request_body(body, True))
        if answer.status is None:
            await stream.send(
                response_headers(500, headers=[("set-cookie", f"{SECRET}-set")]),
                response_body(f'{{"error":"{SECRET}-answer"}}'.encode(), True),
            )
            await stream.receive_until("response_body")
        else:
            assert SECRET not in str(answer)
        await stream.close()
        # Out of order: the stream ends with an error that is logged.
        stream = client.stream()
        await stream.send(request_body(body, True), request_headers(headers=CREDENTIALS))
        with pytest.raises(StreamEnded):
            while True:
                await stream.receive()
        assert await stream.status() != grpc.StatusCode.OK
        assert SECRET not in await stream.details()
    await settles(picker)
    parts = await asyncio.to_thread(everything, picker)
    await asyncio.to_thread(launch.stop, picker)
    parts["log"] = picker.process.log_path.read_text()
    parts["decisions"] = decisions.read_text()
    assert parts["log"] and parts["decisions"] or body != BODIES["valid"]
    assert told(parts) == {}


def test_credentials_of_its_own(launch, tmp_path):
    """A token that the API server refuses, and headers for a collector that is away."""
    api = APIServer(tmp_path)
    try:
        kubeconfig = api.kubeconfig(user={"token": f"{SECRET}-token"})
        environment = {
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-api-key={SECRET}-collector",
        }
        picker = launch.picker(
            tls=False,
            wait=False,
            environment=environment,
            arguments=["-v=5", "--metrics-endpoint-auth=false", "--pool-name=pool", f"--kubeconfig={kubeconfig}"],
        )
        wait_until(lambda: picker.health("liveness") == "SERVING", "epp lives", processes=[picker.process])
        wait_until(lambda: api.count("/inferencepools") >= 2, "epp asked twice")
        wait_until(lambda: "401" in picker.process.log_path.read_text(), "epp told why it was refused")
        assert told(everything(picker)) == {}
    finally:
        api.stop()
