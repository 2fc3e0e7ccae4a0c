"""Clients that stop half-way, send too much, or send nonsense: nothing leaks, and the picker goes on serving."""

import asyncio

import pytest
from bodies import chat_bytes, unique
from extproc import Client, StreamEnded, request_body, request_headers, response_body, response_headers
from localpool import wait_until


async def serves(picker):
    async with Client(picker.address) as client:
        header, *_ = await client.stream().ask(
            request_headers(), request_body(chat_bytes(unique()), end_of_stream=True)
        )
        return header.destination is not None


async def settles(picker):
    """No request is counted as running, and a new one is served."""
    await asyncio.to_thread(
        wait_until, lambda: picker.metric("inference_objective_running_requests") == 0, "no request runs any more"
    )
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
        assert (await stream.status()).name in ("INTERNAL", "INVALID_ARGUMENT", "UNKNOWN")
    await settles(pool.picker)


async def test_messages_out_of_order_do_not_hurt_others(pool):
    async with Client(pool.picker.address) as client:
        for messages in (
            [response_body(b"x", end_of_stream=True)],
            [response_headers(), response_headers()],
            [request_body(b"{}", end_of_stream=True)],
            [request_headers(), request_headers()],
            [b""],
        ):
            stream = client.stream()
            await stream.send(*messages)
            await stream.half_close()
            await stream.receive_rest()
            assert (await stream.status()).name in ("OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "INTERNAL")
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
    import grpc

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
