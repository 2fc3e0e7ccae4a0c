"""Requests that are sent on with another model's name, and responses that get the client's name back."""

import asyncio
import json

import pytest
import replies
from apis import APIS, configuration
from extproc import (
    BUFFERED,
    BUFFERED_PARTIAL,
    DUPLEX,
    NONE,
    STREAMED,
    Client,
    Modes,
    echoed,
    expected,
    request_body,
    request_headers,
    response_body,
    response_headers,
    response_trailers,
    split,
)
from pools import Pool, settles

pytestmark = pytest.mark.usefixtures("idle_pool")

HEADERS = ["x-gateway-model-name-rewrite", "x-llm-d-model-name-rewrite"]
MODEL_APIS = [api for api in APIS if api.has_model]


@pytest.fixture(scope="module")
def pool(module_launch):
    servers = module_launch.servers(count=1)
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False, config=configuration()))


def rewritten(api, target):
    """The body as the model server has to get it: the name replaced, no other byte touched."""
    assert api.body.count(b'"model" :  "m"') == 1
    return api.body.replace(b'"model" :  "m"', b'"model" :  ' + json.dumps(target, ensure_ascii=False).encode())


async def sent_on(client, api, target, *, header=HEADERS[0], modes=Modes()):
    """Sends a request; returns its stream, and its body as it is sent on."""
    stream = client.stream()
    await stream.send(request_headers(api.path, headers=[(header, target)], modes=modes))
    if modes.request in (BUFFERED, BUFFERED_PARTIAL):
        await stream.receive()
    await stream.send(*([request_body(api.body, True)] if modes.request != DUPLEX else split(api.body, [7])))
    received = await stream.receive_until("request_body", end_of_stream=modes.request == DUPLEX)
    return stream, echoed(received)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("api", MODEL_APIS, ids=lambda api: api.name)
async def test_only_the_name_changes(pool, api, header):
    async with Client(pool.picker.address) as client:
        stream, body = await sent_on(client, api, "other-model", header=header)
        assert body == rewritten(api, "other-model")
        assert pool.picker.metric("llm_d_epp_request_running", model_name="m", target_model_name="other-model") == 1
        await stream.reset()
    await settles(pool.picker)


@pytest.mark.parametrize("target", ["m", ""])
@pytest.mark.parametrize("api", MODEL_APIS, ids=lambda api: api.name)
async def test_nothing_changes_for_the_same_name_or_none(pool, api, target):
    async with Client(pool.picker.address) as client:
        stream, body = await sent_on(client, api, target)
        assert body == api.body
        await stream.reset()


@pytest.mark.parametrize("api", [api for api in APIS if not api.has_model], ids=lambda api: api.name)
async def test_bodies_without_a_name_stay_as_they_are(pool, api):
    async with Client(pool.picker.address) as client:
        stream, body = await sent_on(client, api, "other-model")
        assert body == api.body
        await stream.reset()


async def test_newer_header_wins(pool):
    headers = [(HEADERS[0], "older"), (HEADERS[1], "newer")]
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        received = await stream.ask(request_headers(headers=headers), request_body(APIS[0].body, True))
        assert echoed(received) == rewritten(APIS[0], "newer")
        await stream.reset()


@pytest.mark.parametrize("target", ['say "hi" \\ there', "tab\there", "Grüße 世界", "x" * 5_000])
async def test_any_name_can_be_written(pool, target):
    async with Client(pool.picker.address) as client:
        stream, body = await sent_on(client, APIS[0], target)
        assert json.loads(body)["model"] == target
        before, after = APIS[0].body.split(b'"m"')
        assert body.startswith(before) and body.endswith(after)
        await stream.reset()


async def test_large_body(pool):
    body = b'{"messages":[{"role":"user","content":"' + b"x" * 1_000_000 + b'"}],"model":"m"}'
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        headers = request_headers(headers=[(HEADERS[0], "other")])
        received = await stream.ask(headers, *split(body, [300_000]))
        assert echoed(received) == body.replace(b'"model":"m"', b'"model":"other"')
        assert all(len(answer.body) <= 62_000 for answer in received)
        await stream.reset()
    await settles(pool.picker)


@pytest.mark.parametrize("mode", [BUFFERED, BUFFERED_PARTIAL])
async def test_buffered_body_comes_with_its_length(pool, mode):
    """The whole new body replaces the old one, and `content-length` says how long it is."""
    async with Client(pool.picker.address) as client:
        stream, body = await sent_on(client, APIS[0], "other-model", modes=Modes(mode, NONE))
        assert body == rewritten(APIS[0], "other-model")
        answer = stream.answers[-1]
        assert answer.headers["content-length"] == str(len(body))
        assert answer.destination == pool.servers.endpoints[0]
        await stream.reset()


@pytest.mark.parametrize("modes", [Modes(STREAMED, NONE), Modes(NONE, NONE)], ids=str)
async def test_bodies_that_pass_by_are_not_changed(pool, modes):
    """The endpoint was picked before the body was seen."""
    async with Client(pool.picker.address) as client:
        stream = client.stream()
        headers = request_headers(modes=modes, headers=[(HEADERS[0], "other-model")])
        assert await stream.exchange(headers, 1) == [expected.destination(pool.servers.endpoints[0])]
        if modes.request == STREAMED:
            answers = await stream.exchange(request_body(APIS[0].body, True), 1)
            assert answers == [expected.acknowledged("request_body")]
        await stream.reset()


# Responses


def reply(name):
    return json.dumps({"model": name, "choices": [{"text": '"model":"other-model"'}]}).encode()


async def restored(client, pieces, *, modes=Modes(), end=True, content_type="application/json", headers=()):
    """The response to a rewritten request as it is sent on, pieces of each answer apart."""
    stream, _ = await sent_on(client, APIS[0], "other-model", modes=modes)
    await stream.exchange(response_headers(content_type=content_type, headers=headers), 1)
    before = len(stream.answers)
    await stream.send(*[response_body(piece, end and at == len(pieces) - 1) for at, piece in enumerate(pieces)])
    if end:
        await stream.half_close()
    else:
        await stream.send(response_trailers())
        await stream.receive_until("response_trailers")
        await stream.half_close()
    await stream.receive_rest()
    return [answer for answer in stream.answers[before:] if answer.kind == "response_body"]


async def test_client_gets_the_name_it_asked_for(pool):
    async with Client(pool.picker.address) as client:
        answers = await restored(client, [reply("other-model")])
        assert echoed(answers, "response_body") == reply("m")


async def test_other_names_stay(pool):
    async with Client(pool.picker.address) as client:
        for name in ("other-models", "other-mode", "another", ""):
            answers = await restored(client, [reply(name)])
            assert echoed(answers, "response_body") == reply(name)


async def test_events_cut_at_every_byte(pool):
    """The name is restored wherever a piece ends, and nothing but the beginning of a name is held back."""
    whole = replies.events(replies.chunk("a", "other-model"), replies.chunk("b", "other-model"), b"[DONE]")
    wanted = replies.events(replies.chunk("a", "m"), replies.chunk("b", "m"), b"[DONE]")
    async with Client(pool.picker.address) as client:

        async def cut(at):
            answers = await restored(client, [whole[:at], whole[at:]], content_type="text/event-stream")
            first = answers[0].body if len(answers) > 1 else b""
            return echoed(answers, "response_body"), at - len(first)

        for start in range(1, len(whole), 40):
            results = await asyncio.gather(*map(cut, range(start, min(start + 40, len(whole)))))
            assert {body for body, _ in results} == {wanted}
            # Where a name was replaced already, the first piece is shorter by what it is shorter.
            assert max(held for _, held in results) <= 2 * len("other-model")


async def test_pieces_of_one_byte(pool):
    whole = replies.events(replies.chunk("a", "other-model"), b"[DONE]")
    async with Client(pool.picker.address) as client:
        pieces = [whole[at : at + 1] for at in range(len(whole))]
        answers = await restored(client, pieces, content_type="text/event-stream")
        assert echoed(answers, "response_body") == replies.events(replies.chunk("a", "m"), b"[DONE]")
        assert answers[-1].end_of_stream


async def test_what_is_held_back_comes_before_the_trailers(pool):
    cut = reply("other-model")[:20]
    assert cut.endswith(b"other-mod"[:-1]) or b'"other' in cut
    async with Client(pool.picker.address) as client:
        answers = await restored(client, [cut], end=False)
        assert echoed(answers, "response_body") == cut
        assert not any(answer.end_of_stream for answer in answers)


@pytest.mark.parametrize("mode", [STREAMED, BUFFERED, BUFFERED_PARTIAL])
async def test_other_modes_get_a_body_only_where_it_changed(pool, mode):
    modes = Modes(DUPLEX, mode)
    async with Client(pool.picker.address) as client:
        [answer] = await restored(client, [reply("other-model")], modes=modes)
        assert answer.body == reply("m")
        assert answer.message.response_body.response.body_mutation.WhichOneof("mutation") == "body"
        [answer] = await restored(client, [reply("another")], modes=modes)
        assert answer.message == expected.acknowledged("response_body")


async def test_streamed_response_split_inside_the_name(pool):
    whole = reply("other-model")
    async with Client(pool.picker.address) as client:
        for at in range(1, len(whole)):
            answers = await restored(client, [whole[:at], whole[at:]], modes=Modes(DUPLEX, STREAMED))
            assert len(answers) == 2
            # A piece without a mutation goes on as it came.
            sent = [
                answer.body if answer.message.response_body.response.HasField("body_mutation") else piece
                for answer, piece in zip(answers, [whole[:at], whole[at:]])
            ]
            assert b"".join(sent) == reply("m")


async def test_encoded_response_is_left_alone(pool):
    async with Client(pool.picker.address) as client:
        answers = await restored(client, [reply("other-model")], headers=[("content-encoding", "gzip")])
        assert echoed(answers, "response_body") == reply("other-model")
