"""Traces: they continue the client's, reach a collector, go on to the model server, and never get in the way."""

import http.server
import secrets
import subprocess
import threading

import grpc
import pytest
from bodies import MODEL, chat, unique
from localpool import free_port, request, wait_until
from otlp import Collector

#: Every trace, and no waiting for more spans.
EVERYTHING = {"OTEL_TRACES_SAMPLER": "parentbased_always_on", "OTEL_BSP_SCHEDULE_DELAY": "50"}


class EchoServer(http.server.ThreadingHTTPServer):
    """A model server that notes the headers of its requests."""

    def __init__(self):
        self.seen = {}
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = self.headers.get("content-length")
                if length is None:
                    while size := int(self.rfile.readline(), 16):
                        self.rfile.read(size + 2)
                    self.rfile.readline()
                else:
                    self.rfile.read(int(length))
                server.seen[self.headers["x-request-id"]] = dict(self.headers.items())
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def server():
    echo = EchoServer()
    yield echo
    echo.shutdown()


@pytest.fixture(scope="module")
def collector():
    receiver = Collector()
    yield receiver
    receiver.stop()


class Traced:
    """A picker that traces, behind Envoy."""

    def __init__(self, launch, server, collector_port, **environment):
        self.server = server
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector_port}"}
        self.picker = launch.picker([server.endpoint], environment={**EVERYTHING, **endpoint, **environment})
        self.envoy = launch.envoy(self.picker)

    def ask(self, body=None, **headers):
        request_id = secrets.token_hex(8)
        body = chat(unique()) if body is None else body
        answer = request(self.envoy.address, "/v1/chat/completions", body, headers={"x-request-id": request_id, **headers})
        return answer, self.server.seen.get(request_id, {})


@pytest.fixture(scope="module")
def traced(module_launch, server, collector):
    return Traced(module_launch, server, collector.port, OTEL_RESOURCE_ATTRIBUTES="team=routing")


def traceparent(sampled=True):
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    return trace_id, span_id, f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}"


def arrived(collector, trace_id, count=2):
    wait_until(lambda: len(collector.spans(trace_id)) >= count, f"{count} spans arrive")
    return {span.name: span for span in collector.spans(trace_id)}


def test_client_trace_continues_to_collector_and_server(traced, collector):
    trace_id, span_id, header = traceparent()
    answer, seen = traced.ask(traceparent=header, tracestate="vendor=1")
    assert answer.status == 200
    spans = arrived(collector, trace_id)
    assert set(spans) == {"gateway.request", "gateway.request_orchestration"}

    whole, orchestration = spans["gateway.request"], spans["gateway.request_orchestration"]
    assert whole.parent_id == span_id
    assert whole.kind == 2
    assert orchestration.parent_id == whole.span_id
    assert orchestration.attributes == {
        "target_model": MODEL,
        "request_prio": 0,
        "target_endpoint": traced.server.endpoint,
    }
    assert whole.start <= orchestration.start <= orchestration.end <= whole.end
    assert not whole.error and not orchestration.error
    assert whole.resource == {"service.name": "llm-d-epp", "team": "routing"}
    # The model server's spans are children of the picker's.
    assert seen["traceparent"] == f"00-{trace_id}-{whole.span_id}-01"
    assert seen["tracestate"] == "vendor=1"


def test_trace_begins_here_without_a_client_trace(traced, collector):
    _, seen = traced.ask()
    _, trace_id, parent, flags = seen["traceparent"].split("-")
    assert flags == "01"
    spans = arrived(collector, trace_id)
    assert spans["gateway.request"].parent_id == ""
    assert spans["gateway.request"].span_id == parent


def test_bad_header_begins_a_new_trace(traced):
    _, seen = traced.ask(traceparent="00-nonsense")
    assert len(seen["traceparent"]) == 55


def test_client_that_does_not_record_is_followed(traced, collector):
    trace_id, _, header = traceparent(sampled=False)
    answer, seen = traced.ask(traceparent=header)
    assert answer.status == 200
    assert seen["traceparent"] == header
    # Spans are exported in order, so a later one that is there tells that this one never comes.
    later, _, header = traceparent()
    traced.ask(traceparent=header)
    arrived(collector, later)
    assert collector.spans(trace_id) == []


def test_refused_request_is_marked(traced, collector):
    trace_id, _, header = traceparent()
    answer, _ = traced.ask({"messages": 1}, traceparent=header)
    assert answer.status == 400
    spans = arrived(collector, trace_id)
    assert {span.error for span in spans.values()} == {"BadRequest"}
    assert "target_endpoint" not in spans["gateway.request_orchestration"].attributes


def test_exported_spans_are_counted(traced, collector):
    trace_id, _, header = traceparent()
    traced.ask(traceparent=header)
    arrived(collector, trace_id)
    wait_until(lambda: traced.picker.metric("epp_trace_spans_total", result="exported") >= 2, "spans are counted")


def test_last_spans_are_exported_at_the_end(module_launch, server, collector):
    traced = Traced(module_launch, server, collector.port, OTEL_BSP_SCHEDULE_DELAY="3600000")
    trace_id, _, header = traceparent()
    assert traced.ask(traceparent=header)[0].status == 200
    wait_until(lambda: traced.picker.metric("inference_objective_running_requests") == 0, "the request has ended")
    assert collector.spans(trace_id) == []
    traced.picker.stop()
    assert len(collector.spans(trace_id)) == 2


def test_collector_that_is_down_then_comes_up(launch, server):
    port = free_port()
    traced = Traced(launch, server, port, OTEL_BSP_MAX_QUEUE_SIZE="20", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="5")
    for _ in range(30):
        assert traced.ask()[0].status == 200
    assert traced.picker.metric("epp_trace_spans_total", result="dropped") > 0
    late = Collector(port)
    try:
        # The batch at hand is tried again, and those behind it follow.
        wait_until(lambda: len(late.spans()) >= 20, "what was kept arrives", 40)
        trace_id, _, header = traceparent()
        traced.ask(traceparent=header)
        arrived(late, trace_id)
    finally:
        late.stop()


def test_collector_behind_tls_with_headers(launch, server, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    secure = Collector(credentials=credentials)
    try:
        traced = Traced(
            launch,
            server,
            secure.port,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"https://localhost:{secure.port}",
            OTEL_EXPORTER_OTLP_CERTIFICATE=str(certificate),
            OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20secret",
            OTEL_SERVICE_NAME="my-picker",
        )
        trace_id, _, header = traceparent()
        traced.ask(traceparent=header)
        whole = arrived(secure, trace_id)["gateway.request"]
        assert whole.metadata["authorization"] == "Bearer secret"
        assert whole.resource["service.name"] == "my-picker"
    finally:
        secure.stop()


def test_off_by_default_and_by_flag(launch, server, collector):
    plain = launch.picker([server.endpoint])
    off = launch.picker(
        [server.endpoint],
        arguments=["--tracing=false"],
        environment={**EVERYTHING, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"},
    )
    for picker in (plain, off):
        envoy = launch.envoy(picker)
        header = traceparent()[2]
        request_id = secrets.token_hex(8)
        headers = {"x-request-id": request_id, "traceparent": header}
        assert request(envoy.address, "/v1/chat/completions", chat(unique()), headers=headers).status == 200
        assert server.seen[request_id]["traceparent"] == header


def test_bad_variable_keeps_the_picker_from_starting(launch):
    outcome = subprocess.run(
        [launch.bin_dir / "epp", "--endpoints=127.0.0.1:9"],
        env={"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "sometimes"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert outcome.returncode == 1
    assert "OTEL_TRACES_SAMPLER: must be" in outcome.stderr
