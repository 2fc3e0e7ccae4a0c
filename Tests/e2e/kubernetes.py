"""Pickers that follow a pool in Kubernetes, and what they pick."""

import asyncio
import json

from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import DUPLEX, Client, Modes, request_body, request_headers
from localpool import wait_until

#: More than any pool of these tests has: a pick lists the whole pool.
ALL = by_queue(endpoints=64)


def kubernetes_picker(launch, api, *arguments, pool="pool", wait=True, config=ALL, **options):
    """An epp that follows the InferencePool `pool` of `api` and lists the whole pool at each pick."""
    # What is given later counts.
    flags = ["--metrics-endpoint-auth=false", f"--kubeconfig={api.kubeconfig()}"]
    flags += [*([f"--pool-name={pool}"] if pool else []), *arguments]
    return launch.picker(tls=False, config=config, arguments=flags, wait=wait, **options)


async def _pick(picker, path):
    async with Client(picker.address) as client:
        stream = client.stream(timeout=10)
        await stream.send(
            request_headers(modes=Modes(DUPLEX), path=path), request_body(chat_bytes(unique()), True)
        )
        answer = await stream.receive()
        await stream.reset()
        return answer.status or set(answer.destination.split(","))


def pick(picker, path="/v1/chat/completions"):
    """The endpoints that a request may go to; the HTTP status of a refusal."""
    return asyncio.run(_pick(picker, path))


def wait_for_members(picker, expected, timeout=10.0):
    """Waits until exactly these endpoints are picked from."""
    seen = []

    def reached():
        seen[:] = [pick(picker)]
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


