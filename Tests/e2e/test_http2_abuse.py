"""Peers that abuse HTTP/2: their connection ends and says why, and nobody else notices."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time

import frames
import pytest
from bodies import chat_bytes, unique
from extproc import Client, StreamEnded, request_body, request_headers, response_headers
from frames import RawConnection
from localpool import wait_until
from pools import settles

ENDPOINT = "127.0.0.1:9"


@contextlib.asynccontextmanager
async def bystander(picker):
    """A client on a connection of its own that asks all the while, and is answered each time."""
    async with Client(picker.address) as client:
        answered = 0
        stop = asyncio.Event()

        async def ask_on():
            nonlocal answered
            while not stop.is_set():
                stream = client.stream()
                header, *_ = await stream.ask(request_headers(), request_body(chat_bytes(unique()), True), timeout=10)
                assert header.destination == ENDPOINT
                await stream.close()
                answered += 1

        task = asyncio.create_task(ask_on())
        try:
            while answered == 0 and not task.done():
                await asyncio.sleep(0.01)
            yield
            seen = answered
            while answered < seen + 3 and not task.done():
                await asyncio.sleep(0.01)
        finally:
            stop.set()
            await task


async def offends(picker, attack, reason):
    """Attacks next to a normal client: the offender is told to calm down, and nothing of it is left."""
    before = picker.metric("epp_ended_connections_total", reason=reason)

    def run():
        with RawConnection(picker.port) as connection:
            attack(connection)
            return connection.farewell()

    async with bystander(picker):
        assert await asyncio.to_thread(run) == frames.ENHANCE_YOUR_CALM
    await asyncio.to_thread(
        wait_until,
        lambda: picker.metric("epp_ended_connections_total", reason=reason) == before + 1,
        "the offence is counted",
    )
    await settles(picker)
    await asyncio.to_thread(wait_until, lambda: picker.metric("epp_streams") == 0, "no stream is left")


@pytest.fixture(scope="module")
def strict(module_launch):
    """A picker with low limits, so that a slow machine reaches them within a second too."""
    arguments = ["--max-unfinished-reset-rate=200", "--max-control-frame-rate=500"]
    return module_launch.picker([ENDPOINT], tls=False, arguments=arguments)


async def test_resets_of_complete_streams_are_no_abuse(strict):
    """Envoy ends every call like that."""
    async with Client(strict.address) as client:
        for _ in range(60):
            streams = [client.stream() for _ in range(20)]
            for stream in streams:
                await stream.ask(request_headers(), request_body(chat_bytes("x"), True))
                await stream.exchange(response_headers(end_of_stream=True), 1)
            for stream in streams:
                await stream.reset()
    assert strict.metric("epp_ended_connections_total", reason="resets") == 0
    await settles(strict)


@pytest.mark.parametrize("messages", [[], [request_headers(), request_body(chat_bytes("x")[:20])]], ids=["bare", "begun"])
async def test_rapid_reset(strict, messages):
    def attack(connection):
        for stream in range(1, 4_001, 2):
            whole = frames.opened(stream) + (frames.message(stream, *messages) if messages else b"")
            if not connection.send(whole + frames.reset(stream)):
                return

    await offends(strict, attack, "resets")


@pytest.mark.parametrize(
    "flood",
    [
        frames.frame(frames.PING, bytes(8)),
        frames.settings(initial_window_size=65_535),
        frames.frame(frames.PRIORITY, bytes([0, 0, 0, 0, 1]), stream=99),
    ],
    ids=["ping", "settings", "priority"],
)
async def test_flood_of_frames_that_carry_nothing(strict, flood):
    await offends(strict, lambda connection: connection.send(flood * 5_000), "control_frames")


async def test_flood_of_empty_data(strict):
    def attack(connection):
        connection.send(frames.opened(1) + frames.frame(frames.DATA, stream=1) * 5_000)

    await offends(strict, attack, "control_frames")


async def test_endless_header_block(strict):
    def attack(connection):
        connection.send(frames.frame(frames.HEADERS, frames.CALL, stream=1))
        for _ in range(1_000):
            piece = frames.frame(frames.CONTINUATION, frames.literal(b"x", b"y" * 100) * 100, stream=1)
            if not connection.send(piece):
                return

    await offends(strict, attack, "continuations")


@pytest.mark.parametrize(("limit", "count", "is_reset"), [("2Ki", 10, False), ("2Ki", 30, True), ("64Ki", 30, False)])
async def test_headers_beyond_the_limit_reset_their_stream(launch, limit, count, is_reset):
    """Headers of 100 bytes, each of which counts for 32 more; what else is on the connection goes on."""
    picker = launch.picker([ENDPOINT], tls=False, arguments=[f"--max-header-bytes={limit}"])
    block = frames.CALL + frames.literal(b"x", b"y" * 100) * count
    request = frames.message(3, request_headers(), request_body(chat_bytes(unique()), True))

    def run():
        with RawConnection(picker.port) as connection:
            connection.send(frames.frame(frames.HEADERS, block, flags=frames.END_HEADERS, stream=1))
            connection.send(frames.opened(3) + request)
            found = set()
            while not {(frames.DATA, 3)} <= found:
                kind, _, stream, _ = connection.frame()
                found.add((kind, stream))
            return (frames.RST_STREAM, 1) in found

    assert await asyncio.to_thread(run) == is_reset
    await settles(picker)


async def test_window_overflow(strict):
    """The window can't grow beyond 2^31 - 1 bytes."""

    def run():
        with RawConnection(strict.port) as connection:
            connection.send(frames.opened(1) + frames.frame(frames.WINDOW_UPDATE, struct.pack(">I", 0x7FFFFFFF)))
            return connection.farewell()

    async with bystander(strict):
        assert await asyncio.to_thread(run) == frames.FLOW_CONTROL_ERROR
    await settles(strict)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
async def test_huge_and_changing_header_tables(strict, size):
    """What a peer announces does not decide how much memory is used for it."""

    def run():
        with RawConnection(strict.port, preface=frames.PREFACE + frames.settings(header_table_size=size)) as connection:
            for stream in range(1, 41, 2):
                body = request_body(chat_bytes("x"), True)
                connection.send(frames.opened(stream) + frames.message(stream, request_headers(), body))
                assert connection.until(frames.HEADERS) is not None

    async with bystander(strict):
        await asyncio.to_thread(run)
    await settles(strict)


async def test_zero_window_is_given_up(launch):
    """A proxy that never makes room for the answer holds it only for so long."""
    picker = launch.picker([ENDPOINT], tls=False, arguments=["--stall-timeout=2s"])

    def run():
        preface = frames.PREFACE + frames.settings(initial_window_size=0)
        with RawConnection(picker.port, preface=preface) as connection:
            body = request_body(chat_bytes("x" * 30_000), True)
            connection.send(frames.opened(1) + frames.message(1, request_headers(), body))
            wait_until(lambda: picker.metric("epp_leases") >= 1, "the request has an endpoint")
            return connection.until(frames.RST_STREAM)

    async with bystander(picker):
        assert await asyncio.to_thread(run) == struct.pack(">I", frames.CANCEL)
    await settles(picker)


@contextlib.contextmanager
def large_answers(connection):
    """Asks for some 8 MB of answers, from a thread: the picker reads no more while its answers are not read."""
    # Until its settings are acknowledged the picker holds peers to the windows of the standard.
    connection.until(frames.SETTINGS)
    connection.send(frames.frame(frames.SETTINGS, flags=frames.ACK))
    body = request_body(chat_bytes("x" * 400_000), True)

    def ask():
        for stream in range(1, 41, 2):
            if not connection.send(frames.opened(stream) + frames.message(stream, request_headers(), body)):
                break

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)
        asking.join()


#: A proxy with room for every answer in its windows, and little in its socket.
ROOMY = frames.PREFACE + frames.settings(initial_window_size=1 << 30) + frames.window_update(0, 1 << 30)


async def test_answers_that_are_not_read_are_given_up(launch):
    picker = launch.picker([ENDPOINT], tls=False, arguments=["--stall-timeout=2s"])

    def run():
        with RawConnection(picker.port, preface=ROOMY, receive_buffer=65_536) as connection, large_answers(connection):
            wait_until(
                lambda: picker.metric("epp_ended_connections_total", reason="unread") == 1,
                "the picker gives the connection up",
                20,
            )

    async with bystander(picker):
        await asyncio.to_thread(run)
    await settles(picker)


async def test_answers_that_are_read_slowly_arrive(launch):
    """A proxy that takes its time is not one that reads nothing, however much waits for it all the while."""
    picker = launch.picker([ENDPOINT], tls=False, arguments=["--stall-timeout=5s"])

    def run():
        with RawConnection(picker.port, preface=ROOMY, receive_buffer=65_536) as connection, large_answers(connection):
            received = len(connection.buffer)
            while received < 8_000_000:
                data = connection.socket.recv(65_536)
                assert data, f"closed after {received} bytes"
                received += len(data)
                # As slow as the test is about.
                time.sleep(0.08)

    await asyncio.to_thread(run)
    assert picker.metric("epp_ended_connections_total", reason="unread") == 0


async def test_request_that_drips_is_given_up(launch):
    """However steadily the bytes come, a request must be whole in time."""
    picker = launch.picker([ENDPOINT], tls=False, arguments=["--request-arrival-timeout=3s"])
    async with bystander(picker), Client(picker.address) as client:
        stream = client.stream()
        await stream.send(request_headers())
        deadline = time.monotonic() + 30
        with contextlib.suppress(StreamEnded):
            while not stream.answers and time.monotonic() < deadline:
                await stream.send(request_body(b" "))
                await stream.stays_silent(0.1)
        [answer] = [*stream.answers, *await stream.receive_rest()][:1]
        assert (answer.kind, answer.status) == ("immediate_response", 408)
        assert answer.body == b"inference error: RequestTimeout - the request took too long to arrive"
    await settles(picker)


def ends(connection):
    """Waits until the picker has closed the connection."""
    connection.settimeout(20)
    with contextlib.suppress(ConnectionError):
        while connection.recv(4_096):
            pass
    return True


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01", frames.PREFACE[:10]], ids=["silent", "hello", "half"])
async def test_half_open_connections_are_closed(launch, tls, sent):
    picker = launch.picker([ENDPOINT], tls=tls, arguments=["--handshake-timeout=2s"])
    connections = [socket.create_connection(("127.0.0.1", picker.port)) for _ in range(20)]
    for connection in connections:
        connection.sendall(sent)
    for connection in connections:
        assert await asyncio.to_thread(ends, connection)
        connection.close()
    await asyncio.to_thread(wait_until, lambda: picker.metric("epp_connections") == 0, "no connection is left")


async def test_tls_without_settings_is_closed(launch):
    picker = launch.picker([ENDPOINT], arguments=["--handshake-timeout=2s"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", picker.port)) as plain, context.wrap_socket(plain) as connection:
        assert await asyncio.to_thread(ends, connection)
    assert picker.metric("epp_ended_connections_total", reason="handshake") == 1


async def test_connections_beyond_the_limit_are_closed(launch):
    picker = launch.picker([ENDPOINT], tls=False, arguments=["--max-connections=5"])
    async with bystander(picker):
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(RawConnection(picker.port)) for _ in range(4)]
            for connection in kept:
                assert connection.until(frames.SETTINGS) is not None
            for _ in range(20):
                with RawConnection(picker.port, preface=b"") as connection:
                    assert connection.frame() is None
            assert picker.metric("epp_ended_connections_total", reason="too_many") == 20
            assert picker.metric("epp_connections") == 5
        await asyncio.to_thread(wait_until, lambda: picker.metric("epp_connections") == 1, "room is made")
        with RawConnection(picker.port) as connection:
            assert connection.until(frames.SETTINGS) is not None
    await settles(picker)
