"""The ext_proc conversation, message by message."""

import pytest
from bodies import MODEL, chat_bytes, unique
from extproc import (
    Client,
    echoed,
    kinds,
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
    response_trailers,
    split,
)

CHUNK_LIMIT = 62_000


async def test_answers_come_in_order_and_after_the_whole_body(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        body = chat_bytes(unique())
        await stream.send(request_headers(), request_body(body[:20]))
        assert await stream.stays_silent(), "nothing may be answered before the body is complete"
        await stream.send(request_body(body[20:], end_of_stream=True))
        header, *rest = await stream.receive_until("request_body", end_of_stream=True)

        assert header.kind == "request_headers"
        assert header.destination in pool.servers.endpoints
        assert header.destination_metadata == header.destination
        assert header.clear_route_cache
        assert kinds(rest) == ["request_body"]
        assert echoed(rest) == body

        await stream.send(response_headers())
        answer = await stream.receive()
        assert answer.kind == "response_headers"
        assert answer.headers["x-went-into-resp-headers"] == "true"

        reply = b'{"object":"chat.completion","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
        await stream.send(response_body(reply[:10]), response_body(reply[10:], end_of_stream=True))
        received = await stream.receive_until("response_body", end_of_stream=True)
        assert kinds(received) == ["response_body"]
        assert echoed(received, "response_body") == reply
        assert [answer.end_of_stream for answer in received[:-1]] == [False] * (len(received) - 1)
        assert (await stream.close()).name == "OK"


@pytest.mark.parametrize("size", [CHUNK_LIMIT, CHUNK_LIMIT + 1, 3 * CHUNK_LIMIT, 1_000_000])
async def test_long_bodies_are_answered_in_chunks(pool, size):
    body = chat_bytes("a" * (size - len(chat_bytes(""))))
    assert len(body) == size
    async with Client(pool.picker.address) as client:
        _, *chunks = await client.stream().ask(request_headers(), request_body(body, end_of_stream=True))
    assert kinds(chunks) == ["request_body"]
    assert max(len(chunk.body) for chunk in chunks) <= CHUNK_LIMIT
    assert [chunk.end_of_stream for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert echoed(chunks) == body


@pytest.mark.parametrize(
    "sizes",
    [[1], [2], [3, 1, 7], [4096], [65_536], [0, 1, 0, 50_000]],
    ids=lambda sizes: "+".join(map(str, sizes)),
)
async def test_any_split_gives_the_same_bytes(pool, sizes):
    """Cuts inside multi-byte characters, escapes and keywords, and empty pieces."""
    prompt = 'Grüße, 世界 🦉 "quoted" back\\slash \u2028 tab\t ' * (3 if sizes[0] < 10 else 3_000)
    body = chat_bytes(prompt, stream=False)
    async with Client(pool.picker.address) as client:
        header, *rest = await client.stream().ask(request_headers(), *_split_with_empty(body, sizes))
    assert header.destination in pool.servers.endpoints
    assert echoed(rest) == body


def _split_with_empty(body, sizes):
    if 0 not in sizes:
        return split(body, sizes)
    return [request_body(b""), *split(body, [size for size in sizes if size])]


async def test_end_of_stream_on_an_empty_message(pool):
    """Envoy ends a long body with an empty message."""
    body = chat_bytes(unique())
    async with Client(pool.picker.address) as client:
        header, *rest = await client.stream().ask(
            request_headers(), request_body(body), request_body(b"", end_of_stream=True)
        )
    assert header.kind == "request_headers"
    assert echoed(rest) == body
    assert [answer.end_of_stream for answer in rest] == [False] * (len(rest) - 1) + [True]


async def test_trailers_after_the_end_of_the_body(pool):
    body = chat_bytes(unique())
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        header, *rest = await stream.ask(request_headers(), request_body(body, end_of_stream=True))
        assert header.destination in pool.servers.endpoints
        assert echoed(rest) == body
        await stream.send(request_trailers(), response_headers(end_of_stream=True))
        received = await stream.receive_until("response_headers")
        assert set(kinds(received)) <= {"request_trailers", "response_headers"}
        assert (await stream.close()).name == "OK"


async def test_body_ended_only_by_trailers(pool):
    body = chat_bytes(unique())
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers(), *[request_body(body[at : at + 50]) for at in range(0, len(body), 50)])
        await stream.send(request_trailers())
        received = await stream.receive_until("request_trailers")
        assert kinds(received) == ["request_headers", "request_body", "request_trailers"]
        assert received[0].destination in pool.servers.endpoints
        assert echoed(received) == body
        assert not any(answer.end_of_stream for answer in received), "trailers, not a body message, end the body"
        assert (await stream.close()).name == "OK"


async def test_response_with_trailers(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(), request_body(chat_bytes(unique()), end_of_stream=True))
        reply = b'{"object":"chat.completion"}'
        await stream.send(response_headers(), response_body(reply), response_trailers())
        received = await stream.receive_until("response_trailers")
        assert kinds(received) == ["response_headers", "response_body", "response_trailers"]
        assert echoed(received, "response_body") == reply
        assert not any(answer.end_of_stream for answer in received)
        assert (await stream.close()).name == "OK"


async def test_events_are_answered_one_by_one(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(), request_body(chat_bytes(unique(), stream=True), end_of_stream=True))
        await stream.send(response_headers(content_type="text/event-stream"))
        await stream.receive_until("response_headers")
        for number in range(20):
            event = b'data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"%d"}}]}\n\n' % number
            await stream.send(response_body(event))
            answer = await stream.receive()
            assert (answer.kind, answer.body, answer.end_of_stream) == ("response_body", event, False)
        await stream.send(response_body(b"data: [DONE]\n\n", end_of_stream=True))
        last = await stream.receive()
        assert (last.body, last.end_of_stream) == (b"data: [DONE]\n\n", True)
        assert (await stream.close()).name == "OK"


async def test_refusal_ends_the_stream_cleanly(pool):
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        [answer] = await stream.ask(request_headers(), request_body(b'{"messages":[]}', end_of_stream=True))
        assert answer.kind == "immediate_response"
        assert answer.status == 400
        assert answer.body.startswith(b"inference error: BadRequest - ")
        assert await stream.receive_rest() == []
        assert (await stream.status()).name == "OK"


async def test_running_requests_are_counted_by_model(pool):
    async with Client(pool.picker.address) as client:
        streams = [client.stream() for _ in range(5)]
        for stream in streams:
            await stream.ask(request_headers(), request_body(chat_bytes(unique()), end_of_stream=True))
        assert pool.picker.metric("inference_objective_running_requests", model_name=MODEL) == 5
        for stream in streams:
            await stream.send(response_headers(), response_body(b"{}", end_of_stream=True))
            await stream.receive_until("response_body", end_of_stream=True)
            assert (await stream.close()).name == "OK"
        assert pool.picker.metric("inference_objective_running_requests") == 0
