"""Builders for the messages a proxy sends."""

import dataclasses

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.ext_proc.v3 import processing_mode_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc

NONE = processing_mode_pb2.ProcessingMode.NONE
STREAMED = processing_mode_pb2.ProcessingMode.STREAMED
BUFFERED = processing_mode_pb2.ProcessingMode.BUFFERED
BUFFERED_PARTIAL = processing_mode_pb2.ProcessingMode.BUFFERED_PARTIAL
DUPLEX = processing_mode_pb2.ProcessingMode.FULL_DUPLEX_STREAMED

LOAD_BALANCER_NAMESPACE = "envoy.lb"
SERVED_KEY = "x-gateway-destination-endpoint-served"
SUBSET_NAMESPACE = "envoy.lb.subset_hint"
SUBSET_KEY = "x-gateway-destination-endpoint-subset"


@dataclasses.dataclass(frozen=True)
class Modes:
    """How a proxy sends bodies; it says so with the first message of a stream."""

    request: int = DUPLEX
    response: int = DUPLEX
    #: Pieces of the request body are sent before the headers were answered.
    early: bool = False


def _header_map(pairs, *, as_text=False):
    def header(key, value):
        if as_text:
            return base_pb2.HeaderValue(key=key, value=value)
        return base_pb2.HeaderValue(key=key, raw_value=value.encode())

    return base_pb2.HeaderMap(headers=[header(key, value) for key, value in pairs])


def request_headers(
    path="/v1/chat/completions",
    *,
    method="POST",
    headers=(),
    end_of_stream=False,
    modes=Modes(),
    as_text=False,
    request_id="11111111-2222-4333-8444-555555555555",
):
    """Request headers. `modes=None` leaves the body modes out, as older proxies do.

    Header values are sent in `raw_value`, as Envoy does, or with `as_text` in `value`.
    """
    pairs = [
        (":method", method),
        (":path", path),
        (":scheme", "http"),
        (":authority", "inference.test"),
        ("content-type", "application/json"),
        *([("x-request-id", request_id)] if request_id is not None else []),
        *headers,
    ]
    message = ext_proc.ProcessingRequest(
        request_headers=ext_proc.HttpHeaders(headers=_header_map(pairs, as_text=as_text), end_of_stream=end_of_stream)
    )
    if modes is not None:
        message.protocol_config.CopyFrom(
            ext_proc.ProtocolConfiguration(
                request_body_mode=modes.request,
                response_body_mode=modes.response,
                send_body_without_waiting_for_header_response=modes.early,
            )
        )
    return message


def get(path="/v1/models", **options):
    """The headers of a request without a body."""
    return request_headers(path, method="GET", end_of_stream=True, **options)


def request_body(data=b"", end_of_stream=False):
    return ext_proc.ProcessingRequest(request_body=ext_proc.HttpBody(body=data, end_of_stream=end_of_stream))


def request_trailers(pairs=(("x-checksum", "1"),)):
    return ext_proc.ProcessingRequest(request_trailers=ext_proc.HttpTrailers(trailers=_header_map(pairs)))


def response_headers(status=200, content_type="application/json", *, headers=(), end_of_stream=False):
    pairs = [(":status", str(status)), ("content-type", content_type), *headers]
    return ext_proc.ProcessingRequest(
        response_headers=ext_proc.HttpHeaders(headers=_header_map(pairs), end_of_stream=end_of_stream)
    )


def response_body(data=b"", end_of_stream=False):
    return ext_proc.ProcessingRequest(response_body=ext_proc.HttpBody(body=data, end_of_stream=end_of_stream))


def response_trailers(pairs=(("x-checksum", "1"),)):
    return ext_proc.ProcessingRequest(response_trailers=ext_proc.HttpTrailers(trailers=_header_map(pairs)))


def with_metadata(message, namespace, fields):
    """A copy of `message` that carries dynamic metadata, besides what it carried before."""
    copy = ext_proc.ProcessingRequest()
    copy.CopyFrom(message)
    copy.metadata_context.filter_metadata[namespace].update(fields)
    return copy


def with_subset(message, subset):
    """`message` with the endpoints the proxy allows: a list, or whatever else a proxy might send."""
    return with_metadata(message, SUBSET_NAMESPACE, {SUBSET_KEY: subset})


def with_served(message, endpoint):
    """`message` with the endpoint that served the request."""
    return with_metadata(message, LOAD_BALANCER_NAMESPACE, {SERVED_KEY: endpoint})


def split(data, sizes, message=request_body):
    """Body messages cutting `data` into pieces of `sizes` bytes (the last size repeats); the last one ends the body."""
    pieces, offset, index = [], 0, 0
    while offset < len(data):
        size = sizes[min(index, len(sizes) - 1)]
        pieces.append(data[offset : offset + size])
        offset += size
        index += 1
    pieces = pieces or [b""]
    return [message(piece, position == len(pieces) - 1) for position, piece in enumerate(pieces)]
