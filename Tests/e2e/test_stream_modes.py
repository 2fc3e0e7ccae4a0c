"""The conversation in each body mode and direction: every answer, whole, in order, and none too many."""

import asyncio

import pytest
from bodies import chat_bytes, unique
from extproc import (
    BUFFERED,
    BUFFERED_PARTIAL,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    expected,
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
    response_trailers,
)
from pools import Pool, settles

pytestmark = pytest.mark.usefixtures("idle_pool")

REQUEST_MODES = {
    "duplex": Modes(DUPLEX),
    "streamed": Modes(STREAMED),
    "streamed-early": Modes(STREAMED, early=True),
    "buffered": Modes(BUFFERED),
    "buffered-partial": Modes(BUFFERED_PARTIAL),
    "none": Modes(NONE),
}
RESPONSE_MODES = {
    "duplex": DUPLEX,
    "streamed": STREAMED,
    "buffered": BUFFERED,
    "buffered-partial": BUFFERED_PARTIAL,
    "none": NONE,
}
#: A mode that no proxy knows yet.
UNKNOWN = 5

REPLY = b'{"object":"chat.completion","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'

HEADERS_ACKNOWLEDGED = expected.acknowledged("request_headers")
PIECE_ACKNOWLEDGED = expected.acknowledged("request_body")


@pytest.fixture(scope="module")
def pool(module_launch):
    """A pool of one, so that every answer is known in advance."""
    servers = module_launch.servers(count=1)
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False))


def request_steps(modes, body, endpoint):
    """What a proxy sends in one mode, each message with the answers it gets."""
    headers = request_headers(modes=modes)
    first, rest, whole = request_body(body[:20]), request_body(body[20:], True), request_body(body, True)
    picked = expected.destination(endpoint)
    match modes.request:
        case 4 | 5:
            return [(headers, []), (first, []), (rest, [picked, expected.piece("request_body", body, True)])]
        case 1:
            return [(headers, [picked]), (first, [PIECE_ACKNOWLEDGED]), (rest, [PIECE_ACKNOWLEDGED])]
        case 2 | 3:
            return [(headers, [HEADERS_ACKNOWLEDGED]), (whole, [expected.destination(endpoint, "request_body")])]
        case 0:
            return [(headers, [picked])]


def response_steps(mode):
    """The same for the response."""
    headers = (response_headers(), [expected.marked_response()])
    first, rest, whole = response_body(REPLY[:20]), response_body(REPLY[20:], True), response_body(REPLY, True)
    acknowledged = expected.acknowledged("response_body")
    match mode:
        case 4 | 5:
            return [
                headers,
                (first, [expected.piece("response_body", REPLY[:20])]),
                (rest, [expected.piece("response_body", REPLY[20:], True)]),
            ]
        case 1:
            return [headers, (first, [acknowledged]), (rest, [acknowledged])]
        case 2 | 3:
            return [headers, (whole, [acknowledged])]
        case 0:
            return [headers]


async def follow(stream, steps):
    """Sends each message and demands exactly its answers."""
    for message, answers in steps:
        assert await stream.exchange(message, len(answers), timeout=3) == answers


async def ends(stream):
    """The proxy has nothing more to say, and neither has the picker."""
    assert (await stream.close()).name == "OK"
    assert await stream.receive_rest() == []


def leases(pool):
    return pool.picker.metric("epp_leases")


@pytest.mark.parametrize("response", RESPONSE_MODES)
@pytest.mark.parametrize("request_mode", REQUEST_MODES)
async def test_conversation(pool, request_mode, response):
    """Each direction follows its own mode."""
    modes = REQUEST_MODES[request_mode]
    modes = Modes(modes.request, RESPONSE_MODES[response], modes.early)
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await follow(stream, request_steps(modes, chat_bytes(unique()), pool.servers.endpoints[0]))
        assert leases(pool) == 1
        await follow(stream, response_steps(modes.response))
        # The request is counted until the proxy shows that the response is over.
        assert leases(pool) == (1 if modes.response == NONE else 0)
        await ends(stream)
    await settles(pool.picker)


@pytest.mark.parametrize(
    "modes", [None, Modes(UNKNOWN, UNKNOWN), Modes(UNKNOWN, DUPLEX), Modes(DUPLEX, UNKNOWN)], ids=str
)
async def test_full_duplex_is_assumed(pool, modes):
    """Of a proxy that does not tell its modes, or tells one that is not known."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        body = chat_bytes(unique())
        [(_, answers), *rest] = request_steps(Modes(DUPLEX), body, pool.servers.endpoints[0])
        await follow(stream, [(request_headers(modes=modes), answers), *rest, *response_steps(DUPLEX)])
        await ends(stream)


async def test_nothing_is_answered_before_the_end_of_the_body(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        [*first, last] = request_steps(Modes(DUPLEX), chat_bytes(unique()), pool.servers.endpoints[0])
        await follow(stream, first)
        assert await stream.stays_silent()
        await follow(stream, [last])
        await ends(stream)


@pytest.mark.parametrize("request_mode", ["streamed", "streamed-early", "buffered", "buffered-partial", "none"])
async def test_headers_are_answered_at_once(pool, request_mode):
    """The proxy waits for this answer before it sends anything else."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        [(message, answers), *_] = request_steps(REQUEST_MODES[request_mode], b"", pool.servers.endpoints[0])
        await follow(stream, [(message, answers)])
        assert await stream.stays_silent()
        assert (await stream.close()).name == "OK"
    await settles(pool.picker)


@pytest.mark.parametrize("modes", [Modes(DUPLEX), Modes(STREAMED, early=True), Modes(STREAMED)], ids=str)
async def test_cut_at_every_byte(pool, modes):
    model = f"cut-{modes.request}-{modes.early}"
    body = chat_bytes('"Grüße" \\ 世界', model=model, stream=True)
    assert 100 < len(body) < 200
    endpoint = pool.servers.endpoints[0]
    whole = [expected.piece("request_body", body, True)] if modes.request == DUPLEX else [PIECE_ACKNOWLEDGED] * 2
    before = pool.picker.metric("inference_objective_request_total", model_name=model)
    async with Client(pool.picker.address) as client:

        async def cut(at):
            stream = client.stream()
            await stream.send(request_headers(modes=modes), request_body(body[:at]), request_body(body[at:], True))
            answers = [(await stream.receive()).message for _ in range(1 + len(whole))]
            await ends(stream)
            return answers

        answers = await asyncio.gather(*map(cut, range(len(body) + 1)))
    assert [at for at, received in enumerate(answers) if received != [expected.destination(endpoint), *whole]] == []
    if modes.request == DUPLEX:
        # Every one of them was understood, not only passed on.
        counted = pool.picker.metric("inference_objective_request_total", model_name=model) - before
        assert counted == len(body) + 1


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
async def test_streamed_pieces_are_acknowledged_whatever_they_hold(pool, size):
    """The pick was made on the headers: the body is not read, and no more than its last piece is held."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        picked = expected.destination(pool.servers.endpoints[0])
        assert await stream.exchange(request_headers(modes=Modes(STREAMED, NONE)), 1) == [picked]
        for _ in range(5):
            assert await stream.exchange(request_body(b"\xff" * size), 1) == [PIECE_ACKNOWLEDGED]
        assert pool.picker.metric("epp_buffered_bytes") < 2 * size + 10_000
        assert await stream.exchange(request_body(b"", True), 1) == [PIECE_ACKNOWLEDGED]
        await ends(stream)


async def test_early_pieces_get_one_acknowledgement_each(pool):
    body = chat_bytes(unique())
    pieces = [b"", body[:1], b"", body[1:40], body[40:]]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(modes=Modes(STREAMED, NONE, early=True)), *map(request_body, pieces))
        answers = await stream.exchange(request_body(b"", True), 7)
        assert answers == [expected.destination(pool.servers.endpoints[0]), *[PIECE_ACKNOWLEDGED] * 6]
        await ends(stream)


@pytest.mark.parametrize("cut", [0, 1, 40])
async def test_partial_body_that_is_cut_short_is_not_read(pool, cut):
    """Envoy sends what fits into its buffer. That is no JSON, and no reason to refuse the request."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        headers = request_headers(modes=Modes(BUFFERED_PARTIAL), headers=[("x-gateway-model-name", "named-in-header")])
        assert await stream.exchange(headers, 1) == [HEADERS_ACKNOWLEDGED]
        [answer] = await stream.exchange(request_body(chat_bytes(unique())[:cut]), 1)
        assert answer == expected.destination(pool.servers.endpoints[0], "request_body")
        assert pool.picker.metric("inference_objective_running_requests", model_name="named-in-header") == 1
        await ends(stream)
    await settles(pool.picker)


@pytest.mark.parametrize("modes", [Modes(STREAMED), Modes(NONE)], ids=str)
async def test_model_of_an_unseen_body_comes_from_a_header(pool, modes):
    headers = [("x-gateway-model-name", "named-in-header")]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.exchange(request_headers(modes=modes, headers=headers), 1)
        assert pool.picker.metric("inference_objective_running_requests", model_name="named-in-header") == 1
        await ends(stream)


#: What is wrong with a body is told in place of the answer that would carry the endpoint.
READING = {name: REQUEST_MODES[name] for name in ("duplex", "buffered", "buffered-partial")}


@pytest.mark.parametrize("request_mode", READING)
async def test_body_that_cannot_be_read_is_refused(pool, request_mode):
    modes = READING[request_mode]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        answers = [HEADERS_ACKNOWLEDGED] if modes.request in (BUFFERED, BUFFERED_PARTIAL) else []
        await follow(stream, [(request_headers(modes=modes), answers)])
        await stream.send(request_body(b'{"model":', True))
        answer = await stream.receive()
        assert (answer.kind, answer.status) == ("immediate_response", 400)
        assert answer.body.startswith(b"inference error: BadRequest - error unmarshaling request bodyMap: ")
        assert await stream.receive_rest() == []
        assert (await stream.status()).name == "OK"
    await settles(pool.picker)


@pytest.mark.parametrize("request_mode", READING)
async def test_body_over_the_limit_is_413(launch, request_mode):
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=["--grpc-max-recv-msg-size=1Mi"])
    modes = READING[request_mode]
    buffered = modes.request in (BUFFERED, BUFFERED_PARTIAL)
    async with Client(picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(modes=modes))
        if buffered:
            assert (await stream.receive()).message == HEADERS_ACKNOWLEDGED
            await stream.send(request_body(b" " * (1 << 20) + b"{", True))
        else:
            await stream.send(request_body(b" " * (1 << 20)), request_body(b"{"))
        answer = await stream.receive()
        assert (answer.kind, answer.status) == ("immediate_response", 413)
        assert answer.body == b"inference error: PayloadTooLarge - request body exceeds 1048576 bytes"
        assert await stream.receive_rest() == []
        assert (await stream.status()).name == "OK"
    await settles(picker)


@pytest.mark.parametrize("request_mode", REQUEST_MODES)
async def test_request_trailers(pool, request_mode):
    """Trailers end the body, whose last message is then not marked as the end, and are answered after it."""
    modes = REQUEST_MODES[request_mode]
    body = chat_bytes(unique())
    answered = expected.trailers("request_trailers")
    picked = expected.destination(pool.servers.endpoints[0])
    headers, pieces = request_headers(modes=modes), [request_body(body[:20]), request_body(body[20:])]
    steps = {
        "duplex": [
            (headers, []),
            *[(piece, []) for piece in pieces],
            (request_trailers(), [picked, expected.piece("request_body", body), answered]),
        ],
        "streamed": [
            (headers, [picked]),
            *[(piece, [PIECE_ACKNOWLEDGED]) for piece in pieces],
            (request_trailers(), [answered]),
        ],
        "buffered": [
            (headers, [HEADERS_ACKNOWLEDGED]),
            (request_body(body), [expected.destination(pool.servers.endpoints[0], "request_body")]),
            (request_trailers(), [answered]),
        ],
        "none": [(headers, [picked]), (request_trailers(), [answered])],
    }
    steps["streamed-early"], steps["buffered-partial"] = steps["streamed"], steps["buffered"]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await follow(stream, steps[request_mode])
        await ends(stream)
    await settles(pool.picker)


@pytest.mark.parametrize("response", RESPONSE_MODES)
async def test_response_trailers(pool, response):
    """They end the response, whatever was sent of its body."""
    mode = RESPONSE_MODES[response]
    [headers, *_] = response_steps(mode)
    bodies = {
        "duplex": [(response_body(REPLY), [expected.piece("response_body", REPLY)])],
        "none": [],
    }.get(response, [(response_body(REPLY), [expected.acknowledged("response_body")])])
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await follow(stream, request_steps(Modes(DUPLEX, mode), chat_bytes(unique()), pool.servers.endpoints[0]))
        await follow(stream, [headers, *bodies])
        assert leases(pool) == 1
        await follow(stream, [(response_trailers(), [expected.trailers("response_trailers")])])
        assert leases(pool) == 0
        await ends(stream)


@pytest.mark.parametrize("response", RESPONSE_MODES)
async def test_response_without_a_body_is_over_with_its_headers(pool, response):
    modes = Modes(DUPLEX, RESPONSE_MODES[response])
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await follow(stream, request_steps(modes, chat_bytes(unique()), pool.servers.endpoints[0]))
        assert leases(pool) == 1
        await follow(stream, [(response_headers(204, end_of_stream=True), [expected.marked_response()])])
        assert leases(pool) == 0
        await ends(stream)


@pytest.mark.parametrize("request_mode", ["streamed", "streamed-early", "none"])
async def test_generated_request_id_comes_with_the_destination(pool, request_mode):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(modes=REQUEST_MODES[request_mode], request_id=None))
        await stream.send(*([request_body(chat_bytes(unique()), True)] if request_mode != "none" else []))
        answer = await stream.receive()
        assert answer.kind == "request_headers"
        assert set(answer.headers) == {"x-gateway-destination-endpoint", "x-request-id"}
        await stream.reset()
