"""Pools of real processes for tests."""

import asyncio
import dataclasses
import re
import uuid

from localpool import Envoy, ModelServers, Picker, request, wait_until

#: Arguments for model servers that answer at once, whatever the length of the prompt, or take 50 ms for every token.
INSTANT = ("--time-scale", "0", "--num-gpu-blocks", "2000000")
SLOW = ("--decode-step-ms", "50")

#: What a sanitizer writes before it says what it found.
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer: ")

#: All processes that tests have started and not stopped.
running = []


@dataclasses.dataclass
class Pool:
    """Model servers, a picker and, where the test goes through a proxy, an Envoy."""

    servers: ModelServers
    picker: Picker
    envoy: Envoy = None

    def ask(self, path, body=None, **options):
        """Sends one request through Envoy."""
        return request(self.envoy.address, path, body, **options)

    def explained(self, body, path="/v1/chat/completions"):
        """Sends `body` and returns the answer with the decision that led to it.

        The picker notes only some decisions of a busy second, so this asks again until one is noted.
        """

        def attempt():
            request_id = str(uuid.uuid4())
            answer = self.ask(path, body, headers={"x-request-id": request_id})
            assert answer.status == 200, answer.text
            noted = [decision for decision in self.picker.decisions() if decision["request_id"] == request_id]
            return (answer, noted[-1]) if noted else None

        return wait_until(attempt, "a decision is noted", interval=0.1)


def scores(decision, scorer):
    """What `scorer` gave to each endpoint."""
    return {entry["endpoint"]: entry["scorers"][scorer] for entry in decision["scores"]}


def wait_scraped(picker, count):
    """The first scrapes have come in: requests placed before them would count as seen by the model servers."""
    wait_until(lambda: picker.metric("epp_scrapes_total", result="success") >= count, "all endpoints were scraped")


async def settles(picker):
    """Nothing of any request is left: none runs, none is counted on an endpoint, and no bytes are held."""
    for name in ("inference_objective_running_requests", "epp_leases", "epp_buffered_bytes"):
        await asyncio.to_thread(wait_until, lambda name=name: picker.metric(name) == 0, f"{name} is 0")


def check_report(process):
    """Fails when a sanitizer found something as late as when the process ended, such as a leak."""
    log = process.log_path.read_text(errors="replace") if process.log_path.exists() else ""
    assert not SANITIZER_REPORT.search(log), f"{process.name}:\n{log[-8000:]}"


class Launcher:
    """Starts processes and stops them in the opposite order."""

    def __init__(self, bin_dir, directory):
        self.bin_dir = bin_dir
        self.directory = directory
        self.processes = []

    def _keep(self, part, *, wait=True):
        self.processes.append(part.process)
        running.append(part.process)
        return part.wait_ready() if wait else part

    def _name(self, name):
        count = sum(process.name.startswith(name) for process in self.processes)
        return f"{name}-{count + 1}" if count else name

    def servers(self, *, arguments=INSTANT, **options):
        binary = self.bin_dir / "model-server-sim"
        name = self._name("model-servers")
        return self._keep(ModelServers(binary, self.directory, arguments=arguments, name=name, **options))

    def picker(self, endpoints=None, *, wait=True, **options):
        """A picker; without `wait` it may not be ready yet."""
        binary = self.bin_dir / "epp"
        return self._keep(Picker(binary, self.directory, endpoints, name=self._name("epp"), **options), wait=wait)

    def envoy(self, picker, mode="ai-gateway-duplex", **options):
        return self._keep(Envoy(self.directory, picker.port, mode, name=self._name("envoy"), **options))

    def pool(self, *, count=3, mode="ai-gateway-duplex", server_arguments=INSTANT, **picker_options):
        """Model servers, a picker for them and an Envoy in front."""
        servers = self.servers(count=count, arguments=server_arguments)
        picker = self.picker(servers.endpoints, **picker_options)
        return Pool(servers, picker, self.envoy(picker, mode, endpoints=servers.endpoints))

    def stop(self, part):
        """Stops one process before the others."""
        part.process.stop()
        check_report(part.process)
        self.processes.remove(part.process)
        running.remove(part.process)

    def close(self):
        died = [process for process in self.processes if not process.running]
        for process in reversed(self.processes):
            process.stop()
            running.remove(process)
        for process in died:
            process.check()
        for process in self.processes:
            check_report(process)
