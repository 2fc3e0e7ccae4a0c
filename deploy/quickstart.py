"""The part of the quickstart after the build: run a local pool, send requests, show where they went and why."""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import tempfile

from localpool import DeadlineExceeded, Envoy, ModelServers, Picker, ProcessDied, Response, open_stream, request
from localpool.ports import is_free

MODEL = "sim-model"

SHARED_PREFIX = "You are the support assistant of a bicycle shop. " + " ".join(
    f"Rule {number}: answer questions about part {number * 37} from page {number} of the manual."
    for number in range(120)
)


def chat(*messages, **fields):
    roles = ["system", "user"][-len(messages) :]
    turns = [{"role": role, "content": content} for role, content in zip(roles, messages, strict=True)]
    return {"model": MODEL, "max_tokens": 16, "messages": turns, **fields}


#: What is sent, in this order: a label for the table, and the body.
REQUESTS = [
    ("short question", chat("What is an inference gateway?")),
    ("long context, question 1", chat(SHARED_PREFIX, "My chain slips. What now?")),
    ("long context, question 2", chat(SHARED_PREFIX, "Which tyre fits a 622 rim?")),
    ("another short question", chat("Name three uses of a cache.")),
    ("streamed answer", chat("Count to sixteen.", stream=True)),
]
SAME_PREFIX = ("quickstart-2", "quickstart-3")


class Failure(Exception):
    """Something is not as it should be; the text says what."""


class Terminated(Exception):
    """SIGTERM or SIGHUP arrived."""


def parse_arguments():
    parser = argparse.ArgumentParser(prog="deploy/quickstart", allow_abbrev=False)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    for flag in ("port", "grpc-port", "grpc-health-port", "metrics-port", "model-server-port", "admin-port"):
        parser.add_argument(f"--{flag}", type=int)
    return parser.parse_args()


def port(chosen, default, addresses=("127.0.0.1",)):
    """The port to prefer: the one asked for, which must be free, or the default."""
    if chosen is not None and not is_free(chosen, addresses):
        raise Failure(f"port {chosen} is taken")
    return default if chosen is None else chosen


class Quickstart:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.parts = []

    def start(self):
        options = self.options
        for name in ("epp", "model-server-sim"):
            if not (options.bin_dir / name).is_file():
                raise Failure(f"no {name} in {options.bin_dir}")

        addresses = [f"127.0.0.{number}" for number in (1, 2, 3)]
        self.servers = self._keep(
            ModelServers(
                options.bin_dir / "model-server-sim",
                self.directory,
                count=len(addresses),
                port=port(options.model_server_port, 8000, addresses),
            )
        )
        self.picker = self._keep(
            Picker(
                options.bin_dir / "epp",
                self.directory,
                self.servers.endpoints,
                port=port(options.grpc_port, 9002),
                health_port=port(options.grpc_health_port, 9003),
                metrics_port=port(options.metrics_port, 9090),
            )
        )
        self.envoy = self._keep(
            Envoy(
                self.directory,
                self.picker.port,
                port=port(options.port, 8080),
                admin_port=port(options.admin_port, 9901),
            )
        )
        for part in self.parts:
            part.wait_ready()
        say(f"model servers  {'  '.join(self.servers.endpoints)}   (simulated)")
        say(f"epp            ext_proc {self.picker.address} (TLS)   http://{self.picker.metrics_address}/metrics")
        say(f"dashboard      http://{self.picker.metrics_address}/")
        say(f"Envoy          http://{self.envoy.address}   admin http://{self.envoy.admin_address}")

    def _keep(self, part):
        self.parts.append(part)
        return part

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def send_requests(self):
        """Sends REQUESTS one after the other, prints the table, and raises Failure if anything is off."""
        rows, wrong, endpoints = [], [], {}
        for number, (label, body) in enumerate(REQUESTS, start=1):
            request_id = f"quickstart-{number}"
            answer = self._send(request_id, body)
            decision = self._decision(request_id)
            picked = decision["endpoint"] if decision else "?"
            endpoints[request_id] = picked
            rows.append((label, str(answer.status), picked, explain(decision)))
            served = answer.headers.get("x-model-server")
            if answer.status != 200:
                wrong.append(f"{label}: HTTP {answer.status} {answer.text[:200]}")
            elif served != picked:
                wrong.append(f"{label}: epp picked {picked}, but {served} answered")
        say("")
        print_table(("request", "status", "endpoint", "why (scores of that endpoint)"), rows)
        if len({endpoints[request_id] for request_id in SAME_PREFIX}) != 1:
            wrong.append("the two requests with the same long context went to different endpoints")
        failed = self.envoy.streams_failed
        if failed:
            wrong.append(f"Envoy counts {failed} failed ext_proc streams")
        if wrong:
            raise Failure("\n       ".join(wrong))
        say("")
        say("All answered by the endpoint that epp picked; equal contexts met on one endpoint; no failed streams.")

    def _send(self, request_id, body):
        headers = {"x-request-id": request_id}
        if not body.get("stream"):
            return request(self.envoy.address, "/v1/chat/completions", body, headers=headers)
        with open_stream(self.envoy.address, "/v1/chat/completions", body, headers=headers) as (status, fields, lines):
            return Response(status, fields, b"".join(lines))

    def _decision(self, request_id):
        decisions = [decision for decision in self.picker.decisions() if decision["request_id"] == request_id]
        return decisions[-1] if decisions else None

    def stay(self):
        body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 16})
        say("")
        say("Try it, and press Ctrl-C to end:")
        say(f"  curl -i http://{self.envoy.address}/v1/chat/completions -H 'content-type: application/json' \\")
        say(f"    -d '{body}'")
        say(f"  curl http://{self.picker.metrics_address}/debug/decisions")
        say(f"Logs: {self.directory}")
        while True:
            # Wakes up now and then to notice a process that died.
            signal.sigtimedwait([], 1.0)
            for part in self.parts:
                part.process.check()


def explain(decision):
    if decision is None:
        return "no decision recorded"
    for entry in decision["scores"]:
        if entry["endpoint"] == decision["endpoint"]:
            scores = "  ".join(f"{short(name)} {value:.2f}" for name, value in entry["scorers"].items())
            return f"{scores}  → {entry['total']:.2f}"
    return "picked without scoring"


def short(scorer):
    return scorer.removesuffix("-scorer")


def print_table(titles, rows):
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    for row in (titles, ["-" * width for width in widths], *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text):
    print(text, flush=True)


def raise_terminated(number, _frame):
    raise Terminated(signal.Signals(number).name)


def main():
    options = parse_arguments()
    # Also SIGINT: a shell without job control starts background commands with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_terminated)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="epp-quickstart-"))
    quickstart = Quickstart(options, directory)
    keep_logs = False
    try:
        quickstart.start()
        quickstart.send_requests()
        if not options.once:
            quickstart.stay()
        return 0
    except (Failure, ProcessDied, DeadlineExceeded, OSError) as error:
        keep_logs = True
        print(f"failed: {error}", file=sys.stderr)
        for part in quickstart.parts:
            print(f"\n--- end of the log of {part.process.name}\n{part.process.log_tail(20)}", file=sys.stderr)
        print(f"\nall logs: {directory}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("")
        return 0
    except Terminated as end:
        say(f"ended by {end}")
        return 1 if options.once else 0
    finally:
        quickstart.stop()
        if not keep_logs:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
