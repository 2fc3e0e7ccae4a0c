"""Clients that stop half-way, send too much, or send nonsense: nothing leaks, and the picker goes on serving."""

import asyncio

import grpc
import pools
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
    StreamEnded,
    echoed,
    expected,
    get,
    kinds,
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
    response_trailers,
)

pytestmark = pytest.mark.usefixtures("idle_pool")

WHOLE = request_body(b'{"model":"m","messages":[{"role":"user","content":"x"}]}', True)


async def serves(picker):
    async with Client(picker.address) as client:
        header, *_ = await client.stream().ask(
            request_headers(), request_body(chat_bytes(unique()), end_of_stream=True)
        )
        return header.destination is not None


async def settles(picker):
    """Nothing is left of any request, and a new one is served."""
    await pools.settles(picker)
    assert await serves(picker)


async def _open(stream):
    pass


async def _headers_sent(stream):
    await stream.send(request_headers())


async def _half_body_sent(stream):
    await stream.send(request_headers(), request_body(chat_bytes(unique())[:30]))


async def _whole_body_sent(stream):
    await stream.send(request_headers(), request_body(chat_bytes(unique(), stream=True), end_of_stream=True))


async def _request_answered(stream):
    await stream.ask(request_headers(), request_body(chat_bytes(unique(), stream=True), end_of_stream=True))


async def _response_begun(stream):
    await _request_answered(stream)
    await stream.send(response_headers(content_type="text/event-stream"))
    await stream.receive_until("response_headers")


async def _response_half_sent(stream):
    await _response_begun(stream)
    await stream.send(response_body(b'data: {"object":"chat.completion.chunk"}\n\n'))
    await stream.receive_until("response_body")


async def _response_complete(stream):
    await _response_half_sent(stream)
    await stream.send(response_body(b"data: [DONE]\n\n", end_of_stream=True))
    await stream.receive_until("response_body", end_of_stream=True)


STATES = [
    _open,
    _headers_sent,
    _half_body_sent,
    _whole_body_sent,
    _request_answered,
    _response_begun,
    _response_half_sent,
    _response_complete,
]

def _in_mode(name, modes, *messages):
    async def reach(stream):
        await stream.send(request_headers(modes=modes), *messages)
        await stream.receive()

    reach.__name__ = name
    return reach


STATES += [
    _in_mode("streamed_headers_answered", Modes(STREAMED, STREAMED)),
    _in_mode("streamed_body_begun", Modes(STREAMED, STREAMED), request_body(b"{")),
    _in_mode("streamed_early_body_begun", Modes(STREAMED, STREAMED, early=True), request_body(b"{")),
    _in_mode("buffered_headers_acknowledged", Modes(BUFFERED, BUFFERED)),
    _in_mode("buffered_body_sent", Modes(BUFFERED, BUFFERED), WHOLE),
    _in_mode("partial_body_sent", Modes(BUFFERED_PARTIAL, BUFFERED_PARTIAL), request_body(b"{")),
    _in_mode("headers_alone_answered", Modes(NONE, NONE)),
]

each_state = pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__.strip("_"))


@each_state
async def test_reset_releases_the_request(pool, reach):
    async with Client(pool.picker.address) as client:
        for _ in range(20):
            stream = client.stream()
            await reach(stream)
            await stream.reset()
        # The same connection goes on.
        header, *_ = await client.stream().ask(
            request_headers(), request_body(chat_bytes(unique()), end_of_stream=True)
        )
        assert header.destination in pool.servers.endpoints
    await settles(pool.picker)


@each_state
async def test_half_close_ends_the_stream_without_an_error(pool, reach):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await reach(stream)
        assert (await stream.close()).name == "OK"
    await settles(pool.picker)


@each_state
async def test_lost_connection_releases_its_requests(pool, reach):
    async with Client(pool.picker.address) as client:
        for _ in range(10):
            await reach(client.stream())
    await settles(pool.picker)


async def test_half_close_before_the_answer_still_gets_the_answer(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        body = chat_bytes(unique())
        await stream.send(request_headers(), request_body(body, end_of_stream=True))
        await stream.half_close()
        answers = await stream.receive_rest()
        assert answers[0].destination in pool.servers.endpoints
        assert b"".join(answer.body for answer in answers if answer.kind == "request_body") == body
        assert (await stream.status()).name == "OK"
    await settles(pool.picker)


@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 40, b"\x12\xff\xff\xff\xff\x0f", b"\x22\x05ab", b"\x0f"],
    ids=["noise", "endless-length", "cut-short", "bad-wire-type"],
)
@pytest.mark.parametrize("when", ["first", "mid-body"])
async def test_message_that_is_not_protobuf_is_an_error_not_a_crash(pool, garbage, when):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        if when == "mid-body":
            await _half_body_sent(stream)
        await stream.send(garbage)
        with pytest.raises(StreamEnded):
            await stream.receive()
        assert (await stream.status()).name == "INVALID_ARGUMENT"
        assert "malformed" in await stream.details()
    await settles(pool.picker)


@pytest.mark.parametrize(
    ("messages", "details"),
    [
        ([WHOLE], "request body before request headers"),
        ([request_trailers()], "request trailers before request headers"),
        ([response_body(b"x", True)], "response body before response headers"),
        ([response_trailers()], "response trailers before response headers"),
        ([request_headers(), request_headers()], "second request headers"),
        ([get(), get()], "second request headers"),
        ([get(), request_body(b"x", True)], "request body after its end"),
        ([request_headers(), WHOLE, request_body(b"x")], "request body after its end"),
        ([request_headers(), WHOLE, request_headers()], "second request headers"),
        ([request_headers(), WHOLE, response_body(b"x")], "response body before response headers"),
        ([request_headers(), WHOLE, response_headers(), response_headers()], "second response headers"),
        ([response_headers(), request_headers()], "second request headers"),
        ([request_headers(modes=Modes(NONE)), WHOLE], "request body after its end"),
        ([request_headers(modes=Modes(BUFFERED)), WHOLE, WHOLE], "request body after its end"),
        ([request_headers(modes=Modes(BUFFERED)), request_trailers()], "request trailers instead of a buffered body"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(message.WhichOneof("request") for message in value),
)
async def test_message_out_of_order_ends_its_stream_alone(pool, messages, details):
    async with Client(pool.picker.address) as client:
        bystander = client.stream()
        await bystander.send(request_headers())
        stream = client.stream()
        await stream.send(*messages)
        await stream.receive_rest()
        assert (await stream.status()).name == "FAILED_PRECONDITION"
        assert await stream.details() == f"unexpected message: {details}"
        header, *_ = await bystander.ask(WHOLE)
        assert header.destination in pool.servers.endpoints
    await settles(pool.picker)


@pytest.mark.parametrize(
    "again",
    [b"", b'"}]}'],
    ids=["empty", "last-piece"],
)
@pytest.mark.parametrize("when", ["at-once", "after-the-answer", "after-the-response-began"])
async def test_end_of_the_body_delivered_twice(pool, again, when):
    """Some versions of Envoy repeat the last piece of a large body, and the mark of its end, or the mark alone."""
    body = chat_bytes("x" * 100_000)
    pieces = [request_body(body[:-4]), request_body(body[-4:], True)]
    repeated = request_body(again, True)
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(), *pieces, *([repeated] if when == "at-once" else []))
        received = await stream.receive_until("request_body", end_of_stream=True)
        assert kinds(received) == ["request_headers", "request_body"]
        assert echoed(received) == body
        if when == "after-the-answer":
            await stream.send(repeated)
        assert await stream.exchange(response_headers(), 1) == [expected.marked_response()]
        if when == "after-the-response-began":
            await stream.send(repeated)
        assert await stream.exchange(response_body(b"{}", True), 1) == [expected.piece("response_body", b"{}", True)]
        assert (await stream.close()).name == "OK"
    await settles(pool.picker)


async def test_message_that_says_nothing_is_passed_over(pool):
    """Such as one with attributes alone, or of a kind that is not known yet."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(b"", request_headers(), b"", b"\xfa\x3f\x03abc", WHOLE, b"")
        header, body = [await stream.receive() for _ in range(2)]
        assert header.destination in pool.servers.endpoints
        assert body.end_of_stream
        await stream.send(b"", response_headers(end_of_stream=True), b"")
        assert (await stream.receive()).message == expected.marked_response()
        assert (await stream.close()).name == "OK"
    await settles(pool.picker)


async def test_message_over_the_limit_fails_only_its_stream(launch):
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False, arguments=["--grpc-max-recv-msg-size=1Mi"])
    async with Client(picker.address) as client:
        bystander = client.stream()
        await bystander.send(request_headers())
        stream = client.stream()
        await stream.send(request_headers())
        await stream.send(request_body(b"x" * 3_000_000))
        answers = await stream.receive_rest()
        refused = answers and answers[-1].kind == "immediate_response" and answers[-1].status == 413
        assert refused or (await stream.status()).name == "RESOURCE_EXHAUSTED"
        header, *_ = await bystander.ask(request_body(chat_bytes(unique()), end_of_stream=True))
        assert header.destination == servers.endpoints[0]
    await settles(picker)


async def test_unknown_method_is_unimplemented(pool):
    async with grpc.aio.insecure_channel(pool.picker.address) as channel:
        call = channel.unary_unary("/envoy.service.ext_proc.v3.ExternalProcessor/Nothing")
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(b"")
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert await serves(pool.picker)


async def test_bytes_that_are_not_http2_close_only_that_connection(pool):
    reader, writer = await asyncio.open_connection("127.0.0.1", pool.picker.port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + b"\x00" * 100)
    await writer.drain()
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert await serves(pool.picker)


async def test_slow_bodies_hold_up_nobody(pool):
    """Ten uploads that trickle in byte by byte, on the same connection as others that come at once."""
    body = chat_bytes(unique())
    async with Client(pool.picker.address) as client:
        slow = [client.stream() for _ in range(10)]
        for stream in slow:
            await stream.send(request_headers())
        for at in range(len(body) - 1):
            for stream in slow:
                await stream.send(request_body(body[at : at + 1]))
            if at % 5 == 0:
                header, *rest = await client.stream().ask(
                    request_headers(), request_body(chat_bytes(unique()), end_of_stream=True), timeout=2
                )
                assert header.destination in pool.servers.endpoints
        # None of the ten has an endpoint yet, so none is counted.
        assert all(stream.answers == [] for stream in slow)
        running = pool.picker.metric("inference_objective_running_requests")
        for stream in slow:
            header, *rest = await stream.ask(request_body(body[-1:], end_of_stream=True))
            assert header.destination in pool.servers.endpoints
            assert echoed(rest) == body
        assert pool.picker.metric("inference_objective_running_requests") == running + 10
    await settles(pool.picker)


@pytest.mark.parametrize(
    ("modes", "half_sent"),
    [
        (Modes(DUPLEX, DUPLEX), False),
        (Modes(DUPLEX, DUPLEX), True),
        (Modes(BUFFERED, BUFFERED), False),
    ],
    ids=str,
)
async def test_response_before_the_request_was_answered(pool, modes, half_sent):
    """It is the proxy's own, for instance because a body is too large. No endpoint is picked for such a request."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(modes=modes), *([request_body(b"{")] if half_sent else []))
        if modes.request == BUFFERED:
            await stream.receive()
        assert await stream.exchange(response_headers(413), 1) == [expected.marked_response()]
        reply = {
            DUPLEX: expected.piece("response_body", b"too large", True),
            STREAMED: expected.acknowledged("response_body"),
            BUFFERED: expected.acknowledged("response_body"),
        }[modes.response]
        assert await stream.exchange(response_body(b"too large", True), 1) == [reply]
        # What is still on its way of the request gets no answer.
        await stream.send(request_body(b'"model":', True), request_trailers())
        assert (await stream.close()).name == "OK"
        assert await stream.receive_rest() == []
        assert not any(answer.destination for answer in stream.answers)
    await settles(pool.picker)


async def test_response_while_the_request_body_is_still_streamed(pool):
    """In streamed mode the endpoint may answer before it has the whole body; both directions go on."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.exchange(request_headers(modes=Modes(STREAMED, STREAMED)), 1)
        acknowledged = expected.acknowledged("request_body")
        assert await stream.exchange(request_body(b"x"), 1) == [acknowledged]
        assert await stream.exchange(response_headers(), 1) == [expected.marked_response()]
        assert await stream.exchange(request_body(b"y"), 1) == [acknowledged]
        assert await stream.exchange(response_body(b"z"), 1) == [expected.acknowledged("response_body")]
        assert await stream.exchange(request_body(b"", True), 1) == [acknowledged]
        assert pool.picker.metric("epp_leases") == 1
        assert await stream.exchange(response_body(b"", True), 1) == [expected.acknowledged("response_body")]
        assert pool.picker.metric("epp_leases") == 0
        assert (await stream.close()).name == "OK"


async def test_large_pieces_both_ways(pool):
    """Messages far above 4 MiB, which is where gRPC libraries stop by default."""
    body = chat_bytes("".join(f"{number:08x}" for number in range(1_000_000)))
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        _, *rest = await stream.ask(request_headers(), request_body(body), request_body(b"", True))
        assert echoed(rest) == body
        await stream.exchange(response_headers(), 1)
        await stream.send(response_body(body), response_body(b"", True))
        received = await stream.receive_until("response_body", end_of_stream=True)
        assert kinds(received) == ["response_body"]
        assert echoed(received, "response_body") == body
        assert max(len(answer.body) for answer in received) <= 62_000
        assert (await stream.close()).name == "OK"
    await settles(pool.picker)


async def test_reset_while_a_large_answer_is_on_its_way(pool):
    body = chat_bytes("".join(f"{number:08x}" for number in range(500_000)))
    async with Client(pool.picker.address) as client:
        for _ in range(5):
            stream = client.stream()
            await stream.send(request_headers(), request_body(body, True))
            await stream.receive()
            await stream.reset()
        header, *_ = await client.stream().ask(request_headers(), WHOLE)
        assert header.destination in pool.servers.endpoints
    await settles(pool.picker)


@pytest.mark.parametrize("argument", ["--max-buffered-bytes-per-connection=4Mi", "--max-buffered-bytes=4Mi"])
async def test_bodies_beyond_the_memory_limit_are_503(launch, argument):
    """Uploads that wait for their end hold memory. Those that would exceed the limit are refused, no others."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=[argument])
    half = chat_bytes("x" * 1_200_000)[:1_200_000]
    async with Client(picker.address) as client:
        uploads = [client.stream() for _ in range(6)]
        for stream in uploads:
            await stream.send(request_headers(), request_body(half))
            # The next begins when this one waits for its end, or is refused.
            await stream.stays_silent(0.1)
        header, *_ = await client.stream().ask(request_headers(), WHOLE)
        assert header.destination == "127.0.0.1:9"
        waiting = [stream for stream in uploads if not stream.answers]
        refused = [stream for stream in uploads if stream.answers]
        assert uploads[0] in waiting
        assert uploads[-1] in refused
        for stream in refused:
            [answer] = await stream.receive_rest()
            assert (answer.kind, answer.status) == ("immediate_response", 503)
            assert answer.body == b"inference error: ServiceUnavailable - too many request bytes are held in memory"
            assert (await stream.status()).name == "OK"
        for stream in waiting:
            header, *rest = await stream.ask(request_body(b'"}]}', True))
            assert header.destination == "127.0.0.1:9"
            assert echoed(rest) == half + b'"}]}'
    await settles(picker)


async def test_limit_reached_at_any_piece(launch):
    """Also at the one that ends the body: a refused request gets no other answer, and no endpoint."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=["--max-buffered-bytes-per-connection=512Ki"])
    outcomes = []
    async with Client(picker.address) as client:
        for count in range(10, 60):
            body = chat_bytes("x" * 12_000 * count)
            stream = client.stream()
            await stream.send(request_headers())
            for at in range(0, len(body), 12_000):
                await stream.send(request_body(body[at : at + 12_000], at + 12_000 >= len(body)))
            answers = [await stream.receive()]
            if answers[0].kind == "immediate_response":
                assert answers[0].status == 503
                assert await stream.receive_rest() == []
            else:
                answers += await stream.receive_until("request_body", end_of_stream=True)
                assert echoed(answers) == body
                await stream.close()
            assert picker.metric("epp_leases") == 0
            outcomes.append(kinds(answers))
    first_refused = outcomes.index(["immediate_response"])
    assert 0 < first_refused
    assert outcomes == [["request_headers", "request_body"]] * first_refused + [["immediate_response"]] * (
        len(outcomes) - first_refused
    )
    await settles(picker)


async def test_closed_connections_give_their_memory_back(launch):
    """However many there were: else the limit is reached some day, and all requests are refused."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=["--max-buffered-bytes=4Mi"])

    async def upload(client):
        stream = client.stream()
        await stream.exchange(request_headers(modes=Modes(STREAMED, NONE)), 1)
        assert await stream.exchange(request_body(b"x" * 40_000, True), 1) == [expected.acknowledged("request_body")]
        assert (await stream.close()).name == "OK"

    for _ in range(5):
        async with Client(picker.address) as client:
            await asyncio.gather(*(upload(client) for _ in range(30)))
    await settles(picker)
