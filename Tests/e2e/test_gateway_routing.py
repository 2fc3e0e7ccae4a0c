"""Where requests go: away from load, back to a cached prefix, and never to an endpoint that is gone."""

import collections
import concurrent.futures
import re
import threading

from bodies import chat, unique
from configurations import by_queue, file_discovery, write_endpoints
from localpool import request, wait_until
from localpool.ports import release
from pools import scores


def served_by(pool, prompt, **options):
    answer = pool.ask("/v1/chat/completions", chat(prompt), **options)
    assert answer.status == 200, answer.text
    return answer.headers["x-model-server"]


def test_loaded_endpoint_is_avoided(launch):
    gateway = launch.pool()
    loaded, *others = gateway.servers.endpoints
    gateway.servers.control(loaded, queue=40)

    def has_seen_the_queue():
        _, decision = gateway.explained(chat(unique()))
        return scores(decision, "queue-scorer")[loaded] == 0

    wait_until(has_seen_the_queue, "the picker has seen the queue")
    servers = {served_by(gateway, unique()) for _ in range(30)}
    assert servers == set(others)

    gateway.servers.control(loaded, queue=0)
    wait_until(lambda: served_by(gateway, unique()) == loaded, "the endpoint is used again")


def test_repeated_prefix_stays_on_one_endpoint(gateway):
    prefix = "".join(unique("line of the shared context") for _ in range(60))
    first = served_by(gateway, prefix + unique())
    for _ in range(10):
        served_by(gateway, unique())
        assert served_by(gateway, prefix + unique()) == first
    answer, decision = gateway.explained(chat(prefix + unique()))
    assert answer.headers["x-model-server"] == first
    matched = scores(decision, "prefix-cache-scorer")
    assert matched.pop(first) > 0.8
    assert set(matched.values()) == {0}


def test_idle_endpoints_share_distinct_requests(gateway):
    servers = [served_by(gateway, unique()) for _ in range(60)]
    assert set(servers) == set(gateway.servers.endpoints)


def test_endpoint_file_is_followed_while_serving(launch, tmp_path):
    servers = launch.servers(count=3)
    one, two, three = servers.endpoints
    path = tmp_path / "endpoints.yaml"
    write_endpoints(path, [one, two])
    envoy = launch.envoy(launch.picker(config=file_discovery(path)))

    stop = threading.Event()

    def keep_asking():
        statuses = []
        while not stop.is_set():
            statuses.append(request(envoy.address, "/v1/chat/completions", chat(unique())).status)
        return statuses

    def server():
        return request(envoy.address, "/v1/chat/completions", chat(unique())).headers.get("x-model-server")

    with concurrent.futures.ThreadPoolExecutor() as threads:
        background = threads.submit(keep_asking)
        try:
            wait_until(lambda: server() == two, "both endpoints are used")
            write_endpoints(path, [two, three])
            wait_until(lambda: server() == three, "the added endpoint is used")
            assert one not in {server() for _ in range(30)}
            wait_until(lambda: server() == two, "the endpoint that stayed is used")
        finally:
            stop.set()
        assert set(background.result()) == {200}

    write_endpoints(path, [])
    wait_until(lambda: server() is None, "no endpoint is left")
    assert request(envoy.address, "/v1/chat/completions", chat(unique())).status == 503
    write_endpoints(path, [one])
    wait_until(lambda: server() == one, "the endpoint that came back is used")


def complaints(picker, path):
    """How many errors and warnings about `path` the picker logged."""
    lines = picker.process.log_path.read_text().splitlines()
    return sum(1 for line in lines if str(path) in line and re.search("error|warn", line, re.IGNORECASE))


def test_broken_endpoint_file_keeps_the_last_good_one(launch, tmp_path):
    servers = launch.servers(count=2)
    path = tmp_path / "endpoints.yaml"
    write_endpoints(path, servers.endpoints[:1])
    picker = launch.picker(config=file_discovery(path))
    envoy = launch.envoy(picker)
    path.write_text("endpoints: [{name: broken, address: ")
    wait_until(lambda: complaints(picker, path) > 0, "the broken file is logged")
    for _ in range(5):
        assert request(envoy.address, "/v1/chat/completions", chat(unique())).status == 200
    write_endpoints(path, servers.endpoints[1:])
    wait_until(
        lambda: (
            request(envoy.address, "/v1/chat/completions", chat(unique())).headers.get("x-model-server")
            == servers.endpoints[1]
        ),
        "the good file is used",
    )


def test_dead_model_server_costs_only_its_own_requests(launch):
    """A failed scrape does not take an endpoint out; Envoy answers 503 for a pick that can't be reached."""
    alive, doomed = launch.servers(count=2), launch.servers(count=1)
    picker = launch.picker(alive.endpoints + doomed.endpoints)
    envoy = launch.envoy(picker)
    doomed.process.kill()
    statuses = collections.Counter()

    def ask():
        answer = request(envoy.address, "/v1/chat/completions", chat(unique()))
        statuses[answer.status] += 1
        if answer.status == 200:
            assert answer.headers["x-model-server"] in alive.endpoints
        return statuses.keys() >= {200, 503}

    for _ in range(20):
        ask()
    wait_until(ask, "both a living and the dead endpoint were picked")
    assert set(statuses) == {200, 503}
    assert picker.decisions()[-1]["candidates"] == 3
    assert envoy.streams_failed == 0


def test_restarted_model_server_is_used_again(launch):
    """Its metrics begin anew; nothing that was known of it keeps requests away, nor the scrapes that failed."""
    servers = launch.servers(count=1)
    other = launch.servers(count=1)
    picker = launch.picker(servers.endpoints + other.endpoints, config=by_queue())
    envoy = launch.envoy(picker)
    servers.control(servers.endpoints[0], queue=70)

    def serves(endpoint):
        answer = request(envoy.address, "/v1/chat/completions", chat(unique()))
        return answer.status == 200 and answer.headers["x-model-server"] == endpoint

    wait_until(lambda: all(serves(other.endpoints[0]) for _ in range(10)), "the loaded one is avoided")
    port = int(servers.endpoints[0].rsplit(":", 1)[1])
    servers.process.kill()
    failed = picker.metric("epp_scrapes_total", result="failure")
    wait_until(lambda: picker.metric("epp_scrapes_total", result="failure") > failed, "scrapes fail")
    release(port)
    assert launch.servers(count=1, port=port).endpoints == servers.endpoints
    other.control(other.endpoints[0], queue=50)
    wait_until(lambda: all(serves(servers.endpoints[0]) for _ in range(10)), "the restarted one is used")


def test_all_scrapes_failing(launch):
    """Without any metrics requests are spread evenly by what is in flight."""
    gateway = launch.pool(count=3)
    for endpoint in gateway.servers.endpoints:
        gateway.servers.control(endpoint, fail_metrics=True)
    failed = gateway.picker.metric("epp_scrapes_total", result="failure")
    wait_until(lambda: gateway.picker.metric("epp_scrapes_total", result="failure") >= failed + 30, "scrapes fail")
    used = collections.Counter(served_by(gateway, unique()) for _ in range(60))
    assert set(used) == set(gateway.servers.endpoints)


def test_failing_scrape_does_not_exclude_an_endpoint(launch):
    gateway = launch.pool(count=2)
    silent = gateway.servers.endpoints[0]
    gateway.servers.control(silent, fail_metrics=True)
    wait_until(lambda: request(silent, "/metrics").status != 200, "the endpoint reports no metrics")
    wait_until(lambda: served_by(gateway, unique()) == silent, "the endpoint is still picked")
