"""Long runs and shutdown, through Envoy."""

import concurrent.futures
import http.client
import threading

from bodies import chat, unique
from localpool import open_stream, request, wait_until

REQUESTS = 2_400
WORKERS = 12


def test_thousands_of_requests_share_one_clean_connection(gateway, module_launch):
    """Envoy resets every finished stream; that must never cost the connection or a stream in flight."""
    envoy = module_launch.envoy(gateway.picker)

    def work(count):
        connection = http.client.HTTPConnection(envoy.address, timeout=30)
        try:
            return [
                request(envoy.address, "/v1/chat/completions", chat(unique(), max_tokens=1), connection=connection).status
                for _ in range(count)
            ]
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as threads:
        results = list(threads.map(work, [REQUESTS // WORKERS] * WORKERS))
    assert {status for statuses in results for status in statuses} == {200}
    assert envoy.stat("http.inference.ext_proc.streams_started") == REQUESTS
    assert envoy.streams_failed == 0
    assert envoy.stat("cluster.epp.upstream_cx_total") == 1
    wait_until(lambda: gateway.picker.metric("inference_objective_running_requests") == 0, "nothing runs any more")


def test_client_that_goes_away_mid_stream_releases_its_endpoint(launch):
    gateway = launch.pool(count=1, server_arguments=["--inter-token-latency", "50ms"])
    picker = gateway.picker
    for _ in range(3):
        body = chat(unique(), stream=True, max_tokens=600)
        with open_stream(gateway.envoy.address, "/v1/chat/completions", body) as (status, _, lines):
            assert status == 200
            next(lines)
            wait_until(lambda: picker.metric("inference_objective_running_requests") == 1, "the request is counted")
        wait_until(lambda: picker.metric("inference_objective_running_requests") == 0, "the request is released")
    assert gateway.ask("/v1/chat/completions", chat(unique(), max_tokens=1)).status == 200


def test_sigterm_lets_streams_finish(launch):
    gateway = launch.pool(
        count=1, server_arguments=["--inter-token-latency", "50ms"], arguments=["--drain-timeout=15s"]
    )
    started = threading.Event()

    def read_stream():
        body = chat(unique(), stream=True, max_tokens=60)
        with open_stream(gateway.envoy.address, "/v1/chat/completions", body) as (status, _, lines):
            assert status == 200
            events = []
            for line in lines:
                if line.startswith(b"data: "):
                    events.append(line.strip())
                    started.set()
            return events

    with concurrent.futures.ThreadPoolExecutor() as threads:
        stream = threads.submit(read_stream)
        assert started.wait(10)
        gateway.picker.process.terminate()
        wait_until(
            lambda: gateway.picker.health() == "NOT_SERVING" or stream.done(), "health says NOT_SERVING", timeout=10
        )
        assert not stream.done(), "the stream ended before the drain began"
        events = stream.result(timeout=20)
    assert events[-1] == b"data: [DONE]"
    assert len(events) >= 60
    assert gateway.picker.process.wait(timeout=40) == 0
    assert gateway.envoy.streams_failed == 0
