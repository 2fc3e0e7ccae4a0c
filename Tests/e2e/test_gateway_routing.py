"""Where requests go: away from load, back to a cached prefix, and never to an endpoint that is gone."""

import concurrent.futures
import os
import threading

from bodies import chat, unique
from localpool import request, wait_until
from test_gateway_errors import file_discovery


def served_by(pool, prompt, **options):
    answer = pool.ask("/v1/chat/completions", chat(prompt), **options)
    assert answer.status == 200, answer.text
    return answer.headers["x-model-server"]


def test_loaded_endpoint_is_avoided(launch):
    gateway = launch.pool()
    loaded, *others = gateway.servers.endpoints
    gateway.servers.control(loaded, queue=40)

    def scraped():
        served_by(gateway, unique())
        scores = {score["endpoint"]: score["scorers"] for score in gateway.picker.decisions()[-1]["scores"]}
        return scores[loaded]["queue-scorer"] == 0

    wait_until(scraped, "the picker has seen the queue")
    servers = {served_by(gateway, unique()) for _ in range(30)}
    assert servers == set(others)

    gateway.servers.control(loaded, queue=0)
    wait_until(lambda: served_by(gateway, unique()) == loaded, "the endpoint is used again")


def test_repeated_prefix_stays_on_one_endpoint(gateway):
    prefix = "".join(unique("line of the shared context") for _ in range(60))
    first = served_by(gateway, prefix + unique())
    for number in range(10):
        served_by(gateway, unique())
        request_id = f"same-prefix-{number}"
        assert served_by(gateway, prefix + unique(), headers={"x-request-id": request_id}) == first
        scores = {score["endpoint"]: score["scorers"] for score in gateway.decision(request_id)["scores"]}
        assert scores[first]["prefix-cache-scorer"] > 0.8
        assert all(scores[other]["prefix-cache-scorer"] == 0 for other in scores if other != first)


def test_idle_endpoints_share_distinct_requests(gateway):
    servers = [served_by(gateway, unique()) for _ in range(60)]
    assert set(servers) == set(gateway.servers.endpoints)


def write_endpoints(path, endpoints):
    """Replaces the file in one step, as configuration management does."""
    lines = ["endpoints:" if endpoints else "endpoints: []"]
    for index, endpoint in enumerate(endpoints):
        address, port = endpoint.rsplit(":", 1)
        lines.append(f'- {{name: server-{index}-{port}, address: {address}, port: "{port}"}}')
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n")
    os.replace(fresh, path)


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


def test_broken_endpoint_file_keeps_the_last_good_one(launch, tmp_path):
    servers = launch.servers(count=2)
    path = tmp_path / "endpoints.yaml"
    write_endpoints(path, servers.endpoints[:1])
    picker = launch.picker(config=file_discovery(path))
    envoy = launch.envoy(picker)
    path.write_text("endpoints: [{name: broken, address: ")
    # A good file afterwards shows that the broken one was read and survived.
    for _ in range(5):
        assert request(envoy.address, "/v1/chat/completions", chat(unique())).status == 200
    write_endpoints(path, servers.endpoints[1:])
    wait_until(
        lambda: request(envoy.address, "/v1/chat/completions", chat(unique())).headers.get("x-model-server")
        == servers.endpoints[1],
        "the good file is used",
    )


def test_dead_model_server_costs_only_its_own_requests(launch):
    """A failed scrape does not take an endpoint out; Envoy answers 503 for a pick that can't be reached."""
    alive, doomed = launch.servers(count=2), launch.servers(count=1)
    picker = launch.picker(alive.endpoints + doomed.endpoints)
    envoy = launch.envoy(picker)
    doomed.process.kill()
    statuses = {}
    for number in range(40):
        request_id = f"after-death-{number}"
        answer = request(
            envoy.address, "/v1/chat/completions", chat(unique()), headers={"x-request-id": request_id}
        )
        statuses[request_id] = answer.status
    decisions = {decision["request_id"]: decision for decision in picker.decisions()}
    for request_id, status in statuses.items():
        decision = decisions[request_id]
        assert decision["candidates"] == 3
        assert status == (503 if decision["endpoint"] in doomed.endpoints else 200)
    assert 200 in statuses.values()
    assert envoy.streams_failed == 0


def test_failing_scrape_does_not_exclude_an_endpoint(launch):
    gateway = launch.pool(count=2)
    silent = gateway.servers.endpoints[0]
    gateway.servers.control(silent, fail_metrics=True)
    wait_until(lambda: request(silent, "/metrics").status != 200, "the endpoint reports no metrics")
    wait_until(lambda: served_by(gateway, unique()) == silent, "the endpoint is still picked")
