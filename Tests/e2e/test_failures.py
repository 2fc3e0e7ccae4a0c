"""What epp says it does when what it depends on fails: servers that hang, endpoints that go, clocks that jump."""

import asyncio
import collections
import ctypes.util
import os
import pathlib
import shutil
import signal
import time

import pytest
from bodies import chat_bytes, unique
from configurations import write_endpoints
from extproc import Client, request_body, request_headers, response_body, response_headers
from localpool import free_port, wait_until
from pools import settles, wait_scraped


async def begin(client, prompt=None):
    """A request that was sent on; returns its stream and where to."""
    stream = client.stream()
    header, *_ = await stream.ask(request_headers(), request_body(chat_bytes(prompt or unique()), end_of_stream=True))
    return stream, header.destination


async def finish(stream):
    await stream.send(response_headers(), response_body(b"{}", end_of_stream=True))
    await stream.receive_until("response_body")
    assert (await stream.close()).name == "OK"


async def destinations(picker, count):
    """Where so many requests go, one after another."""
    found = collections.Counter()
    async with Client(picker.address) as client:
        for _ in range(count):
            stream, destination = await begin(client)
            found[destination] += 1
            await finish(stream)
    return found


async def until(condition, what, timeout=20):
    await asyncio.to_thread(wait_until, condition, what, timeout)


@pytest.fixture
def followed(launch, tmp_path):
    """A picker that follows a file of endpoints, and the function that writes it."""
    servers = launch.servers(count=4)
    file, configuration = tmp_path / "endpoints.yaml", tmp_path / "configuration.yaml"
    write_endpoints(file, servers.endpoints)
    configuration.write_text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\n"
        "plugins:\n- {type: queue-scorer}\n"
        f"- {{type: file-discovery, parameters: {{path: '{file}', watchFile: true}}}}\n"
        "schedulingProfiles:\n- {name: default, plugins: [{pluginRef: queue-scorer}]}\n"
        "dataLayer: {discovery: {pluginRef: file-discovery}}\n"
    )
    picker = launch.picker(tls=False, arguments=[f"--config-file={configuration}", "--metrics-endpoint-auth=false"])
    wait_scraped(picker, 4)
    return servers, picker, lambda endpoints: write_endpoints(file, endpoints)


async def test_servers_that_hang_make_metrics_stale(launch):
    """Scrapes time out; requests are spread by what is in flight until the servers answer again."""
    servers = launch.servers(count=3)
    picker = launch.picker(servers.endpoints, tls=False)
    wait_scraped(picker, 3)
    os.kill(servers.process.pid, signal.SIGSTOP)
    try:
        await until(lambda: picker.metric("epp_endpoint_scrape_age_seconds") > 6, "all metrics are two seconds old")
        async with Client(picker.address) as client:
            held = [await begin(client) for _ in range(30)]
            spread = collections.Counter(destination for _, destination in held)
            assert set(spread) == set(servers.endpoints) and max(spread.values()) <= 12, spread
            for stream, _ in held:
                await finish(stream)
    finally:
        os.kill(servers.process.pid, signal.SIGCONT)
    await until(lambda: picker.metric("epp_endpoint_scrape_age_seconds") < 3, "the metrics are fresh again")
    await settles(picker)


async def test_endpoint_that_is_removed_keeps_its_request(followed):
    servers, picker, write = followed
    async with Client(picker.address) as client:
        stream, gone = await begin(client)
        rest = [endpoint for endpoint in servers.endpoints if endpoint != gone]
        write(rest)
        await until(lambda: picker.process.log_path.read_text().count("endpoints changed") >= 2, "it was removed")
        assert set(await destinations(picker, 30)) <= set(rest), "nothing more goes there"
        assert picker.metric("epp_leases") == 1, "the request there is still counted"
        await finish(stream)
        await settles(picker)
        write(servers.endpoints)
        await until(lambda: picker.process.log_path.read_text().count("endpoints changed") >= 3, "it is back")
    assert gone in await destinations(picker, 60), "it is picked again"


async def test_endpoints_that_flap_lose_nothing(followed):
    servers, picker, write = followed
    stop = asyncio.Event()

    async def load():
        asked = 0
        async with Client(picker.address) as client:
            while not stop.is_set():
                stream, destination = await begin(client)
                assert destination in servers.endpoints
                await finish(stream)
                asked += 1
        return asked

    workers = [asyncio.create_task(load()) for _ in range(6)]
    for change in range(12):
        write(servers.endpoints if change % 2 else servers.endpoints[change % 4 :][:1])
        await until(lambda: picker.metric("epp_reloads_total", result="success") >= change + 1, "the file was read")
    stop.set()
    assert sum(await asyncio.gather(*workers)) > 100
    await settles(picker)


async def test_no_endpoints_are_refused_and_then_served(followed):
    servers, picker, write = followed
    write([])
    await until(lambda: picker.metric("epp_reloads_total", result="success") >= 1, "the file was read")
    async with Client(picker.address) as client:
        stream = client.stream()
        *_, answer = await stream.ask(request_headers(), request_body(chat_bytes(unique()), end_of_stream=True))
        assert (answer.kind, answer.status) == ("immediate_response", 503)
        assert answer.headers["x-llm-d-request-dropped-reason"] == "rejected-no-endpoints"
    write(servers.endpoints)
    await until(lambda: picker.metric("epp_reloads_total", result="success") >= 2, "the file was read again")
    assert sum((await destinations(picker, 5)).values()) == 5
    await settles(picker)


def faketime():
    """The library that shows a process another time; None if it is not installed."""
    found = list(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return found[0] if found and shutil.which("faketime") and ctypes.util.find_library("c") else None


@pytest.mark.skipif(faketime() is None, reason="libfaketime is not installed")
@pytest.mark.parametrize("jump", ["+1d", "-1d"])
async def test_clock_that_jumps_moves_nothing(launch, tmp_path, jump):
    """Streams, scrapes, leases and time limits follow a clock that nobody sets."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    servers = launch.servers(count=2)
    environment = {
        "LD_PRELOAD": str(faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    picker = launch.picker(servers.endpoints, tls=False, environment=environment)
    wait_scraped(picker, 2)
    async with Client(picker.address) as client:
        stream, _ = await begin(client)
        scrapes = picker.metric("epp_scrapes_total", result="success")
        clock.write_text(jump)
        started = time.monotonic()
        await until(
            lambda: picker.metric("epp_scrapes_total", result="success") > scrapes + 20, "scrapes go on", timeout=10
        )
        # At one scrape of each endpoint every 50 ms; missed ones are not made up for.
        made = picker.metric("epp_scrapes_total", result="success") - scrapes
        assert made < 100 + 60 * (time.monotonic() - started)
        assert picker.metric("epp_leases") == 1, "the request is still there"
        assert picker.metric("epp_endpoint_scrape_age_seconds") < 10
        await finish(stream)
    assert sum((await destinations(picker, 20)).values()) == 20
    await settles(picker)


async def test_collector_that_is_away_delays_nothing(launch):
    environment = {
        "OTEL_TRACES_SAMPLER": "parentbased_always_on",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
    }
    picker = launch.picker(["127.0.0.1:1"], tls=False, environment=environment)
    assert sum((await destinations(picker, 50)).values()) == 50
    await settles(picker)
    await until(lambda: picker.metric("epp_trace_spans_total", result="failed") > 0, "spans are given up", 60)
    started = time.monotonic()
    assert picker.process.stop() == 0
    assert time.monotonic() - started < 15, "its end does not wait for the collector"
