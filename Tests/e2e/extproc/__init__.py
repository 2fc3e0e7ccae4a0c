"""An ext_proc client in the role of Envoy, on grpcio and the published protobuf definitions.

It sends any sequence of messages, also ones a proxy never would, and keeps the answers in the order of arrival.
"""

from . import expected
from .client import Client, Stream, StreamEnded
from .messages import (
    BUFFERED,
    BUFFERED_PARTIAL,
    DUPLEX,
    NONE,
    STREAMED,
    Modes,
    get,
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
    response_trailers,
    split,
    with_metadata,
    with_served,
    with_subset,
)
from .view import Answer, echoed, kinds, view

__all__ = [
    "BUFFERED",
    "BUFFERED_PARTIAL",
    "DUPLEX",
    "NONE",
    "STREAMED",
    "Answer",
    "Client",
    "Modes",
    "Stream",
    "StreamEnded",
    "echoed",
    "expected",
    "get",
    "kinds",
    "request_body",
    "request_headers",
    "request_trailers",
    "response_body",
    "response_headers",
    "response_trailers",
    "split",
    "view",
    "with_metadata",
    "with_served",
    "with_subset",
]
