"""Several InferencePools in one process: each with its own pods, configuration and limits, chosen by port or by name."""

import asyncio
import concurrent.futures
import json
import subprocess
import threading

import grpc
import pytest
from bodies import chat, chat_bytes, unique
from configurations import by_queue
from exposition import parse
from extproc import DUPLEX, Client, Modes, request_body, request_headers
from kubeapi import APIServer, inference_pool, inference_pool_v1alpha2, objective, pod
from kubeapi.objects import EXPERIMENTAL, ROUTER, STABLE
from kubeapi.store import LEASES, PODS
from kubernetes import kubernetes_picker, log_entries, pick, refusal, wait_for_members
from localpool import free_port, request, wait_until

POOLS = f"apis/{STABLE}/v1/inferencepools"
OLDER_POOLS = f"apis/{EXPERIMENTAL}/v1alpha2/inferencepools"
#: Pods by pool.
GOLD = {f"10.0.1.{n}:8000" for n in range(1, 4)}
LEAD = {f"10.0.2.{n}:8000" for n in range(1, 4)}
TIN = {f"10.0.3.{n}:8000" for n in range(1, 4)}


def name(pool):
    """What Envoy AI Gateway calls the picker of `pool`."""
    return f"{pool}-epp.default.svc:9002"


def make(api, pool, net, *, labels=None, service=None, port=9002):
    """A pool of three pods."""
    api.store.apply_all(pod(f"{pool}-{n}", f"10.0.{net}.{n}", labels={"app": pool}) for n in range(1, 4))
    document = inference_pool(pool, [8000], labels={"app": pool}, service=service or f"{pool}-epp", port=port)
    document["metadata"]["labels"] = labels or {}
    api.store.apply(document)


@pytest.fixture
def api(tmp_path):
    server = APIServer(tmp_path)
    make(server, "gold", 1, labels={"tier": "paid"})
    make(server, "lead", 2, labels={"tier": "paid"})
    yield server
    server.stop()


def is_unknown(result):
    """Whether a pick found no pool."""
    return isinstance(result, tuple) and result[0] == grpc.StatusCode.NOT_FOUND


def start(launch, api, *arguments, pools=("gold", "lead"), **options):
    return kubernetes_picker(
        launch, api, *[f"--pool-name={pool}" for pool in pools], *arguments, pool=None, **options
    )


@pytest.fixture
def picker(launch, api):
    return start(launch, api)


# MARK: Which pool a stream is for


@pytest.mark.parametrize(
    "authority",
    [
        "{}-epp.default.svc:9002",
        "{}-epp.default.svc.cluster.local:9002",
        "{}-epp.default.svc.cluster.local",
        "{}-epp.default.svc.example.org.:443",
        "{}-EPP.Default.svc",
        "{}-epp.default",
        "{}-epp",
    ],
)
def test_pool_is_chosen_by_what_the_picker_is_called(picker, authority):
    assert pick(picker, authority=authority.format("gold")) == GOLD
    assert pick(picker, authority=authority.format("lead")) == LEAD


@pytest.mark.parametrize(
    "authority",
    [
        "tin-epp.default.svc:9002",
        "gold-epp.other.svc:9002",
        "gold-epp.default.example.org",
        "gold",
        "127.0.0.1:9002",
        "[::1]:9002",
    ],
)
def test_unknown_names_are_told(picker, authority):
    code, text = refusal(picker, authority=authority)
    assert code == grpc.StatusCode.NOT_FOUND
    assert f'"{authority}"' in text
    wait_until(
        lambda: any(authority in entry["reason"] for entry in log_entries(picker, "stream refused")), "the log tells it"
    )
    assert pick(picker, authority=name("gold")) == GOLD


def test_one_pool_is_chosen_whatever_the_picker_is_called(launch, api):
    picker = start(launch, api, pools=["gold"])
    for authority in (name("gold"), name("lead"), "127.0.0.1", "x" * 300, None):
        assert pick(picker, authority=authority) == GOLD


def test_pool_is_chosen_by_port(launch, api):
    port = free_port()
    picker = start(launch, api, f"--pool-port=lead={port}")
    for authority in (None, name("lead"), name("gold")):
        assert pick(picker, port=port, authority=authority) == LEAD
    assert pick(picker, authority=name("gold")) == GOLD
    assert pick(picker, authority=name("lead")) == LEAD


def test_ports_tell_pools_of_one_service_apart(launch, api):
    make(api, "gold", 1, service="epp", port=9002)
    make(api, "lead", 2, service="epp", port=9012)
    picker = start(launch, api)
    assert pick(picker, authority="epp.default.svc:9002") == GOLD
    assert pick(picker, authority="epp.default.svc:9012") == LEAD
    code, text = refusal(picker, authority="epp.default.svc:9022")
    assert code == grpc.StatusCode.NOT_FOUND
    assert '"epp.default.svc:9022"' in text
    # Another Service for one of them, live.
    make(api, "lead", 2, service="lead-epp")
    wait_for_members(picker, LEAD, authority=name("lead"))
    wait_for_members(picker, GOLD, authority="epp.default.svc:9022")


def test_older_pools_are_chosen_by_their_reference(launch, api):
    api.store.delete(POOLS, "lead")
    api.store.apply(inference_pool_v1alpha2("lead", 8000, labels={"app": "lead"}, service="lead-epp"))
    picker = start(launch, api)
    assert pick(picker, authority=name("lead")) == LEAD


def test_picks_stay_in_their_pool(picker):
    """Streams of both pools at once, on the same connections and event loops."""

    async def picks():
        async with Client(picker.address, authority=name("gold")) as gold:
            async with Client(picker.address, authority=name("lead")) as lead:

                async def one(client):
                    stream = client.stream(timeout=20)
                    await stream.send(request_headers(modes=Modes(DUPLEX)), request_body(chat_bytes(unique()), True))
                    answer = await stream.receive()
                    await stream.reset()
                    return set(answer.destination.split(","))

                both = await asyncio.gather(*[one(client) for _ in range(100) for client in (gold, lead)])
                return both[::2], both[1::2]

    of_gold, of_lead = asyncio.run(picks())
    assert all(members == GOLD for members in of_gold)
    assert all(members == LEAD for members in of_lead)
    # Attempts are counted by endpoint: places in the pools' tables are a pool's own.
    total = picker.metric("llm_d_epp_scheduler_attempts_total")
    by_pool = [
        sum(
            picker.metric("llm_d_epp_scheduler_attempts_total", endpoint_name=f"{pool}-{number}-rank-0")
            for number in range(1, 4)
        )
        for pool in ("gold", "lead")
    ]
    assert by_pool == [100, 100] and total == 200


def test_gateways_need_not_know_that_pools_share_a_picker(launch, api):
    """One picker, with TLS, behind Envoys that are set up as gateways do it for pools with a picker of their own."""
    port = free_port(["127.0.2.1", "127.0.2.2"])
    servers = {}
    for number, pool in enumerate(("gold", "lead"), 1):
        servers[pool] = launch.servers(address=f"127.0.2.{number}", port=port)
        for old in range(1, 4):
            api.store.delete(PODS, f"{pool}-{old}")
        api.store.apply(pod(f"{pool}-server", f"127.0.2.{number}", labels={"app": pool}))
        api.store.apply(inference_pool(pool, [port], labels={"app": pool}, service=f"{pool}-epp"))
    flags = [f"--kubeconfig={api.kubeconfig()}", "--pool-name=gold,lead", "--metrics-endpoint-auth=false"]
    picker = launch.picker(arguments=flags)
    envoys = {pool: launch.envoy(picker, authority=name(pool)) for pool in servers}
    for _ in range(10):
        for pool, envoy in envoys.items():
            answer = request(envoy.address, "/v1/chat/completions", chat(unique(), max_tokens=1))
            assert answer.status == 200, answer.text
            assert answer.headers["x-model-server"] == servers[pool].endpoints[0]
    stranger = launch.envoy(picker, authority=name("tin"))
    assert request(stranger.address, "/v1/chat/completions", chat(unique(), max_tokens=1)).status == 500


# MARK: What is a pool's own


def test_each_pool_has_its_configuration_and_policies(launch, api, tmp_path):
    one = tmp_path / "one.yaml"
    one.write_text(by_queue(endpoints=1))
    picker = start(launch, api, f"--pool-config=lead={one}")
    assert pick(picker, authority=name("gold")) == GOLD
    chosen = pick(picker, authority=name("lead"))
    assert len(chosen) == 1 and chosen < LEAD
    assert "maxNumOfEndpoints: 1\n" in _document(picker, "lead")
    assert "maxNumOfEndpoints: 64" in _document(picker, "gold")
    api.store.apply(objective("batch", -1, pool="lead"))
    wait_until(
        lambda: [entry["pool"] for entry in log_entries(picker, "request policies changed")] == ["lead"],
        "the objective is known where it belongs",
        timeout=20,
    )


def _document(picker, pool):
    return request(picker.metrics_address, f"/debug/config?pool={pool}").text


async def _held(picker, authority, size):
    """Streams that are sent most of a request body of `size` bytes, one after the other, until one is refused."""
    async with Client(picker.address, authority=authority) as client:
        body = chat_bytes("x" * size)
        streams = []
        while len(streams) < 20:
            stream = client.stream(timeout=20)
            streams.append(stream)
            await stream.send(request_headers(modes=Modes(DUPLEX)), request_body(body[:-10]))
            if not await stream.stays_silent(0.3):
                answer = await stream.receive()
                return len(streams), answer.status, await _one(picker, name("gold"))
        return len(streams), None, None


async def _one(picker, authority):
    async with Client(picker.address, authority=authority) as client:
        stream = client.stream(timeout=20)
        await stream.send(request_headers(modes=Modes(DUPLEX)), request_body(chat_bytes("x" * 100_000), True))
        answer = await stream.receive()
        await stream.reset()
        return answer.status or 200


def test_memory_for_one_pool_is_not_taken_from_another(launch, api):
    picker = start(launch, api, "--pool-max-buffered-bytes=500k")
    count, refused, other = asyncio.run(_held(picker, name("lead"), 100_000))
    assert 2 <= count <= 6
    assert refused == 503
    assert other == 200
    wait_until(lambda: picker.metric("epp_pool_buffered_bytes", pool="lead") == 0, "what was held is released")


QUEUEING = """
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
featureGates: [flowControl]
plugins: [{type: queue-scorer}]
schedulingProfiles: [{name: default, plugins: [{pluginRef: queue-scorer}]}]
"""


def test_requests_wait_in_queues_of_their_pool(launch, api, tmp_path):
    """Nobody can reach the pods, so pools with flow control are saturated; the pool without it picks at once."""
    plain = tmp_path / "plain.yaml"
    plain.write_text(by_queue(endpoints=64))
    picker = kubernetes_picker(
        launch, api, "--pool-selector=tier=paid", f"--pool-config=gold={plain}", pool=None, config=QUEUEING
    )

    async def wait_and_lose_the_pool():
        async with Client(picker.address, authority=name("lead")) as client:
            stream = client.stream(timeout=30)
            await stream.send(request_headers(modes=Modes(DUPLEX)), request_body(chat_bytes(unique()), True))
            assert await stream.stays_silent(0.5)
            queued = "llm_d_epp_flow_control_queue_size"
            assert await asyncio.to_thread(picker.metric, queued, inference_pool="lead") == 1
            assert await asyncio.to_thread(picker.metric, queued) == 1
            assert await asyncio.to_thread(pick, picker, authority=name("gold")) == GOLD
            await asyncio.to_thread(api.store.delete, POOLS, "lead")
            return (await stream.receive()).status

    assert asyncio.run(wait_and_lose_the_pool()) == 503
    assert picker.metric("llm_d_epp_flow_control_queue_size") == 0
    page = parse(request(picker.metrics_address, "/metrics").text)
    assert {labels["inference_pool"] for _, labels, _ in page["llm_d_epp_flow_control_requests_total"].samples} == {"lead"}


# MARK: Pools that come and go


class Picking:
    """Picks from a pool all the time and asks for the process's health in between."""

    def __init__(self, picker, pool):
        self.picks, self.health = [], []
        self._stop = threading.Event()
        self._threads = concurrent.futures.ThreadPoolExecutor(1)
        self._done = self._threads.submit(self._work, picker, name(pool))

    def _work(self, picker, authority):
        while not self._stop.is_set():
            self.picks.append(pick(picker, authority=authority))
            self.health.append(picker.health())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._done.result(timeout=20)
        self._threads.shutdown()


def test_pool_is_deleted_and_made_again_while_the_other_goes_on(picker, api):
    assert (picker.health("gold"), picker.health("lead")) == ("SERVING", "SERVING")
    with Picking(picker, "gold") as picking:
        api.store.delete(POOLS, "lead")
        wait_until(lambda: picker.health("lead") == "NOT_SERVING", "the pool is gone")
        assert pick(picker, authority=name("lead")) == 503
        api.store.apply(pod("lead-4", "10.0.2.4", labels={"app": "lead"}))
        make(api, "lead", 2)
        wait_for_members(picker, LEAD | {"10.0.2.4:8000"}, authority=name("lead"))
        wait_until(lambda: picker.health("lead") == "SERVING", "the pool is back")
    assert len(picking.picks) >= 2
    assert all(members == GOLD for members in picking.picks)
    assert set(picking.health) == {"SERVING"}


def test_readiness_takes_all_pools_that_there_are(launch, api):
    """A pool that is missing keeps the process from nothing; one whose pods are not known yet does."""
    api.store.delete(POOLS, "lead")
    api.trouble.hidden.append("app%3Dgold")
    picker = start(launch, api, wait=False)
    wait_until(lambda: api.count("app%3Dgold") >= 1, "the pods of the pool are asked for")
    assert picker.health() == "NOT_SERVING"
    assert picker.health("liveness") == "SERVING"
    api.trouble.hidden.clear()
    picker.wait_ready(timeout=35)
    assert (picker.health("gold"), picker.health("lead")) == ("SERVING", "NOT_SERVING")
    assert pick(picker, authority=name("gold")) == GOLD


@pytest.fixture
def selecting(launch, api, tmp_path):
    """A picker that serves all pools of a tier, the third with a configuration of its own."""
    one = tmp_path / "one.yaml"
    one.write_text(by_queue(endpoints=1))
    port = free_port()
    picker = kubernetes_picker(
        launch, api, "--pool-selector=tier=paid", f"--pool-config=tin={one}", f"--pool-port=tin={port}", pool=None
    )
    picker.tin_port = port
    return picker


def test_selector_finds_pools_that_appear_later(selecting, api):
    assert pick(selecting, authority=name("gold")) == GOLD
    assert pick(selecting, authority=name("lead")) == LEAD
    assert is_unknown(refusal(selecting, port=selecting.tin_port))
    with Picking(selecting, "gold") as picking:
        make(api, "tin", 3)
        make(api, "other", 4)
        make(api, "tin", 3, labels={"tier": "paid"})
        wait_until(lambda: selecting.health("tin") == "SERVING", "the third pool is served", timeout=20)
        chosen = pick(selecting, authority=name("tin"))
        assert len(chosen) == 1 and chosen < TIN
        assert pick(selecting, port=selecting.tin_port) < TIN
        assert is_unknown(refusal(selecting, authority=name("other")))
        page = parse(request(selecting.metrics_address, "/metrics").text)
        assert {labels["pool"] for _, labels, _ in page["epp_leases"].samples} == {"gold", "lead", "tin"}
        wait_until(
            lambda: _pools_of(selecting, "inference_pool_ready_pods") == {"gold", "lead", "tin"},
            "the gauges of all pools are told",
            timeout=20,
        )
        # It loses the label, which is as good as being deleted.
        make(api, "tin", 3, labels={"tier": "free"})
        wait_until(lambda: is_unknown(pick(selecting, authority=name("tin"))), "the third pool is not served")
        wait_until(lambda: _pools_of(selecting, "inference_pool_ready_pods") == {"gold", "lead"}, "its gauges are gone")
        text = request(selecting.metrics_address, "/metrics").text
        assert 'name="tin"' not in text and 'pool="tin"' not in text and 'inference_pool="tin"' not in text
        # And it may come back, which is another pool to the picker.
        make(api, "tin", 3, labels={"tier": "paid"})
        wait_until(lambda: selecting.health("tin") == "SERVING", "the third pool is served again", timeout=20)
        assert pick(selecting, authority=name("tin")) < TIN
    assert all(members == GOLD for members in picking.picks)
    assert set(picking.health) == {"SERVING"}


def _pools_of(picker, family):
    page = parse(request(picker.metrics_address, "/metrics").text)
    return {labels["name"] for _, labels, _ in page[family].samples} if family in page else set()


def test_streams_of_a_pool_that_goes_are_answered(selecting, api):
    """A stream that began with the pool is answered as one of an empty pool; the next one is told that there is none."""

    async def across():
        async with Client(selecting.address, authority=name("lead")) as client:
            stream = client.stream(timeout=30)
            await stream.send(request_headers(modes=Modes(DUPLEX)))
            placed = client.stream(timeout=30)
            await placed.send(request_headers(modes=Modes(DUPLEX)), request_body(chat_bytes(unique()), True))
            assert (await placed.receive()).destination
            await asyncio.to_thread(api.store.delete, POOLS, "lead")

            await asyncio.to_thread(
                wait_until, lambda: selecting.health("lead") == "SERVICE_UNKNOWN", "the pool is not served"
            )
            assert is_unknown(await asyncio.to_thread(refusal, selecting, authority=name("lead")))
            await stream.send(request_body(chat_bytes(unique()), True))
            assert (await stream.receive()).status == 503
            await placed.reset()

    asyncio.run(across())
    assert pick(selecting, authority=name("gold")) == GOLD
    make(api, "lead", 2, labels={"tier": "paid"})
    wait_until(lambda: selecting.health("lead") == "SERVING", "the pool is served again", timeout=20)
    assert pick(selecting, authority=name("lead")) == LEAD
    wait_until(lambda: selecting.metric("epp_leases") == 0, "nothing stays counted")


def test_pools_come_and_go_for_long(selecting, api):
    """Nothing of earlier pools is left: memory does not grow with them."""

    def resident():
        text = open(f"/proc/{selecting.process._child.pid}/status").read()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def round_trip():
        make(api, "lead", 2, labels={"tier": "paid"})
        wait_for_members(selecting, LEAD, authority=name("lead"), timeout=20)
        api.store.delete(POOLS, "lead")
        wait_until(lambda: is_unknown(pick(selecting, authority=name("lead"))), "the pool is gone")

    for _ in range(5):
        round_trip()
    before = resident()
    for _ in range(20):
        round_trip()
    assert resident() < before + 40
    assert pick(selecting, authority=name("gold")) == GOLD


def test_pools_do_not_wait_for_each_others_watches(launch, api):
    """Where all kinds are installed every pool has seven watches, which all go on at once."""
    for group in (EXPERIMENTAL, ROUTER):
        for kind in ("inferenceobjectives", "inferencemodelrewrites"):
            api.store.install(f"apis/{group}/v1alpha2/{kind}")
    api.store.install(OLDER_POOLS)
    pools = [f"pool-{n}" for n in range(10)]
    for n, pool in enumerate(pools):
        make(api, pool, 100 + n)
    picker = start(launch, api, pools=pools)
    for n, pool in enumerate(pools):
        members = {f"10.0.{100 + n}.{number}:8000" for number in range(1, 4)}
        assert pick(picker, authority=name(pool)) == members
        api.store.apply(pod(f"{pool}-4", f"10.0.{100 + n}.4", labels={"app": pool}))
        wait_for_members(picker, members | {f"10.0.{100 + n}.4:8000"}, authority=name(pool), timeout=2)
    api.store.apply(objective("batch", -1, pool="pool-9"))
    wait_until(
        lambda: [entry["pool"] for entry in log_entries(picker, "request policies changed")] == ["pool-9"],
        "the objective is known",
        timeout=2,
    )


def test_every_pool_can_be_selected(launch, api):
    picker = kubernetes_picker(launch, api, "--pool-selector=*", pool=None, wait=False)
    picker.wait_ready()
    assert pick(picker, authority=name("gold")) == GOLD
    make(api, "tin", 3)
    wait_for_members(picker, TIN, authority=name("tin"), timeout=20)


def test_selector_without_pools_is_not_ready(launch, api):
    picker = kubernetes_picker(launch, api, "--pool-selector=tier=none", pool=None, wait=False)
    wait_until(lambda: picker.health("liveness") == "SERVING", "epp lives", processes=[picker.process])
    wait_until(lambda: api.count("tier%3Dnone") >= 2, "pools were looked for")
    assert picker.health() == "NOT_SERVING"
    make(api, "tin", 3, labels={"tier": "none"})
    picker.wait_ready(timeout=20)
    assert pick(picker, authority=name("tin")) == TIN


# MARK: What is told


def test_metrics_tell_pools_apart(picker):
    for pool in ("gold", "lead"):
        pick(picker, authority=name(pool))
    wait_until(
        lambda: _pools_of(picker, "llm_d_epp_ready_endpoints") == {"gold", "lead"}, "the gauges were set", timeout=10
    )
    # Families that appear twice do not parse.
    page = parse(request(picker.metrics_address, "/metrics").text)
    for family in page.values():
        keys = [(sample, *sorted(labels.items())) for sample, labels, _ in family.samples]
        assert len(keys) == len(set(keys)), family.name
    for family in ("inference_pool_per_pod_queue_size", "llm_d_epp_per_endpoint_queue_size"):
        assert {labels["name"] for _, labels, _ in page[family].samples} == {"gold", "lead"}
    assert {labels["inference_pool"] for _, labels, _ in page["llm_d_epp_flow_control_pool_saturation"].samples} == {
        "gold",
        "lead",
    }
    for family in ("epp_leases", "epp_config_generation", "epp_scrapes_total", "epp_endpoint_scrape_failures"):
        assert {labels["pool"] for _, labels, _ in page[family].samples} == {"gold", "lead"}


def test_one_pool_has_the_metrics_it_always_had(launch, api):
    picker = start(launch, api, pools=["gold"])
    assert 'pool="' not in request(picker.metrics_address, "/metrics").text.replace("inference_pool=", "")


def test_decisions_and_pages_say_which_pool(launch, api):
    picker = start(launch, api, "--enable-explain")
    for pool in ("gold", "lead"):
        pick(picker, authority=name(pool))
    assert {decision["pool"] for decision in picker.decisions()} == {"gold", "lead"}
    for pool, members in (("gold", GOLD), ("lead", LEAD)):
        state = json.loads(request(picker.metrics_address, f"/debug/state?pool={pool}").text)
        assert state["pools"] == ["gold", "lead"]
        assert state["pool"]["name"] == pool
        assert {row[2] for row in state["pool"]["endpoints"]} == members
        assert {decision["pool"] for decision in state["decisions"]} == {pool}
    assert json.loads(request(picker.metrics_address, "/debug/state").text)["pool"]["name"] == "gold"
    assert request(picker.metrics_address, "/debug/state?pool=tin").status == 404
    assert request(picker.metrics_address, "/debug/config?pool=tin").status == 404


def test_several_pools_share_one_lease(launch, api):
    first = start(launch, api, "--ha-enable-leader-election")
    assert api.store.get(LEASES, "default", "epp-default-gold.llm-d.ai")
    second = start(launch, api, "--ha-enable-leader-election", wait=False)
    wait_for_members(second, LEAD, authority=name("lead"))
    assert (first.health("lead"), second.health("lead")) == ("SERVING", "NOT_SERVING")
    assert second.health("liveness") == "SERVING"
    assert first.health("tin") == "SERVICE_UNKNOWN"
    first.process.terminate()
    second.wait_ready(timeout=10)
    assert second.health("lead") == "SERVING"


# MARK: Flags


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pool-name=a", "--pool-selector=tier=paid"], "--pool-selector"),
        (["--pool-selector=tier=paid", "--endpoint-selector=app=a", "--endpoint-target-ports=80"], "--endpoint-selector"),
        (["--pool-selector=a b"], "--pool-selector"),
        (["--pool-name=a,b", "--endpoints=10.0.0.1:80"], "--endpoints"),
        (["--pool-selector=*", "--endpoints=10.0.0.1:80"], "--endpoints"),
        (["--pool-name=a,b", "--pool-config=c=x.yaml"], '--pool-config: no --pool-name is "c"'),
        (["--pool-name=a,b", "--pool-config=x.yaml"], "--pool-config"),
        (["--pool-name=a,b", "--pool-config=a=x,a=y"], '"a" has two values'),
        (["--pool-name=a,b", "--pool-config=b=/nonexistent.yaml"], "/nonexistent.yaml"),
        (["--pool-selector=*", "--pool-config=b=/nonexistent.yaml"], "/nonexistent.yaml"),
        (["--pool-name=a,b", "--pool-port=a=x"], "--pool-port"),
        (["--pool-name=a,b", "--pool-port=a=9002"], "that of --grpc-port"),
        (["--pool-name=a,b", "--pool-port=a=9100,b=9100"], "9100"),
        (["--pool-name=a,b", "--pool-max-buffered-bytes=x"], "--pool-max-buffered-bytes"),
    ],
)
def test_refused(launch, arguments, message):
    result = subprocess.run(
        [launch.bin_dir / "epp", *arguments], capture_output=True, text=True, timeout=20, env={}
    )
    assert result.returncode == 1
    assert message in result.stderr


def test_all_configurations_are_checked(launch, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(by_queue(endpoints=7))
    bad.write_text(by_queue(endpoints=7).replace("queue-scorer", "cue-scorer"))

    def validate(**files):
        flags = [f"--pool-config={pool}={path}" for pool, path in files.items()]
        return subprocess.run(
            [launch.bin_dir / "epp", "--validate", "--pool-name=a,b", *flags], capture_output=True, text=True, timeout=20
        )

    result = validate(b=good)
    assert result.returncode == 0
    assert result.stdout.count("kind: EndpointPickerConfig") == 2
    assert "maxNumOfEndpoints: 7" in result.stdout.split("---\n")[1]
    result = validate(a=good, b=bad)
    assert result.returncode == 1
    assert "cue-scorer" in result.stderr and str(bad) in result.stderr
