"""The endpoints that a proxy allows for a request, and where it may say so."""

import asyncio

import pytest
from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import (
    BUFFERED,
    BUFFERED_PARTIAL,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    get,
    request_body,
    request_headers,
    with_metadata,
    with_subset,
)
from pools import settles

A1, A2, B1, LOOPBACK1, LOOPBACK2, FD = ENDPOINTS = [
    "127.0.0.1:9001",
    "127.0.0.1:9002",
    "127.0.0.2:9001",
    "[::1]:9001",
    "[::1]:9002",
    "[fd00::1]:9001",
]
STRANGER = "10.99.0.1:9001"

MODES = {
    "duplex": Modes(DUPLEX),
    "streamed": Modes(STREAMED),
    "streamed-early": Modes(STREAMED, early=True),
    "buffered": Modes(BUFFERED),
    "buffered-partial": Modes(BUFFERED_PARTIAL),
    "none": Modes(NONE),
}
#: Modes in which the pick waits for the body, whose message may bring the subset.
BODY_FIRST = ["duplex", "buffered", "buffered-partial"]


@pytest.fixture(scope="module")
def picker(module_launch):
    """Serves endpoints that nobody listens on: they are only picked."""
    return module_launch.picker(ENDPOINTS, tls=False, config=by_queue())


async def outcome(client, headers, *bodies):
    """Sends a request and leaves it in flight; returns the answer that tells what became of it."""
    stream = client.stream()
    await stream.send(headers, *bodies)
    while True:
        answer = await stream.receive()
        if answer.destination or answer.kind == "immediate_response":
            assert answer.destination_metadata == answer.destination
            return answer


async def choices(picker, headers, *bodies):
    """Where requests like this go. They stay in flight, so that each goes to another endpoint if it may."""
    async with Client(picker.address) as client:
        answers = [await outcome(client, headers, *bodies) for _ in range(2 * len(ENDPOINTS))]
    await settles(picker)
    return {answer.destination for answer in answers}


def body():
    return request_body(chat_bytes(unique()), True)


def refused(answer):
    return (
        answer.kind == "immediate_response"
        and answer.status == 503
        and answer.headers == {"x-llm-d-request-dropped-reason": "rejected-no-endpoints"}
        and answer.body
        == b"inference error: ServiceUnavailable - failed to find endpoint candidates for serving the request"
    )


@pytest.mark.parametrize(
    ("subset", "allowed"),
    [
        ([A2], {A2}),
        ([B1, A1, B1], {A1, B1}),
        ("127.0.0.1:9002", {A2}),
        ("127.0.0.1:9001,[fd00::1]:9001", {A1, FD}),
        (" 127.0.0.2:9001 , 127.0.0.1:9001 ", {A1, B1}),
        (["127.0.0.2"], {B1}),
        (["127.0.0.1"], {A1, A2}),
        ("127.0.0.1,[::1]:9002", {A1, A2, LOOPBACK2}),
        (["[::1]:9001"], {LOOPBACK1}),
        (["::1"], {LOOPBACK1, LOOPBACK2}),
        (["[::1]"], {LOOPBACK1, LOOPBACK2}),
        (["fd00::1", A1], {FD, A1}),
        ([STRANGER, A1], {A1}),
        (["127.0.0.1:9999", B1], {B1}),
        ([7, None, ["x"], B1], {B1}),
        (ENDPOINTS, set(ENDPOINTS)),
        # Neither a list nor a string: as if there were none.
        (7, set(ENDPOINTS)),
        (None, set(ENDPOINTS)),
        ({"a": A1}, set(ENDPOINTS)),
    ],
    ids=str,
)
async def test_only_what_is_allowed_is_picked(picker, subset, allowed):
    assert await choices(picker, with_subset(request_headers(), subset), body()) == allowed


@pytest.mark.parametrize(
    "subset",
    [[], "", [STRANGER], [STRANGER, "127.0.0.1:9999"], ["127.0.0.9"], ["nonsense", "", ":", "[", "[]:1"], [7]],
    ids=str,
)
@pytest.mark.parametrize("mode", MODES)
async def test_nobody_allowed_is_503(picker, mode, subset):
    async with Client(picker.address) as client:
        stream = client.stream()
        await stream.send(with_subset(request_headers(modes=MODES[mode]), subset))
        if mode in BODY_FIRST:
            await stream.send(body())
        *before, answer = await stream.receive_rest()
        assert refused(answer), answer
        assert [earlier.kind for earlier in before] == (["request_headers"] if "buffered" in mode else [])
        assert (await stream.status()).name == "OK"
    await settles(picker)


@pytest.mark.parametrize("mode", MODES)
async def test_subset_on_the_headers(picker, mode):
    headers = with_subset(request_headers(modes=MODES[mode]), [B1])
    assert await choices(picker, headers, *([body()] if mode != "none" else [])) == {B1}


@pytest.mark.parametrize("mode", BODY_FIRST)
async def test_subset_on_the_body(picker, mode):
    headers = request_headers(modes=MODES[mode])
    assert await choices(picker, headers, with_subset(body(), [B1, FD])) == {B1, FD}


@pytest.mark.parametrize("mode", BODY_FIRST)
async def test_last_subset_counts(picker, mode):
    headers = with_subset(request_headers(modes=MODES[mode]), [A1, A2])
    assert await choices(picker, headers, with_subset(body(), "127.0.0.2")) == {B1}
    async with Client(picker.address) as client:
        assert refused(await outcome(client, headers, with_subset(body(), [])))


@pytest.mark.parametrize("mode", BODY_FIRST)
async def test_message_without_the_namespace_keeps_the_subset(picker, mode):
    """Newer proxies repeat the metadata on every message, older ones do not."""
    headers = with_subset(request_headers(modes=MODES[mode]), [B1])
    assert await choices(picker, headers, with_metadata(body(), "envoy.lb", {"canary": True})) == {B1}


async def test_namespace_without_the_key_lifts_the_restriction(picker):
    """The latest word of the proxy is that it allows all."""
    headers = with_subset(request_headers(), [B1])
    lifted = with_metadata(body(), "envoy.lb.subset_hint", {"other": "x"})
    assert await choices(picker, headers, lifted) == set(ENDPOINTS)


async def test_subset_on_any_piece_of_the_body(picker):
    data = chat_bytes(unique())
    pieces = [request_body(data[:10]), with_subset(request_body(data[10:20]), [FD]), request_body(data[20:], True)]
    assert await choices(picker, with_subset(request_headers(), [A1]), *pieces) == {FD}


async def test_header_sent_by_the_client_is_no_subset(picker):
    """Only metadata comes from the proxy itself."""
    headers = request_headers(headers=[("x-gateway-destination-endpoint-subset", B1)])
    assert await choices(picker, headers, body()) == set(ENDPOINTS)


async def test_request_without_a_body_follows_the_subset(picker):
    assert await choices(picker, with_subset(get(), [A2, LOOPBACK1])) == {A2, LOOPBACK1}
    async with Client(picker.address) as client:
        assert refused(await outcome(client, with_subset(get(), [])))
        assert refused(await outcome(client, with_subset(get(), [STRANGER])))


async def test_subset_of_one_request_does_not_touch_the_next(picker):
    async with Client(picker.address) as client:
        for _ in range(3):
            assert refused(await outcome(client, with_subset(request_headers(), []), body()))
    assert await choices(picker, request_headers(), body()) == set(ENDPOINTS)


async def test_subset_can_be_switched_off(launch):
    picker = launch.picker(ENDPOINTS, tls=False, config=by_queue(), arguments=["--disable-endpoint-subset-filter"])
    for subset in ([B1], [], [STRANGER]):
        assert await choices(picker, with_subset(request_headers(), subset), body()) == set(ENDPOINTS)
        assert await choices(picker, with_subset(get(), subset)) == set(ENDPOINTS)


async def test_long_subset(picker):
    """A thousand names of which two are members, from ten proxies at once."""
    strangers = [f"10.{number // 250}.{number % 250}.1:9001" for number in range(1_000)]
    headers = with_subset(request_headers(), [*strangers, B1, A1])

    async def ask():
        async with Client(picker.address) as client:
            return {(await outcome(client, headers, body())).destination for _ in range(10)}

    assert set().union(*await asyncio.gather(*(ask() for _ in range(10)))) == {A1, B1}
    await settles(picker)
