"""Runs epp's commands that end by themselves."""

import dataclasses
import json
import subprocess


@dataclasses.dataclass
class Outcome:
    status: int
    text: str
    errors: str

    @property
    def json(self):
        return json.loads(self.text)


def run(launch, *arguments, timeout=120):
    """Runs `epp` with `arguments` to its end."""
    done = subprocess.run(
        [launch.bin_dir / "epp", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
