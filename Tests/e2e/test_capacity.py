"""The capacity card, and what its budgets hold that can be counted: allocations of a whole stream."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"


def capacity(request, card, *arguments):
    bin_dir = request.config.getoption("--bin-dir").resolve()
    command = [sys.executable, "-m", "capacity_card", f"--bin-dir={bin_dir}", f"--out={card}", *arguments]
    path = os.pathsep.join([str(BENCHMARKS.parent / "deploy"), str(BENCHMARKS)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, timeout=110, env=environment, check=False)


@pytest.mark.skipif(shutil.which("nghttpd") is None, reason="nghttpd is not installed")
def test_a_card_of_epp_and_a_peer(request, tmp_path):
    bin_dir = request.config.getoption("--bin-dir").resolve()
    peer = (
        f"other={bin_dir}/epp --grpc-port={{grpc_port}} --grpc-health-port={{health_port}} --secure-serving=false"
        " --metrics-port={metrics_port} --endpoints={endpoints} --refresh-metrics-interval={interval}"
    )
    card = tmp_path / "card.md"
    rows = "json-2k,sse-100,tls-2k,contested,envoy-2k,yardstick-2k,idle-10"
    done = capacity(request, card, "--seconds=0.5", "--rounds=1", f"--rows={rows}", f"--peer={peer}")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split("|")[1:3] for line in card.read_text().splitlines() if line.startswith("|")]
    measured = {(title.strip(), name.strip()) for title, name in lines}
    for title in (
        "2 KB chat, JSON answer",
        "one response event, of 100 in a stream",
        "2 KB chat next to a hot connection",
        "2 KB chat through Envoy, duplex",
        "2 KB upload",
        "10 endpoints every 50 ms",
    ):
        assert {(title, "epp"), (title, "other")} <= measured
    # A peer that cannot be told to speak TLS is left out of the rows that need it.
    assert ("2 KB chat over TLS", "epp") in measured
    assert ("2 KB chat over TLS", "other") not in measured
    assert card.with_suffix(".svg").read_text().startswith("<svg")


def test_a_picker_that_does_not_come_up_is_reported(request, tmp_path):
    card = tmp_path / "card.md"
    peer = "broken=/bin/false {grpc_port}"
    done = capacity(request, card, "--seconds=0.5", "--rounds=1", "--rows=json-2k", f"--peer={peer}")
    assert done.returncode == 1
    assert "2 KB chat, JSON answer, broken: broken exited with 1" in card.read_text()


def test_unknown_rows_are_named(request, tmp_path):
    done = capacity(request, tmp_path / "card.md", "--rows=json-3k")
    assert done.returncode == 2
    assert "no row is named 'json-3k'" in done.stderr


@pytest.mark.parametrize("size", [2_048, 65_536])
def test_allocations_of_a_stream(request, launch, tmp_path, size):
    """Whole streams, request and response, allocate no more than is stored: a body's memory, and nghttp2's own."""
    library, counter = tmp_path / "liballocations.so", tmp_path / "allocations"
    compiler = shutil.which("cc") or shutil.which("clang")
    source = BENCHMARKS / "capacity_card" / "allocations.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", source, "-o", library], check=True)
    servers = launch.servers(count=8)
    picker = launch.picker(
        servers.endpoints,
        tls=False,
        arguments=["--refresh-metrics-interval=1h", "--threads=1"],
        environment={"LD_PRELOAD": str(library), "EPP_ALLOCATIONS": str(counter)},
    )
    report = tmp_path / "report.json"
    load = request.config.getoption("--bin-dir").resolve() / "epp-load"
    command = [load, picker.address, "--quiet", f"--bytes={size}", "--warm-up=0.5", "--in-flight=32", f"--json={report}"]

    def counted():
        before = int.from_bytes(counter.read_bytes(), sys.byteorder)
        subprocess.run([*command, "--duration=3"], check=True, capture_output=True, timeout=60)
        streams = sum(json.loads(report.read_text())["endpoints"].values())
        assert streams > 500
        return (int.from_bytes(counter.read_bytes(), sys.byteorder) - before) / streams

    counted()
    each = counted()
    limit = json.loads((BENCHMARKS / "thresholds.json").read_text())[f"whole-stream-{size}"]["allocations"]
    print(f"{each:.1f} allocations a stream of {size} bytes; threshold {limit}")
    assert each <= limit
