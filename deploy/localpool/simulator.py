"""Simulated model servers."""

import ipaddress

from .deadline import wait_until
from .http import request
from .ports import free_port
from .process import Process


class ModelServers:
    """One `model-server-sim` process serving `count` instances on 127.0.0.1, 127.0.0.2 …, all on one port; or, with
    `address` and `port`, one instance there, on a port that the caller found to be free."""

    def __init__(self, binary, log_directory, *, count=3, port=None, address=None, arguments=(), name="model-servers"):
        if address is None:
            first = ipaddress.IPv4Address("127.0.0.1")
            addresses = [str(first + index) for index in range(count)]
            port = free_port(addresses, preferred=port)
        else:
            addresses = [address]
        self.endpoints = [f"{address}:{port}" for address in addresses]
        command = [binary, "--host", addresses[0], "--instances", len(addresses), "--port", port]
        self.process = Process(name, [*command, *arguments], log_directory)

    def wait_ready(self, timeout=15.0):
        for endpoint in self.endpoints:
            wait_until(
                lambda endpoint=endpoint: request(endpoint, "/metrics", timeout=2).status == 200,
                f"model server {endpoint} answers",
                timeout,
                processes=[self.process],
            )
        return self

    def control(self, endpoint, **settings):
        """Sets what one instance reports or how it behaves, e.g. `queue=40`."""
        answer = request(endpoint, "/control", settings)
        assert answer.status == 200, f"{endpoint}/control: {answer.status} {answer.text}"

    def stats(self, endpoint):
        return request(endpoint, "/stats").json()

    def stop(self):
        return self.process.stop()
