"""The HTTPS side of the stand-in."""

import http.server
import json
import pathlib
import socket
import ssl
import threading
import time
import urllib.parse

import trustme
from localpool import free_port

from .reviews import ACCESS_REVIEWS, TOKEN_REVIEWS, Reviews
from .store import LEASES, Conflict, Store, kind_of


class APIServer:
    """Serves a store on https://127.0.0.1:PORT to whoever shows one of `tokens`.

    Trouble is made by attributes: see `_Trouble`.
    """

    def __init__(self, directory, store=None):
        self.store = store or Store()
        self.directory = pathlib.Path(directory)
        self.tokens = {"secret-1"}
        self.trouble = _Trouble()
        self.reviews = Reviews()
        #: (method, path with query), of all requests.
        self.requests = []
        self.port = free_port()
        self.authority = trustme.CA()
        self._certificate = self.authority.issue_cert("127.0.0.1", "kubernetes.default.svc")
        self.ca_path = self.directory / "ca.crt"
        self.authority.cert_pem.write_to_path(str(self.ca_path))
        self._server = None
        self.start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def start(self):
        """Begins to listen, or does so again after `stop()`."""
        server = _Listener(("127.0.0.1", self.port), _Handler)
        server.api = self
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.configure_cert(server.tls)
        server.tls.load_verify_locations(cadata=self.authority.cert_pem.bytes().decode())
        server.tls.verify_mode = ssl.CERT_OPTIONAL
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def replace_authority(self):
        """Shows a certificate of a new CA on new connections. `ca.crt` still holds the old one; returns the new."""
        self.authority = trustme.CA()
        self._certificate = self.authority.issue_cert("127.0.0.1", "kubernetes.default.svc")
        self.stop()
        self.start()
        return self.authority.cert_pem.bytes()

    def stop(self):
        """Goes away: nobody listens and all connections are cut."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        self.cut(server)

    def cut(self, server=None):
        """Cuts all connections."""
        for connection in list((server or self._server).connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, text):
        """How many requests had `text` in their path or query."""
        return sum(text in path for _, path in list(self.requests))

    # MARK: Ways to be found

    def service_account(self):
        """A directory like the one that Kubernetes mounts into pods."""
        directory = self.directory / "serviceaccount"
        directory.mkdir(exist_ok=True)
        (directory / "ca.crt").write_bytes(self.ca_path.read_bytes())
        (directory / "token").write_text("secret-1\n")
        (directory / "namespace").write_text("default")
        return directory

    def kubeconfig(self, *, name="kubeconfig", user=None):
        """A kubeconfig file; `user` defaults to one with a token file that is read again when it changes."""
        path = self.directory / name
        token = self.directory / "token"
        if not token.exists():
            token.write_text("secret-1\n")
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "contexts": [{"name": "test", "context": {"cluster": "stand-in", "user": "epp"}}],
                    "clusters": [
                        {"name": "stand-in", "cluster": {"server": self.url, "certificate-authority": "ca.crt"}}
                    ],
                    "users": [{"name": "epp", "user": user or {"tokenFile": "token"}}],
                }
            )
        )
        return path

    def client_certificate(self):
        """Fields of a kubeconfig user with a certificate that the server takes in place of a token."""
        certificate = self.authority.issue_cert("epp@example.org")
        chain, key = self.directory / "client.crt", self.directory / "client.key"
        certificate.cert_chain_pems[0].write_to_path(str(chain))
        certificate.private_key_pem.write_to_path(str(key))
        return {"client-certificate": "client.crt", "client-key": "client.key"}


class _Trouble:
    """What the server does wrong, until told otherwise."""

    def __init__(self):
        #: Whether watches may begin with all objects; older servers answer 422.
        self.offers_watch_list = True
        #: Objects in a page at most, whatever is asked for.
        self.page_size = None
        #: The next watches of kinds that contain this text end in the middle of a line.
        self.half_lines = []
        #: Seconds between pieces of 7 bytes that watches are written in.
        self.drip = None
        #: Status with which every request is answered.
        self.answer = None
        #: Requests with one of these texts in their path or query are answered with 500.
        self.hidden = []
        #: Seconds between bookmarks.
        self.bookmarks = 60.0


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = set()

    def finish_request(self, request, address):
        # On the connection's own thread, so that a slow handshake holds up nobody.
        request.settimeout(10)
        try:
            connection = self.tls.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        connection.settimeout(None)
        self.connections.add(connection)
        try:
            self.RequestHandlerClass(connection, address, self)
        except (ssl.SSLError, OSError):
            pass
        finally:
            self.connections.discard(connection)

    def handle_error(self, request, address):
        pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Chunks go out as they are written.
    wbufsize = 0

    def log_message(self, *arguments):
        pass

    @property
    def api(self):
        return self.server.api

    def do_GET(self):
        target = self._begin()
        if target is None:
            return
        kind, namespace, name, query = target
        if name:
            document = self.api.store.get(kind, namespace, name)
            return self._json(200, document) if document else self._status(404, "NotFound", f"{name} not found")
        if query.get("watch") == "true":
            return self._watch(kind, namespace, query)
        return self._list(kind, namespace, query)

    def do_POST(self):
        if self.path in (TOKEN_REVIEWS, ACCESS_REVIEWS):
            return self._review()
        return self._write(lambda document, namespace: self.api.store.create(document, namespace), 201)

    def _review(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not self._is_let_in():
            return None
        if not self.api.reviews.are_allowed:
            return self._status(403, "Forbidden", "reviews may not be created")
        return self._json(201, self.api.reviews.answer(json.loads(body)))

    def do_PUT(self):
        def replace(document, namespace):
            version = document["metadata"].get("resourceVersion")
            return self.api.store.apply(document, namespace, expected_version=version)

        self._write(replace, 200)

    def _write(self, store, code):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        target = self._begin()
        if target is None:
            return None
        document = json.loads(body)
        if target[0] != LEASES or kind_of(document) != LEASES:
            return self._status(403, "Forbidden", "only leases may be written")
        for field in ("acquireTime", "renewTime"):
            value = document["spec"].get(field)
            # As strict as Kubernetes: exactly six digits.
            if value is not None and len(value.partition(".")[2]) != len("123456Z"):
                return self._status(400, "BadRequest", f"{field} is not a MicroTime: {value}")
        try:
            return self._json(code, store(document, target[1]))
        except Conflict:
            return self._status(409, "Conflict", "the object has been modified")

    def _is_let_in(self):
        """Whether the request may go on; otherwise it was answered."""
        api = self.api
        api.requests.append((self.command, self.path))
        hidden = any(text in self.path for text in api.trouble.hidden)
        if api.trouble.answer or hidden:
            self._status(api.trouble.answer or 500, "InternalError", "on request")
            return False
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if token not in api.tokens and not self.connection.getpeercert():
            self._status(401, "Unauthorized", "Unauthorized")
            return False
        return True

    def _begin(self):
        """Kind, namespace, name and query of an allowed request; None when it was answered."""
        if not self._is_let_in():
            return None
        api = self.api
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[-1] for key, values in urllib.parse.parse_qs(url.query).items()}
        root, _, rest = url.path.strip("/").partition("/namespaces/")
        namespace, plural, *name = rest.split("/")
        kind = f"{root}/{plural}"
        if kind not in api.store.kinds:
            self._status(404, "NotFound", "the server could not find the requested resource")
            return None
        return kind, namespace, name[0] if name else None, query

    # MARK: Lists and watches

    def _list(self, kind, namespace, query):
        store = self.api.store
        token = query.get("continue")
        version, documents = store.listing(
            kind, namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )
        start = 0
        if token:
            at, _, start = token.partition(".")
            start = int(start)
            if int(at) < store.compacted:
                return self._status(410, "Expired", "the continue token is too old")
            version = int(at)
        limit = min(int(query.get("limit") or 1 << 30), self.api.trouble.page_size or 1 << 30)
        page = documents[start : start + limit]
        metadata = {"resourceVersion": str(version)}
        if start + limit < len(documents):
            metadata["continue"] = f"{version}.{start + limit}"
        return self._json(200, {"kind": "List", "metadata": metadata, "items": page})

    def _watch(self, kind, namespace, query):
        store, trouble = self.api.store, self.api.trouble
        selectors = query.get("labelSelector", ""), query.get("fieldSelector", "")
        initial = query.get("sendInitialEvents") == "true"
        if initial and not trouble.offers_watch_list:
            return self._status(422, "Invalid", "sendInitialEvents is forbidden")
        if initial:
            version, documents = store.listing(kind, namespace, *selectors)
        else:
            version, documents = int(query.get("resourceVersion") or 0), []
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        half = next((text for text in trouble.half_lines if text in kind), None)
        if half is not None:
            trouble.half_lines.remove(half)
        for document in documents:
            self._line(json.dumps({"type": "ADDED", "object": document}))
        if initial:
            self._line(self._bookmark(kind, version, {"k8s.io/initial-events-end": "true"}))
        end = time.monotonic() + float(query.get("timeoutSeconds") or 300)
        bookmark = time.monotonic() + trouble.bookmarks
        while time.monotonic() < end:
            with store.changed:
                found = store.events(kind, namespace, version, *selectors)
                if found is not None and not found[0]:
                    store.changed.wait(0.2)
                    found = store.events(kind, namespace, version, *selectors)
            if found is None:
                self._line(json.dumps({"type": "ERROR", "object": _status(410, "Expired", "too old")}))
                break
            lines, version = found
            for number, (_, line) in enumerate(lines):
                if half is not None:
                    # The rest of the line never comes.
                    self._chunk(line.encode()[: len(line) // 2])
                    return self.connection.shutdown(socket.SHUT_RDWR)
                self._line(line)
            if time.monotonic() >= bookmark:
                bookmark = time.monotonic() + trouble.bookmarks
                self._line(self._bookmark(kind, version, {}))
            if self.api._server is not self.server:
                return None
        return self.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def _bookmark(kind, version, annotations):
        metadata = {"resourceVersion": str(version), "annotations": annotations}
        return json.dumps({"type": "BOOKMARK", "object": {"kind": kind, "metadata": metadata}})

    def _line(self, text):
        data = text.encode() + b"\n"
        if self.api.trouble.drip is None:
            return self._chunk(data)
        for start in range(0, len(data), 7):
            self._chunk(data[start : start + 7])
            time.sleep(self.api.trouble.drip)
        return None

    def _chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    # MARK: Answers

    def _status(self, code, reason, message):
        self._json(code, _status(code, reason, message))

    def _json(self, code, document):
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}
