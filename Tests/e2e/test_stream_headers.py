"""What is read from request headers, and requests that consist of nothing else."""

import re
import time

import pytest
from bodies import chat_bytes, unique
from configurations import TESTING_FILTER, by_queue, file_discovery, write_endpoints
from extproc import (
    BUFFERED,
    BUFFERED_PARTIAL,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    expected,
    get,
    request_body,
    request_headers,
    response_body,
    response_headers,
)
from pools import Pool, settles, wait_scraped

pytestmark = pytest.mark.usefixtures("idle_pool")

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

ALL_MODES = [
    Modes(DUPLEX, DUPLEX),
    Modes(STREAMED, STREAMED),
    Modes(STREAMED, STREAMED, early=True),
    Modes(BUFFERED, BUFFERED),
    Modes(BUFFERED_PARTIAL, BUFFERED_PARTIAL),
    Modes(NONE, NONE),
    None,
]


async def picked(client, message, *bodies):
    """The first answer to a request that then stays in flight."""
    stream = client.stream()
    await stream.send(message, *bodies)
    return await stream.receive()


async def get_destination(client):
    """Where a request without a body goes, which is then taken back."""
    stream = client.stream()
    await stream.send(get())
    answer = await stream.receive()
    await stream.reset()
    return answer.destination


async def settle_on(client, wanted):
    """Asks until thirty requests in a row went to `wanted`, and to all of them."""
    deadline = time.monotonic() + 10
    while {await get_destination(client) for _ in range(30)} != wanted:
        assert time.monotonic() < deadline, f"requests go elsewhere than {wanted}"


@pytest.mark.parametrize("modes", ALL_MODES, ids=str)
async def test_request_without_a_body_is_answered_at_once(pool, modes):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        [answer] = await stream.exchange(get(modes=modes), 1)
        assert answer in [expected.destination(endpoint) for endpoint in pool.servers.endpoints]
        assert pool.picker.metric("epp_leases") == 1
        assert await stream.exchange(response_headers(), 1) == [expected.marked_response()]
        if modes and modes.response == NONE:
            assert (await stream.close()).name == "OK"
        else:
            await stream.exchange(response_body(b"{}", True), 1)
            assert pool.picker.metric("epp_leases") == 0
            assert (await stream.close()).name == "OK"
        assert await stream.receive_rest() == []
    await settles(pool.picker)


async def test_request_without_a_body_avoids_load(launch):
    servers = launch.servers(count=3)
    picker = launch.picker(servers.endpoints, tls=False, config=by_queue())
    loaded, *others = servers.endpoints
    servers.control(loaded, queue=40)
    async with Client(picker.address) as client:
        await settle_on(client, set(others))
        for other in others:
            servers.control(other, queue=80)
        await settle_on(client, {loaded})
    await settles(picker)


async def test_requests_without_a_body_count_as_load(launch):
    """Each that is in flight sends the next one elsewhere, before the model servers report any of them."""
    servers = launch.servers(count=3)
    picker = launch.picker(
        servers.endpoints, tls=False, config=by_queue(), arguments=["--refresh-metrics-interval=1h"]
    )
    wait_scraped(picker, 3)
    async with Client(picker.address) as client:
        for _ in range(4):
            answers = [await picked(client, get()) for _ in servers.endpoints]
            assert {answer.destination for answer in answers} == set(servers.endpoints)


async def test_request_without_a_body_and_without_endpoints_is_503(launch, tmp_path):
    path = tmp_path / "endpoints.yaml"
    write_endpoints(path, [])
    picker = launch.picker(config=file_discovery(path), tls=False)
    async with Client(picker.address) as client:
        for modes in ALL_MODES:
            stream = client.stream()
            await stream.send(get(modes=modes))
            [answer] = await stream.receive_rest()
            assert (answer.kind, answer.status) == ("immediate_response", 503)
            assert answer.headers == {"x-llm-d-request-dropped-reason": "rejected-no-endpoints"}
            assert (await stream.status()).name == "OK"


@pytest.mark.parametrize("as_text", [False, True], ids=["raw_value", "value"])
async def test_values_are_read_from_either_field(pool, as_text):
    """Envoy sends all headers in `raw_value`; other proxies send some or all of them in `value`."""
    async with Client(pool.picker.address) as client:
        # The path decides what the body must hold, and the id is kept if there is one.
        completion = request_body(b'{"model":"sim-model","prompt":"x"}', True)
        answer = await picked(client, request_headers("/v1/completions", as_text=as_text), completion)
        assert set(answer.headers) == {"x-gateway-destination-endpoint"}
        answer = await picked(client, request_headers("/v1/chat/completions", as_text=as_text), completion)
        assert (answer.status, answer.body) == (
            400,
            b"inference error: BadRequest - invalid chat completions request: must have valid messages field",
        )


async def test_raw_value_comes_before_value(pool):
    """Only one of them may be set. Should both be, the bytes count."""
    message = request_headers("/v1/chat/completions")
    for header in message.request_headers.headers.headers:
        header.value = "/v1/completions"
    async with Client(pool.picker.address) as client:
        answer = await picked(client, message, request_body(chat_bytes(unique()), True))
        assert answer.destination in pool.servers.endpoints


@pytest.mark.parametrize("request_id", [None, ""], ids=["absent", "empty"])
async def test_missing_request_id_is_generated(pool, request_id):
    async with Client(pool.picker.address) as client:
        seen = set()
        for message, bodies in [
            (request_headers(request_id=request_id), [request_body(chat_bytes(unique()), True)]),
            (get(request_id=request_id), []),
        ]:
            answer = await picked(client, message, *bodies)
            assert set(answer.headers) == {"x-gateway-destination-endpoint", "x-request-id"}
            assert UUID.fullmatch(answer.headers["x-request-id"])
            seen.add(answer.headers["x-request-id"])
        assert len(seen) == 2


async def test_generated_request_id_comes_with_a_buffered_body(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.exchange(request_headers(modes=Modes(BUFFERED), request_id=None), 1)
        await stream.send(request_body(chat_bytes(unique()), True))
        answer = await stream.receive()
        assert answer.kind == "request_body"
        assert set(answer.headers) == {"x-gateway-destination-endpoint", "x-request-id"}
        assert UUID.fullmatch(answer.headers["x-request-id"])


async def test_last_of_several_equal_headers_counts(launch):
    picker = launch.picker(endpoints := ["127.0.0.1:9001", "127.0.0.2:9001"], tls=False, config=TESTING_FILTER)
    name = "test-epp-endpoint-selection"
    async with Client(picker.address) as client:
        for first, last in (endpoints, reversed(endpoints)):
            headers = request_headers(headers=[(name, first), ("x-other", "1"), (name, last)])
            answer = await picked(client, headers, request_body(chat_bytes(unique()), True))
            assert answer.destination == last


async def test_repeated_headers_stay_as_they_are(pool):
    """Headers that are not changed are not sent back, because a proxy would make one of several equal ones."""
    many = [("x-list", "a"), ("x-list", "b"), ("accept", "text/html"), ("accept", "*/*"), ("content-length", "3")]
    async with Client(pool.picker.address) as client:
        answer = await picked(client, request_headers(headers=many), request_body(chat_bytes(unique()), True))
        assert answer.message in [expected.destination(endpoint) for endpoint in pool.servers.endpoints]
        stream = client.stream()
        await stream.ask(request_headers(), request_body(chat_bytes(unique()), True))
        cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("transfer-encoding", "chunked")]
        assert await stream.exchange(response_headers(headers=cookies), 1) == [expected.marked_response()]


async def test_destination_sent_by_the_client_is_replaced(pool):
    forged = [("x-gateway-destination-endpoint", "10.9.9.9:1"), ("x-gateway-destination-endpoint-served", "10.9.9.9:1")]
    async with Client(pool.picker.address) as client:
        answer = await picked(client, request_headers(headers=forged), request_body(chat_bytes(unique()), True))
        assert answer.destination in pool.servers.endpoints
        answer = await picked(client, get(headers=forged))
        assert answer.destination in pool.servers.endpoints


async def test_large_headers(pool):
    """More than Envoy would let through: names and values are read where they are."""
    headers = [(f"x-filler-{number}", "v" * 1_000) for number in range(200)]
    async with Client(pool.picker.address) as client:
        completion = request_body(b'{"model":"m","prompt":"x"}', True)
        answer = await picked(client, request_headers("/v1/completions", headers=headers), completion)
        assert answer.destination in pool.servers.endpoints
        answer = await picked(client, get(headers=headers))
        assert answer.destination in pool.servers.endpoints


@pytest.fixture(scope="module")
def single(module_launch):
    servers = module_launch.servers(count=1)
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False))


@pytest.mark.parametrize(
    ("status", "errors"), [(200, 0), (204, 0), (301, 0), (400, 1), (404, 1), (429, 1), (500, 1), (503, 1)]
)
async def test_error_of_the_model_server_is_counted(single, status, errors):
    def counted():
        return single.picker.metric("inference_objective_request_error_total", error_code="ModelServerError")

    before = counted()
    async with Client(single.picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(), request_body(chat_bytes(unique()), True))
        assert await stream.exchange(response_headers(status), 1) == [expected.marked_response()]
        await stream.exchange(response_body(b"{}", True), 1)
        assert (await stream.close()).name == "OK"
    await settles(single.picker)
    assert counted() - before == errors
