"""HTTP/2 frames byte by byte, for peers that no library would be."""

import socket
import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_STREAM, ACK, END_HEADERS = 1, 1, 4
FLOW_CONTROL_ERROR, CANCEL, ENHANCE_YOUR_CALM = 3, 8, 11


def frame(kind, payload=b"", *, flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """Such as `header_table_size=0`."""
    names = {"header_table_size": 1, "initial_window_size": 4}
    return frame(SETTINGS, b"".join(struct.pack(">HI", names[name], value) for name, value in values.items()))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, struct.pack(">I", increment), stream=stream)


def literal(name, value):
    """A header that touches no table (RFC 7541, section 6.2.2); both parts shorter than 127 bytes."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


CALL = b"".join(
    literal(name, value)
    for name, value in [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/envoy.service.ext_proc.v3.ExternalProcessor/Process"),
        (b":authority", b"picker"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    ]
)


def opened(stream):
    """The frame that starts an ext_proc call."""
    return frame(HEADERS, CALL, flags=END_HEADERS, stream=stream)


def message(stream, *messages):
    """gRPC messages in DATA frames."""
    result = b""
    for each in messages:
        payload = each.SerializeToString()
        payload = struct.pack(">BI", 0, len(payload)) + payload
        for at in range(0, len(payload), 16_384):
            result += frame(DATA, payload[at : at + 16_384], stream=stream)
    return result


def reset(stream):
    return frame(RST_STREAM, struct.pack(">I", CANCEL), stream=stream)


class RawConnection:
    """A connection on which anything can be sent."""

    def __init__(self, port, *, preface=PREFACE + settings(), receive_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""
        if preface:
            self.socket.sendall(preface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends as much as the picker takes.

        :return: whether the connection was still open.
        """
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def frame(self):
        """The next frame as (kind, flags, stream, payload); None at the end of the connection."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                data = self.socket.recv(65_536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.buffer += data
        length = int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
        payload, self.buffer = self.buffer[9 : 9 + length], self.buffer[9 + length :]
        return kind, flags, stream, payload

    def agree(self):
        """Takes the picker's settings: until that is told, its windows are as small as the protocol's defaults."""
        while received := self.frame():
            if received[0] == SETTINGS and not received[1] & ACK:
                self.send(frame(SETTINGS, flags=ACK))
                return self
        raise ConnectionError("closed before SETTINGS")

    def until(self, kind):
        """Payload of the next frame of a kind; None if the connection ended without one."""
        while received := self.frame():
            if received[0] == kind:
                return received[3]
        return None

    def farewell(self):
        """The error code of GOAWAY, after which the connection must end; None without one."""
        payload = self.until(GOAWAY)
        if payload is None:
            return None
        while self.frame():
            pass
        return struct.unpack(">I", payload[4:8])[0]
