"""Fixtures: real processes, started for a module or a test and stopped afterwards.

A process that exits on its own fails the test during which it happened, and the end of every process's log is attached
to a failing test.
"""

import asyncio
import inspect
import os
import pathlib

import pytest
from localpool import wait_until
from pools import Launcher, Pool, running

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption(
        "--bin-dir",
        type=pathlib.Path,
        default=ROOT / ".build" / "release",
        help="directory with the epp and model-server-sim binaries",
    )
    parser.addoption("--screenshots", type=pathlib.Path, help="directory for screenshots of the dashboard")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs `async def` tests, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    patience = 120 + float(os.environ.get("EPP_TEST_SILENCE", "0"))
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), patience))
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for process in running:
            report.sections.append((f"log of {process.name}", process.log_tail()))


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
    for process in running:
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


@pytest.fixture
def idle_pool(pool):
    """Nothing of the requests of one test is counted in the next."""
    yield
    wait_until(lambda: pool.picker.metric("epp_leases") == 0, "nothing is in flight")
