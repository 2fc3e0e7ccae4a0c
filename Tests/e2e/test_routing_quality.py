"""The benchmarks of routing quality and of the prefix index, on small inputs."""

import json
import pathlib
import subprocess
import sys

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
POLICIES = "adaptive default reference least-request power-of-two round-robin random bounded-hash".split()


def script(name, *arguments):
    command = [sys.executable, BENCHMARKS / name, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_policies_are_compared_at_each_load(launch):
    arguments = ("--epp", launch.bin_dir / "epp", "--shared-prefixes", "10,200,1024,128,16", "--loads", "0.5,1.2")
    lines = script("routing-quality/run", *arguments).splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert [row for row in rows if row in POLICIES] == POLICIES * 2


def test_simulated_time_agrees_with_processes_and_sockets(launch, tmp_path):
    report = tmp_path / "report.json"
    arguments = ("--bin-dir", launch.bin_dir, "--profiles", "default", "--requests", 30, "--rate", 10, "--json", report)
    assert "| prefix hit share |" in script("routing-quality/validate", *arguments)
    sides = json.loads(report.read_text())["default"]
    assert abs(sides["real"]["prefix_hit_share"] - sides["simulated"]["prefix_hit_share"]) < 0.15
    # Real time waits as the simulated does, and for whatever else the machine is busy with.
    assert sides["real"]["ttft_p50"] > 0.5 * sides["simulated"]["ttft_p50"]


def test_prefix_index_with_many_entries(launch, tmp_path):
    report = tmp_path / "report.json"
    arguments = ("--bin-dir", launch.bin_dir, "--prefix-index", "--entries", 200_000, "--endpoints", 50)
    assert "| bytes an entry |" in script("micro", *arguments, "--json", report)
    for result in json.loads(report.read_text()):
        assert result["entries"] == 200_000
        assert 32 <= result["bytes_per_entry"] <= 128
        assert 0 < result["lookup_whole_p50_ns"] < result["insert_new_p99_ns"]
