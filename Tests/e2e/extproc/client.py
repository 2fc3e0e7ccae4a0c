"""Streams to the picker."""

import asyncio

import grpc
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc

from .view import view

METHOD = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"


class StreamEnded(AssertionError):
    """The picker ended the stream although another answer was expected."""


def _encode(message):
    return message if isinstance(message, bytes) else message.SerializeToString()


class Stream:
    """One ext_proc stream. Messages may also be raw bytes, which are sent as they are."""

    def __init__(self, call):
        self._call = call
        self._arrived = asyncio.Queue()
        #: All answers so far, in order.
        self.answers = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            while True:
                message = await self._call.read()
                if message is grpc.aio.EOF:
                    break
                answer = view(message)
                self.answers.append(answer)
                self._arrived.put_nowait(answer)
        except (grpc.aio.AioRpcError, asyncio.CancelledError):
            pass
        finally:
            self._arrived.put_nowait(None)

    async def send(self, *messages):
        """Sends messages; those after the end of the stream are lost, as they would be if they crossed it."""
        for message in messages:
            try:
                await self._call.write(message)
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await asyncio.wait([self._reader])

    async def half_close(self):
        """Says that no more messages follow; answers may still arrive."""
        await self._call.done_writing()

    async def reset(self):
        """Cancels the stream (RST_STREAM), as a proxy does when its client goes away."""
        self._call.cancel()
        await asyncio.wait([self._reader])

    async def receive(self, timeout=10.0):
        """The next answer; raises StreamEnded if there is none."""
        answer = await asyncio.wait_for(self._arrived.get(), timeout)
        if answer is None:
            self._arrived.put_nowait(None)
            raise StreamEnded(f"stream ended with {await self.status()} after {len(self.answers)} answers")
        return answer

    async def exchange(self, message, count, timeout=10.0):
        """Sends one message; returns the next `count` answers as they came."""
        await self.send(message)
        return [(await self.receive(timeout)).message for _ in range(count)]

    async def receive_until(self, kind, *, end_of_stream=None, timeout=10.0):
        """Answers up to and including one of `kind` (and with `end_of_stream`, if given)."""
        received = []
        while True:
            answer = await self.receive(timeout)
            received.append(answer)
            if answer.kind == kind and end_of_stream in (None, answer.end_of_stream):
                return received

    async def receive_rest(self, timeout=10.0):
        """Answers until the stream ends."""
        await asyncio.wait_for(asyncio.wait([self._reader]), timeout)
        received = []
        while (answer := self._arrived.get_nowait()) is not None:
            received.append(answer)
        self._arrived.put_nowait(None)
        return received

    async def stays_silent(self, seconds=0.2):
        """Whether no answer arrives (and the stream does not end) within `seconds`."""
        await asyncio.wait([self._reader], timeout=seconds)
        return self._arrived.empty()

    async def status(self, timeout=10.0):
        """The gRPC status with which the stream ended."""
        return await asyncio.wait_for(self._call.code(), timeout)

    async def details(self):
        return await self._call.details()

    async def ask(self, *messages, timeout=10.0):
        """Sends a whole request; returns the answers up to the end of the echoed body, or the immediate response."""
        await self.send(*messages)
        received = []
        while True:
            answer = await self.receive(timeout)
            received.append(answer)
            if answer.kind == "immediate_response" or (answer.kind == "request_body" and answer.end_of_stream):
                return received

    async def close(self):
        """Ends the stream the way Envoy does after the last answer: half-close, then wait for the status."""
        await self.half_close()
        await self.receive_rest()
        return await self.status()


class Client:
    """One HTTP/2 connection to the picker. Use as `async with Client(address) as client`.

    With `tls`, the certificate to expect in PEM, it is encrypted. `authority` is what the picker is called.
    """

    def __init__(self, address, tls=None, *, authority=None):
        self._address = address
        self._tls = tls
        self._authority = authority

    async def __aenter__(self):
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            # Channels to one address share their connection by default; each Client shall have its own.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        if self._authority is not None:
            options.append(("grpc.default_authority", self._authority))
        if self._tls is None:
            self._channel = grpc.aio.insecure_channel(self._address, options=options)
        else:
            options.append(("grpc.ssl_target_name_override", "epp.test"))
            self._channel = grpc.aio.secure_channel(
                self._address, grpc.ssl_channel_credentials(self._tls), options=options
            )
        self._method = self._channel.stream_stream(
            METHOD,
            request_serializer=_encode,
            response_deserializer=ext_proc.ProcessingResponse.FromString,
        )
        return self

    async def __aexit__(self, *_):
        await self._channel.close()

    def stream(self, timeout=60.0):
        return Stream(self._method(timeout=timeout))
