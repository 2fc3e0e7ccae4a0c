"""Kubernetes mode behind a real Envoy with TLS, wired as Envoy AI Gateway does it, while pods come and go under load."""

import concurrent.futures
import dataclasses
import http.client
import itertools
import threading
import time

import pytest
from bodies import chat, unique
from kubeapi import APIServer, inference_pool, pod, rewrite
from kubeapi.objects import ROUTER
from kubeapi.store import PODS
from kubernetes import kubernetes_picker, log_entries
from localpool import free_port, open_stream, request, wait_until
from pools import INSTANT

WORKERS = 6
#: Answers of 20 tokens take a second.
AT_EASE = ("--time-scale", "1", "--decode-step-ms", "50")
ROUNDS = 6
REWRITES = f"apis/{ROUTER}/v1alpha2/inferencemodelrewrites"


@pytest.fixture
def api(tmp_path):
    server = APIServer(tmp_path)
    yield server
    server.stop()


class Pod:
    """A model server of its own with the pod that stands for it."""

    def __init__(self, launch, api, number, port, *arguments):
        self.name, self.api = f"vllm-{number}", api
        self.address = f"127.0.1.{number}"
        self.servers = launch.servers(address=self.address, port=port, arguments=(*INSTANT, *arguments))
        self.set_ready(True)

    def set_ready(self, ready, *, terminating=False):
        self.api.store.apply(pod(self.name, self.address, ready=ready, terminating=terminating))

    def leave(self):
        """Goes as pods do: it is marked, finishes its requests while the word spreads, and ends."""
        self.set_ready(True, terminating=True)
        time.sleep(0.5)
        wait_until(lambda: request(self.endpoint, "/stats").json()["running"] == 0, "requests are finished", timeout=20)
        self.servers.process.stop()
        self.api.store.delete(PODS, self.name)

    @property
    def endpoint(self):
        return self.servers.endpoints[0]


def test_pods_come_and_go_under_load(launch, api):
    """Zero failed requests while pods are added, lose readiness, get it back, and leave."""
    port = free_port([f"127.0.1.{number}" for number in range(1, ROUNDS + 3)])
    api.store.apply(inference_pool("pool", [port]))
    pods = {number: Pod(launch, api, number, port) for number in (1, 2)}
    picker = launch.picker(
        arguments=[f"--kubeconfig={api.kubeconfig()}", "--pool-name=pool", "--metrics-endpoint-auth=false"]
    )
    envoy = launch.envoy(picker)
    stop = threading.Event()

    def work():
        statuses = []
        connection = http.client.HTTPConnection(envoy.address, timeout=30)
        while not stop.is_set():
            body = chat(unique(), max_tokens=4, stream=len(statuses) % 2 == 0)
            statuses.append(request(envoy.address, "/v1/chat/completions", body, connection=connection).status)
        connection.close()
        return statuses

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as threads:
        load = [threads.submit(work) for _ in range(WORKERS)]
        try:
            for number in range(3, ROUNDS + 3):
                pods[number] = Pod(launch, api, number, port)
                wait_until(
                    lambda number=number: request(pods[number].endpoint, "/stats").json()["requests"] > 0,
                    "the new pod is used",
                )
                pods[number].set_ready(False)
                pods[number].set_ready(True)
                pods.pop(number - 2).leave()
        finally:
            stop.set()
        statuses = list(itertools.chain.from_iterable(worker.result() for worker in load))
    assert len(statuses) > 100
    assert set(statuses) == {200}
    assert envoy.streams_failed == 0


@dataclasses.dataclass
class Sent:
    """A request and how it went."""

    began: float
    #: The model server that began to answer; empty if none did.
    server: str = ""
    succeeded: bool = False


def send_streams(envoy, stop):
    """Sends one request after the other, whose answers take a second, until told to stop."""
    sent = []
    while not stop.is_set():
        sent.append(one := Sent(time.monotonic()))
        try:
            body = chat(unique(), stream=True, max_tokens=20)
            with open_stream(envoy.address, "/v1/chat/completions", body) as (status, headers, lines):
                one.server = headers.get("x-model-server", "")
                one.succeeded = status == 200 and any(line.startswith(b"data: [DONE]") for line in lines)
        except (OSError, http.client.HTTPException):
            pass
    return sent


def test_a_killed_pod_fails_only_what_was_on_it(launch, api):
    """A model server dies without a word while it answers. What is in flight there fails, and what is sent there until
    the pod is marked; nothing else does."""
    port = free_port(["127.0.1.1", "127.0.1.2"])
    api.store.apply(inference_pool("pool", [port]))
    pods = [Pod(launch, api, number, port, *AT_EASE) for number in (1, 2)]
    picker = launch.picker(
        arguments=[f"--kubeconfig={api.kubeconfig()}", "--pool-name=pool", "--metrics-endpoint-auth=false"]
    )
    envoy = launch.envoy(picker)
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as threads:
        load = [threads.submit(send_streams, envoy, stop) for _ in range(WORKERS)]
        try:
            for one in pods:
                wait_until(
                    lambda one=one: request(one.endpoint, "/stats").json()["running"] >= 2,
                    "both servers have requests in flight",
                )
            pods[0].servers.process.kill()
            killed = time.monotonic()
            pods[0].set_ready(False)
            wait_until(lambda: "127.0.1.1" not in members(picker), "the pod is not picked", processes=[picker.process])
            marked = time.monotonic()
            # Long enough for every worker to have a whole answer to a request that was sent after that.
            time.sleep(3)
        finally:
            stop.set()
        sent = list(itertools.chain.from_iterable(worker.result() for worker in load))
    failed = [one for one in sent if not one.succeeded]
    assert any(one.began < killed and one.server == pods[0].endpoint for one in failed), "requests were in flight"
    assert all(one.began <= marked for one in failed)
    assert not [one for one in failed if one.server == pods[1].endpoint]
    after = [one for one in sent if one.began > marked]
    assert len(after) >= WORKERS
    assert {one.server for one in after} == {pods[1].endpoint}
    # At most one request of each worker was in flight, and at most one more was sent before the pod was marked.
    assert len(failed) <= 2 * WORKERS
    wait_until(lambda: picker.metric("epp_leases") == 0, "nothing stays counted")


def members(picker):
    """Addresses that the last change of the set left, from the log."""
    present = set()
    for entry in log_entries(picker, "endpoints changed"):
        present |= {text.rsplit(":", 1)[0] for text in entry["added"].strip("[]").replace('"', "").split(", ") if text}
        present -= {text.rsplit(":", 1)[0] for text in entry["removed"].strip("[]").replace('"', "").split(", ") if text}
    return present


def test_rewrites_reach_the_model_server(launch, api):
    """An InferenceModelRewrite made while requests run changes the model that the server is asked for."""
    port = free_port(["127.0.1.1"])
    api.store.apply(inference_pool("pool", [port]))
    Pod(launch, api, 1, port, "--strict-model", "--model", "llama-2")
    picker = kubernetes_picker(launch, api, config=None)
    envoy = launch.envoy(picker, "override-host", endpoints=[f"127.0.1.1:{port}"])

    def status():
        return request(envoy.address, "/v1/chat/completions", {**chat(unique(), max_tokens=1), "model": "alias"}).status

    assert status() == 404
    api.store.apply(rewrite("canary", "alias", "llama-2"))
    # The kind itself is new: it is looked for every 10 seconds.
    wait_until(lambda: status() == 200, "the rewrite is in force", timeout=45)
    api.store.delete(REWRITES, "canary")
    wait_until(lambda: status() == 404, "the rewrite is gone")
