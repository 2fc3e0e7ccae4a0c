"""What the picker reads from a response while it passes: its cost, and when its tokens came."""

import itertools
import uuid

import pytest
import replies
from apis import APIS, configuration
from extproc import (
    BUFFERED,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    echoed,
    request_body,
    request_headers,
    response_body,
    response_headers,
    response_trailers,
    split,
)
from localpool import wait_until
from pools import Pool, settles

COUNTS = ("input_tokens", "output_tokens", "prompt_cached_tokens")


@pytest.fixture(scope="module")
def pool(module_launch):
    servers = module_launch.servers(count=1)
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False, config=configuration()))


def named(body, model):
    """The body with another model, so that its metrics stand alone."""
    return body.replace(b'"model" :  "m"', b'"model" :  "%s"' % model.encode())


async def respond(client, body, pieces, *, path="/v1/chat/completions", modes=Modes(), status=200, end=True, **headers):
    """A whole request and its response; returns the response's bytes as they were sent on."""
    stream = client.stream()
    await stream.send(request_headers(path, modes=modes), request_body(body, True))
    await stream.receive_until("request_body")
    before = len(stream.answers)
    await stream.exchange(response_headers(status, **headers), 1)
    for index, piece in enumerate(pieces):
        await stream.exchange(response_body(piece, end and index == len(pieces) - 1), 1)
    if not end:
        await stream.exchange(response_trailers(), 1)
    assert (await stream.close()).name == "OK"
    return echoed(stream.answers[before:], "response_body")


def measured(picker, model, name, prefix="inference_objective_"):
    """The sum and the number of observations."""
    return tuple(picker.metric(f"{prefix}{name}_{part}", model_name=model) for part in ("sum", "count"))


def told_cost(picker, model, cost=replies.COST):
    wait_until(
        lambda: measured(picker, model, "request_duration_seconds")[1] == 1,
        "the response is counted",
    )
    for name, tokens in zip(COUNTS, cost):
        assert measured(picker, model, name) == (tokens, 1 if tokens else 0), name


@pytest.mark.parametrize("api", [api for api in APIS if api.has_model], ids=lambda api: api.name)
async def test_cost_of_a_json_response(pool, api):
    model = str(uuid.uuid4())
    async with Client(pool.picker.address) as client:
        sent = await respond(client, named(api.body, model), [api.reply[:30], api.reply[30:]], path=api.path)
        assert sent == api.reply
    told_cost(pool.picker, model)
    assert measured(pool.picker, model, "response_sizes") == (len(api.reply), 1)
    assert measured(pool.picker, model, "normalized_time_per_output_token_seconds")[1] == 1
    # The whole answer is the first token of one that is not streamed.
    assert pool.picker.metric("llm_d_epp_request_ttft_seconds_count", model_name=model, streaming="false") == 1


@pytest.mark.parametrize("api", [api for api in APIS if api.has_model and api.stream], ids=lambda api: api.name)
async def test_cost_of_a_stream(pool, api):
    """The prompt's cost and the answer's may come with different events."""
    model = str(uuid.uuid4())
    pieces = [event + b"\n\n" for event in api.stream.split(b"\n\n") if event]
    async with Client(pool.picker.address) as client:
        sent = await respond(client, named(api.body, model), pieces, path=api.path, content_type=api.stream_type)
        assert sent == api.stream
    told_cost(pool.picker, model)
    picker = pool.picker
    assert picker.metric("llm_d_epp_request_ttft_seconds_count", model_name=model, streaming="true") == 1
    assert picker.metric("llm_d_epp_request_streaming_tpot_seconds_count", model_name=model) == 1
    assert picker.metric("llm_d_epp_request_streaming_itl_seconds_count", model_name=model) >= 1


@pytest.mark.parametrize("api", [api for api in APIS if not api.has_model], ids=lambda api: api.name)
async def test_cost_where_the_body_names_no_model(pool, api):
    before = {name: measured(pool.picker, "", name) for name in COUNTS}
    async with Client(pool.picker.address) as client:
        sent = await respond(client, api.body, [api.reply[:9], api.reply[9:]], path=api.path, content_type=api.content_type)
        assert sent == api.reply
    await settles(pool.picker)
    for name, tokens in zip(COUNTS, api.cost):
        added = [after - earlier for after, earlier in zip(measured(pool.picker, "", name), before[name])]
        assert added == [tokens, 1 if tokens else 0], name


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("events", [replies.CHAT_EVENTS, replies.CONTINUOUS], ids=["at-the-end", "continuous"])
async def test_stream_cut_at_every_byte(pool, events, newline):
    """Events may be split between pieces anywhere. Usage that comes with every event counts once, with its last value."""
    model = str(uuid.uuid4())
    body = named(APIS[0].body, model)
    whole = replies.events(*events, newline=newline)
    async with Client(pool.picker.address) as client:
        for cut in range(1, len(whole), 7):
            assert await respond(client, body, [whole[:cut], whole[cut:]], content_type="text/event-stream") == whole
        pieces = [whole[at : at + 1] for at in range(len(whole))]
        assert await respond(client, body, pieces, content_type="text/event-stream") == whole
    responses = len(range(1, len(whole), 7)) + 1
    wait_until(
        lambda: measured(pool.picker, model, "request_duration_seconds")[1] == responses, "all responses are counted"
    )
    for name, tokens in zip(COUNTS, replies.COST):
        assert measured(pool.picker, model, name) == (tokens * responses, responses), name


@pytest.mark.parametrize(
    "reply",
    [
        b'{"usage":null}',
        b'{"usage":"much"}',
        b'{"usage":[1,2]}',
        b'{"usage":{"prompt_tokens":"17","completion_tokens":null,"total_tokens":true}}',
        b'{"usage":{"prompt_tokens":-1,"completion_tokens":{}}}',
        b'{"usage"',
        b"not json",
        b"",
    ],
)
async def test_cost_that_cannot_be_read_is_left_out(pool, reply):
    model = str(uuid.uuid4())
    async with Client(pool.picker.address) as client:
        assert await respond(client, named(APIS[0].body, model), [reply]) == reply
    told_cost(pool.picker, model, (0, 0, 0))


@pytest.mark.parametrize("modes", [Modes(DUPLEX, STREAMED), Modes(DUPLEX, BUFFERED)], ids=str)
@pytest.mark.parametrize("trailers", [False, True])
async def test_cost_in_the_other_modes(pool, modes, trailers):
    model = str(uuid.uuid4())
    reply = APIS[0].reply
    pieces = [reply] if modes.response == BUFFERED else [reply[:30], reply[30:]]
    async with Client(pool.picker.address) as client:
        # The proxy has the body already: nothing of it is sent back.
        assert await respond(client, named(APIS[0].body, model), pieces, modes=modes, end=not trailers) == b""
    told_cost(pool.picker, model)


async def test_response_in_another_encoding_is_not_read(pool):
    model = str(uuid.uuid4())
    reply = APIS[0].reply
    async with Client(pool.picker.address) as client:
        headers = [("content-encoding", "gzip")]
        assert await respond(client, named(APIS[0].body, model), [reply], headers=headers) == reply
    told_cost(pool.picker, model, (0, 0, 0))


async def test_response_body_that_is_not_sent_has_no_cost(pool):
    model = str(uuid.uuid4())
    async with Client(pool.picker.address) as client:
        await respond(client, named(APIS[0].body, model), [], modes=Modes(DUPLEX, NONE))
    await settles(pool.picker)
    assert [measured(pool.picker, model, name)[1] for name in COUNTS] == [0, 0, 0]


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (204, 0), (302, 0), (400, 1), (429, 1), (503, 1)])
async def test_status_of_the_model_server(pool, status, errors):
    model = str(uuid.uuid4())
    async with Client(pool.picker.address) as client:
        await respond(client, named(APIS[0].body, model), [b"{}"], status=status)
    await settles(pool.picker)
    counted = pool.picker.metric(
        "inference_objective_request_error_total", model_name=model, error_code="ModelServerError"
    )
    assert counted == errors


async def test_pieces_of_a_stream_are_sent_on_one_by_one(pool):
    """No piece waits for the next one, and none is put together or cut."""
    pieces = [b"data: {", b'"choices"', b":[]}\n\n", b"data: [DO", b"NE]\n\n"]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(), request_body(APIS[0].body, True))
        await stream.exchange(response_headers(content_type="text/event-stream"), 1)
        for piece in pieces:
            [answer] = await stream.exchange(response_body(piece), 1)
            assert answer.response_body.response.body_mutation.streamed_response.body == piece
        await stream.reset()
    await settles(pool.picker)


async def test_large_response_is_cut_into_pieces_the_proxy_takes(pool):
    body = bytes(itertools.islice(itertools.cycle(range(256)), 300_000))
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        await stream.ask(request_headers(), request_body(APIS[0].body, True))
        await stream.exchange(response_headers(), 1)
        await stream.send(*split(body, [250_000], response_body))
        received = await stream.receive_until("response_body", end_of_stream=True)
        assert echoed(received, "response_body") == body
        assert max(len(answer.body) for answer in received) <= 62_000
        assert [answer.end_of_stream for answer in received] == [False] * (len(received) - 1) + [True]
        assert (await stream.close()).name == "OK"
