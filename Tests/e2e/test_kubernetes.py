"""Following a pool in Kubernetes: pods that come and go, changes of the pool, and an API server in trouble."""

import concurrent.futures
import time

import pytest
from bodies import chat, unique
from kubeapi import APIServer, inference_pool, inference_pool_v1alpha2, objective, pod, rewrite
from kubeapi.objects import EXPERIMENTAL, ROUTER, STABLE
from kubeapi.store import PODS
from kubernetes import kubernetes_picker, log_entries, pick, wait_for_members
from localpool import open_stream, wait_until

POOLS = f"apis/{STABLE}/v1/inferencepools"
OLDER_POOLS = f"apis/{EXPERIMENTAL}/v1alpha2/inferencepools"
A, B, C = "10.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"


@pytest.fixture
def api(tmp_path):
    server = APIServer(tmp_path)
    server.store.install(POOLS)
    yield server
    server.stop()


@pytest.fixture
def pool(api, launch):
    """A picker that follows a pool of two pods."""
    api.store.apply(inference_pool("pool", [8000]))
    api.store.apply(pod("a", "10.0.0.1"))
    api.store.apply(pod("b", "10.0.0.2"))
    picker = kubernetes_picker(launch, api)
    wait_for_members(picker, {A, B})
    return picker


# MARK: Readiness


def test_readiness_waits_for_the_pool_and_liveness_does_not(api, launch):
    picker = kubernetes_picker(launch, api, wait=False)
    wait_until(lambda: picker.health("liveness") == "SERVING", "epp lives", processes=[picker.process])
    wait_until(lambda: api.count("/inferencepools") >= 2, "the pool was looked for")
    assert picker.health("readiness") == "NOT_SERVING"
    assert picker.health("inference-extension") == "NOT_SERVING"
    api.store.apply(pod("a", "10.0.0.1"))
    api.store.apply(inference_pool("pool", [8000]))
    picker.wait_ready()
    # Ready means that the pods are known too: no wait here.
    assert pick(picker) == {A}


def test_pool_without_pods_is_ready_and_refuses(api, launch):
    api.store.apply(inference_pool("pool", [8000]))
    assert pick(kubernetes_picker(launch, api)) == 503


# MARK: Pods


def test_pods_that_come_and_go(pool, api):
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C})
    api.store.apply(pod("c", "10.0.0.3", ready=False))
    wait_for_members(pool, {A, B})
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C})
    api.store.apply(pod("b", "10.0.0.2", terminating=True))
    wait_for_members(pool, {A, C})
    api.store.delete(PODS, "a")
    wait_for_members(pool, {C})
    api.store.apply(pod("c", "10.0.0.9"))
    wait_for_members(pool, {"10.0.0.9:8000"})


def test_pods_of_others_are_not_in_the_pool(pool, api):
    api.store.apply(pod("other", "10.0.0.7", labels={"app": "web"}))
    api.store.apply(pod("elsewhere", "10.0.0.8"), namespace="prod")
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C})
    # A pod can leave the pool by its labels and come back.
    api.store.apply(pod("c", "10.0.0.3", labels={"app": "debug"}))
    wait_for_members(pool, {A, B})
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C})


def test_terminating_pod_keeps_its_requests(launch, api):
    """The pod is not picked any more, and what runs there stays counted until it ends."""
    servers = launch.servers(count=2, arguments=("--decode-step-ms", "50"))
    port = int(servers.endpoints[0].rsplit(":")[-1])
    api.store.apply(inference_pool("pool", [port]))
    api.store.apply(pod("a", "127.0.0.1"))
    picker = kubernetes_picker(launch, api, config=None)
    envoy = launch.envoy(picker, "override-host", endpoints=servers.endpoints)
    body = chat(unique(), stream=True, max_tokens=160)
    with open_stream(envoy.address, "/v1/chat/completions", body) as (status, _, lines):
        assert status == 200
        next(lines)
        wait_until(lambda: picker.metric("epp_leases") == 1, "the request is counted")
        api.store.apply(pod("b", "127.0.0.2"))
        wait_until(lambda: pick(picker) == {servers.endpoints[1]}, "the idle pod is picked")
        api.store.apply(pod("a", "127.0.0.1", terminating=True))
        wait_until(lambda: pick(picker) == {servers.endpoints[1]}, "the terminating pod is not picked")
        assert all(pick(picker) == {servers.endpoints[1]} for _ in range(20))
        assert picker.metric("inference_objective_running_requests") == 1
        rest = list(lines)
        assert any(line.startswith(b"data: [DONE]") for line in rest)
    wait_until(lambda: picker.metric("inference_objective_running_requests") == 0, "the request is released")


def test_several_ports_are_ranks_and_pods_may_switch_some_off(api, launch):
    api.store.apply(inference_pool("pool", [8000, 8001, 8002]))
    api.store.apply(pod("a", "10.0.0.1"))
    api.store.apply(pod("b", "10.0.0.2", annotations={"inference.networking.k8s.io/active-ports": "8001, 9999,x"}))
    picker = kubernetes_picker(launch, api)
    all_of_a = {f"10.0.0.1:{port}" for port in (8000, 8001, 8002)}
    wait_for_members(picker, all_of_a | {"10.0.0.2:8001"})
    api.store.apply(pod("b", "10.0.0.2", annotations={"inference.networking.k8s.io/active-ports": ""}))
    wait_for_members(picker, all_of_a)
    api.store.apply(inference_pool("pool", [8001]))
    wait_for_members(picker, {"10.0.0.1:8001"})


# MARK: The pool


def test_older_pools_are_followed(api, launch):
    api.store.apply(inference_pool_v1alpha2("pool", 8000))
    api.store.apply(pod("a", "10.0.0.1"))
    wait_for_members(kubernetes_picker(launch, api), {A})
    explicit = kubernetes_picker(launch, api, f"--pool-group={EXPERIMENTAL}")
    wait_for_members(explicit, {A})


def test_stable_pool_goes_before_an_older_one_of_the_name(api, launch):
    api.store.apply(inference_pool_v1alpha2("pool", 7000))
    api.store.apply(pod("a", "10.0.0.1"))
    picker = kubernetes_picker(launch, api)
    wait_for_members(picker, {"10.0.0.1:7000"})
    api.store.apply(inference_pool("pool", [8000]))
    wait_for_members(picker, {A})
    api.store.delete(POOLS, "pool")
    wait_for_members(picker, {"10.0.0.1:7000"})


def test_selector_changes_in_one_step(pool, api):
    """Every pick sees all pods of the old selector or all of the new one."""
    old = {f"10.0.1.{number}:8000" for number in range(20)}
    new = {f"10.0.2.{number}:9000" for number in range(20)}
    api.store.apply_all(pod(f"old-{n}", f"10.0.1.{n}", labels={"app": "old"}) for n in range(20))
    api.store.apply_all(pod(f"new-{n}", f"10.0.2.{n}", labels={"app": "new"}) for n in range(20))
    api.store.apply(inference_pool("pool", [8000], labels={"app": "old"}))
    wait_for_members(pool, old)
    seen = []
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        deadline = time.monotonic() + 10

        def keep_picking():
            while (not seen or seen[-1] != new) and time.monotonic() < deadline:
                seen.append(pick(pool))

        picking = threads.submit(keep_picking)
        wait_until(lambda: seen, "picks are made")
        api.store.apply(inference_pool("pool", [9000], labels={"app": "new"}))
        picking.result()
    assert seen[-1] == new
    assert all(members in (old, new) for members in seen)


def test_pool_that_is_deleted_and_made_again(pool, api):
    api.store.delete(POOLS, "pool")
    wait_until(lambda: pool.health() == "NOT_SERVING", "not ready without the pool")
    assert pick(pool) == 503
    assert pool.health("liveness") == "SERVING"
    api.store.apply(inference_pool("pool", [8000]))
    pool.wait_ready()
    assert pick(pool) == {A, B}


def test_crd_that_appears_late(tmp_path, launch):
    api = APIServer(tmp_path)
    try:
        picker = kubernetes_picker(launch, api, wait=False)
        wait_until(lambda: api.count("/inferencepools") >= 2, "the pool was looked for")
        api.store.apply(pod("a", "10.0.0.1"))
        api.store.apply(inference_pool("pool", [8000]))
        picker.wait_ready(timeout=20)
        assert pick(picker) == {A}
    finally:
        api.stop()


# MARK: Without a pool


def test_label_selector_without_any_crd(tmp_path, launch):
    api = APIServer(tmp_path)
    try:
        api.store.apply(pod("a", "10.0.0.1"))
        api.store.apply(pod("b", "10.0.0.2", labels={"app": "vllm", "tier": "gold"}))
        api.store.apply(pod("c", "10.0.0.3", labels={"app": "vllm", "tier": "lead"}))
        picker = kubernetes_picker(
            launch, api, "--endpoint-selector=app=vllm,tier in (gold, silver)", "--endpoint-target-ports=8000,8001",
            pool=None,
        )
        wait_for_members(picker, {B, "10.0.0.2:8001"})
        api.store.apply(pod("d", "10.0.0.4", labels={"app": "vllm", "tier": "silver"}))
        wait_for_members(picker, {B, "10.0.0.2:8001", "10.0.0.4:8000", "10.0.0.4:8001"})
    finally:
        api.stop()


# MARK: Objectives and rewrites


def policies(picker):
    entries = log_entries(picker, "request policies changed")
    return entries[-1] if entries else {"objectives": "[]", "rewrites": "[]"}


def test_objectives_and_rewrites_live_and_die_with_their_kinds(pool, api):
    """Kinds that appear late are found; those of the newer group go before those of the older one."""
    older = f"apis/{EXPERIMENTAL}/v1alpha2/inferenceobjectives"
    newer = f"apis/{ROUTER}/v1alpha2/inferenceobjectives"
    api.store.apply(objective("batch", -1, group=EXPERIMENTAL))
    api.store.apply(objective("foreign", 5, group=EXPERIMENTAL, pool="other"))
    wait_until(lambda: policies(pool)["objectives"] == '["batch"]', "the objective is known", timeout=15)
    api.store.apply(objective("live", 10, group=EXPERIMENTAL))
    wait_until(lambda: policies(pool)["objectives"] == '["batch", "live"]', "a second objective is known")
    api.store.delete(older, "batch")
    wait_until(lambda: policies(pool)["objectives"] == '["live"]', "the objective is gone")
    api.store.apply(rewrite("canary", "llama", "llama-2"))
    wait_until(lambda: policies(pool)["rewrites"] == '["canary"]', "the rewrite is known", timeout=15)
    api.store.apply(objective("router", 1))
    wait_until(lambda: policies(pool)["objectives"] == '["router"]', "the newer group counts", timeout=15)
    api.store.delete(newer, "router")
    wait_until(lambda: policies(pool)["objectives"] == "[]", "no objective is left")


# MARK: An API server in trouble


@pytest.mark.parametrize("offers_watch_list", [True, False])
def test_start_with_and_without_watch_lists(api, launch, offers_watch_list):
    api.trouble.offers_watch_list = offers_watch_list
    api.trouble.page_size = 7
    api.store.apply(inference_pool("pool", [8000]))
    api.store.apply_all(pod(f"p-{n}", f"10.0.0.{n}") for n in range(1, 41))
    picker = kubernetes_picker(launch, api)
    assert pick(picker) == {f"10.0.0.{n}:8000" for n in range(1, 41)}
    assert (api.count("continue=") >= 5) != offers_watch_list


def test_dropped_and_half_written_lines(pool, api):
    for round_number in range(3):
        api.trouble.half_lines.append("pods")
        before = api.count("/pods")
        api.cut()
        wait_until(lambda before=before: api.count("/pods") > before, "pods are watched again")
        address = f"10.0.1.{round_number + 1}"
        api.store.apply(pod(f"half-{round_number}", address))
        members = {A, B} | {f"10.0.1.{number + 1}:8000" for number in range(round_number + 1)}
        wait_for_members(pool, members)


def test_watch_that_drips(pool, api):
    api.trouble.drip = 0.001
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C})


def test_version_that_is_too_old_leads_to_a_new_list(pool, api):
    """While the watch was away, a pod went and another came, and the server forgot how."""
    api.stop()
    api.store.delete(PODS, "a")
    api.store.apply(pod("c", "10.0.0.3"))
    api.store.compact()
    assert pick(pool) == {A, B}
    api.start()
    wait_for_members(pool, {B, C})


def test_expired_watch_is_renewed_from_the_last_version(pool, api):
    api.store.compact()
    wait_until(lambda: api.count("sendInitialEvents") >= 8, "everything is listed again")
    assert pick(pool) == {A, B}


def test_errors_of_the_server_change_nothing(pool, api):
    api.trouble.answer = 500
    api.cut()
    before = len(api.requests)
    wait_until(lambda: len(api.requests) > before + 5, "the server was asked")
    assert pick(pool) == {A, B}
    assert pool.health() == "SERVING"
    api.trouble.answer = None
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C}, timeout=35)


def test_api_server_away_for_a_minute(pool, api):
    """Picks go on with what is known, and what happened meanwhile is caught up with."""
    api.stop()
    api.store.delete(PODS, "b")
    api.store.apply(pod("c", "10.0.0.3"))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert pick(pool) == {A, B}
        assert pool.health() == "SERVING"
        time.sleep(0.5)
    api.start()
    wait_for_members(pool, {A, C}, timeout=35)
    assert pool.health() == "SERVING"


def test_token_that_is_replaced(pool, api):
    api.tokens = {"secret-2"}
    api.cut()
    before = api.count("/pods")
    wait_until(lambda: api.count("/pods") > before, "the old token was tried")
    assert pick(pool) == {A, B}
    (api.directory / "token").write_text("secret-2\n")
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C}, timeout=35)


def test_authority_that_is_replaced(pool, api):
    new = api.replace_authority()
    wait_until(
        lambda: "certificate is not trusted" in pool.process.log_path.read_text(), "the new server is not trusted yet"
    )
    assert pick(pool) == {A, B}
    api.ca_path.write_bytes(new)
    api.store.apply(pod("c", "10.0.0.3"))
    wait_for_members(pool, {A, B, C}, timeout=35)


def test_client_certificates(api, launch):
    api.store.apply(inference_pool("pool", [8000]))
    api.store.apply(pod("a", "10.0.0.1"))
    api.tokens = set()
    kubeconfig = api.kubeconfig(name="with-certificate", user=api.client_certificate())
    flags = [f"--kubeconfig={kubeconfig}", "--pool-name=pool"]
    assert pick(launch.picker(tls=False, arguments=flags)) == {A}


def test_server_that_is_not_the_one_of_the_ca_is_not_trusted(api, launch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stranger = APIServer(other)
    try:
        stranger.store.apply(inference_pool("pool", [8000]))
        stranger.ca_path.write_bytes(api.ca_path.read_bytes())
        picker = kubernetes_picker(launch, stranger, wait=False)
        wait_until(
            lambda: "certificate is not trusted" in picker.process.log_path.read_text(), "the certificate is complained about"
        )
        assert picker.health() == "NOT_SERVING"
        assert not stranger.requests
    finally:
        stranger.stop()
