"""Files are read again while requests are served: the configuration, endpoints, policies and certificates."""

import asyncio
import collections
import concurrent.futures
import json
import os
import signal
import threading
import time

import pytest
from bodies import chat, chat_bytes, unique
from configurations import write_endpoints
from extproc import Client, request_body, request_headers, response_body, response_headers
from localpool import request, wait_until
from pools import settles, wait_scraped

RARELY = "--refresh-metrics-interval=1h"


def document(*, prefix=3, queue=2, plugins=(), profile=(), **sections):
    """A configuration by queue and prefix with these weights, and more plugins."""
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "EndpointPickerConfig",
        "plugins": [{"type": "queue-scorer"}, {"type": "prefix-cache-scorer"}, *plugins],
        "schedulingProfiles": [
            {
                "name": "default",
                "plugins": [
                    {"pluginRef": "queue-scorer", "weight": queue},
                    {"pluginRef": "prefix-cache-scorer", "weight": prefix},
                    *({"pluginRef": name} for name in profile),
                ],
            }
        ],
        **sections,
    }


def write(path, contents):
    """Replaces the file in one step."""
    text = contents if isinstance(contents, str) else json.dumps(contents)
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


@pytest.fixture(scope="module")
def servers(module_launch):
    return module_launch.servers(count=3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config.yaml"


def start(launch, servers, path, contents, *arguments, **options):
    write(path, contents)
    picker = launch.picker(
        servers.endpoints, tls=False, arguments=[f"--config-file={path}", *arguments], **options
    )
    wait_scraped(picker, len(servers.endpoints))
    return picker


def reloads(picker, result="success", file="configuration"):
    return picker.metric("epp_reloads_total", file=file, result=result)


def generation(picker):
    return picker.metric("epp_config_generation")


def reload(picker, path, contents):
    """Replaces the file and waits until the picker uses it."""
    before = generation(picker)
    write(path, contents)
    wait_until(lambda: generation(picker) == before + 1, "the new configuration is in force")


def refusal(picker, path, contents):
    """Replaces the file with one that is refused; returns what the log says."""
    before = reloads(picker, "failure")
    write(path, contents)
    wait_until(lambda: reloads(picker, "failure") == before + 1, "the configuration is refused")
    lines = [line for line in picker.process.log_tail(100).splitlines() if "configuration refused" in line]
    return lines[-1]


def in_force(picker):
    return request(picker.metrics_address, "/debug/config").text


def endpoint_count(picker):
    return len(request(picker.metrics_address, "/debug/state").json()["pool"]["endpoints"])


async def begin(client, prompt=None):
    stream = client.stream()
    answers = await stream.ask(request_headers(), request_body(chat_bytes(prompt or unique()), True))
    return stream, answers[0].destination


async def finish(stream):
    await stream.exchange(response_headers(), 1)
    await stream.exchange(response_body(b"{}", True), 1)
    assert (await stream.close()).name == "OK"


async def ask(client, prompt=None):
    stream, destination = await begin(client, prompt)
    await finish(stream)
    return destination


LONG = "a long beginning that many questions share, which servers keep in their caches. " * 60


async def test_index_survives_other_weights(launch, servers, path):
    picker = start(launch, servers, path, document(), RARELY)
    async with Client(picker.address) as client:
        first = await ask(client, LONG + unique())
        for prefix in (5, 1, 100):
            reload(picker, path, document(prefix=prefix, queue=1))
            entries = picker.metric("epp_prefix_index_entries")
            assert entries > 0
            assert {await ask(client, LONG + unique()) for _ in range(5)} == {first}
        # Weighed the other way round, the new weights are seen to be in force.
        reload(picker, path, document(prefix=-100, queue=1))
        assert await ask(client, LONG + unique()) != first
    assert reloads(picker) == 4
    assert picker.metric("inference_objective_request_error_total") == 0
    await settles(picker)


async def test_other_state_survives(launch, servers, path):
    """The order in which endpoints had requests without a cached prefix."""

    def spreading(weight):
        plugins = [{"type": "no-hit-lru-scorer"}]
        return document(queue=weight, prefix=0, plugins=plugins, profile=["no-hit-lru-scorer"])

    picker = start(launch, servers, path, spreading(0), RARELY)
    async with Client(picker.address) as client:
        for round_number in range(6):
            reload(picker, path, spreading(0 if round_number % 2 else 0.001))
            # As if nothing had happened: each endpoint has its turn, the one that waited longest first.
            seen = [await ask(client) for _ in range(2)]
            if round_number == 0:
                order = [*seen, *(set(servers.endpoints) - set(seen))]
                last = seen
            else:
                expected = [order[(order.index(last[-1]) + step) % 3] for step in (1, 2)]
                assert seen == expected
                last = seen


async def test_changed_parameters_begin_anew(launch, servers, path):
    def spreading(size):
        plugins = [{"type": "no-hit-lru-scorer", "parameters": {"lruSize": size}}]
        return document(plugins=plugins, profile=["no-hit-lru-scorer"])

    picker = start(launch, servers, path, spreading(100))
    reload(picker, path, spreading(101))
    line = next(line for line in picker.process.log_tail(100).splitlines() if "configuration reloaded" in line)
    assert "no-hit-lru-scorer" in line and "approx-prefix-cache-producer" not in line


async def test_reload_under_load_loses_nothing(launch, servers, path):
    picker = start(launch, servers, path, document())
    stop = asyncio.Event()
    asked = 0

    async def load():
        nonlocal asked
        async with Client(picker.address) as client:
            while not stop.is_set():
                assert await ask(client) in servers.endpoints
                asked += 1

    workers = [asyncio.create_task(load()) for _ in range(8)]
    for number in range(8):
        contents = document(prefix=number + 1) if number % 3 != 2 else "plugins: ["
        write(path, contents)
        counts = (reloads(picker) + reloads(picker, "failure"),)
        await asyncio.to_thread(
            wait_until, lambda: reloads(picker) + reloads(picker, "failure") > counts[0], "the file was read"
        )
    stop.set()
    await asyncio.gather(*workers)
    assert asked > 200
    assert (reloads(picker), reloads(picker, "failure")) == (6, 2)
    assert generation(picker) == 7
    assert picker.metric("inference_objective_request_error_total") == 0
    await settles(picker)


def test_reload_under_load_behind_envoy_loses_nothing(launch, servers, path):
    write(path, document())
    picker = launch.picker(servers.endpoints, arguments=[f"--config-file={path}"])
    envoy = launch.envoy(picker, endpoints=servers.endpoints)
    stop = threading.Event()

    def load():
        statuses = collections.Counter()
        while not stop.is_set():
            statuses[request(envoy.address, "/v1/chat/completions", chat(unique(), stream=True)).status] += 1
        return statuses

    with concurrent.futures.ThreadPoolExecutor() as pool:
        workers = [pool.submit(load) for _ in range(4)]
        try:
            for number in range(5):
                reload(picker, path, document(prefix=number + 10))
        finally:
            stop.set()
    statuses = sum((worker.result() for worker in workers), collections.Counter())
    assert set(statuses) == {200} and statuses.total() > 50, statuses
    assert envoy.streams_failed == 0
    wait_until(lambda: picker.metric("epp_leases") == 0, "nothing is counted as in flight")


async def test_requests_end_with_what_they_began_with(launch, servers, path):
    """One whose body is under way is decided by the configuration at its beginning. Those in flight stay counted."""
    picker = start(launch, servers, path, document(prefix=100), RARELY)
    async with Client(picker.address) as client:
        first = await ask(client, LONG + unique())
        half = client.stream()
        body = chat_bytes(LONG + unique())
        await half.send(request_headers(), request_body(body[:100]))
        held = [await begin(client) for _ in range(6)]
        assert await half.stays_silent()
        reload(picker, path, document(prefix=-100))
        assert picker.metric("epp_leases") == 6
        answers = await half.ask(request_body(body[100:], True))
        assert answers[0].destination == first
        await finish(half)
        assert await ask(client, LONG + unique()) != first
        for stream, _ in held:
            await finish(stream)
    await settles(picker)


async def test_load_in_flight_counts_after_a_reload(launch, servers, path):
    picker = start(launch, servers, path, document(), RARELY)
    async with Client(picker.address) as client:
        held = [await begin(client) for _ in range(2)]
        reload(picker, path, document(prefix=1))
        [idle] = set(servers.endpoints) - {destination for _, destination in held}
        assert await ask(client) == idle
        for stream, _ in held:
            await stream.reset()
    await settles(picker)


@pytest.mark.parametrize("limit", [None, 7], ids=["same-queues", "other-queues"])
async def test_requests_in_queues_wait_on(launch, path, limit):
    """The queues stay if nothing about them changes; else those that wait have their turn in the old ones."""

    def queueing(weight, **section):
        return document(queue=weight, featureGates=["flowControl"], flowControl=section)

    write(path, queueing(1))
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False, arguments=[f"--config-file={path}"])
    saturation = "llm_d_epp_flow_control_pool_saturation"
    servers.control(servers.endpoints[0], queue=50)
    wait_until(lambda: picker.metric(saturation, stage="effective") >= 1, "the gate is shut")
    async with Client(picker.address) as client:
        streams = [client.stream() for _ in range(5)]
        for stream in streams:
            await stream.send(request_headers(), request_body(chat_bytes(unique()), True))

        def waiting():
            return picker.metric("llm_d_epp_flow_control_queue_size")

        await asyncio.to_thread(wait_until, lambda: waiting() == 5, "all wait")
        reload(picker, path, queueing(2, **({"maxRequests": limit} if limit else {})))
        assert waiting() == 5
        assert await streams[0].stays_silent()
        await streams.pop().reset()
        await asyncio.to_thread(wait_until, lambda: waiting() == 4, "one has left")
        servers.control(servers.endpoints[0], queue=0)
        for stream in streams:
            assert (await stream.receive()).destination == servers.endpoints[0]
            await stream.receive_until("request_body", end_of_stream=True)
            await finish(stream)
    assert waiting() == 0
    assert picker.metric("inference_objective_request_error_total") == 0
    await settles(picker)


@pytest.mark.parametrize(
    "contents, message",
    [
        ("plugins: [", "config.yaml:"),
        ("", "config.yaml: the document is empty"),
        (document(plugins=[{"type": "queue-scorre"}]), "plugins[2].type: there is no plugin type"),
        (
            document(plugins=[{"type": "no-hit-lru-scorer", "parameters": {"lruSizes": 1}}]),
            "config.yaml:1: plugins[2].parameters.lruSizes: unknown field; did you mean",
        ),
        (document(profile=["nobody"]), "schedulingProfiles[0].plugins[2].pluginRef"),
    ],
    ids=["syntax", "empty", "type", "parameter", "reference"],
)
async def test_bad_file_is_refused_and_the_one_before_stays(launch, servers, path, contents, message):
    picker = start(launch, servers, path, document(prefix=100), RARELY)
    before = in_force(picker)
    success = picker.metric("epp_last_reload_success_timestamp_seconds", file="configuration")
    assert abs(success - time.time()) < 60
    async with Client(picker.address) as client:
        first = await ask(client, LONG + unique())
        line = refusal(picker, path, contents)
        assert message.replace("config.yaml", str(path)) in line.replace("\\/", "/").replace('\\"', '"'), line
        assert "the one before stays in force" in line
        assert picker.metric("epp_last_reload_successful", file="configuration") == 0
        assert picker.metric("epp_last_reload_success_timestamp_seconds", file="configuration") == success
        assert generation(picker) == 1 and in_force(picker) == before
        assert {await ask(client, LONG + unique()) for _ in range(5)} == {first}
        # Good again, and what was known is known.
        reload(picker, path, document(prefix=99))
        assert picker.metric("epp_last_reload_successful", file="configuration") == 1
        assert {await ask(client, LONG + unique()) for _ in range(5)} == {first}


def test_file_that_goes_away_and_comes_back(launch, servers, path):
    picker = start(launch, servers, path, document())
    path.unlink()
    wait_until(lambda: reloads(picker, "failure") == 1, "the absence is noted")
    assert "can't open the file" in picker.process.log_tail()
    reload(picker, path, document(prefix=7))


@pytest.mark.parametrize(
    "contents, message",
    [
        (
            document(plugins=[{"type": "metrics-data-source", "parameters": {"path": "/other"}}]),
            "plugins[2]: ",
        ),
        (document(dataLayer={"injectDefaults": False}), "dataLayer"),
        (document(featureGates=["flowControl"]), "featureGates[0]: "),
        ({**document(), "apiVersion": "inference.networking.x-k8s.io/v1alpha1"}, "apiVersion: cannot change"),
    ],
    ids=["parameters", "sources", "gate", "version"],
)
def test_what_takes_a_restart_is_said(launch, servers, path, contents, message):
    picker = start(launch, servers, path, document())
    line = refusal(picker, path, contents)
    assert message in line and "cannot change while epp runs; restart it" in line, line
    assert generation(picker) == 1


def test_plugins_that_ask_other_processes_can_be_added(launch, servers, path):
    """What they need was there from the start."""
    picker = start(launch, servers, path, document())
    reload(picker, path, document(plugins=[{"type": "predicted-latency-producer"}]))


def test_same_configuration_in_other_words_changes_nothing(launch, servers, path):
    picker = start(launch, servers, path, document())
    write(path, "# A comment.\n" + json.dumps(document(), indent=2))
    wait_until(lambda: reloads(picker) == 1, "the file was read")
    assert generation(picker) == 1


def test_file_written_in_pieces_is_taken_when_complete(launch, servers, path):
    """The first half would be a configuration of its own."""
    picker = start(launch, servers, path, document())
    with path.open("w") as file:
        for number in range(12):
            file.write(
                "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\nplugins:\n"
                if number == 0
                else f"- {{type: queue-scorer, name: q{number}}}\n"
            )
            file.flush()
            time.sleep(0.15)
    wait_until(lambda: generation(picker) == 2, "the new configuration is in force")
    assert "q11" in in_force(picker)
    assert reloads(picker, "failure") == 0


def test_config_map_whose_link_moves(launch, servers, tmp_path):
    """Kubernetes swaps a symbolic link to a directory."""
    for name, prefix in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(json.dumps(document(prefix=prefix)))
    link = tmp_path / "data"
    link.symlink_to("one")
    picker = launch.picker(
        servers.endpoints, tls=False, arguments=[f"--config-file={link / 'config.yaml'}"]
    )
    fresh = tmp_path / "fresh"
    fresh.symlink_to("two")
    os.replace(fresh, link)
    wait_until(lambda: generation(picker) == 2, "the new configuration is in force")


# Signals


def hang_up(picker):
    os.kill(picker.process.pid, signal.SIGHUP)


def test_signal_has_the_configuration_read_that_nobody_follows(launch, servers, path):
    picker = start(launch, servers, path, document(), "--enable-config-reload=false")
    write(path, document(prefix=9))
    time.sleep(1.5)
    assert generation(picker) == 1
    hang_up(picker)
    wait_until(lambda: generation(picker) == 2, "the new configuration is in force")
    write(path, "plugins: [")
    hang_up(picker)
    wait_until(lambda: reloads(picker, "failure") == 1, "the configuration is refused")
    assert generation(picker) == 2


def test_signal_has_endpoints_and_policies_read(launch, servers, tmp_path, path):
    endpoints = tmp_path / "endpoints.yaml"
    policies = tmp_path / "policies.yaml"
    write_endpoints(endpoints, servers.endpoints[:1])
    policies.write_text("")
    discovery = [{"type": "file-discovery", "parameters": {"path": str(endpoints)}}]
    write(path, document(plugins=discovery, dataLayer={"discovery": {"pluginRef": "file-discovery"}}))
    picker = launch.picker(
        tls=False, arguments=[f"--config-file={path}", f"--policy-file={policies}", "--metrics-endpoint-auth=false"]
    )
    wait_scraped(picker, 1)
    write_endpoints(endpoints, servers.endpoints)
    hang_up(picker)
    wait_until(lambda: reloads(picker, file="endpoints") == 1, "the endpoints were read")
    wait_until(lambda: endpoint_count(picker) == 3, "all are there")
    endpoints.write_text("endpoint: [")
    hang_up(picker)
    wait_until(lambda: reloads(picker, "failure", "endpoints") == 1, "the bad file is refused")
    assert endpoint_count(picker) == 3


def test_signal_without_files_ends_nothing(launch, servers):
    picker = launch.picker(servers.endpoints, tls=False)
    for _ in range(3):
        hang_up(picker)
    wait_until(lambda: "SIGHUP" in picker.process.log_tail(), "the signal is noted")
    picker.process.check()
    assert picker.health() == "SERVING"


async def test_signals_under_load_lose_nothing(launch, servers, path):
    picker = start(launch, servers, path, document())
    async with Client(picker.address) as client:
        for number in range(40):
            write(path, document(prefix=number + 1))
            hang_up(picker)
            assert await ask(client) in servers.endpoints
    wait_until(lambda: reloads(picker) >= 1, "files were read")
    assert picker.metric("inference_objective_request_error_total") == 0
    await settles(picker)
