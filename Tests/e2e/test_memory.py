"""Memory under attack: what the caps promise is what the process takes."""

import asyncio
import pathlib

import frames
import pytest
from bodies import chat_bytes, unique
from extproc import Client, request_body, request_headers
from frames import RawConnection
from pools import settles

MIB = 1 << 20
#: Beyond what a cap counts: pieces in flight, windows of sockets, blocks that grow by doubling.
SLACK = 64 * MIB


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
    piece = request_body(b"x" * 500_000)

    def attack():
        opened = [RawConnection(picker.port) for _ in range(connections)]
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
    piece = request_body(b"x" * 500_000)

    def attack():
        with RawConnection(picker.port) as connection:
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
            connection.socket.settimeout(3)
            try:
                for stream in range(1, 101, 2):
                    connection.send(frames.opened(stream) + frames.message(stream, request_headers(), body))
            except TimeoutError:
                pass

    # Each of the 50 holds its body, about 1 MiB, in a block of up to twice that.
    assert await watched(picker, attack) < 100 * MIB + SLACK
    await serves(picker)
