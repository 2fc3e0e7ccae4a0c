"""A picker that makes one mistake, to see whether the load generator notices.

Run as `python wrong_picker.py PORT MISTAKE ENDPOINT…`; without a mistake ("none") every answer is right.
"""

import concurrent.futures
import sys

import grpc
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc
from extproc import expected
from extproc.client import METHOD

#: Makes its mistake with one request of so many, so that it hides among right answers.
EVERY = 20

MISTAKES = {
    "none": None,
    "wrong-order": "answer out of order",
    "foreign-endpoint": "destination outside the pool",
    "lost-byte": "body changed",
    "short-body": "body too short",
    "metadata": "metadata differs from header",
    "early-end": "stream ended early",
    "repeated-answer": "answer after the last",
}


def _answers(messages, endpoint, mistake):
    body = b""
    for message in messages:
        kind = message.WhichOneof("request")
        if kind == "request_body":
            body += message.request_body.body
            if not message.request_body.end_of_stream:
                continue
            head = expected.destination("10.99.99.99:8000" if mistake == "foreign-endpoint" else endpoint)
            if mistake == "metadata":
                head.dynamic_metadata.update({"envoy.lb": {}})
            echo = expected.piece("request_body", body, end_of_stream=True)
            yield from (echo, head) if mistake == "wrong-order" else (head, echo)
            if mistake == "early-end":
                return
        elif kind == "response_headers":
            yield expected.marked_response()
        elif kind == "response_body":
            data = message.response_body.body
            if mistake == "lost-byte":
                data = data[:10] + data[11:]
            elif mistake == "short-body":
                data = data[:-1]
            answer = expected.piece("response_body", data, message.response_body.end_of_stream)
            yield answer
            if mistake == "repeated-answer":
                yield answer


class _Picker:
    def __init__(self, mistake, endpoints):
        self._mistake = mistake
        self._endpoints = endpoints
        self._count = 0

    def process(self, messages, _):
        self._count += 1
        mistake = self._mistake if self._count % EVERY == 0 else "none"
        return _answers(messages, self._endpoints[self._count % len(self._endpoints)], mistake)


def main(port, mistake, *endpoints):
    if mistake not in MISTAKES:
        sys.exit(f"no such mistake: {mistake}")
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    method = grpc.stream_stream_rpc_method_handler(
        _Picker(mistake, endpoints).process,
        ext_proc.ProcessingRequest.FromString,
        ext_proc.ProcessingResponse.SerializeToString,
    )
    service, name = METHOD.strip("/").split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: method}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
