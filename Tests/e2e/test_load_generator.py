"""The load generator: it measures the same thing twice, and notices every wrong answer."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from localpool import Process, free_port, wait_until
from wrong_picker import MISTAKES

ENDPOINTS = ["10.0.0.1:8000", "10.0.0.2:8000"]


@pytest.fixture
def load(request, tmp_path):
    """Runs epp-load; returns its exit code and its report."""
    binary = request.config.getoption("--bin-dir").resolve() / "epp-load"

    def run(address, *arguments):
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        command = [binary, address, "--quiet", f"--json={report}", f"--svg={tmp_path / 'report.svg'}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert report.exists(), done.stderr
        return done.returncode, json.loads(report.read_text())

    return run


@pytest.fixture
def wrong_picker(request, tmp_path):
    """Starts a picker that makes one mistake; returns its address."""
    processes = []

    def start(mistake):
        port = free_port()
        script = pathlib.Path(__file__).with_name("wrong_picker.py")
        process = Process("wrong-picker", [sys.executable, script, str(port), mistake, *ENDPOINTS], tmp_path)
        processes.append(process)
        wait_until(lambda: "listening" in process.log_tail(), "the picker listens", processes=[process])
        return f"127.0.0.1:{port}"

    yield start
    for process in processes:
        process.stop()


def agree(first, second):
    return abs(first["value"] - second["value"]) <= first["noise"] + second["noise"]


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name != "none"])
def test_wrong_answers_are_noticed(load, wrong_picker, mistake):
    allowed = [f"--endpoint={endpoint}" for endpoint in ENDPOINTS]
    code, report = load(wrong_picker(mistake), "--duration=1", "--warm-up=0.2", "--in-flight=4", *allowed)
    assert code == 1
    assert list(report["faults"]) == [MISTAKES[mistake]]
    assert report["completed"] > 0, "right answers between the wrong ones count"


def test_right_answers_of_another_picker_are_accepted(load, wrong_picker):
    allowed = [f"--endpoint={endpoint}" for endpoint in ENDPOINTS]
    code, report = load(wrong_picker("none"), "--duration=1", "--warm-up=0.2", "--in-flight=4", *allowed)
    assert (code, report["faults"], report["failures"]) == (0, {}, {})
    assert sorted(report["endpoints"]) == ENDPOINTS


def test_two_runs_agree_within_their_noise(load, pool):
    """Runs of one kind agree; a run with far larger bodies must not, or agreement would mean nothing."""
    picker = f"--pid={pool.picker.process.pid}"

    def measure(*arguments):
        code, report = load(pool.picker.address, picker, "--duration=3", *arguments)
        assert (code, report["faults"]) == (0, {})
        return report

    def same():
        first, second = measure("--rate=300"), measure("--rate=300")
        return agree(first["rate"], second["rate"]) and agree(first["decision"]["p50"], second["decision"]["p50"])

    # A neighbour that wakes up between two runs is not the tool's error; it does not do so twice.
    assert same() or same()

    def different():
        # As many streams as there can be: CPU time is counted in hundredths of a second, and a few of them tell little.
        small, large = measure("--in-flight=4"), measure("--in-flight=4", "--bytes=450000")
        return not agree(small["usage"]["perStream"], large["usage"]["perStream"])

    assert different() or different()


def test_every_kind_of_load_is_answered_right(load, pool):
    allowed = [f"--endpoint={endpoint}" for endpoint in pool.servers.endpoints]
    for arguments in (
        ["--response=sse", "--events=50"],
        ["--response=sse", "--events=5", "--event-interval=10", "--response-delay=5", "--separate-end"],
        ["--response=none"],
        ["--bytes=300000", "--piece-bytes=16000", "--separate-end"],
        ["--connections=3", "--threads=2", "--end=reset", "--groups=4"],
        ["--rate=400", "--spacing=constant"],
        # Arrivals so close that some are due before the end and seen behind it.
        ["--rate=20000", "--connections=2"],
    ):
        code, report = load(pool.picker.address, "--duration=0.5", "--warm-up=0.1", *allowed, *arguments)
        assert (code, report["faults"], report["failures"]) == (0, {}, {}), arguments
        assert report["completed"] > 0, arguments


def test_a_picker_that_falls_behind_is_charged_from_the_intended_start(load, wrong_picker):
    """At a rate far above what the picker can do, waiting to be sent counts as latency (no coordinated omission)."""
    address = wrong_picker("none")
    _, closed = load(address, "--duration=1", "--warm-up=0.2", "--in-flight=4")
    rate = 4 * closed["rate"]["value"]
    _, flooded = load(address, "--duration=1", "--warm-up=0", f"--rate={rate}", "--max-in-flight=4", "--timeout=20")
    assert flooded["stream"]["p99"]["value"] > 300_000, "in microseconds; about three quarters of a second"


def test_a_picker_that_hangs_is_reported(request, launch, tmp_path):
    """Also over TLS, where a connection is only closed when the other side agrees or long after."""
    picker = launch.picker(["10.0.0.1:8000"])
    binary = request.config.getoption("--bin-dir").resolve() / "epp-load"
    report = tmp_path / "report.json"
    command = [binary, picker.address, "--tls", "--quiet", f"--json={report}", "--duration=2", "--timeout=1"]
    load = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: picker.metric("epp_streams") > 0, "streams are open")
        os.kill(picker.process.pid, signal.SIGSTOP)
        _, errors = load.communicate(timeout=30)
    finally:
        os.kill(picker.process.pid, signal.SIGCONT)
        load.kill()
    assert load.returncode == 1, errors
    assert json.loads(report.read_text())["failures"]


def test_a_picker_that_is_not_there_is_an_error(request):
    binary = request.config.getoption("--bin-dir").resolve() / "epp-load"
    done = subprocess.run([binary, f"127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "epp-load:" in done.stderr
