"""Long runs and shutdown, through Envoy."""

import concurrent.futures
import http.client
import threading

from bodies import chat, unique
from localpool import open_stream, ports, request, wait_until
from pools import SLOW

REQUESTS = 2_400
WORKERS = 12


def test_thousands_of_requests_share_one_clean_connection(gateway, module_launch):
    """Envoy resets every finished stream; that must never cost the connection or a stream in flight."""
    envoy = module_launch.envoy(gateway.picker)

    def work(count):
        connection = http.client.HTTPConnection(envoy.address, timeout=30)
        try:
            return [
                request(
                    envoy.address, "/v1/chat/completions", chat(unique(), max_tokens=1), connection=connection
                ).status
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
    gateway = launch.pool(count=1, server_arguments=SLOW)
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
    gateway = launch.pool(count=1, server_arguments=SLOW, arguments=["--drain-timeout=15s"])
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


def test_rolling_restart_loses_nothing(launch):
    """Two replicas, one after the other replaced by a new process, while clients ask without a pause."""
    servers = launch.servers(count=2)

    def picker(**options):
        return launch.picker(servers.endpoints, tls=False, arguments=["--drain-delay=2s"], **options)

    replicas = [picker(), picker()]
    envoy = launch.envoy(
        replicas[0],
        "override-host",
        endpoints=servers.endpoints,
        health_port=replicas[0].health_port,
        replicas=[(replicas[1].port, replicas[1].health_port)],
    )

    def healthy(count):
        wait_until(lambda: envoy.stat("cluster.epp.membership_healthy") == count, f"{count} replicas are healthy")

    healthy(2)
    stop = threading.Event()

    def work(_):
        connection = http.client.HTTPConnection(envoy.address, timeout=30)
        statuses = []
        try:
            while not stop.is_set():
                body = chat(unique(), max_tokens=1)
                statuses.append(
                    request(envoy.address, "/v1/chat/completions", body, connection=connection).status
                )
        finally:
            connection.close()
        return statuses

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        results = [threads.submit(work, number) for number in range(6)]
        try:
            for number, replica in enumerate(replicas):
                replica.process.terminate()
                healthy(1)
                assert replica.process.wait(timeout=40) == 0
                for port in (replica.port, replica.health_port, replica.metrics_port):
                    ports.release(port)
                replicas[number] = picker(
                    port=replica.port, health_port=replica.health_port, metrics_port=replica.metrics_port
                )
                healthy(2)
                serving = replicas[number]
                wait_until(
                    lambda serving=serving: serving.metric("epp_opened_streams_total") > 20, "the new replica is asked"
                )
        finally:
            stop.set()
        statuses = [status for result in results for status in result.result(timeout=40)]
    assert len(statuses) > 100
    assert set(statuses) == {200}
    assert envoy.streams_failed == 0
    for replica in replicas:
        wait_until(lambda replica=replica: replica.metric("epp_leases") == 0, "nothing is counted any more")
