"""Memory under attack: what the caps promise is what the process takes."""

import asyncio
import http.server
import json
import pathlib
import re
import threading

import frames
import pytest
from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers
from frames import RawConnection
from localpool import request, wait_until
from pools import settles

MIB = 1 << 20
FAIRNESS = "x-llm-d-inference-fairness-id"
#: Beyond what a cap counts: pieces in flight, windows of sockets, blocks that grow by doubling.
SLACK = 64 * MIB


class Endless(http.server.BaseHTTPRequestHandler):
    """A model server's metrics page, of valid lines, that goes on for as long as somebody reads it."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        number = 0
        try:
            while True:
                lines = (f'vllm:num_requests_waiting{{model_name="{number + line}"}} 1\n' for line in range(10_000))
                self.wfile.write("".join(lines).encode())
                number += 10_000
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


def resident(picker):
    """Bytes of memory the picker has."""
    for line in pathlib.Path(f"/proc/{picker.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


async def watched(picker, attack):
    """Runs the attack in a thread and returns the most memory it took beyond what was there before."""
    before = most = resident(picker)
    task = asyncio.create_task(asyncio.to_thread(attack))
    while not task.done():
        most = max(most, resident(picker))
        await asyncio.sleep(0.005)
    await task
    return max(most, resident(picker)) - before


async def serves(picker):
    async with Client(picker.address) as client:
        header, *_ = await client.stream().ask(request_headers(), request_body(chat_bytes(unique()), True))
        assert header.destination == "127.0.0.1:9"
    await settles(picker)


@pytest.mark.parametrize(
    ("flags", "connections", "cap"),
    [
        (["--max-buffered-bytes=64Mi"], 8, 64 * MIB),
        (["--max-buffered-bytes-per-connection=16Mi"], 2, 32 * MIB),
    ],
    ids=["total", "connection"],
)
async def test_unfinished_bodies(launch, flags, connections, cap):
    """Each connection begins 40 uploads of 2 MiB and ends none."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=flags)
    # What begins like a prompt: a body that can be nothing is refused at once.
    piece = request_body(b'{"model":"m","prompt":"' + b"x" * 500_000)

    def attack():
        opened = [RawConnection(picker.port).agree() for _ in range(connections)]
        for stream in range(1, 81, 2):
            for connection in opened:
                connection.send(frames.opened(stream) + frames.message(stream, request_headers(), *[piece] * 4))
        # A request at the end of each connection is answered, so all before it has been read.
        for connection in opened:
            connection.send(frames.opened(99) + frames.message(99, request_headers(), request_body(b"{}", True)))
            while (received := connection.frame()) and received[2] != 99:
                pass
            assert received
        assert picker.metric("epp_buffered_bytes") <= cap
        for connection in opened:
            connection.socket.close()

    assert await watched(picker, attack) < cap + SLACK
    await serves(picker)


async def test_one_body_without_end(launch):
    """Announced by each message to be small, and by none to be over."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=["--grpc-max-recv-msg-size=8Mi"])
    piece = request_body(b'{"model":"m","prompt":"' + b"x" * 500_000)

    def attack():
        with RawConnection(picker.port).agree() as connection:
            connection.send(frames.opened(1) + frames.message(1, request_headers()))
            for _ in range(400):
                if not connection.send(frames.message(1, piece)):
                    return

    # A body that grows is twice in memory while it moves.
    assert await watched(picker, attack) < 2 * 8 * MIB + SLACK
    await serves(picker)


async def test_header_blocks_and_streams(launch):
    """Half-made header blocks of many connections, and streams that say nothing."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=["--max-concurrent-streams=1000"])
    block = frames.frame(frames.HEADERS, frames.CALL + frames.literal(b"x", b"y" * 120) * 120, stream=9_001)

    def attack():
        opened = [RawConnection(picker.port) for _ in range(50)]
        for connection in opened:
            connection.send(b"".join(frames.opened(stream) for stream in range(1, 4_001, 2)) + block)
        for connection in opened:
            connection.socket.close()

    # 50,000 streams at no more than 2 KiB each.
    assert await watched(picker, attack) < 100 * MIB + SLACK
    await serves(picker)


async def test_answers_that_nobody_reads(launch):
    """Windows that stay shut: what is answered waits, and no more is taken in than the caps allow."""
    picker = launch.picker(["127.0.0.1:9"], tls=False)
    body = request_body(chat_bytes("x" * 1_000_000), True)

    def attack():
        with RawConnection(picker.port, preface=frames.PREFACE + frames.settings(initial_window_size=0)) as connection:
            connection.agree().socket.settimeout(3)
            try:
                for stream in range(1, 101, 2):
                    connection.send(frames.opened(stream) + frames.message(stream, request_headers(), body))
            except TimeoutError:
                pass

    # Each of the 50 holds its body, about 1 MiB, in a block of up to twice that.
    assert await watched(picker, attack) < 100 * MIB + SLACK
    await serves(picker)


@pytest.mark.parametrize("parameter", ["lruCapacityPerServer", "lruCapacityPerServer: 1000000000, maxTotalBlocks"])
async def test_prompts_without_end(launch, parameter):
    """Long prompts, no two alike: what is remembered of them is as many blocks as the configuration says."""
    capacity = 20_000
    configuration = f"""
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: approx-prefix-cache-producer
  parameters: {{{parameter}: {capacity}, blockSizeTokens: 16, maxPrefixTokensToMatch: 300000}}
- type: prefix-cache-scorer
schedulingProfiles:
- name: default
  plugins: [{{pluginRef: prefix-cache-scorer}}]
"""
    picker = launch.picker(["127.0.0.1:9"], tls=False, config=configuration)
    text = "what comes after the first words is the same, and hashes to other blocks nevertheless; " * 11_000
    before = resident(picker)
    async with Client(picker.address) as client:
        for _ in range(300):
            stream = client.stream()
            await stream.ask(request_headers(), request_body(chat_bytes(unique() + text), True))
            await stream.reset()
    # Of 300 prompts, 15,000 blocks each; a block takes less than 100 bytes.
    assert resident(picker) - before < 100 * capacity + SLACK
    assert capacity / 2 <= picker.metric("llm_d_epp_prefix_indexer_size") <= capacity
    await serves(picker)


@pytest.mark.parametrize(("flags", "limit"), [([], 1_000), (["--max-metric-label-values=30"], 30)])
async def test_names_without_end(launch, flags, limit):
    """Models and tenants that clients make up: metrics tell so many of them, and what is long not at all."""
    picker = launch.picker(["127.0.0.1:9"], tls=False, arguments=flags)
    before = resident(picker)
    async with Client(picker.address) as client:
        for number in range(3_000):
            name = f"{number}-" + "x" * (40_000 if number % 10 == 0 else 100)
            body = json.dumps({"model": f"model-{name}", "prompt": "hello"}).encode()
            stream = client.stream()
            headers = request_headers(path="/v1/completions", headers=[(FAIRNESS, f"tenant-{number}")])
            await stream.ask(headers, request_body(body, True))
            await stream.reset()
    # 1,000 names of each kind have series of their own in some dozen families, histograms among them.
    assert resident(picker) - before < 64 * MIB
    page = (await asyncio.to_thread(request, picker.metrics_address, "/metrics")).text
    assert len(page) < 32 * MIB
    assert 'model_name="other"' in page and "x" * 1_000 not in page
    # One of them may be no model's name.
    assert limit - 1 <= len(set(re.findall('model_name="(model-[^"]*)"', page))) <= limit
    await serves(picker)


async def test_metrics_page_without_end(launch):
    """A server whose page does not stop is given up after 8 MiB, again and again, and nothing of it is kept."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        endpoint = f"127.0.0.1:{server.server_address[1]}"
        picker = launch.picker([endpoint], tls=False)
        before = resident(picker)
        await asyncio.to_thread(
            wait_until, lambda: picker.metric("epp_endpoint_scrape_failures") >= 5, "scrapes fail", 30
        )
        assert "the page is longer than 8388608 bytes" in picker.process.log_path.read_text()
        assert resident(picker) - before < SLACK
        async with Client(picker.address) as client:
            header, *_ = await client.stream().ask(request_headers(), request_body(chat_bytes(unique()), True))
            assert header.destination == endpoint
    finally:
        server.shutdown()
        server.server_close()
