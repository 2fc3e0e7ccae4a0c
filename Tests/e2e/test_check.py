"""`epp check`: verdicts on real Envoys and on what their configuration files say."""

import pytest
from bodies import chat
from commands import run
from localpool import Envoy

#: Rules that find something worth a warning in each way of wiring the picker.
WARNINGS = {
    "ai-gateway-duplex": {"stream-limit", "fallback"},
    "ai-gateway-buffered": {"stream-limit", "fallback", "buffer-limit", "response-body-mode"},
    "override-host": {"stream-limit"},
    "streamed": {"stream-limit", "fallback", "request-body-mode"},
    "headers-only": {"stream-limit", "fallback", "request-body-mode"},
}

#: For each way of wiring: what is replaced, by what, and the error that must be found.
BROKEN = [
    ("ai-gateway-duplex", "http_header_name: x-gateway-destination-endpoint", "", "pick-not-followed"),
    ("ai-gateway-duplex", "{cluster_name: epp}", "{cluster_name: nowhere}", "picker-cluster"),
    ("ai-gateway-buffered", "request_header_mode: SEND", "request_header_mode: SKIP", "answers-ignored"),
    ("override-host", "override_host_sources:", "other_sources:", "pick-not-followed"),
    ("streamed", "http2_protocol_options: {}", "http_protocol_options: {}", "picker-cluster"),
    ("headers-only", "use_http_header: true,", "", "pick-not-followed"),
]


def found(report, severity):
    return {finding["rule"] for finding in report["findings"] if finding["severity"] == severity}


@pytest.fixture(scope="module")
def envoys(module_launch):
    """An Envoy for each way of wiring; nobody asks them, so they need no picker."""

    def start(mode):
        envoy = Envoy(module_launch.directory, 9, mode, endpoints=["127.0.0.1:9"], name=f"envoy-{mode}")
        return module_launch._keep(envoy)

    return {mode: start(mode) for mode in WARNINGS}


@pytest.mark.parametrize("mode", WARNINGS)
def test_dump_of_a_running_envoy(envoys, launch, mode):
    outcome = run(launch, "check", "--admin", envoys[mode].admin_address, "--json")
    assert outcome.status == 1, outcome.errors
    assert found(outcome.json, "error") == set()
    assert found(outcome.json, "warning") == WARNINGS[mode]
    for finding in outcome.json["findings"]:
        assert finding["effect"]
        assert finding["remedy"] or finding["severity"] == "notice"


@pytest.mark.parametrize("mode", WARNINGS)
def test_file_says_the_same_as_the_dump_of_it(envoys, launch, mode):
    from_file = run(launch, "check", envoys[mode].configuration_path, "--json")
    from_dump = run(launch, "check", "--admin", f"http://{envoys[mode].admin_address}/", "--json")
    assert from_file.status == from_dump.status
    assert from_file.json["findings"] == from_dump.json["findings"]
    assert from_file.json["paths"] == from_dump.json["paths"]


@pytest.mark.parametrize("mode,old,new,rule", BROKEN, ids=[f"{mode}-{rule}" for mode, _, _, rule in BROKEN])
def test_broken_file(envoys, launch, tmp_path, mode, old, new, rule):
    text = envoys[mode].configuration_path.read_text()
    assert old in text
    broken = tmp_path / "envoy.yaml"
    broken.write_text(text.replace(old, new))
    outcome = run(launch, "check", broken, "--json")
    assert outcome.status == 2
    assert rule in found(outcome.json, "error")


def test_report_for_people(envoys, launch):
    outcome = run(launch, "check", envoys["ai-gateway-duplex"].configuration_path)
    assert "FULL_DUPLEX_STREAMED: the pick is made on the whole body" in outcome.text
    assert "ORIGINAL_DST: one address" in outcome.text
    assert "WARNING  cluster \"epp\": the proxy holds at most 1024 streams" in outcome.text
    assert "max_requests: 2147483647" in outcome.text
    assert outcome.text.endswith("works, within limits (0 errors, 2 warnings, 3 notices)\n")


def test_picker_configuration_counts(envoys, launch, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\nplugins:\n"
        "- type: max-score-picker\n  parameters: {maxNumOfEndpoints: 3}\n"
    )
    envoy = envoys["ai-gateway-duplex"].configuration_path
    outcome = run(launch, "check", envoy, "--config-file", config, "--json")
    assert outcome.status == 2
    assert found(outcome.json, "error") == {"fallback"}


@pytest.mark.parametrize(
    "arguments,message",
    [
        ((), "give one of"),
        (("--admin", "127.0.0.1:9"), "127.0.0.1:9"),
        (("/nonexistent",), "can't open"),
        (("/dev/null", "--bogus"), "bogus"),
    ],
)
def test_what_cannot_be_checked_has_a_status_of_its_own(launch, arguments, message):
    outcome = run(launch, "check", *arguments)
    assert outcome.status == 3
    assert message in outcome.errors


def test_the_picker_serves_without_a_command(pool):
    """Flags alone still mean serving."""
    assert pool.picker.health() == "SERVING"


def test_commands_are_in_the_help(launch):
    outcome = run(launch, "--help")
    assert outcome.status == 0
    assert "epp check" in outcome.text and "epp replay" in outcome.text
    assert run(launch, "check", "--help").status == 0


def test_streams_that_a_running_picker_sees(module_launch, launch):
    for mode, status, rules in [("ai-gateway-duplex", 0, set()), ("headers-only", 1, {"request-body-mode"})]:
        pool = module_launch.pool(mode=mode, count=1, tls=mode.startswith("ai-gateway"))
        before = run(launch, "check", "--metrics", pool.picker.metrics_address)
        assert before.status == 3 and "no streams by mode" in before.errors
        assert pool.ask("/v1/chat/completions", chat("hello")).status == 200
        after = run(launch, "check", "--metrics", pool.picker.metrics_address, "--json")
        assert after.status == status, after.errors
        assert found(after.json, "warning") == rules
