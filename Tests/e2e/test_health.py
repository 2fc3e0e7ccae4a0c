"""The gRPC health service."""

import signal
import subprocess

import frames
import grpc
import pytest
from extproc import request_headers
from frames import RawConnection
from grpc_health.v1 import health_pb2, health_pb2_grpc
from localpool import wait_until

SERVICES = ["", "liveness", "readiness", "envoy.service.ext_proc.v3.ExternalProcessor", "inference-extension"]

SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def health(pool):
    with grpc.insecure_channel(pool.picker.health_address) as channel:
        yield health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("service", SERVICES)
def test_check(health, service):
    assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status == SERVING


def test_watch_reports_the_status_and_stays_open(health):
    watch = health.Watch(health_pb2.HealthCheckRequest(service="readiness"), timeout=5)
    assert next(watch).status == SERVING
    watch.cancel()


def test_watch_sees_the_shutdown(launch):
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False)
    with grpc.insecure_channel(picker.health_address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service="readiness"), timeout=20
        )
        assert next(watch).status == SERVING
        picker.process.terminate()
        try:
            assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        except grpc.RpcError as error:
            # With nothing in flight the process may be gone before it can say so.
            assert error.code() == grpc.StatusCode.UNAVAILABLE
    assert picker.process.wait(timeout=40) == 0


def test_second_signal_ends_at_once(launch):
    """Although a stream is open that the first one waits for."""
    picker = launch.picker(["127.0.0.1:9"], tls=False)
    with RawConnection(picker.port) as connection:
        connection.send(frames.opened(1) + frames.message(1, request_headers()))
        wait_until(lambda: picker.metric("epp_streams") == 1, "the stream is open")
        picker.process.terminate()
        assert connection.until(frames.GOAWAY) is not None
        with pytest.raises(subprocess.TimeoutExpired):
            picker.process.wait(timeout=1)
        picker.process.terminate()
        assert picker.process.wait(timeout=10) == 128 + signal.SIGTERM
    assert "second signal" in picker.process.log_path.read_text()


def test_list(health):
    statuses = health.List(health_pb2.HealthListRequest(), timeout=5).statuses
    assert statuses["envoy.service.ext_proc.v3.ExternalProcessor"].status == SERVING
