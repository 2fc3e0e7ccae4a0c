"""A model server that restarts has lost its cache, so what it held is forgotten."""

import json

from bodies import chat
from extproc import Client, request_body, request_headers
from localpool import wait_until
from localpool.ports import free_port


async def test_prefixes_of_a_restarted_server_are_forgotten(launch):
    addresses = ["127.0.0.1", "127.0.0.2"]
    port = free_port(addresses)
    start = lambda address: launch.servers(address=address, port=port)
    servers = {f"{address}:{port}": start(address) for address in addresses}
    picker = launch.picker(list(servers), tls=False)
    entries = lambda: picker.metric("epp_prefix_index_entries")
    body = json.dumps(chat("a long shared context " * 500)).encode()

    async def place():
        async with Client(picker.address) as client:
            stream = client.stream()
            answers = await stream.ask(request_headers(), request_body(body, True))
            await stream.reset()
            return answers[0].destination

    held = await place()
    assert entries() > 20
    assert {await place() for _ in range(3)} == {held}

    launch.stop(servers[held])
    start(held.partition(":")[0])
    wait_until(lambda: picker.metric("epp_server_restarts_total") == 1, "the restart is seen")
    assert entries() == 0
    assert "model server began anew" in picker.process.log_tail()
