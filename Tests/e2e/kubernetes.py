"""Pickers that follow a pool in Kubernetes, and what they pick."""

import asyncio
import json

from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import DUPLEX, Client, Modes, StreamEnded, request_body, request_headers
from localpool import wait_until

#: More than any pool of these tests has: a pick lists the whole pool.
ALL = by_queue(endpoints=64)


def kubernetes_picker(launch, api, *arguments, pool="pool", wait=True, config=ALL, **options):
    """An epp that follows the InferencePool `pool` of `api` and lists the whole pool at each pick."""
    # What is given later counts.
    flags = ["--metrics-endpoint-auth=false", f"--kubeconfig={api.kubeconfig()}"]
    flags += [*([f"--pool-name={pool}"] if pool else []), *arguments]
    return launch.picker(tls=False, config=config, arguments=flags, wait=wait, **options)


async def _pick(address, path, authority):
    async with Client(address, authority=authority) as client:
        stream = client.stream(timeout=10)
        await stream.send(
            request_headers(modes=Modes(DUPLEX), path=path), request_body(chat_bytes(unique()), True)
        )
        try:
            answer = await stream.receive()
        except StreamEnded:
            return await stream.status(), await stream.details()
        await stream.reset()
        return answer.status or set(answer.destination.split(","))


def pick(picker, path="/v1/chat/completions", *, authority=None, port=None):
    """The endpoints that a request may go to; the HTTP status of a refusal; the gRPC status of a stream that ended, with
    its text.

    `authority` is what the picker is called, and `port` its port where it is not that of all pools.
    """
    address = f"127.0.0.1:{port}" if port else picker.address
    return asyncio.run(_pick(address, path, authority))


async def _refusal(address, authority):
    async with Client(address, authority=authority) as client:
        # Nothing is sent: grpcio tells a write that meets the end of the stream as an error of its own.
        stream = client.stream(timeout=10)
        await stream.receive_rest()
        return await stream.status(), await stream.details()


def refusal(picker, *, authority=None, port=None):
    """The gRPC status, with its text, of a stream that is refused when it begins."""
    return asyncio.run(_refusal(f"127.0.0.1:{port}" if port else picker.address, authority))


def wait_for_members(picker, expected, timeout=10.0, **way):
    """Waits until exactly these endpoints are picked from. `way` is as `pick` takes it."""
    seen = []

    def reached():
        seen[:] = [pick(picker, **way)]
        return seen[0] == expected

    try:
        wait_until(reached, f"picks are {expected}", timeout)
    except AssertionError as error:
        raise AssertionError(f"{error}; last pick: {seen}") from None


def log_entries(picker, message):
    """The entries of the log with this message."""
    entries = []
    for line in picker.process.log_path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.get("msg", entry.get("message")) == message:
            entries.append(entry)
    return entries


