"""The endpoint picker under test."""

import json
import re

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from .deadline import wait_until
from .http import request
from .ports import free_port
from .process import Process

_SAMPLE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Picker:
    """An `epp` process serving a fixed list of endpoints, or those that its configuration discovers."""

    def __init__(
        self,
        binary,
        log_directory,
        endpoints=None,
        *,
        port=None,
        health_port=None,
        metrics_port=None,
        tls=True,
        config=None,
        arguments=(),
        name="epp",
        environment=None,
    ):
        self.port = free_port(preferred=port)
        self.health_port = free_port(preferred=health_port)
        self.metrics_port = free_port(preferred=metrics_port)
        self.tls = tls
        command = [
            binary,
            f"--grpc-port={self.port}",
            f"--grpc-health-port={self.health_port}",
            f"--metrics-port={self.metrics_port}",
            f"--secure-serving={'true' if tls else 'false'}",
        ]
        if endpoints is not None:
            command.append(f"--endpoints={','.join(endpoints)}")
        if config is not None:
            command.append(f"--config-text={config}")
        self.process = Process(name, [*command, *arguments], log_directory, environment)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def health_address(self):
        return f"127.0.0.1:{self.health_port}"

    @property
    def metrics_address(self):
        return f"127.0.0.1:{self.metrics_port}"

    def health(self, service=""):
        """The name of the health status of `service`, or None while nothing answers."""
        with grpc.insecure_channel(self.health_address) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(service=service), timeout=2
                )
            except grpc.RpcError:
                return None
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def wait_ready(self, timeout=15.0):
        wait_until(
            lambda: self.health() == "SERVING",
            "epp reports SERVING",
            timeout,
            interval=0.05,
            processes=[self.process],
        )
        return self

    def metric(self, name, **labels):
        """The sum of all series of metric `name` that carry `labels`; 0 if there is none."""
        answer = request(self.metrics_address, "/metrics", timeout=5)
        assert answer.status == 200, f"/metrics: {answer.status} {answer.text}"
        total = 0.0
        for line in answer.text.splitlines():
            sample = _SAMPLE.match(line)
            if not sample or sample["name"] != name:
                continue
            found = dict(_LABEL.findall(sample["labels"] or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                total += float(sample["value"])
        return total

    def decisions(self):
        """The latest decisions, oldest first."""
        answer = request(self.metrics_address, "/debug/decisions", timeout=5)
        assert answer.status == 200, f"/debug/decisions: {answer.status} {answer.text}"
        return [json.loads(line) for line in answer.text.splitlines() if line.strip()]

    def stop(self):
        return self.process.stop()
