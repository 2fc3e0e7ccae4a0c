"""The messages of an ext_proc stream as bytes, for load generators that know nothing of ext_proc."""

import json
import struct

from envoy.extensions.filters.http.ext_proc.v3 import processing_mode_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2

PATH = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"


def _headers(message):
    fields = {
        ":method": "POST",
        ":path": "/v1/chat/completions",
        ":authority": "gateway.example.com",
        ":scheme": "http",
        "content-type": "application/json",
        "x-request-id": "3f1c1a52-5d2e-4a55-9c43-6a4f8f5f8c11",
        **{f"x-header-{number}": f"value of header {number}" for number in range(12)},
    }
    for name, value in fields.items():
        message.request_headers.headers.headers.add(key=name, raw_value=value.encode())


def chat_body(size):
    """A chat request of `size` bytes."""
    frame = {"model": "meta-llama/Llama-3.1-8B-Instruct", "messages": [{"role": "user", "content": ""}]}
    room = size - len(json.dumps(frame))
    words = " ".join(f"word{number}" for number in range(room // 5 + 1))
    frame["messages"][0]["content"] = words[:room]
    return json.dumps(frame).encode()


def request(size):
    """Length-prefixed messages: the headers and the whole body of a chat request, both directions in full duplex."""
    headers = external_processor_pb2.ProcessingRequest()
    _headers(headers)
    duplex = processing_mode_pb2.ProcessingMode.FULL_DUPLEX_STREAMED
    headers.protocol_config.request_body_mode = duplex
    headers.protocol_config.response_body_mode = duplex
    body = external_processor_pb2.ProcessingRequest()
    body.request_body.body = chat_body(size)
    body.request_body.end_of_stream = True
    messages = [each.SerializeToString() for each in (headers, body)]
    return b"".join(struct.pack(">BI", 0, len(each)) + each for each in messages)
