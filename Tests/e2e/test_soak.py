"""A few seconds of the soak test."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_nothing_is_lost_or_left(launch, tmp_path):
    report = tmp_path / "report.json"
    command = [ROOT / "Tests" / "soak", "--minutes=0.2", "--rate=500", f"--bin-dir={launch.bin_dir}", f"--json={report}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(report.read_text())
    assert summary["streams"] > 1_000
    for change in ("endpoint changes", "configurations", "killed clients", "resets of unfinished streams"):
        assert summary[change] > 0, f"no {change}: {summary}"
