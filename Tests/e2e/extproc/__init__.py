"""An ext_proc client in the role of Envoy, on grpcio and the published protobuf definitions.

It sends any sequence of messages, also ones a proxy never would, and keeps the answers in the order of arrival.
"""

from .client import Client, Stream, StreamEnded
from .messages import (
    request_body,
    request_headers,
    request_trailers,
    response_body,
    response_headers,
    response_trailers,
    split,
)
from .view import Answer, echoed, kinds, view

__all__ = [
    "Answer",
    "Client",
    "Stream",
    "StreamEnded",
    "echoed",
    "kinds",
    "request_body",
    "request_headers",
    "request_trailers",
    "response_body",
    "response_headers",
    "response_trailers",
    "split",
    "view",
]
