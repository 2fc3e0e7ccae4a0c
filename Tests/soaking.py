"""What Tests/soak does once everything is built."""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from capacity_card.usage import processor_seconds, resident_bytes
from configurations import write_endpoints
from localpool import ModelServers, Picker, wait_until
from pools import wait_scraped

SERVERS = 24
#: Most bytes by which memory may exceed that of the first third: what an allocator takes and gives.
SLACK = 8 << 20
#: What must be nothing when all clients are gone.
REMAINS = ("epp_leases", "epp_streams", "epp_buffered_bytes", "inference_objective_running_requests")


class Soak:
    """One picker and what is done to it."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = pathlib.Path(directory)
        self.random = random.Random(1)
        self.endpoints_file = self.directory / "endpoints.yaml"
        self.configuration = self.directory / "configuration.yaml"
        self.counts = {"endpoint changes": 0, "configurations": 0, "killed clients": 0, "bad files": 0}
        self.weight = 0
        self.killed = None
        arguments = ["--time-scale", "0", "--metrics-page-bytes", "20000"]
        self.servers = ModelServers(options.bin_dir / "model-server-sim", directory, count=SERVERS, arguments=arguments)
        self.servers.wait_ready()
        write_endpoints(self.endpoints_file, self.servers.endpoints)
        self.write_configuration()
        self.picker = Picker(
            options.bin_dir / "epp",
            directory,
            tls=False,
            arguments=[f"--config-file={self.configuration}", "--metrics-endpoint-auth=false"],
        ).wait_ready()
        wait_scraped(self.picker, SERVERS)

    def load(self, *arguments):
        """The command of a load generator."""
        allowed = [f"--endpoint={endpoint}" for endpoint in self.servers.endpoints]
        command = [self.options.bin_dir / "epp-load", self.picker.address, "--quiet", *allowed, *arguments]
        return [str(word) for word in command]

    def capacity(self):
        """Streams a second, of the kind that the steady load has."""
        report = self.directory / "capacity.json"
        subprocess.run(self.load("--duration=4", "--in-flight=64", *STEADY, f"--json={report}"), check=True, stdout=subprocess.DEVNULL)
        return json.loads(report.read_text())["rate"]["value"]

    def write_configuration(self):
        self.weight += 1
        scorers = {"queue-scorer": 2, "kv-cache-utilization-scorer": 2, "prefix-cache-scorer": 1 + self.weight % 5}
        references = [{"pluginRef": name, "weight": weight} for name, weight in scorers.items()]
        document = {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "EndpointPickerConfig",
            "plugins": [
                *({"type": name} for name in scorers),
                {"type": "file-discovery", "parameters": {"path": str(self.endpoints_file), "watchFile": True}},
            ],
            "schedulingProfiles": [{"name": "default", "plugins": references}],
            "dataLayer": {"discovery": {"pluginRef": "file-discovery"}},
        }
        self.replace(self.configuration, json.dumps(document))

    @staticmethod
    def replace(path, text):
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        os.replace(fresh, path)

    # What happens meanwhile

    def change_endpoints(self):
        some = self.random.sample(self.servers.endpoints, self.random.randint(SERVERS // 3, SERVERS))
        write_endpoints(self.endpoints_file, some)
        self.counts["endpoint changes"] += 1

    def change_configuration(self):
        if self.random.random() < 0.2:
            self.replace(self.configuration, "plugins: [")
            self.counts["bad files"] += 1
        else:
            self.write_configuration()
            self.counts["configurations"] += 1

    def kill_client(self):
        """A client with streams in all states goes away without a word; another comes."""
        if self.killed is not None:
            self.killed.send_signal(signal.SIGKILL)
            self.killed.wait()
            self.counts["killed clients"] += 1
        arguments = ["--duration=600", "--rate=200", "--response=sse", "--events=20", "--event-interval=20", "--connections=3"]
        arguments += ["--bytes=20000", "--piece-bytes=3000", "--seed", str(self.counts["killed clients"])]
        self.killed = subprocess.Popen(self.load(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self):
        rate = self.options.rate or self.capacity() / 2
        seconds = self.options.minutes * 60
        print(f"{rate:,.0f} streams a second for {seconds:.0f} s", flush=True)
        report = self.directory / "steady.json"
        steady = subprocess.Popen(
            self.load(f"--duration={seconds}", f"--rate={rate:.0f}", "--connections=2", *STEADY, f"--json={report}"),
            stdout=subprocess.DEVNULL,
        )
        begin, samples = time.monotonic(), []
        events = [(self.change_endpoints, 1.0), (self.change_configuration, 3.0), (self.kill_client, 2.0)]
        due = {action: begin for action, _ in events}
        sampled = processor = 0
        while steady.poll() is None:
            now = time.monotonic()
            for action, interval in events:
                if now >= due[action]:
                    action()
                    due[action] = now + interval
            if now - sampled >= min(10, seconds / 20):
                spent = processor_seconds(self.picker.process.pid)
                cores = (spent - processor) / (now - sampled) if samples else 0
                samples.append((now - begin, resident_bytes(self.picker.process.pid)))
                print(
                    f"{now - begin:6.0f} s  {samples[-1][1] / 1e6:6.1f} MB  {cores:4.2f} cores  "
                    f"{self.picker.metric('epp_leases'):5.0f} leases  {self.picker.metric('epp_streams'):5.0f} streams",
                    flush=True,
                )
                sampled, processor = now, spent
            self.picker.process.check()
            time.sleep(0.1)
        self.killed.kill()
        self.killed.wait()
        return self.judge(json.loads(report.read_text()), samples, seconds)

    def judge(self, report, samples, seconds):
        """Prints the summary; returns whether all is well."""
        faults = []
        remains = {name: None for name in REMAINS}

        def is_idle():
            remains.update({name: self.picker.metric(name) for name in REMAINS})
            return not any(remains.values())

        try:
            wait_until(is_idle, "nothing is left of any stream", 20)
        except AssertionError as error:
            faults.append(str(error))
        early = max(memory for at, memory in samples if at <= seconds / 3)
        late = max(memory for at, memory in samples if at > seconds * 2 / 3)
        if late > early + SLACK:
            faults.append(f"memory grew from {early / 1e6:.1f} to {late / 1e6:.1f} MB")
        for kind in ("faults", "failures"):
            if report[kind]:
                faults.append(f"{kind} of the steady load: {report[kind]}")
        rejected = report.get("rejected")
        if rejected:
            faults.append(f"rejected: {rejected}")
        summary = {
            "seconds": seconds,
            "streams": report["completed"],
            "decision": {name: report["decision"][name]["value"] for name in ("p50", "p99", "p999")},
            "wrong": report["faults"],
            "failed": report["failures"],
            "memory": {"first third": early, "last third": late},
            "remains": remains,
            **self.counts,
            "reloads": self.picker.metric("epp_reloads_total", result="success"),
            "refused reloads": self.picker.metric("epp_reloads_total", result="failure"),
            "resets of unfinished streams": self.picker.metric("epp_stream_resets_total", stream="unfinished"),
        }
        print()
        for name, value in summary.items():
            print(f"{name:30} {value}")
        if self.options.json:
            self.options.json.write_text(json.dumps(summary, indent=1) + "\n")
        for fault in faults:
            print(f"NOT WELL: {fault}")
        return not faults

    def stop(self):
        for process in (self.picker, self.servers):
            process.stop()


STEADY = ("--response=sse", "--events=10", "--bytes=2048", "--groups=50")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, help="streams a second; by default half of what epp can do")
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.bin_dir = options.bin_dir.resolve()
    with tempfile.TemporaryDirectory() as directory:
        soak = Soak(options, directory)
        try:
            return 0 if soak.run() else 1
        finally:
            soak.stop()


if __name__ == "__main__":
    sys.exit(main())
