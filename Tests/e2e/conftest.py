"""Fixtures: real processes, started for a module or a test and stopped afterwards.

A process that exits on its own fails the test during which it happened, and the end of every process's log is attached
to a failing test.
"""

import asyncio
import dataclasses
import inspect
import pathlib

import pytest
from localpool import Envoy, ModelServers, Picker, request

ROOT = pathlib.Path(__file__).resolve().parents[2]

_running = []


def pytest_addoption(parser):
    parser.addoption(
        "--bin-dir",
        type=pathlib.Path,
        default=ROOT / ".build" / "release",
        help="directory with the epp and model-server-sim binaries",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs `async def` tests, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), 120))
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for process in _running:
            report.sections.append((f"log of {process.name}", process.log_tail()))


@dataclasses.dataclass
class Pool:
    """Model servers, a picker and, where the test goes through a proxy, an Envoy."""

    servers: ModelServers
    picker: Picker
    envoy: Envoy = None

    def ask(self, path, body=None, **options):
        """Sends one request through Envoy."""
        return request(self.envoy.address, path, body, **options)

    def decision(self, request_id):
        """What the picker decided for the request with this `x-request-id`."""
        found = [decision for decision in self.picker.decisions() if decision["request_id"] == request_id]
        assert len(found) == 1, f"{len(found)} decisions for request {request_id}"
        return found[0]


class Launcher:
    """Starts processes and stops them in the opposite order."""

    def __init__(self, bin_dir, directory):
        self.bin_dir = bin_dir
        self.directory = directory
        self.processes = []

    def _keep(self, part):
        self.processes.append(part.process)
        _running.append(part.process)
        return part.wait_ready()

    def _name(self, name):
        count = sum(process.name.startswith(name) for process in self.processes)
        return f"{name}-{count + 1}" if count else name

    def servers(self, **options):
        binary = self.bin_dir / "model-server-sim"
        return self._keep(ModelServers(binary, self.directory, name=self._name("model-servers"), **options))

    def picker(self, endpoints=None, **options):
        binary = self.bin_dir / "epp"
        return self._keep(Picker(binary, self.directory, endpoints, name=self._name("epp"), **options))

    def envoy(self, picker, mode="ai-gateway-duplex", **options):
        return self._keep(Envoy(self.directory, picker.port, mode, name=self._name("envoy"), **options))

    def pool(self, *, count=3, mode="ai-gateway-duplex", server_arguments=(), **picker_options):
        """Model servers, a picker for them and an Envoy in front."""
        servers = self.servers(count=count, arguments=server_arguments)
        picker = self.picker(servers.endpoints, **picker_options)
        return Pool(servers, picker, self.envoy(picker, mode, endpoints=servers.endpoints))

    def close(self):
        died = [process for process in self.processes if not process.running]
        for process in reversed(self.processes):
            process.stop()
            _running.remove(process)
        for process in died:
            process.check()


def _launcher(request, tmp_path_factory):
    bin_dir = request.config.getoption("--bin-dir").resolve()
    launcher = Launcher(bin_dir, tmp_path_factory.mktemp("processes"))
    yield launcher
    launcher.close()


launch = pytest.fixture(_launcher, name="launch")
module_launch = pytest.fixture(_launcher, name="module_launch", scope="module")


@pytest.fixture(autouse=True)
def nothing_dies():
    """No process may exit during a test unless the test ends it."""
    yield
    for process in _running:
        process.check()


@pytest.fixture(scope="module")
def gateway(module_launch):
    """Three model servers behind Envoy, wired the way AI gateways do it."""
    return module_launch.pool()


@pytest.fixture(scope="module")
def pool(module_launch):
    """Three model servers and a picker without TLS, to be spoken to directly."""
    servers = module_launch.servers()
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False))
