"""A collector that keeps the spans it is sent, by OpenTelemetry's own gRPC service."""

import concurrent.futures
import dataclasses
import threading

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


@dataclasses.dataclass(frozen=True)
class Span:
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    start: int
    end: int
    attributes: dict
    error: str
    resource: dict
    #: Metadata of the call that brought it.
    metadata: dict


def _values(attributes):
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in attributes}


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, port=0, credentials=None):
        self._lock = threading.Lock()
        self._spans = []
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
        address = f"127.0.0.1:{port}"
        if credentials:
            self.port = self._server.add_secure_port(address, credentials)
        else:
            self.port = self._server.add_insecure_port(address)
        self._server.start()

    def Export(self, message, context):
        metadata = dict(context.invocation_metadata())
        with self._lock:
            for resource in message.resource_spans:
                values = _values(resource.resource.attributes)
                for scope in resource.scope_spans:
                    self._spans += [self._read(span, values, metadata) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    @staticmethod
    def _read(span, resource, metadata):
        return Span(
            name=span.name,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            kind=span.kind,
            start=span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            attributes=_values(span.attributes),
            error=span.status.message if span.status.code == 2 else "",
            resource=resource,
            metadata=metadata,
        )

    def spans(self, trace_id=None):
        with self._lock:
            return [span for span in self._spans if trace_id in (None, span.trace_id)]

    def stop(self):
        self._server.stop(None).wait()
