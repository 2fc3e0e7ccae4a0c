"""Leader election by Lease among real processes."""

import time

import pytest
from kubeapi import APIServer, inference_pool, pod
from kubeapi.store import LEASES
from kubernetes import kubernetes_picker, pick, wait_for_members
from localpool import wait_until

NAME = "epp-default-pool.llm-d.ai"


@pytest.fixture
def api(tmp_path):
    server = APIServer(tmp_path)
    server.store.apply(inference_pool("pool", [8000]))
    server.store.apply(pod("a", "10.0.0.1"))
    yield server
    server.stop()


def lease(api):
    document = api.store.get(LEASES, "default", NAME)
    return document and document["spec"]


def start(launch, api):
    return kubernetes_picker(launch, api, "--ha-enable-leader-election", wait=False)


def test_lease_is_taken_over(launch, api):
    """In order at once, after a crash within the reference's timing; followers are alive and have their data."""
    first = start(launch, api)
    first.wait_ready()
    spec = lease(api)
    assert spec["leaseDurationSeconds"] == 15
    assert spec["leaseTransitions"] == 0
    second = start(launch, api)
    wait_until(lambda: second.health("liveness") == "SERVING", "the follower lives")
    wait_for_members(second, {"10.0.0.1:8000"})
    assert second.health("readiness") == second.health() == "NOT_SERVING"
    assert second.health("envoy.service.ext_proc.v3.ExternalProcessor") == "NOT_SERVING"
    assert first.health("inference-extension") == "SERVICE_UNKNOWN"
    assert pick(first) == {"10.0.0.1:8000"}

    holder = lease(api)["holderIdentity"]
    began = time.monotonic()
    first.process.terminate()
    second.wait_ready(timeout=10)
    assert time.monotonic() - began < 6, "a lease that is given back is taken at the next try"
    assert lease(api)["holderIdentity"] != holder
    assert lease(api)["leaseTransitions"] == 1

    third = start(launch, api)
    wait_until(lambda: third.health("liveness") == "SERVING", "the follower lives")
    wait_for_members(third, {"10.0.0.1:8000"})
    time.sleep(2.5)
    began = time.monotonic()
    second.process.kill()
    third.wait_ready(timeout=30)
    assert 10 < time.monotonic() - began < 22, "a lease that is not renewed runs out after 15 s"


def test_leader_without_server_stops_to_lead_before_another_may(launch, api):
    leader = start(launch, api)
    leader.wait_ready()
    api.stop()
    began = time.monotonic()
    wait_until(lambda: leader.health() == "NOT_SERVING", "the leader steps down", timeout=15)
    assert time.monotonic() - began < 15
    assert pick(leader) == {"10.0.0.1:8000"}, "it still answers who asks"
    api.start()
    leader.wait_ready(timeout=15)
