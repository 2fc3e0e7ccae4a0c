"""A small HTTP/1.1 client: whole answers, and answers read while they arrive."""

import contextlib
import http.client
import json


class Response:
    """A whole answer. Header names are lower case."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)


def _encode(body):
    return json.dumps(body).encode() if isinstance(body, (dict, list)) else body


def _send(connection, method, path, body, headers):
    body = _encode(body)
    method = method or ("GET" if body is None else "POST")
    fields = {} if body is None else {"content-type": "application/json"}
    fields.update(headers or {})
    connection.request(method, path, body, fields)
    return connection.getresponse()


def _lower(headers):
    return {name.lower(): value for name, value in headers}


def request(address, path, body=None, *, method=None, headers=None, timeout=30.0, connection=None):
    """Sends one request to `address` ("host:port") and returns its Response.

    A dict or list body is sent as JSON. With `connection`, an `http.client.HTTPConnection`, that one is used and kept.
    """
    used = connection or http.client.HTTPConnection(address, timeout=timeout)
    try:
        answer = _send(used, method, path, body, headers)
        return Response(answer.status, _lower(answer.getheaders()), answer.read())
    finally:
        if connection is None:
            used.close()


@contextlib.contextmanager
def open_stream(address, path, body=None, *, method=None, headers=None, timeout=30.0):
    """Sends one request and yields `(status, headers, lines)`, where `lines` gives each line as soon as it arrives."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        answer = _send(connection, method, path, body, headers)
        yield answer.status, _lower(answer.getheaders()), iter(answer.readline, b"")
    finally:
        connection.close()
