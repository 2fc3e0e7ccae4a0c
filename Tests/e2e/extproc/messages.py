"""Builders for the messages a proxy sends."""

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.ext_proc.v3 import processing_mode_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc

DUPLEX = processing_mode_pb2.ProcessingMode.FULL_DUPLEX_STREAMED

SUBSET_NAMESPACE = "envoy.lb.subset_hint"
SUBSET_KEY = "x-gateway-destination-endpoint-subset"


def _headers(pairs, end_of_stream):
    values = [base_pb2.HeaderValue(key=key, raw_value=value.encode()) for key, value in pairs]
    return ext_proc.HttpHeaders(headers=base_pb2.HeaderMap(headers=values), end_of_stream=end_of_stream)


def _trailers(pairs):
    values = [base_pb2.HeaderValue(key=key, raw_value=value.encode()) for key, value in pairs]
    return ext_proc.HttpTrailers(trailers=base_pb2.HeaderMap(headers=values))


def request_headers(
    path="/v1/chat/completions", *, method="POST", headers=(), end_of_stream=False, subset=None, body_mode=DUPLEX
):
    """Request headers; `subset` limits the endpoints to choose from."""
    pairs = [
        (":method", method),
        (":path", path),
        (":scheme", "http"),
        (":authority", "inference.test"),
        ("content-type", "application/json"),
        *headers,
    ]
    message = ext_proc.ProcessingRequest(
        request_headers=_headers(pairs, end_of_stream),
        protocol_config=ext_proc.ProtocolConfiguration(request_body_mode=body_mode, response_body_mode=body_mode),
    )
    if subset is not None:
        message.metadata_context.filter_metadata[SUBSET_NAMESPACE].update({SUBSET_KEY: list(subset)})
    return message


def request_body(data=b"", end_of_stream=False):
    return ext_proc.ProcessingRequest(request_body=ext_proc.HttpBody(body=data, end_of_stream=end_of_stream))


def request_trailers(pairs=(("x-checksum", "1"),)):
    return ext_proc.ProcessingRequest(request_trailers=_trailers(pairs))


def response_headers(status=200, content_type="application/json", *, headers=(), end_of_stream=False):
    pairs = [(":status", str(status)), ("content-type", content_type), *headers]
    return ext_proc.ProcessingRequest(response_headers=_headers(pairs, end_of_stream))


def response_body(data=b"", end_of_stream=False):
    return ext_proc.ProcessingRequest(response_body=ext_proc.HttpBody(body=data, end_of_stream=end_of_stream))


def response_trailers(pairs=(("x-checksum", "1"),)):
    return ext_proc.ProcessingRequest(response_trailers=_trailers(pairs))


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
