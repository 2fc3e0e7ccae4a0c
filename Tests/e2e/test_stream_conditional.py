"""`Prefer: if-available`: the client would rather be refused than wait for its prompt to be processed."""

import apis
import pytest
from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers
from pools import Pool, settles


@pytest.fixture(scope="module")
def pool(module_launch):
    servers = module_launch.servers(count=2)
    return Pool(servers, module_launch.picker(servers.endpoints, tls=False, config=apis.configuration()))


async def ask(client, body, *headers):
    stream = client.stream()
    answer, *_ = await stream.ask(request_headers(headers=headers), request_body(body, True))
    await stream.reset()
    return answer


async def test_refused_until_the_prompt_is_cached(pool):
    body = chat_bytes(unique() * 10)
    wanted = ("prefer", "if-available")
    async with Client(pool.picker.address) as client:
        for _ in range(2):
            answer = await ask(client, body, wanted)
            assert (answer.kind, answer.status) == ("immediate_response", 412)
            assert answer.body == b"inference error: PreconditionFailed - no decode worker has the requested KV cache"
        placed = (await ask(client, body)).destination
        assert (await ask(client, body, wanted)).destination == placed
        assert (await ask(client, chat_bytes(unique() * 10), ("prefer", "respond-async"))).destination
    await settles(pool.picker)
