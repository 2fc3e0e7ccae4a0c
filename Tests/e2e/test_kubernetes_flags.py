"""Flags that speak of Kubernetes: what starts, what is warned about, and what is refused with the flag's name."""

import subprocess

import pytest
from localpool import wait_until


def start(launch, *arguments, environment=None):
    """Exit code and error text of an epp that is expected not to start."""
    result = subprocess.run(
        [launch.bin_dir / "epp", *arguments], capture_output=True, text=True, timeout=20, env=environment or {}
    )
    return result.returncode, result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--pool-name"),
        (["--pool-name=a", "--endpoint-selector=app=a"], "--endpoint-selector"),
        (["--endpoint-selector=app=a"], "--endpoint-target-ports"),
        (["--endpoint-selector=app=a b", "--endpoint-target-ports=80"], "--endpoint-selector"),
        (["--endpoint-selector=app=a", "--endpoint-target-ports=0"], "--endpoint-target-ports"),
        (["--endpoint-selector=a", "--endpoint-target-ports=1,2,3,4,5,6,7,8,9"], "1 to 8 ports"),
        (["--pool-name=a", "--endpoint-target-ports=80"], "--endpoint-target-ports"),
        (["--pool-name=a", "--pool-group=example.org"], "--pool-group"),
        (["--pool-name=a"], "KUBECONFIG"),
        (["--pool-name=a", "--kubeconfig=/nonexistent"], "/nonexistent"),
        (["--pool-name=a", "--model-server-metrics-scheme=ftp"], "--model-server-metrics-scheme"),
    ],
)
def test_refused(launch, arguments, message):
    code, text = start(launch, *arguments)
    assert code == 1
    assert message in text


def test_exec_plugins_are_refused_by_name(launch, tmp_path):
    path = tmp_path / "config"
    path.write_text(
        """
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}}]
"""
    )
    code, text = start(launch, "--pool-name=a", environment={"KUBECONFIG": str(path)})
    assert code == 1
    assert 'user "u": exec credential plugins are not supported' in text


def test_deprecated_flags_work_with_a_warning(launch):
    """Also those that the reference refuses."""
    servers = launch.servers(count=1)
    flags = {
        "model-server-metrics-scheme": "http",
        "model-server-metrics-path": "/metrics",
        "model-server-metrics-port": servers.endpoints[0].rsplit(":")[-1],
        "model-server-metrics-https-insecure-skip-verify": "true",
        "total-queued-requests-metric": "vllm:num_requests_waiting",
        "total-running-requests-metric": "vllm:num_requests_running",
        "kv-cache-usage-percentage-metric": "vllm:kv_cache_usage_perc",
        "lora-info-metric": "vllm:lora_requests_info",
        "cache-info-metric": "vllm:cache_config_info",
    }
    picker = launch.picker(servers.endpoints, tls=False, arguments=[f"--{name}={value}" for name, value in flags.items()])
    text = picker.process.log_path.read_text()
    for name in flags:
        assert f"--{name} is deprecated; use " in text


def test_series_named_by_deprecated_flags_are_read(launch):
    """A queue is read from the series that the flag names instead of vLLM's."""
    servers = launch.servers(count=1)
    servers.control(servers.endpoints[0], queue=7)
    other = "--total-queued-requests-metric=vllm:num_requests_running"
    plain = launch.picker(servers.endpoints, tls=False, arguments=["--refresh-prometheus-metrics-interval=100ms"])
    name = "inference_pool_average_queue_size"
    wait_until(lambda: plain.metric(name) == 7, "the queue is seen")
    renamed = launch.picker(
        servers.endpoints, tls=False, arguments=["--refresh-prometheus-metrics-interval=100ms", other]
    )
    wait_until(lambda: renamed.metric("inference_pool_ready_pods") == 1, "the server was scraped")
    assert renamed.metric(name) == 0
