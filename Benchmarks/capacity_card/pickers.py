"""The pickers that are measured."""

import argparse
import dataclasses
import shlex
import socket

from localpool import Process, free_port, wait_until

_FLAGS = (
    "--grpc-port={grpc_port} --grpc-health-port={health_port} --metrics-port={metrics_port}"
    " --endpoints={endpoints} --secure-serving={secure} --refresh-metrics-interval={interval} --threads={loops}"
)


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A picker by name and command line, with places to fill in."""

    name: str
    command: str

    @property
    def speaks_tls_on_request(self):
        return "{secure}" in self.command


def epp(bin_dir):
    return Contestant("epp", f"{bin_dir / 'epp'} {_FLAGS}")


def peer(text):
    """A contestant from `NAME=COMMAND`."""
    name, _, command = text.partition("=")
    if not name or "{grpc_port}" not in command:
        raise argparse.ArgumentTypeError("must be NAME=COMMAND, with {grpc_port} in the command")
    return Contestant(name, command)


class RunningPicker:
    """A picker at work; a context manager."""

    def __init__(self, contestant, directory, endpoints, *, tls=False, interval="50ms", loops=1):
        self.port = free_port()
        self.metrics_port = free_port()
        places = {
            "grpc_port": self.port,
            "health_port": free_port(),
            "metrics_port": self.metrics_port,
            "endpoints": ",".join(endpoints),
            "secure": str(tls).lower(),
            "interval": interval,
            "loops": loops,
        }
        command = contestant.command
        # Other braces are the command's own, such as those of a configuration as JSON.
        for name, value in places.items():
            command = command.replace(f"{{{name}}}", str(value))
        self.process = Process(contestant.name, shlex.split(command), directory)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        try:
            wait_until(self._accepts, f"{self.process.name} listens", 30, processes=[self.process])
        except BaseException:
            self.process.stop()
            raise
        return self

    def _accepts(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def __exit__(self, *_):
        self.process.stop()
