"""Checking configurations from the command line, and the file that objectives and rewrites come from."""

import asyncio
import json
import os
import subprocess

import pytest
from extproc import Client, echoed, request_body, request_headers
from localpool import wait_until
from model_server import ModelServer

OLDER = "apiVersion: inference.networking.x-k8s.io/v1alpha1\nkind: EndpointPickerConfig\n"
NEWER = "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\n"


@pytest.fixture(name="validate")
def _validate(launch, tmp_path):
    def validate(text, *arguments):
        """Runs `epp --validate`; returns exit code, output and errors."""
        path = tmp_path / "config.yaml"
        path.write_text(text)
        command = [launch.bin_dir / "epp", f"--config-file={path}", "--validate", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout, done.stderr.replace(str(path), "config.yaml")

    return validate


def test_effective_configuration_is_printed_and_loads_again(validate):
    text = NEWER + "plugins: [{type: queue-scorer}, {type: prefix-cache-scorer}]\n"
    code, output, errors = validate(text)
    assert (code, errors) == (0, "")
    for part in (
        "type: single-profile-handler",
        "type: approx-prefix-cache-producer",
        "lruCapacityPerServer: 31250",
        "metricsStalenessThreshold: 200ms",
        "type: metrics-data-source",
        "weight: 1.0",
        "- pluginRef: max-score-picker",
    ):
        assert part in output, part
    assert validate(output) == (0, output, "")


def test_all_mistakes_are_named_with_line_and_path(validate):
    text = NEWER + (
        "featureGates: [flowControl]\n"
        "plugins:\n"
        "- type: queue-scorre\n"
        "- type: prefix-cache-scorer\n"
        "  parameters: {matchLengthWight: 0.5}\n"
        "- type: mm-embeddings-cache-producer\n"
        "- type: expression-scorer\n"
        "  parameters: {expression: 1 + qeue}\n"
    )
    code, output, errors = validate(text)
    assert (code, output) == (1, "")
    lines = errors.splitlines()
    for start, part in [
        ("config.yaml:5: plugins[0].type: ", 'did you mean "queue-scorer"?'),
        ("config.yaml:7: plugins[1].parameters.matchLengthWight: ", 'did you mean "matchLengthWeight"?'),
        ("config.yaml:8: plugins[2].type: ", "which is not built yet"),
        ("config.yaml:10: plugins[3].parameters.expression: column 5: ", 'did you mean "queue"?'),
    ]:
        assert any(line.startswith(start) and part in line for line in lines), (start, lines)
    assert len(lines) == 4


def test_unknown_parameters_only_warn_in_the_older_family_unless_strict(validate):
    text = OLDER + "plugins: [{type: queue-scorer, parameters: {depth: 4}}]\n"
    code, output, errors = validate(text)
    assert code == 0 and "type: queue-scorer" in output
    assert errors == "warning: config.yaml:3: plugins[0].parameters.depth: unknown field, ignored\n"
    code, output, errors = validate(text, "--strict-config")
    assert (code, output) == (1, "")
    assert errors == "config.yaml:3: plugins[0].parameters.depth: unknown field\n"


def test_experimental_types_need_their_flag_in_the_newer_family(validate):
    body = "plugins: [{type: session-affinity-scorer}]\n"
    code, _, errors = validate(NEWER + body)
    assert code == 1 and "--allow-experimental-plugins" in errors
    assert validate(NEWER + body, "--allow-experimental-plugins")[0] == 0
    assert validate(OLDER + body)[0] == 0


def test_flow_control_of_the_environment_is_switched_on(validate, monkeypatch):
    assert "defaultRequestTTL" not in validate(OLDER)[1]
    monkeypatch.setenv("ENABLE_EXPERIMENTAL_FLOW_CONTROL_LAYER", "true")
    code, output, _ = validate(OLDER)
    assert code == 0 and "defaultRequestTTL" in output


# Policies from a file.

SATURATED = NEWER + (
    "plugins:\n- type: queue-scorer\n- type: utilization-detector\n"
    "  parameters: {metricsStalenessThreshold: 1ns}\n"
    "schedulingProfiles: [{name: default, plugins: [{pluginRef: queue-scorer}]}]\n"
)


def objective(name, priority):
    return {
        "apiVersion": "inference.networking.x-k8s.io/v1alpha2",
        "kind": "InferenceObjective",
        "metadata": {"name": name},
        "spec": {"priority": priority},
    }


def rewrite(model, target):
    rule = {"matches": [{"model": {"type": "Exact", "value": model}}], "targets": [{"modelRewrite": target}]}
    return {
        "apiVersion": "llm-d.ai/v1alpha2",
        "kind": "InferenceModelRewrite",
        "metadata": {"name": "names"},
        "spec": {"rules": [rule]},
    }


def write(path, *objects):
    """Replaces the file in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text("\n---\n".join(json.dumps(thing) for thing in objects))
    os.replace(fresh, path)


async def sent_model(address, model="chat", headers=()):
    """The model that a request is sent on with, or the status of the answer that it gets at once."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "x"}]}).encode()
    async with Client(address) as client:
        stream = client.stream()
        received = await stream.ask(request_headers(headers=headers), request_body(body, True))
        await stream.reset()
    if received[-1].kind == "immediate_response":
        return received[-1].status
    return json.loads(echoed(received))["model"]


def becomes(address, expected):
    wait_until(lambda: asyncio.run(sent_model(address)) == expected, f"requests are sent on with {expected}")


def test_policy_file_is_followed_and_a_bad_one_refused(launch, tmp_path):
    path = tmp_path / "policies.yaml"
    write(path, objective("batch", -1), rewrite("chat", "chat-v1"))
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False, config=SATURATED, arguments=[f"--policy-file={path}"])
    ask = lambda **options: asyncio.run(sent_model(picker.address, **options))
    assert ask() == "chat-v1"
    assert ask(model="other") == "other"
    # Every endpoint's metrics are too old for this detector, so requests that may be dropped are.
    assert ask(headers=[("x-gateway-inference-objective", "batch")]) == 429
    assert ask(headers=[("x-gateway-inference-objective", "unknown")]) == "chat-v1"

    write(path, rewrite("chat", "chat-v2"))
    becomes(picker.address, "chat-v2")
    assert ask(headers=[("x-gateway-inference-objective", "batch")]) == "chat-v2"

    path.with_suffix(".new").write_text("kind: Unheard")
    os.replace(path.with_suffix(".new"), path)
    wait_until(lambda: "policy file refused" in picker.process.log_tail(), "the bad file is refused")
    assert ask() == "chat-v2"

    write(path, rewrite("chat", "chat-v3"))
    becomes(picker.address, "chat-v3")


def test_policy_file_that_cannot_be_used_stops_the_start(launch, tmp_path):
    path = tmp_path / "policies.yaml"
    path.write_text("apiVersion: llm-d.ai/v1\nkind: InferenceObjective\nmetadata: {name: a}\nspec: {prority: 1}\n")
    command = [launch.bin_dir / "epp", "--endpoints=127.0.0.1:1", f"--policy-file={path}", "--secure-serving=false"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert f'{path}:4: spec.prority: unknown field; did you mean "priority"?' in done.stderr


# The data layer.


def test_models_that_servers_list_can_be_filtered_by(launch):
    first, second = ModelServer(models=["llama", "sql-adapter"]), ModelServer(models=["llama"])
    config = NEWER + (
        "plugins:\n- {type: models-data-source, parameters: {interval: 50ms}}\n- type: models-data-extractor\n"
        "- {type: expression-filter, parameters: {expression: modelListed}}\n- type: random-picker\n"
        "dataLayer: {sources: [{pluginRef: models-data-source, extractors: [{pluginRef: models-data-extractor}]}]}\n"
        "schedulingProfiles:\n- name: default\n  plugins: [{pluginRef: expression-filter}, {pluginRef: random-picker}]\n"
    )
    picker = launch.picker([first.address, second.address], tls=False, config=config)
    ask = lambda model: asyncio.run(destination(picker.address, model))
    wait_until(lambda: ask("sql-adapter") == first.address, "the first server's models are known")
    wait_until(lambda: {ask("llama") for _ in range(20)} == {first.address, second.address}, "both lists are known")
    assert ask("unheard-of") == 429
    second.models = ["llama", "unheard-of"]
    wait_until(lambda: ask("unheard-of") == second.address, "the change is seen")
    first.close()
    second.close()


async def destination(address, model):
    """Where a request for a model is sent, or the status of the answer that it gets at once."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "x"}]}).encode()
    async with Client(address) as client:
        stream = client.stream()
        received = await stream.ask(request_headers(), request_body(body, True))
        await stream.reset()
    if received[-1].kind == "immediate_response":
        return received[-1].status
    return received[0].destination


@pytest.mark.parametrize("verified", [True, False])
def test_metrics_are_read_over_tls(launch, tmp_path, verified):
    server = ModelServer(certificate_directory=tmp_path, waiting=7)
    check = f"insecureSkipVerify: false, caCertPath: {server.certificate}" if verified else "insecureSkipVerify: true"
    config = NEWER + f"plugins: [{{type: metrics-data-source, parameters: {{scheme: https, {check}}}}}]\n"
    arguments = ["--refresh-prometheus-metrics-interval=100ms"]
    picker = launch.picker([server.address], tls=False, config=config, arguments=arguments)
    wait_until(lambda: picker.metric("inference_pool_average_queue_size") == 7, "the queue length is read")
    server.close()


def test_certificates_of_unknown_origin_are_refused(launch, tmp_path):
    server = ModelServer(certificate_directory=tmp_path, waiting=7)
    config = NEWER + (
        "plugins: [{type: metrics-data-source, parameters: {scheme: https, insecureSkipVerify: false}}]\n"
    )
    picker = launch.picker([server.address], tls=False, config=config)
    wait_until(lambda: "metrics cannot be read" in picker.process.log_tail(), "the failure is told")
    assert picker.metric("inference_pool_average_queue_size") == 0
    server.close()


def test_deprecated_flags_set_defaults_of_the_metrics_source(launch, tmp_path):
    server = ModelServer(certificate_directory=tmp_path, waiting=5, path="/other")
    arguments = [
        "--model-server-metrics-scheme=https",
        "--model-server-metrics-path=/other",
        "--refresh-prometheus-metrics-interval=100ms",
    ]
    picker = launch.picker([server.address], tls=False, arguments=arguments)
    wait_until(lambda: picker.metric("inference_pool_average_queue_size") == 5, "the queue length is read")
    assert "--model-server-metrics-path is deprecated" in picker.process.log_tail()
    server.close()


def test_routing_profile_is_a_configuration_by_name(launch, tmp_path):
    def validate_flags(*arguments):
        result = subprocess.run(
            [launch.bin_dir / "epp", "--validate", *arguments], capture_output=True, text=True, timeout=60
        )
        return result.returncode, result.stdout, result.stderr

    code, output, _ = validate_flags("--routing-profile=adaptive")
    assert code == 0 and "ttft-estimate-scorer" in output and "queue-scorer" not in output
    code, output, _ = validate_flags("--routing-profile", "default")
    assert code == 0 and "queue-scorer" in output

    code, _, errors = validate_flags("--routing-profile=fast")
    assert code != 0 and '--routing-profile must be default or adaptive, not "fast"' in errors
    path = tmp_path / "config.yaml"
    path.write_text(NEWER)
    code, _, errors = validate_flags("--routing-profile=adaptive", f"--config-file={path}")
    assert code != 0 and "--routing-profile and --config-file cannot both be given" in errors
