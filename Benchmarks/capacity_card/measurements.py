"""How each kind of row is measured. Every function returns one measurement of one contestant."""

import json
import subprocess
import time

from localpool import Envoy, ModelServers, Process, request, wait_until

from . import upload, usage, yardstick
from .pickers import RunningPicker


class Failure(Exception):
    """A measurement that could not be made; the text says why."""


class Bench:
    """Programs, scratch directory and lengths of measurements."""

    def __init__(self, bin_dir, directory, seconds):
        self.bin_dir = bin_dir
        self.directory = directory
        self.seconds = seconds

    def servers(self, count, *arguments):
        return ModelServers(
            self.bin_dir / "model-server-sim", self.directory, count=count, arguments=("--time-scale", "0", *arguments)
        )

    def load(self, row, contestant):
        """{"cost": µs a stream, "rate", "p50", "p99", "memory"} of a LoadRow."""
        servers = self.servers(row.endpoints)
        try:
            # Scraping has rows of its own.
            with RunningPicker(contestant, self.directory, servers.endpoints, tls=row.tls, interval="1h", loops=row.loops) as picker:
                report = self._epp_load(picker, servers.endpoints, *row.load, *(["--tls"] if row.tls else []))
        finally:
            servers.stop()
        return {
            "cost": report["usage"]["perStream"]["value"],
            "rate": report["rate"]["value"],
            "p50": report["decision"]["p50"]["value"],
            "p99": report["decision"]["p99"]["value"],
            "memory": report["usage"]["peakMemory"],
        }

    def _epp_load(self, picker, endpoints, *load, seconds=None):
        file = self.directory / "report.json"
        file.unlink(missing_ok=True)
        command = [self.bin_dir / "epp-load", picker.address, "--quiet", f"--json={file}", *load]
        seconds = seconds or self.seconds
        command += [f"--duration={seconds}", f"--warm-up={min(1, seconds / 2)}"]
        command += [f"--pid={pid}" for pid in usage.tree(picker.pid)]
        command += [f"--endpoint={endpoint}" for endpoint in endpoints]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failure(f"epp-load: {(done.stderr or done.stdout)[-600:]}")
        return json.loads(file.read_text())

    def contested(self, row, contestant):
        """{"alone", "beside", "alone99", "beside99"}: µs of a decision without and with a hot connection beside it."""
        single = ("--bytes=2048", "--in-flight=1", "--response=none")
        servers = self.servers(8)
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints, interval="1h") as picker:
                alone = self._epp_load(picker, servers.endpoints, *single)["decision"]
                hot = [self.bin_dir / "epp-load", picker.address, "--quiet", "--bytes=2048", "--in-flight=256"]
                flood = Process("hot-connection", [*hot, f"--duration={self.seconds + 30}"], self.directory)
                try:
                    time.sleep(0.5)
                    beside = self._epp_load(picker, servers.endpoints, *single)["decision"]
                    flood.check()
                finally:
                    flood.kill()
        finally:
            servers.stop()
        return {
            "alone": alone["p50"]["value"],
            "alone99": alone["p99"]["value"],
            "beside": beside["p50"]["value"],
            "beside99": beside["p99"]["value"],
        }

    def held(self, row, contestant):
        """{"bytes": a stream, "memory"} of a HeldRow."""
        servers = self.servers(8)
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints, interval="1h") as picker:
                # What grows with use, not with streams that are open, has grown afterwards.
                self._epp_load(picker, servers.endpoints, "--bytes=2048", "--in-flight=64")
                before = usage.resident_bytes(picker.pid)
                wait = f"--response-delay={(self.seconds + 1) * 1000}"
                many = ("--bytes=2048", f"--in-flight={row.streams}", wait, "--timeout=60")
                report = self._epp_load(picker, servers.endpoints, *many, seconds=2 * self.seconds + 2)
                peak = max(report["usage"]["memoryOverTime"])
                return {"bytes": max(0, peak - before) / row.streams, "memory": peak}
        finally:
            servers.stop()

    def endurance(self, row, contestant):
        """{"early", "late": resident bytes after a tenth and at the end, "streams"} of an EnduranceRow."""
        servers = self.servers(8)
        done, early = 0, None
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints, interval="1h") as picker:
                while done < row.streams:
                    report = self._epp_load(
                        picker, servers.endpoints, "--bytes=1024", "--in-flight=64", "--response=json", seconds=20
                    )
                    done += sum(report["endpoints"].values())
                    if early is None and done >= row.streams / 10:
                        early = usage.resident_bytes(picker.pid)
                return {"early": early, "late": usage.resident_bytes(picker.pid), "streams": done}
        finally:
            servers.stop()

    def yardstick(self, row, contestant):
        """{"cost", "yardstick"}: µs a stream of the picker and, right after it, of nghttpd."""
        payload = upload.request(row.bytes)
        servers = self.servers(8)
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints, interval="1h") as picker:
                started = time.monotonic()
                trial = 200
                answer = yardstick.drive(picker.address, payload, trial, self.directory, row.in_flight)
                streams = max(trial, int(trial * self.seconds / (time.monotonic() - started)))
                with yardstick.Yardstick(self.directory, answer) as plain:
                    cost = yardstick.microseconds(picker, payload, streams, self.directory, row.in_flight)
                    return {
                        "cost": cost,
                        "yardstick": yardstick.microseconds(plain, payload, streams, self.directory, row.in_flight),
                    }
        finally:
            servers.stop()

    def idle(self, row, contestant):
        """{"cores", "scrapes": a second, "memory"} of an IdleRow."""
        servers = self.servers(row.endpoints, "--metrics-page-bytes", "80000", "--num-gpu-blocks", "64")
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints) as picker:
                scrapes = _Scrapes(picker)
                wait_until(lambda: scrapes.count() != 0, "the first scrapes succeed", 30)
                time.sleep(1)
                first, count, begin = usage.processor_seconds(picker.pid), scrapes.count(), time.monotonic()
                time.sleep(self.seconds)
                spent, elapsed = usage.processor_seconds(picker.pid) - first, time.monotonic() - begin
                done = None if count is None else (scrapes.count() - count) / elapsed
                return {"cores": spent / elapsed, "scrapes": done, "memory": usage.resident_bytes(picker.pid)}
        finally:
            servers.stop()

    def gateway(self, row, contestant):
        """{"cost", "rate"}: the picker's µs for each request that went through Envoy."""
        servers = self.servers(8, "--num-gpu-blocks", "2000000")
        try:
            with RunningPicker(contestant, self.directory, servers.endpoints, interval="1h") as picker:
                envoy = Envoy(self.directory, picker.port, row.mode, endpoints=servers.endpoints)
                try:
                    envoy.wait_ready()
                    return self._through(envoy, picker, upload.chat_body(row.bytes))
                finally:
                    envoy.stop()
        finally:
            servers.stop()

    def _through(self, envoy, picker, body):
        # h2load takes whole seconds.
        seconds = max(1, round(self.seconds))
        path = "/v1/chat/completions"
        wait_until(lambda: request(envoy.address, path, body).status == 200, "a request is answered", 20)
        file = self.directory / "chat.json"
        file.write_bytes(body)
        command = ["h2load", "--h1", "-c", "16", "-t", "1", "-D", str(seconds), "-d", str(file)]
        command += ["-H", "content-type: application/json", f"http://{envoy.address}{path}"]
        before = usage.processor_seconds(picker.pid)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        spent = usage.processor_seconds(picker.pid) - before
        statuses = done.stdout.partition("status codes: ")[2].split()
        if not statuses or statuses[0] == "0":
            raise Failure(f"h2load through Envoy: {done.stdout[-400:]}{done.stderr[-400:]}")
        served = int(statuses[0])
        return {"cost": spent / served * 1e6, "rate": served / seconds}


class _Scrapes:
    """How many metrics pages an epp has read; None for a picker that does not tell."""

    def __init__(self, picker):
        self.address = f"127.0.0.1:{picker.metrics_port}"

    def count(self):
        try:
            page = request(self.address, "/metrics", timeout=5).text
        except OSError:
            return None
        lines = [line for line in page.splitlines() if line.startswith('epp_scrapes_total{')]
        return sum(float(line.rpartition(" ")[2]) for line in lines if 'result="success"' in line) if lines else None
