"""The metrics page: what is on it, in which form, and whether its numbers are those of what was sent."""

import collections
import concurrent.futures
import gzip
import math
import ssl
import subprocess
import urllib.request

import pytest
from bodies import MODEL, chat, chat_bytes, unique
from contract import NEWER, OLDER
from exposition import parse
from localpool import request, wait_until

PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}


def page(picker, **headers):
    answer = request(picker.metrics_address, "/metrics", headers=headers)
    assert answer.status == 200, answer.text
    return answer


@pytest.fixture(scope="module")
def used(module_launch):
    """A pool that has seen every kind of request, with all optional metrics on."""
    pool = module_launch.pool(arguments=["--enable-grpc-stream-metrics", "--plugin-timing-interval=1"])
    prompt = "".join(unique("line of a shared context") for _ in range(60))
    for _ in range(2):
        assert pool.ask("/v1/chat/completions", chat(prompt)).status == 200
        usage = {"include_usage": True}
        answer = pool.ask("/v1/chat/completions", chat(prompt, stream=True, stream_options=usage, max_tokens=8))
        assert answer.status == 200, answer.text
    assert pool.ask("/v1/chat/completions", b"{").status == 400
    wait_until(lambda: pool.picker.metric("llm_d_epp_request_running") == 0, "nothing runs")
    return pool


@pytest.mark.parametrize("names", [OLDER, NEWER], ids=["reference", "llm-d"])
def test_families_are_those_of_the_contract(used, names):
    families = parse(page(used.picker).text)
    for name, (kind, labels, buckets) in names.items():
        assert name in families, f"{name} is missing"
        family = families[name]
        assert family.kind == kind, name
        assert family.labels == labels.split(), name
        if buckets:
            assert family.buckets == [bound for bound in _go(buckets)], name
        assert family.help.startswith("[ALPHA] "), f"{name}: {family.help}"
        replaced = family.help.startswith("[ALPHA] [Deprecated: Use llm_d_epp_")
        assert replaced == (names is OLDER), f"{name}: {family.help}"
    assert PROCESS <= families.keys()


def _go(bounds):
    """Bounds as Prometheus' Go client writes them."""
    for text in bounds.split():
        value = float(text)
        exponent = math.floor(math.log10(value)) if value else 0
        if -4 <= exponent < 6:
            yield text
        else:
            digits = repr(value).replace(".0", "").replace("e+", "e")
            mantissa = str(int(value)).rstrip("0") if value >= 1 else digits
            yield f"{mantissa[0]}{'.' + mantissa[1:] if len(mantissa) > 1 else ''}e{exponent:+03d}"


def test_nothing_else_carries_the_names_of_others(used):
    known = OLDER.keys() | NEWER.keys()
    for name in parse(page(used.picker).text):
        assert name in known or name.startswith(("epp_", "process_")), name


def test_older_names_can_be_turned_off(launch):
    servers = launch.servers()
    picker = launch.picker(servers.endpoints, tls=False, arguments=["--legacy-metric-names=false"])
    names = parse(page(picker).text).keys()
    assert not names & OLDER.keys()
    assert "llm_d_epp_ready_endpoints" in names


def test_format_and_coding_are_negotiated(used):
    plain = page(used.picker)
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in plain.headers
    zipped = page(used.picker, **{"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    text = gzip.decompress(zipped.body).decode()
    assert parse(text).keys() == parse(plain.text).keys()
    assert len(zipped.body) < len(text) / 4

    open_metrics = page(used.picker, accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert open_metrics.text.endswith("# EOF\n")
    families = parse(open_metrics.text)
    assert "llm_d_epp_request" in families
    assert [name for name, *_ in families["llm_d_epp_request"].samples][0] == "llm_d_epp_request_total"
    assert families["llm_d_epp_request_duration_seconds"].buckets[8] == "1.0"


def test_sums_are_those_of_what_was_sent(launch):
    """Many requests at once, from many clients, scraped meanwhile: in the end every sum is exact."""
    pool = launch.pool(arguments=["--enable-grpc-stream-metrics", "--plugin-timing-interval=1"])
    bodies = [chat_bytes(unique() * (1 + number % 40), max_tokens=1 + number % 7) for number in range(400)]
    sizes = collections.Counter()

    def send(body):
        answer = pool.ask("/v1/chat/completions", body)
        assert answer.status == 200, answer.text
        if not sizes["scraping"]:
            sizes["scraping"] = 1
            parse(page(pool.picker).text)
            sizes["scraping"] = 0
        return len(answer.body), answer.json()["usage"]

    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(send, bodies))
    refused = [pool.ask("/v1/chat/completions", b'{"model": 1').status for _ in range(30)]
    assert set(refused) == {400}
    wait_until(lambda: pool.picker.metric("epp_streams") == 0, "all streams are over")

    families = parse(page(pool.picker).text)
    count, model = len(bodies), {"model_name": MODEL}
    sums = {
        "request_size_bytes": sum(len(body) for body in bodies),
        "response_size_bytes": sum(length for length, _ in answers),
        "request_input_tokens": sum(usage["prompt_tokens"] for _, usage in answers),
        "request_output_tokens": sum(usage["completion_tokens"] for _, usage in answers),
    }
    for name, expected in sums.items():
        family = families[f"llm_d_epp_{name}"]
        assert family.total("_sum", **model) == expected, name
        assert family.total("_count", **model) == count, name
    older = {"inference_objective_request_sizes": sums["request_size_bytes"]}
    older["inference_objective_output_tokens"] = sums["request_output_tokens"]
    for name, expected in older.items():
        assert families[name].total("_sum", **model) == expected, name
    assert families["llm_d_epp_request_total"].total(**model) == count
    assert families["llm_d_epp_request_error_total"].total(error_code="BadRequest") == len(refused)
    attempts = families["llm_d_epp_scheduler_attempts_total"]
    assert attempts.total(status="success") == count
    assert {labels["endpoint_name"] for _, labels, _ in attempts.samples} == {
        "endpoint-" + endpoint.replace(".", "-").replace(":", "-") for endpoint in pool.servers.endpoints
    }
    for name in ("scheduler_e2e_duration", "request_processing_duration", "response_processing_duration"):
        assert families[f"llm_d_epp_{name}_seconds"].total("_count") == count, name
    assert families["llm_d_epp_request_duration_seconds"].total("_count") == count
    assert families["epp_decision_duration_seconds"].total("_count") == count
    plugins = families["llm_d_epp_plugin_duration_seconds"]
    for point, name in (("Scorer", "queue-scorer"), ("Picker", "max-score-picker"), ("PrepareData", "approx-prefix-cache-producer")):
        labels = {"extension_point": point, "plugin_name": name}
        assert plugins.total("_count", **labels) == count, labels
    hits = families["llm_d_epp_prefix_indexer_hit_ratio"]
    assert hits.total("_count") == count
    assert hits.total("_sum") <= count

    streams = families["llm_d_epp_extproc_streams_total"]
    assert streams.total() == count + len(refused)
    assert streams.total(code="OK") == count + len(refused)
    assert families["llm_d_epp_extproc_stream_duration_seconds"].total("_count") == count + len(refused)
    assert families["llm_d_epp_extproc_streams_inflight"].total() == 0
    assert families["epp_opened_streams_total"].total() == count + len(refused)
    assert families["epp_streams_by_mode_total"].total(request_body_mode="FULL_DUPLEX_STREAMED") == count + len(refused)
    assert families["epp_received_bytes_total"].total() > sums["request_size_bytes"] + sums["response_size_bytes"]
    assert families["llm_d_epp_inflight_requests"].total() == 0
    assert families["epp_leases"].total() == 0
    assert families["epp_stream_resets_total"].total(stream="unfinished") == 0


def test_plugins_are_measured_for_a_sample_of_the_requests(launch):
    pool = launch.pool(arguments=["--plugin-timing-interval=10", "--threads=1"])
    for _ in range(25):
        assert pool.ask("/v1/chat/completions", chat(unique())).status == 200
    plugins = parse(page(pool.picker).text)["llm_d_epp_plugin_duration_seconds"]
    assert plugins.total("_count", extension_point="Picker") == 20


def test_many_models_end_as_other(launch):
    """Clients name the models, so their number must not become the number of series."""
    pool = launch.pool(count=1)

    def ask(number):
        return pool.ask("/v1/chat/completions", {**chat(unique(), max_tokens=1), "model": f"model-{number}"}).status

    with concurrent.futures.ThreadPoolExecutor(16) as threads:
        assert set(threads.map(ask, range(1_200))) == {200}
    requests = parse(page(pool.picker).text)["llm_d_epp_request_total"]
    names = {labels["model_name"] for _, labels, _ in requests.samples}
    assert len(names) == 1_001
    assert requests.total(model_name="other") == 200
    assert requests.total() == 1_200


def test_state_of_scraping_is_told_for_each_endpoint(launch):
    servers = launch.servers(count=2)
    silent = "127.0.0.77:9"
    picker = launch.picker([*servers.endpoints, silent], tls=False)
    name = "endpoint-127-0-0-77-9"
    wait_until(lambda: picker.metric("epp_endpoint_scrape_failures", endpoint_name=name) > 0, "failures are counted")
    wait_until(lambda: picker.metric("epp_scrapes_total", result="success") >= 2 * 3, "the others are read")
    families = parse(page(picker).text)
    ages = families["epp_endpoint_scrape_age_seconds"]
    assert len(ages.samples) == 2 and all(0 <= age < 5 for _, _, age in ages.samples)
    assert families["llm_d_epp_datalayer_poll_errors_total"].total(source_type="metrics-data-source") > 0
    assert families["llm_d_epp_per_endpoint_queue_size"].total(model_server_endpoint=name) == 0
    assert families["epp_config_generation"].total() == 1
    wait_until(lambda: picker.metric("epp_event_loop_lag_seconds_count") > 0, "the event loops' lag is measured")


def test_saturation_is_told(launch):
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False)
    servers.control(servers.endpoints[0], queue=50)
    wait_until(lambda: picker.metric("llm_d_epp_flow_control_pool_saturation", stage="effective") == 10, "it is 50 / 5")


def _certificates(directory):
    """A CA, a server certificate for 127.0.0.1 and a client certificate, made by openssl."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=directory)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt")
    for name, extension in (("tls", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (directory / f"{name}.ext").write_text(extension + "\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt")


def test_metrics_port_speaks_tls_and_asks_for_client_certificates(launch, tmp_path):
    _certificates(tmp_path)
    servers = launch.servers(count=1)
    picker = launch.picker(
        servers.endpoints,
        tls=False,
        arguments=[f"--metrics-cert-dir={tmp_path}", f"--metrics-client-ca-file={tmp_path}/ca.crt"],
    )
    url = f"https://{picker.metrics_address}/metrics"
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.crt")
    with pytest.raises(OSError):
        urllib.request.urlopen(url, context=trusting, timeout=5).read()
    trusting.load_cert_chain(tmp_path / "client.crt", tmp_path / "client.key")
    with urllib.request.urlopen(url, context=trusting, timeout=5) as answer:
        assert "llm_d_epp_ready_endpoints" in parse(answer.read().decode())
    with pytest.raises(OSError):
        request(picker.metrics_address, "/metrics", timeout=5)


def test_a_new_certificate_of_the_metrics_port_takes_effect(launch, tmp_path):
    """Whole or half replaced, new connections have a certificate that fits its key."""
    _certificates(tmp_path)
    picker = launch.picker(["127.0.0.1:1"], tls=False, arguments=[f"--metrics-cert-dir={tmp_path}"])

    def shown():
        host, _, port = picker.metrics_address.rpartition(":")
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port)), timeout=5))

    def der(name):
        return ssl.PEM_cert_to_DER_cert((tmp_path / name).read_text())

    first, second = der("tls.crt"), der("client.crt")
    assert shown() == first != second
    (tmp_path / "tls.crt").write_bytes((tmp_path / "client.crt").read_bytes())
    wait_until(lambda: "the certificate stays as it was" in picker.process.log_tail(), "the pair was looked at")
    assert shown() == first
    (tmp_path / "tls.key").write_bytes((tmp_path / "client.key").read_bytes())
    wait_until(lambda: shown() == second, "the new certificate is shown")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--metrics-cert-dir=/nowhere"], "--metrics-cert-dir: cannot read /nowhere/tls.crt"),
        (["--metrics-client-ca-file=/nowhere"], "--metrics-client-ca-file needs --metrics-cert-dir"),
        (["--decision-log-file=/nowhere/log"], "--decision-log-file: cannot open /nowhere/log: No such file"),
        (["--decision-log-share=2"], "--decision-log-share must be 0 to 1"),
        (["--plugin-timing-interval=-1"], "--plugin-timing-interval must be 0 to 1000000"),
        (["--zap-log-level=loud"], "--zap-log-level must be debug, info, error or a number"),
    ],
)
def test_flags_that_cannot_work_stop_the_start(request, arguments, message):
    binary = request.config.getoption("--bin-dir").resolve() / "epp"
    done = subprocess.run(
        [binary, "--endpoints=127.0.0.1:1", "--grpc-port=1", *arguments], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1
    assert message in done.stderr
