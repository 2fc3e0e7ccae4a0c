"""Builders for the messages a proxy expects back, whole: nothing that is not in them may be in an answer."""

from envoy.config.core.v3 import base_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc

from .view import DESTINATION

_PAYLOADS = {
    "request_headers": ext_proc.HeadersResponse,
    "request_body": ext_proc.BodyResponse,
    "response_headers": ext_proc.HeadersResponse,
    "response_body": ext_proc.BodyResponse,
}


def _answer(kind, **common):
    return ext_proc.ProcessingResponse(**{kind: _PAYLOADS[kind](response=ext_proc.CommonResponse(**common))})


def _set(name, value):
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=name, raw_value=value.encode()),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )


def acknowledged(kind):
    """The answer to headers or a body that changes nothing."""
    return _answer(kind)


def trailers(kind):
    """The answer to trailers, which are never changed."""
    return ext_proc.ProcessingResponse(**{kind: ext_proc.TrailersResponse()})


def destination(endpoints, kind="request_headers"):
    """The answer that sends a request to `endpoints` and changes nothing else."""
    answer = _answer(
        kind,
        header_mutation=ext_proc.HeaderMutation(set_headers=[_set(DESTINATION, endpoints)]),
        clear_route_cache=True,
    )
    answer.dynamic_metadata.update({"envoy.lb": {DESTINATION: endpoints}})
    return answer


def piece(kind, data, end_of_stream=False):
    """The answer that sends a piece of a body on (full duplex only)."""
    streamed = ext_proc.StreamedBodyResponse(body=data, end_of_stream=end_of_stream)
    return _answer(kind, body_mutation=ext_proc.BodyMutation(streamed_response=streamed))


def marked_response():
    """The answer to response headers."""
    return _answer(
        "response_headers",
        header_mutation=ext_proc.HeaderMutation(set_headers=[_set("x-went-into-resp-headers", "true")]),
    )
