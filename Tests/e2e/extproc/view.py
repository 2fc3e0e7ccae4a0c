"""What an answer says, in plain values."""

import dataclasses

from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc
from google.protobuf import json_format

DESTINATION = "x-gateway-destination-endpoint"


@dataclasses.dataclass(frozen=True)
class Answer:
    """One ProcessingResponse. `kind` is the name of its oneof, e.g. `request_headers`."""

    kind: str
    #: Headers set by the answer, names in lower case.
    headers: dict
    #: Dynamic metadata, namespace → fields.
    metadata: dict
    #: Streamed body bytes (body answers) or the body of an immediate response.
    body: bytes
    end_of_stream: bool
    clear_route_cache: bool
    #: HTTP status of an immediate response, else 0.
    status: int
    #: The message itself.
    message: ext_proc.ProcessingResponse

    @property
    def destination(self):
        return self.headers.get(DESTINATION)

    @property
    def destination_metadata(self):
        return self.metadata.get("envoy.lb", {}).get(DESTINATION)


def _set_headers(mutation):
    return {
        option.header.key.lower(): (option.header.raw_value or option.header.value.encode()).decode()
        for option in mutation.set_headers
    }


def view(message):
    kind = message.WhichOneof("response")
    metadata = json_format.MessageToDict(message.dynamic_metadata) if message.HasField("dynamic_metadata") else {}
    headers, body, end_of_stream, clear_route_cache, status = {}, b"", False, False, 0
    content = getattr(message, kind) if kind else None
    if kind == "immediate_response":
        headers, body, status = _set_headers(content.headers), content.body, content.status.code
    elif kind in ("request_trailers", "response_trailers"):
        headers = _set_headers(content.header_mutation)
    elif kind:
        common = content.response
        headers, clear_route_cache = _set_headers(common.header_mutation), common.clear_route_cache
        mutation = common.body_mutation
        if mutation.WhichOneof("mutation") == "streamed_response":
            body, end_of_stream = mutation.streamed_response.body, mutation.streamed_response.end_of_stream
        elif mutation.WhichOneof("mutation") == "body":
            body = mutation.body
    return Answer(kind, headers, metadata, body, end_of_stream, clear_route_cache, status, message)


def kinds(answers):
    """The order of the answers, runs of the same kind counted once."""
    order = []
    for answer in answers:
        if not order or order[-1] != answer.kind:
            order.append(answer.kind)
    return order


def echoed(answers, kind="request_body"):
    """The body bytes that go on to the other side."""
    return b"".join(answer.body for answer in answers if answer.kind == kind)
